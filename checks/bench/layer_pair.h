// `coarse` over the production layer and `std-coarse`, compiled alike.
//
// The two are instantiated in one source file and nowhere else, so the compiler, which inlines less where more callers share
// a function and where a file has grown, treats both the same; `coarse` among the contestants shares its parts with others.
//
// Threads: any.
#pragma once

#include "checks/bench/contestant.h"

namespace triecheck::checks {

struct layer_contestants {
  contestant layer;
  contestant bare;
};

const layer_contestants& layer_pair();

}  // namespace triecheck::checks
