#include "checks/trace/trace.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace triecheck::checks {
namespace {

std::string line(const std::string& input_length, const std::string& hash_ids) {
  return R"({"timestamp": 3, "input_length": )" + input_length + R"(, "output_length": 9, "hash_ids": )" + hash_ids +
         "}\n";
}

// What reading `text` complains about, or nothing.
std::string complaint(const std::string& text, std::size_t block_tokens = 512) {
  try {
    static_cast<void>(parse_trace(text, "t.jsonl", block_tokens));
  } catch (const trace_error& e) {
    return e.what();
  }
  return {};
}

std::vector<std::uint32_t> tokens_of(const trace_row& row, std::size_t block_tokens) {
  std::vector<std::uint32_t> tokens{77};  // earlier contents must not matter
  expand(row, block_tokens, tokens);
  return tokens;
}

TEST(trace, rows_keep_what_the_file_says) {
  const trace t =
      parse_trace(line("600", "[7, 8]") + R"({"hash_ids":[],"x":{"input_length":["y",{}]},"output_length":0,)" +
                      R"("timestamp":1.5,"input_length":0})",
                  "t.jsonl");
  ASSERT_EQ(t.rows.size(), 2U);
  EXPECT_EQ(t.block_tokens, 512U);
  EXPECT_EQ(t.rows[0].timestamp_ms, 3);
  EXPECT_EQ(t.rows[0].input_length, 600U);
  EXPECT_EQ(t.rows[0].output_length, 9U);
  EXPECT_EQ(t.rows[0].hash_ids, (std::vector<std::uint64_t>{7, 8}));
  EXPECT_EQ(t.rows[1].timestamp_ms, 1.5);
  EXPECT_EQ(t.rows[1].input_length, 0U);
  EXPECT_TRUE(t.rows[1].hash_ids.empty());
}

TEST(trace, a_row_may_be_in_a_namespace) {
  const auto in = [](const std::string& space) {
    return R"({"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[4],"namespace":)" + space + "}\n";
  };
  const trace t = parse_trace(in("18446744073709551615") + line("1", "[4]"), "t.jsonl");
  EXPECT_EQ(t.rows[0].space, 18446744073709551615U);
  EXPECT_EQ(t.rows[1].space, 0U);
  EXPECT_EQ(complaint(in("-1")), "t.jsonl:1:78: \"namespace\" must not be negative, but is -1");
  EXPECT_EQ(complaint(in("1.5")), "t.jsonl:1:78: \"namespace\" must be a whole number, but is 1.5");
  EXPECT_EQ(complaint(in("\"a\"")), "t.jsonl:1:78: \"namespace\" must be a whole number, but is a string");
}

TEST(trace, windows_line_ends_are_blanks) {
  EXPECT_EQ(complaint(R"({"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[4]})"
                      "\r\n"),
            "");
}

TEST(trace, text_that_is_no_json_is_named_with_its_column) {
  EXPECT_EQ(complaint(line("1", "[4]") + "{\"a\":1,}\n"),
            "t.jsonl:2:8: this is not JSON: unexpected '}'; expected string literal");
  EXPECT_EQ(complaint("{"), "t.jsonl:1:2: this is not JSON: unexpected end of input; expected string literal");
  EXPECT_EQ(complaint("{} x"), "t.jsonl:1:4: this is not JSON: invalid literal");
  EXPECT_EQ(complaint("{\"a\":1e999}"), "t.jsonl:1:10: this is not JSON: a number is out of range");
  EXPECT_EQ(complaint(line("1", "[4]") + "\n" + line("1", "[4]")), "t.jsonl:2:1: the line is empty");
}

TEST(trace, line_that_is_no_object_is_named) {
  EXPECT_EQ(complaint("[1]\n"), "t.jsonl:1:1: a line must be one JSON object, but this is an array");
  EXPECT_EQ(complaint("  7\n"), "t.jsonl:1:3: a line must be one JSON object, but this is a number");
  EXPECT_EQ(complaint("\"x\""), "t.jsonl:1:1: a line must be one JSON object, but this is a string");
  EXPECT_EQ(complaint("null"), "t.jsonl:1:1: a line must be one JSON object, but this is null");
}

TEST(trace, field_that_is_missing_or_given_twice_is_named) {
  EXPECT_EQ(complaint(" {\"timestamp\":0}"), "t.jsonl:1:2: the field \"input_length\" is missing");
  EXPECT_EQ(complaint("{\"timestamp\":0,\"timestamp\":0}"), "t.jsonl:1:16: \"timestamp\" is given twice");
  // A field of an object inside is not a field of the request.
  EXPECT_EQ(complaint("{\"x\":{\"timestamp\":0}}"), "t.jsonl:1:1: the field \"timestamp\" is missing");
}

