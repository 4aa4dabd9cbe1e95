#include "checks/server/transformer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <vector>

namespace triecheck::server {
namespace {

using tokens = std::vector<token>;

tokens some_tokens(std::size_t count, token first) {
  tokens result(count);
  for (std::size_t i = 0; i < count; ++i) result[i] = static_cast<token>((first + 37 * i) % transformer::vocabulary);
  return result;
}

std::uint64_t hash_of(const transformer::logits& row) {
  std::uint64_t hash = 14695981039346656037U;
  for (const std::uint32_t logit : row) hash = (hash ^ logit) * 1099511628211U;
  return hash;
}

// A sequence whose pages lie anywhere in a common memory.
struct paged_sequence {
  tokens text;
  std::vector<page_id> pages;
  std::size_t computed = 0;
  transformer::state last{};

  void advance(const transformer& model, page_memory& memory, std::size_t count) {
    for (; count-- > 0 && computed < text.size(); ++computed) {
      last = model.advance(text[computed], computed, memory.rows(pages));
    }
  }
};

transformer::state contiguous(const transformer& model, const tokens& text) {
  page_memory memory(1, text.size(), transformer::ints_per_token);
  paged_sequence s{text, {page_id{0}}};
  s.advance(model, memory, text.size());
  return s.last;
}

TEST(transformer, every_key_and_value_of_the_context_counts) {
  const transformer model(1);
  for (const std::size_t context : {1U, 2U, 7U, 24U}) {
    const tokens text = some_tokens(context + 1, 5);
    page_memory memory(1, text.size(), transformer::ints_per_token);
    paged_sequence s{text, {page_id{0}}};
    s.advance(model, memory, context);
    const kv_rows rows = memory.rows(s.pages);
    const auto next = [&] { return hash_of(model.logits_of(model.advance(text[context], context, rows))); };
    const std::uint64_t right = next();
    for (std::size_t i = 0; i < context * transformer::ints_per_token; ++i) {
      std::int32_t& changed = memory.contents(page_id{0})[i];
      for (const std::int32_t by : {1, -1, 50}) {
        changed += by;
        ASSERT_NE(next(), right) << "integer " << i << " of " << context << " positions, changed by " << by;
        changed -= by;
      }
    }
    EXPECT_EQ(next(), right);
  }
}

TEST(transformer, another_token_anywhere_before_makes_other_logits) {
  const transformer model(2);
  const tokens text = some_tokens(20, 9);
  const std::uint64_t right = hash_of(model.logits_of(contiguous(model, text)));
  for (std::size_t i = 0; i < text.size(); ++i) {
    tokens other = text;
    other[i] = (other[i] + 1) % transformer::vocabulary;
    EXPECT_NE(hash_of(model.logits_of(contiguous(model, other))), right) << i;
  }
  tokens swapped = text;
  std::swap(swapped[3], swapped[4]);
  EXPECT_NE(hash_of(model.logits_of(contiguous(model, swapped))), right);
}

TEST(transformer, a_token_is_the_same_in_any_batch_and_in_any_pages) {
  const transformer model(3);
  page_memory memory(12, 4, transformer::ints_per_token);
  std::vector<paged_sequence> batch{{some_tokens(15, 1), {page_id{7}, page_id{2}, page_id{11}, page_id{0}}},
                                    {some_tokens(9, 2), {page_id{3}, page_id{1}, page_id{8}}},
                                    {some_tokens(13, 1), {page_id{4}, page_id{10}, page_id{5}, page_id{9}}}};
  for (std::size_t round = 0; round < 15; ++round) {
    for (std::size_t i = 0; i < batch.size(); ++i) batch[(i + round) % batch.size()].advance(model, memory, 1 + i);
  }
  for (const paged_sequence& s : batch) EXPECT_EQ(s.last, contiguous(model, s.text));
}

TEST(transformer, the_most_likely_tokens_come_in_order_and_equal_ones_by_number) {
  transformer::logits row{};
  row[200] = 9;
  row[100] = 7;
  row[50] = 7;
  EXPECT_EQ(transformer::most_likely(row, 4), (tokens{200, 50, 100, 0}));
}

TEST(transformer, choices_differ_in_their_first_token_and_go_on_from_it) {
  const transformer model(4);
  const tokens prompt = some_tokens(6, 3);
  const tokens best = model.continuation(prompt, 5, 0);
  const tokens second = model.continuation(prompt, 5, 1);
  EXPECT_EQ(best.size(), 5U);
  EXPECT_NE(best.front(), second.front());
  tokens longer = prompt;
  longer.push_back(second.front());
  EXPECT_EQ(model.continuation(longer, 4), tokens(second.begin() + 1, second.end()));
}

// Another compiler or machine must give the same, or the arithmetic depends on something that it
// must not.
TEST(transformer, answers_a_known_text) {
  const transformer model(1);
  EXPECT_EQ(model.continuation({84, 104, 101, 32, 99, 97, 116}, 8), (tokens{85, 209, 229, 145, 3, 189, 42, 249}));
  EXPECT_EQ(hash_of(model.logits_of(contiguous(model, some_tokens(40, 0)))), 1316279854663497069U);
}

// Text that repeats itself at once would hide wrong pages.
TEST(transformer, its_answers_use_the_whole_vocabulary) {
  const transformer model(1);
  std::vector<bool> seen(transformer::vocabulary);
  for (token first = 0; first < 64; ++first) {
    for (const token t : model.continuation(some_tokens(5, first), 16)) seen[t] = true;
  }
  EXPECT_GT(std::count(seen.begin(), seen.end(), true), 240);
}

}  // namespace
}  // namespace triecheck::server
