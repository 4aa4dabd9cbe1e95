#include "tools/failure_folder.h"

#include <cerrno>
#include <iostream>
#include <system_error>
#include <utility>

#include "tools/commands.h"
#include "tools/output.h"

namespace triecheck::tools {

namespace fs = std::filesystem;

checks::stored_failure remembered(const checks::failure& f, const std::string& cache, const std::string& fault,
                                  const std::string& strategy) {
  return {.kind = f.kind,
          .message = f.message,
          .cache = cache,
          .fault = fault,
          .strategy = strategy,
          .seed = {},
          .preemptions = f.preemptions,
          .schedule = f.schedule,
          .version = TRIECHECK_VERSION,
          .replay = f.replay};
}

failure_folder::failure_folder(std::string path) : path_(std::move(path)) {
  if (path_.empty()) throw usage_error("--failures: expected a folder, or none");
}

void failure_folder::store(const checks::scenario& s, const explore::explore_options& options, checks::result& r) {
  if (path_ == "none" || given_up_ || !r.found || r.found->token.empty()) return;
  if (r.outcome == checks::verdict::error && r.found->schedule.empty()) return;  // nothing of the program has run
  const std::string name =
      s.name + '-' + options.cache + (options.fault.empty() ? "" : '-' + options.fault) + '-' + r.found->kind;
  fs::path file = fs::path(path_) / (name + ".toml");
  // Two scenarios of one run may have the same name, in different folders.
  for (int i = 2; !stored_.insert(file).second; ++i)
    file = fs::path(path_) / (name + '-' + std::to_string(i) + ".toml");

  checks::stored_failure stored = remembered(*r.found, options.cache, options.fault, options.strategy);
  if (explore::known_strategy(options.strategy).draws_at_random) stored.seed = options.seed;
  std::error_code problem;
  fs::create_directories(path_, problem);
  if (replace_file(file.string(), checks::failure_file_text(s.source_text, stored))) {
    r.found->file = file.string();
    return;
  }
  const std::string reason = problem ? problem.message() : std::generic_category().message(errno);
  std::cerr << "triecheck: the failure cannot be stored in " << file.string() << " (" << reason << ")\n";
  given_up_ = true;
}

}  // namespace triecheck::tools
