// What a cache promises about the numbers of one answer of `stats`. Every variant states it in the list of variants.
#pragma once

#include <cstdint>

namespace triecheck::checks {

/// Which numbers of one answer belong to one instant.
enum class stats_consistency : std::uint8_t {
  each,   ///< none: each number is of a different instant
  parts,  ///< none either, but the pages add up to the pool, and no part is counted without its whole
  pages,  ///< the gauges of pages
  all,    ///< all numbers
};

}  // namespace triecheck::checks
