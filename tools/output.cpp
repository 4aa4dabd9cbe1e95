#include "tools/output.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

#include "tools/commands.h"

namespace triecheck::tools {

void check_writable(const std::string& path_or_dash) {
  if (path_or_dash.empty() || path_or_dash == "-") return;
  errno = 0;
  if (std::ofstream(path_or_dash, std::ios::binary | std::ios::app)) return;
  throw usage_error(path_or_dash + " cannot be written (" + std::generic_category().message(errno) + ")");
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
  throw usage_error(path_or_dash + " cannot be written (" + std::generic_category().message(reason) +
                    "); the result is on standard output");
}

void write_json(const std::string& path_or_dash, const nlohmann::ordered_json& value) {
  // A path or a message may hold bytes that are no UTF-8; a result is not thrown away for one of them.
  write_text(path_or_dash, value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace triecheck::tools
