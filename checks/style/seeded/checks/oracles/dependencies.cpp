#include "cache/coarse.h"
#include "checks/explore/relacy/sync.h"  // caught by dependencies
#include "tools/commands.h"  // caught by dependencies
#include "relacy/atomic.hpp"  // caught by dependencies
