// Request traces: JSON lines, one request each, as published with production serving systems.
//
// A trace names blocks of 512 tokens by hash ids instead of carrying text. Block `h` becomes the tokens h*N .. h*N+N-1,
// where N is the number of tokens of a block (512 unless the reader of the trace scales it): equal ids become equal
// tokens, different ids never share one.
//
// Threads: plain values; a trace is read by any number of threads once it is loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace triecheck::checks {

/// How many tokens one hash id of the file format names.
inline constexpr std::uint64_t trace_block_tokens = 512;

/// One request. Requires hash_ids.size() == ceil(input_length / 512), which reading checks.
struct trace_row {
  double timestamp_ms = 0;
  std::uint64_t input_length = 0;       ///< tokens
  std::uint64_t output_length = 0;      ///< tokens
  std::vector<std::uint64_t> hash_ids;  ///< one for each started block
  std::uint64_t space = 0;              ///< "namespace": optional, where equal blocks are shared
};

struct trace {
  std::size_t block_tokens = trace_block_tokens;  ///< how many tokens a block is expanded to
  std::vector<trace_row> rows;                    ///< row i is line i + 1 of the file
};

/// What is wrong with a trace: "file:line:column: what is wrong".
class trace_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads a trace, with `block_tokens` tokens for each block. `name` is what error messages call the text. Requires 2 <=
/// block_tokens < 2^32. Throws trace_error for the first thing that is wrong: a line that is no JSON object, a field
/// that is missing, given twice or of the wrong type, a count of hash ids that does not fit the length, a hash id whose
/// tokens would not fit into 32 bits, a namespace that would not fit into 64, an empty trace.
trace parse_trace(const std::string& text, const std::string& name, std::size_t block_tokens = trace_block_tokens);

/// As parse_trace; also throws trace_error for a file that cannot be read.
trace load_trace(const std::filesystem::path& file, std::size_t block_tokens = trace_block_tokens);

/// How many tokens a request of `input_length` has with `block_tokens` tokens for each block: the full blocks, and the
/// rest in proportion, at least 1 and at most block_tokens - 1 where there is one, so that a partial block stays one.
std::uint64_t scaled_length_tokens(std::uint64_t input_length, std::size_t block_tokens);

/// Replaces `tokens` by those of `row`.
void expand(const trace_row& row, std::size_t block_tokens, std::vector<std::uint32_t>& tokens);

}  // namespace triecheck::checks
