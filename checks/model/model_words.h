// Operations and outcomes of the model in few words, for its tests.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "model/operation.h"

namespace triecheck::model::words {

using tokens = std::vector<token>;
using pages = std::vector<page>;

inline operation lookup(lease l, tokens t) {
  return {.kind = operation_kind::lookup, .subject = l, .tokens = std::move(t)};
}
inline operation allocate(lease l, tokens t, std::size_t extra_slots = 0) {
  return {.kind = operation_kind::allocate, .subject = l, .tokens = std::move(t), .extra_slots = extra_slots};
}
inline operation publish(lease l, std::size_t computed_tokens) {
  return {.kind = operation_kind::publish, .subject = l, .computed_tokens = computed_tokens};
}
inline operation allocate_free(lease l, tokens t) {
  return {.kind = operation_kind::allocate, .subject = l, .tokens = std::move(t), .free_only = true};
}
inline operation match(tokens t) { return {.kind = operation_kind::match, .tokens = std::move(t)}; }
inline operation forget(tokens t, key_space space = 0) {
  return {.kind = operation_kind::forget, .tokens = std::move(t), .space = space};
}
inline operation shrink(lease l, std::size_t kept_tokens) {
  return {.kind = operation_kind::shrink, .subject = l, .kept_tokens = kept_tokens};
}
inline operation release(lease l) { return {.kind = operation_kind::release, .subject = l}; }
inline operation fork(lease l, lease forked) { return {.kind = operation_kind::fork, .subject = l, .forked = forked}; }
inline operation evict(std::size_t count) { return {.kind = operation_kind::evict, .count = count}; }
inline operation clear() { return {.kind = operation_kind::clear}; }

inline outcome leased(pages all, std::size_t cached) { return {.pages = std::move(all), .cached = cached}; }
inline outcome refused(status s, pages all = {}, std::size_t cached = 0) {
  return {.result = s, .pages = std::move(all), .cached = cached};
}
inline outcome matched(std::size_t found) { return {.cached = found}; }
inline outcome forgotten(bool found) { return {.cached = found ? 1U : 0U}; }
inline outcome freed(std::size_t count) { return {.evicted = count}; }

}  // namespace triecheck::model::words
