#include "model/state.h"
#include "checks/oracles/events.h"  // caught by dependencies
