// `coarse` over the production layer and `std-coarse`, compiled alike.
//
// Each is instantiated in a source file of its own and nowhere else, so the compiler, which inlines less where more callers
// share a function and where a file has grown, treats both the same; `coarse` among the contestants shares its parts with
// others. And each is there twice, linked in either order: where its code lies makes the very same instructions faster or slower
// by one or two per cent (Mytkowicz et al., "Producing wrong data without doing anything obviously wrong!", ASPLOS 2009).
//
// Threads: any.
#pragma once

#include <cstddef>
#include <vector>

#include "checks/bench/contestant.h"

namespace triecheck::checks {

struct layer_contestants {
  contestant layer;
  contestant bare;
};

/// Copy 0 or 1, in layer_copy_0.cpp and so on.
template <std::size_t Copy>
contestant layer_copy();
template <std::size_t Copy>
contestant bare_copy();

/// The pair, once for each copy.
const std::vector<layer_contestants>& layer_pairs();

}  // namespace triecheck::checks
