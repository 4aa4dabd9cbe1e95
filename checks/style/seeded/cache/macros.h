#pragma once
#include <vector>
#define PAGES 4  // caught by macros
  #  if PAGES  // caught by macros
#else  // caught by macros
#endif  // caught by macros
#undef PAGES  // caught by macros
#pragma GCC optimize("O0")  // caught by macros
// #define in a comment
/*
#define in a longer one
*/
const char* text = "#define in a string";
