#include <relacy/var.hpp>
#include "cache/coarse.h"  // caught by dependencies
#include "cache/sync/sync.h"
#include "checks/verify/explore.h"  // caught by dependencies
#include "model/state.h"  // caught by dependencies
