#include "tools/program_name.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "checks/report/shell_word.h"

namespace triecheck::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view canonical = "triecheck ";

// The file that a shell would run for `word`; empty where there is none.
fs::path looked_up(const std::string& word) {
  if (word.find('/') != std::string::npos) return word;
  const char* const path = std::getenv("PATH");
  std::string_view folders = path == nullptr ? "" : path;
  while (!word.empty() && !folders.empty()) {
    const std::size_t end = std::min(folders.find(':'), folders.size());
    const fs::path file = fs::path(folders.substr(0, end)) / word;
    if (access(file.c_str(), X_OK) == 0 && !fs::is_directory(file)) return file;
    folders.remove_prefix(std::min(end + 1, folders.size()));
  }
  return {};
}

// In quotes where it needs them: a shell takes a first word with "=" in it for an assignment.
std::string command_word(const std::string& word) {
  const std::string quoted = checks::shell_word(word);
  return quoted == word && word.find('=') != std::string::npos ? "'" + word + "'" : quoted;
}

std::string find_program() {
  std::error_code none;
  const fs::path self = fs::read_symlink("/proc/self/exe", none);
  std::ifstream arguments("/proc/self/cmdline", std::ios::binary);
  std::string typed;
  std::getline(arguments, typed, '\0');
  const fs::path found = looked_up(typed);
  if (!found.empty() && (self.empty() || fs::equivalent(found, self, none))) return command_word(typed);
  return self.empty() ? std::string(canonical.substr(0, canonical.size() - 1)) : command_word(self.string());
}

void type(std::optional<checks::failure>& f) {
  if (f) f->replay = as_typed(f->replay);
}

}  // namespace

std::string as_typed(const std::string& command) {
  static const std::string program = find_program();
  if (!command.starts_with(canonical)) return command;
  return program + command.substr(canonical.size() - 1);
}

checks::result as_typed(checks::result r) {
  type(r.found);
  type(r.expected_failure);
  return r;
}

checks::report as_typed(checks::report r) {
  for (checks::result& one : r.results) one = as_typed(std::move(one));
  return r;
}

}  // namespace triecheck::tools
