#include "tools/output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

#include "tools/commands.h"

namespace triecheck::tools {
namespace {

namespace fs = std::filesystem;

// Whether a result in `a` would replace `b`: devices hold any number.
bool is_one_file(const std::string& a, const std::string& b) {
  std::error_code none;
  if (fs::exists(a, none) && !fs::is_regular_file(a, none)) return false;
  return fs::weakly_canonical(fs::absolute(a, none), none) == fs::weakly_canonical(fs::absolute(b, none), none) || fs::equivalent(a, b, none);
}

// Asks, and leaves no trace.
void check_writable(const std::string& file) {
  std::error_code none;
  const fs::path place = fs::absolute(file, none);
  int reason = 0;
  if (fs::is_directory(place, none)) reason = EISDIR;
  else if (fs::exists(place, none) ? access(place.c_str(), W_OK) : access(place.parent_path().c_str(), W_OK | X_OK)) reason = errno;
  if (reason != 0) throw usage_error(file + " cannot be written (" + std::generic_category().message(reason) + ")");
}

}  // namespace

void check_outputs(const std::vector<std::string>& outputs, const std::vector<std::string>& inputs) {
  if (std::count(outputs.begin(), outputs.end(), "-") > 1) throw usage_error("standard output cannot hold two results");
  std::vector<std::string> files;
  for (const std::string& file : outputs) {
    if (file.empty() || file == "-") continue;
    for (const std::string& input : inputs) {
      if (is_one_file(file, input)) throw usage_error(file + " is read by this run, and is not overwritten");
    }
    for (const std::string& other : files) {
      if (is_one_file(file, other)) throw usage_error(file + " cannot hold two results");
    }
    check_writable(file);
    files.push_back(file);
  }
}

nlohmann::json read_json(const std::string& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  const std::string json{std::istreambuf_iterator<char>(in), {}};
  if (!in || errno != 0) throw usage_error(file + " cannot be read (" + std::generic_category().message(errno != 0 ? errno : EIO) + ")");
  try {
    return nlohmann::json::parse(json);
  } catch (const nlohmann::json::parse_error& e) {
    const std::string before = json.substr(0, e.byte == 0 ? 0 : e.byte - 1);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t start = before.rfind('\n');
    const std::size_t column = before.size() - (start == std::string::npos ? 0 : start + 1) + 1;
    throw usage_error(file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": this is no JSON");
  }
}

void write_text(const std::string& path_or_dash, const std::string& text) {
  if (path_or_dash == "-") {
    std::cout << text << std::flush;
    return;
  }
  errno = 0;
  std::ofstream out(path_or_dash, std::ios::binary);
  out << text;
  out.close();
  if (out) return;
  const int reason = errno;
  std::cout << text << std::flush;
  throw output_error(path_or_dash + " cannot be written (" + std::generic_category().message(reason) +
                     "); the result is on standard output");
}

void write_json(const std::string& path_or_dash, const nlohmann::ordered_json& value) {
  // A path or a message may hold bytes that are no UTF-8; a result is not thrown away for one of them.
  write_text(path_or_dash, value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace triecheck::tools
