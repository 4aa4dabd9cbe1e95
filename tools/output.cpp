#include "tools/output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
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
  return fs::weakly_canonical(fs::absolute(a, none), none) == fs::weakly_canonical(fs::absolute(b, none), none) ||
         fs::equivalent(a, b, none);
}

bool write_to(const fs::path& file, const std::string& text) {
  errno = 0;
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  return out.good();
}

// False, with errno as it was.
bool forget(const fs::path& half_written) {
  const int reason = errno;
  std::error_code none;
  fs::remove(half_written, none);
  errno = reason;
  return false;
}

// Where a text stops being JSON, or has a number that is none of the machine's.
struct first_json_error final : nlohmann::json_sax<nlohmann::json> {
  explicit first_json_error(const std::string& t) : text(t) {}

  const std::string& text;
  std::size_t byte = 0;  // counted from 1
  std::string what;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  // A whole number that 64 bits do not hold comes here, too, rounded.
  bool number_float(number_float_t, const string_t& number) override {
    if (number.find_first_of(".eE") != std::string::npos) return true;
    byte = text.find(number) + 1;
    what = "the number " + number + " is out of range";
    return false;
  }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string& last, const nlohmann::detail::exception& e) override {
    const bool overflow = dynamic_cast<const nlohmann::json::out_of_range*>(&e) != nullptr;
    byte = overflow ? position - std::min(position, last.size()) + 1 : position;
    what = overflow ? "the number " + last + " is out of range" : "this is no JSON";
    return false;
  }
};

// Asks, and leaves no trace.
void check_writable(const std::string& file) {
  std::error_code none;
  const fs::path place = fs::absolute(file, none);
  int reason = 0;
  if (fs::is_directory(place, none))
    reason = EISDIR;
  else if (fs::exists(place, none) ? access(place.c_str(), W_OK) : access(place.parent_path().c_str(), W_OK | X_OK))
    reason = errno;
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
  if (!in || errno != 0)
    throw usage_error(file + " cannot be read (" + std::generic_category().message(errno != 0 ? errno : EIO) + ")");
  first_json_error reader(json);
  if (!nlohmann::json::sax_parse(json, &reader)) {
    const std::string before = json.substr(0, reader.byte == 0 ? 0 : reader.byte - 1);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t start = before.rfind('\n');
    const std::size_t column = before.size() - (start == std::string::npos ? 0 : start + 1) + 1;
    throw usage_error(file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + reader.what);
  }
  return nlohmann::json::parse(json);
}

bool replace_file(const std::string& file, const std::string& text) {
  std::error_code none;
  const fs::path target = fs::weakly_canonical(file, none);  // a link stays one
  const fs::path place = none ? fs::path(file) : target;
  const bool is_new = !fs::exists(place, none);
  if (!is_new && !fs::is_regular_file(place, none)) return write_to(place, text);
  const fs::path next = place.string() + ".next";
  // A file may be written to though its folder is not.
  if (access(place.has_parent_path() ? place.parent_path().c_str() : ".", W_OK | X_OK) != 0)
    return write_to(place, text);
  if (!write_to(next, text)) return forget(next);
  if (!is_new) fs::permissions(next, fs::status(place, none).permissions(), none);
  return std::rename(next.c_str(), place.c_str()) == 0 || forget(next);
}

void write_text(const std::string& path_or_dash, const std::string& text) {
  if (path_or_dash == "-") {
    std::cout << text << std::flush;
    return;
  }
  if (replace_file(path_or_dash, text)) return;
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
