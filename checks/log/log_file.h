// A log of operations (cache/monitoring/log_text.h) as the checks read it: in the alphabet of the model.
//
// Threads: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/operation.h"

namespace triecheck::checks {

/// One operation of a log. Times are nanoseconds; leases are numbered from 0 in the order in which the file
/// names them first.
struct logged_event {
  unsigned thread = 0;
  std::uint64_t begin_ns = 0;
  std::uint64_t end_ns = 0;
  model::operation op;
  model::outcome observed;  ///< without the copies of a fork
  std::size_t line = 0;     ///< of the file
};

struct logged_run {
  std::string file;
  std::size_t pages = 0;
  std::size_t tokens_per_page = 0;
  std::string variant;                     ///< empty: the log does not say
  std::map<unsigned, std::uint64_t> lost;  ///< by thread: operations that its ring lost; where it has any
  std::uint64_t complete_until_ns = UINT64_MAX;
  std::uint64_t unlogged = 0;
  std::vector<std::uint64_t> lease_ids;  ///< by number of a lease: the id that the file has
  std::vector<logged_event> events;      ///< by their beginnings, then by their ends

  /// From when on nothing is missing that a ring lost; 0 where none lost any.
  std::uint64_t complete_from_ns() const;

  /// "release 17" with the ids of the file: one line for people.
  std::string show(const logged_event& e) const;
};

/// What is wrong with a log: "file:line:column: what is wrong".
class log_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads a log. `name` is what messages call the text. Throws log_error for the first thing that is wrong.
logged_run parse_log(const std::string& text, const std::string& name);

/// As parse_log; also throws log_error for a file that cannot be read.
logged_run load_log(const std::filesystem::path& file);

}  // namespace triecheck::checks