TEST(trace, value_of_the_wrong_type_is_named_with_its_column) {
  EXPECT_EQ(complaint(line("\"1\"", "[4]")), "t.jsonl:1:34: \"input_length\" must be a whole number, but is a string");
  EXPECT_EQ(complaint(line("1.5", "[4]")), "t.jsonl:1:34: \"input_length\" must be a whole number, but is 1.5");
  EXPECT_EQ(complaint(line("-3", "[4]")), "t.jsonl:1:34: \"input_length\" must not be negative, but is -3");
  EXPECT_EQ(complaint(line("[1]", "[4]")), "t.jsonl:1:34: \"input_length\" must be a whole number, but is an array");
  EXPECT_EQ(complaint(line("99999999999999999999", "[4]")),
            "t.jsonl:1:34: \"input_length\" is out of range: 99999999999999999999");
  EXPECT_EQ(complaint(line("1", "4")), "t.jsonl:1:69: \"hash_ids\" must be an array of whole numbers, but is a number");
  EXPECT_EQ(complaint(line("1", "{}")),
            "t.jsonl:1:69: \"hash_ids\" must be an array of whole numbers, but is an object");
  EXPECT_EQ(complaint("{\"timestamp\": true}"), "t.jsonl:1:15: \"timestamp\" must be a number, but is a boolean");
  EXPECT_EQ(complaint("{\"timestamp\": -1}"), "t.jsonl:1:15: \"timestamp\" must not be negative, but is -1");
}

TEST(trace, hash_id_of_the_wrong_type_is_named_with_its_column) {
  EXPECT_EQ(complaint(line("600", "[4, [5]]")), "t.jsonl:1:75: a hash id must be a whole number, but is an array");
  EXPECT_EQ(complaint(line("600", "[4, -5]")), "t.jsonl:1:75: a hash id must not be negative, but is -5");
  EXPECT_EQ(complaint(line("600", "[4,null]")), "t.jsonl:1:74: a hash id must be a whole number, but is null");
}

TEST(trace, every_started_block_needs_one_hash_id) {
  EXPECT_EQ(complaint(line("512", "[4]")), "");
  EXPECT_EQ(complaint(line("513", "[4]")),
            "t.jsonl:1:71: an input_length of 513 tokens needs 2 hash_ids (one for each started block of 512), but "
            "there are 1");
  EXPECT_EQ(complaint(line("0", "[4]")),
            "t.jsonl:1:69: an input_length of 0 tokens needs 0 hash_ids (one for each started block of 512), but there "
            "are 1");
  EXPECT_NE(complaint(line("18446744073709551615", "[4]")), "");
}

TEST(trace, tokens_fit_into_32_bits) {
  EXPECT_EQ(complaint(line("1", "[8388607]")), "");
  EXPECT_EQ(
      complaint(line("1", "[8388608]")),
      "t.jsonl:1:70: the hash id 8388608 is out of range: with blocks of 512 tokens, 32 bits hold the tokens of ids up "
      "to 8388607");
  EXPECT_EQ(complaint(line("1", "[2147483647]"), 2), "");
  EXPECT_NE(complaint(line("1", "[2147483648]"), 2), "");
  EXPECT_EQ(tokens_of(parse_trace(line("512", "[8388607]"), "t").rows[0], 512).back(), 0xffff'ffffU);
}

TEST(trace, trace_without_lines_is_empty) { EXPECT_EQ(complaint(""), "t.jsonl:1:1: the trace is empty"); }

TEST(trace, file_that_cannot_be_read_is_named) {
  const auto complaint_about = [](const std::filesystem::path& file) -> std::string {
    try {
      static_cast<void>(load_trace(file));
    } catch (const trace_error& e) {
      return e.what();
    }
    return {};
  };
  EXPECT_EQ(complaint_about("no/such/file"), "no/such/file:1:1: the trace cannot be opened: No such file or directory");
  EXPECT_EQ(complaint_about("."), ".:1:1: this is a directory, not a trace");
}

TEST(trace, block_expands_to_consecutive_tokens) {
  EXPECT_EQ(tokens_of({.input_length = 1024, .hash_ids = {3, 0}}, 2), (std::vector<std::uint32_t>{6, 7, 0, 1}));
  EXPECT_TRUE(tokens_of({.input_length = 0, .hash_ids = {}}, 2).empty());
  const auto tokens = tokens_of({.input_length = 513, .hash_ids = {1, 2}}, 512);
  ASSERT_EQ(tokens.size(), 513U);
  EXPECT_EQ(tokens[0], 512U);
  EXPECT_EQ(tokens[511], 1023U);
  EXPECT_EQ(tokens[512], 1024U);
}

TEST(trace, partial_block_stays_partial_when_it_is_scaled) {
  EXPECT_EQ(scaled_length_tokens(1024 + 100, 512), 1024U + 100);
  EXPECT_EQ(scaled_length_tokens(1024, 4), 8U);
  EXPECT_EQ(scaled_length_tokens(1024 + 1, 4), 9U);     // a rest does not vanish,
  EXPECT_EQ(scaled_length_tokens(1024 + 511, 4), 11U);  // nor does it fill its block,
  EXPECT_EQ(scaled_length_tokens(1024 + 256, 4), 10U);  // and in between it is in proportion,
  EXPECT_EQ(scaled_length_tokens(1024 + 192, 4), 10U);  // 1.5 tokens being two
  EXPECT_EQ(scaled_length_tokens(1024 + 191, 4), 9U);
  EXPECT_EQ(scaled_length_tokens(100, 1024), 200U);
  for (std::uint64_t length = 1; length < 512; ++length) EXPECT_EQ(scaled_length_tokens(length, 2), 1U);
}

}  // namespace
}  // namespace triecheck::checks
