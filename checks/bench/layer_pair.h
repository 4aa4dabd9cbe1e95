// `coarse` over the production layer and `std-coarse`, compiled alike.
//
// The two are instantiated in source files of their own and nowhere else, so the compiler, which inlines less where more
// callers share a function and where a file has grown, treats both the same; `coarse` among the contestants shares its parts
// with others. There are several such files, which differ in how functions are aligned: where code lies in memory makes the
// same code faster or slower by some per cent, and neither of the pair is to gain from it (Mytkowicz et al., "Producing wrong
// data without doing anything obviously wrong!", ASPLOS 2009).
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

/// The pair as it is compiled with functions on multiples of so many bytes. Defined in layer_alignment.h.
template <std::size_t Alignment>
layer_contestants layer_pair_aligned();

/// The pair in each alignment.
const std::vector<layer_contestants>& layer_pairs();

}  // namespace triecheck::checks
