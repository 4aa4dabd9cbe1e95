// Generated traces: in the format, the same for the same seed, sound in their ids, and reused as their shapes say.
#include "checks/trace/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

namespace triecheck::checks {
namespace {

trace make(const std::string& shape, std::uint64_t requests = 2000, std::uint64_t seed = 1) {
  return generate_trace(*find_shape(shape), requests, seed);
}

std::string text_of(const trace& t) {
  std::string text;
  for (const trace_row& row : t.rows) text += to_json_line(row);
  return text;
}

double reused_share(const trace& t) {
  const trace_summary s = summarize(t);
  return static_cast<double>(s.reused_blocks) / static_cast<double>(s.full_blocks);
}

TEST(generate, the_reader_takes_what_is_written_and_finds_the_same_rows) {
  for (const trace_shape& shape : trace_shapes()) {
    const trace t = make(shape.name);
    const trace read = parse_trace(text_of(t), shape.name);
    ASSERT_EQ(read.rows.size(), t.rows.size());
    for (std::size_t i = 0; i < t.rows.size(); ++i) {
      EXPECT_EQ(read.rows[i].timestamp_ms, t.rows[i].timestamp_ms);
      EXPECT_EQ(read.rows[i].input_length, t.rows[i].input_length);
      EXPECT_EQ(read.rows[i].output_length, t.rows[i].output_length);
      EXPECT_EQ(read.rows[i].hash_ids, t.rows[i].hash_ids);
    }
  }
}

TEST(generate, the_seed_decides_everything) {
  for (const trace_shape& shape : trace_shapes()) {
    EXPECT_EQ(text_of(make(shape.name)), text_of(make(shape.name)));
    EXPECT_NE(text_of(make(shape.name, 10, 1)), text_of(make(shape.name, 10, 2)));
    // A longer trace only goes on: what a seed means does not depend on how much is wanted.
    EXPECT_TRUE(text_of(make(shape.name)).starts_with(text_of(make(shape.name, 100)))) << shape.name;
  }
}

TEST(generate, namespaces_change_nothing_but_where_a_conversation_is) {
  for (const trace_shape& shape : trace_shapes()) {
    trace spread = generate_trace(shape, 1000, 7, 3);
    const trace one = generate_trace(shape, 1000, 7);
    EXPECT_LT(reused_share(spread), reused_share(one)) << shape.name;
    std::map<std::uint64_t, std::size_t> rows;
    for (trace_row& row : spread.rows) {
      ++rows[row.space];
      EXPECT_EQ(parse_trace(to_json_line(row), shape.name).rows[0].space, row.space);
      row.space = 0;
    }
    EXPECT_EQ(rows.size(), 3U) << shape.name;
    EXPECT_LE(rows.rbegin()->first, 2U);
    EXPECT_EQ(text_of(spread), text_of(one)) << shape.name;
  }
}

// Stored lines: another compiler, or a change of the generator, must not give another trace under the same seed.
TEST(generate, first_requests_are_those_that_were_stored) {
  EXPECT_EQ(text_of(make("chat", 1, 7)),
            R"({"timestamp": 0, "input_length": 1200, "output_length": 145, "hash_ids": [0, 1, 3]})"
            "\n");
  EXPECT_EQ(
      text_of(make("zipf", 1, 7)),
      R"({"timestamp": 0, "input_length": 3657, "output_length": 443, "hash_ids": [35, 36, 37, 38, 39, 277, 278, 279]})"
      "\n");
  EXPECT_EQ(text_of(make("agent", 1, 7)), R"({"timestamp": 0, "input_length": 8579, "output_length": 238, )"
                                          R"("hash_ids": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 85]})"
                                          "\n");
}

TEST(generate, an_id_stands_behind_one_prefix_only_and_for_one_length) {
  for (const trace_shape& shape : trace_shapes()) {
    // By id: the one before, the place, how many tokens.
    std::map<std::uint64_t, std::tuple<std::optional<std::uint64_t>, std::size_t, std::uint64_t>> meaning;
    for (const trace_row& row : make(shape.name, 5000).rows) {
      std::optional<std::uint64_t> before;
      for (std::size_t i = 0; i < row.hash_ids.size(); ++i) {
        const std::uint64_t tokens = std::min(trace_block_tokens, row.input_length - i * trace_block_tokens);
        const auto [at, is_new] = meaning.try_emplace(row.hash_ids[i], before, i, tokens);
        ASSERT_TRUE(is_new || at->second == std::tuple(before, i, tokens)) << shape.name << ", id " << row.hash_ids[i];
        before = row.hash_ids[i];
      }
    }
  }
}

TEST(generate, time_never_goes_back_and_every_request_and_answer_has_tokens) {
  for (const trace_shape& shape : trace_shapes()) {
    double now_ms = 0;
    for (const trace_row& row : make(shape.name).rows) {
      EXPECT_GE(row.timestamp_ms, now_ms);
      EXPECT_GE(row.input_length, 1U);
      EXPECT_LE(row.input_length, 128U * 1024);
      EXPECT_GE(row.output_length, 1U);
      now_ms = row.timestamp_ms;
    }
  }
}

// What fits its name: chats share least, agents most; the numbers are those of seeds 1 to 3, rounded outwards.
TEST(generate, reuse_is_that_of_the_shape) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const double chat = reused_share(make("chat", 5000, seed));
    const double zipf = reused_share(make("zipf", 5000, seed));
    const double agent = reused_share(make("agent", 5000, seed));
    EXPECT_GT(chat, 0.5);
    EXPECT_LT(chat, 0.9);
    EXPECT_GT(zipf, 0.7);
    EXPECT_LT(zipf, 0.95);
    EXPECT_GT(agent, 0.9);
    EXPECT_LT(agent, 0.99);
  }
}

TEST(generate, zipf_prefers_few_of_its_64_prompts) {
  std::map<std::uint64_t, std::size_t> by_first_block;
  const trace t = make("zipf", 20'000);
  for (const trace_row& row : t.rows) ++by_first_block[row.hash_ids.front()];
  std::multiset<std::size_t, std::greater<>> counts;
  for (const auto& [id, count] : by_first_block) counts.insert(count);
  EXPECT_EQ(counts.size(), 64U);
  // A weight of 1/k gives the first of 64 a share of 0.21.
  EXPECT_NEAR(static_cast<double>(*counts.begin()) / static_cast<double>(t.rows.size()), 0.21, 0.03);
}

TEST(generate, agents_branch_off_earlier_requests) {
  // Two different blocks behind the same one, past the prompts: a context that went on in two ways.
  std::map<std::uint64_t, std::set<std::uint64_t>> behind;
  for (const trace_row& row : make("agent", 10'000).rows) {
    const std::size_t full = row.input_length / trace_block_tokens;
    for (std::size_t i = 40; i + 1 < full; ++i) behind[row.hash_ids[i]].insert(row.hash_ids[i + 1]);
  }
  std::size_t branches = 0;
  for (const auto& [id, next] : behind) branches += next.size() > 1;
  EXPECT_GT(branches, 50U);
}

}  // namespace
}  // namespace triecheck::checks
