#include "operation.h"
#include "model/state.h"
#include "cache/types.h"  // caught by dependencies
#include "checks/report/verdict.h"  // caught by dependencies
