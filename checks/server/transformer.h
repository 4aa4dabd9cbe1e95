// A small transformer in integers: what the server computes, with keys and values in the pages of
// the cache.
//
// It is a transformer: token and position embeddings, layers of causal attention with several heads
// and a residual network of two matrices, a row of logits over the vocabulary. Its weights come
// from a seed. All arithmetic is exact, so a token is the same on every machine, in any batch and
// in any order of the work, and whether its keys and values were computed now or lie in a page that
// another request computed.
//
// Integers take the place of floating point like this:
//   norm     x is scaled so that its largest component is 127 or -127. It divides, so it loses
//            bits; but it only feeds the matrices of a layer, and the residual x itself loses none.
//   softmax  a key whose score is d below the highest has the weight (2^24 >> (d >> 13)) + (2^19 -
//            d): a power of two like softmax, and a part that makes it decrease strictly. No key
//            has the weight 0, and two different scores never have the same weight. One more score
//            of 0 without a value (an attention sink) is in the denominator, so that a key counts
//            where it is the only one.
//   average  sum(w v) / sum(w), with 16 binary digits, and 16 bits of a product of the remainder
//            added below them. The quotient alone would drop a small change of one value.
//   query    every component is odd, so that each component of each key counts in the score.
//   logits   modulo 2^32, from random weights of 32 bits: any change of x makes another row of
//            logits.
// So the next token depends on every key and value of its context, which a test shows for each of
// them. A wrong page is a wrong answer, and soon a very different one.
//
// Threads: const; any number at once, each with separate rows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "cache/types.h"
#include "checks/server/page_memory.h"

namespace triecheck::server {

class transformer {
 public:
  static constexpr std::size_t heads = 2;
  static constexpr std::size_t head_dimension = 8;
  static constexpr std::size_t width = heads * head_dimension;
  static constexpr std::size_t hidden = 32;
  static constexpr std::size_t layers = 2;
  static constexpr std::size_t vocabulary = 256;  ///< token ids are below it

  /// How many integers the keys and values of one token take.
  static constexpr std::size_t ints_per_token = layers * 2 * width;

  /// what the last layer leaves of a position
  using state = std::array<std::int64_t, width>;
  /// by token; the largest is the most likely one
  using logits = std::array<std::uint32_t, vocabulary>;

  explicit transformer(std::uint64_t seed);

  /// Computes `t` at `position`: writes its keys and values to their row of `rows`, and reads those
  /// of all positions before. Requires that these are computed, and t < vocabulary. O(position).
  state advance(token t, std::size_t position, const kv_rows& rows) const;

  logits logits_of(const state& s) const;

  /// The `count` most likely tokens, the most likely one first; of two with equal logits the
  /// smaller one.
  static std::vector<token> most_likely(const logits& row, std::size_t count);

  /// What the server has to answer: `max_tokens` tokens after the prompt. The first one is the
  /// `choice`-th most likely one, counted from 0, the others are the most likely ones. In
  /// contiguous memory, without a cache.
  std::vector<token> continuation(std::vector<token> prompt, std::size_t max_tokens, std::size_t choice = 0) const;

 private:
  template <std::size_t rows, std::size_t columns>
  using matrix = std::array<std::array<std::int32_t, columns>, rows>;

  struct layer {
    matrix<width, width> query, key, value, output;
    matrix<hidden, width> up;
    matrix<width, hidden> down;
  };

  void attend(const layer& weights, std::size_t number, std::size_t position, const kv_rows& rows, state& x) const;

  const std::uint64_t seed_;
  std::array<layer, layers> layers_;
  std::array<std::array<std::uint32_t, width>, vocabulary> unembedding_;
};

}  // namespace triecheck::server
