// Synthetic request traces, in the format that trace.h reads.
//
// A generated request is a conversation's context so far: a shared prompt, then texts and answers. Its blocks are
// numbered so that an id never means two contents or two prefixes: a full block keeps its id as long as the context
// only grows behind it, and a partial block that grows becomes another one.
//
// The same shape, number and seed give the same trace with every compiler: all arithmetic is on integers, and no
// distribution of the standard library, whose results it leaves open, takes part.
//
// Threads: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "checks/trace/trace.h"

namespace triecheck::checks {

struct shape_parameters;

/// A kind of load. `generate` and `triecheck-bench` know them by name.
struct trace_shape {
  const char* name;
  const char* description;  ///< one line
  const shape_parameters* parameters;
};

/// chat, zipf, agent.
std::span<const trace_shape> trace_shapes();

/// The shape called `name`, or null.
const trace_shape* find_shape(const std::string& name);

/// More requests than this could need more hash ids than the format has.
inline constexpr std::uint64_t most_generated_requests = 1'000'000;

/// A trace of `requests` rows in order of time. Each conversation is in one of `namespaces` namespaces, evenly; how
/// many there are changes nothing else. Requires 1 <= requests <= most_generated_requests, namespaces >= 1.
trace generate_trace(const trace_shape& shape, std::uint64_t requests, std::uint64_t seed,
                     std::uint32_t namespaces = 1);

/// `row` as a line of the format, with its line end. The timestamp is written in whole milliseconds.
std::string to_json_line(const trace_row& row);

/// What a trace holds, in tokens and in blocks of 512 of them.
struct trace_summary {
  std::uint64_t requests = 0;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t full_blocks = 0;  ///< of all requests together
  std::uint64_t reused_blocks =
      0;  ///< of these, those of an earlier request in the same namespace: what a cache hits that evicts nothing
};

trace_summary summarize(const trace& t);

}  // namespace triecheck::checks
