#include "checks/explore/schedule.h"
#include "checks/explore/session.h"  // caught by dependencies
#include "cache/coarse.h"  // caught by dependencies
