// The folder in which failing runs leave their failure files.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "checks/scenario/scenario.h"
#include "checks/verify/explore.h"

namespace triecheck::tools {

class failure_folder {
 public:
  static constexpr const char* default_path = "triecheck-failures";

  /// `path` is made when there is something to store; "none" stores nothing. Throws usage_error for an empty path.
  explicit failure_folder(std::string path);

  /// Stores the failing execution of `r`, which `options` found in `s`, as <scenario>-<cache>[-<fault>]-<kind>.toml,
  /// and says so in `r`. Does nothing where there is no execution to run again. A file of an earlier run is replaced.
  /// Where it cannot be written, one line on stderr says so, once, and the run goes on.
  void store(const checks::scenario& s, const explore::explore_options& options, checks::result& r);

 private:
  const std::string path_;
  bool given_up_ = false;
  std::set<std::filesystem::path> stored_;  // by this run
};

/// What a failure file keeps of a failure beside where it is found.
checks::stored_failure remembered(const checks::failure& f, const std::string& cache, const std::string& fault,
                                  const std::string& strategy);

}  // namespace triecheck::tools
