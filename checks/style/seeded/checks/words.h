// A page falls when its last pin goes.  caught by words
// Who releases a lease gives its pages back.  caught by words
int pins;  // of whoever holds the page; caught by words
/// The subscriber is told of each page.  caught by words
// A cache has a clock of its own.  caught by words
int fall_count();  // `fall` and fall_count name code, and what falls back to another way is not evicted
// The contents of its own prefix; a thread that falls_behind; installed.
const char* text = "the page stands";  // in a message; caught by words
