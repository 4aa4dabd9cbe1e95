#include "checks/report/verdict.h"
#include "model/state.h"
#include <relacy/context.hpp>  // caught by dependencies
