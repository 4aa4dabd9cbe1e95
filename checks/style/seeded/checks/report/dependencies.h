#include "checks/report/utf8.h"
#include "model/state.h"  // caught by dependencies
