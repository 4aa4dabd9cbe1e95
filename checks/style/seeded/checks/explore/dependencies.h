#include <relacy/var.hpp>
#include "cache/coarse.h"
#include "model/state.h"
