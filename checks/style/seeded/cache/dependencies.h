#include "sync.h"
#include "cache/types.h"
#include "model/state.h"  // caught by dependencies
#include "../model/state.h"  // caught by dependencies
#include <triecheck/model/state.h>  // caught by dependencies
#include "checks/report/verdict.h"  // caught by dependencies
#include "tools/commands.h"  // caught by dependencies
#include <relacy/var.hpp>  // caught by dependencies
// #include "model/state.h"
