// State that threads of a benchmark share, far from anything else.
//
// Threads: as its value.
#pragma once

namespace triecheck::checks {

template <class T>
struct alignas(128) apart {
  T value{};
};

}  // namespace triecheck::checks
