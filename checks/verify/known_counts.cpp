#include "checks/verify/known_counts.h"

#include <charconv>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace triecheck::explore {
namespace {

struct counts_file {
  std::vector<std::string> head;  // the comments before the first row
  execution_counts rows;
};

[[noreturn]] void reject(const std::filesystem::path& file, std::size_t line, const std::string& what) {
  throw std::runtime_error(file.string() + ":" + std::to_string(line) + ": " + what);
}

counts_file read(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file.string() + ": cannot be read");
  counts_file f;
  std::size_t number = 0;
  for (std::string text; std::getline(in, text);) {
    ++number;
    if (text.starts_with('#') && f.rows.empty()) f.head.push_back(text);
    std::istringstream words(text.substr(0, text.find('#')));
    std::string scenario;
    if (!(words >> scenario)) continue;
    auto [row, is_new] = f.rows.try_emplace(scenario);
    if (!is_new) reject(file, number, "the second row of " + scenario);
    for (std::string word; words >> word;) {
      const std::size_t sign = word.find('=');
      std::uint64_t count = 0;
      const char* const end = word.data() + word.size();
      const char* const begin = sign == std::string::npos ? end : word.data() + sign + 1;
      const auto [last, error] = std::from_chars(begin, end, count);
      if (sign == 0 || error != std::errc{} || last != end)
        reject(file, number, "expected CACHE=NUMBER, not '" + word + "'");
      if (!row->second.emplace(word.substr(0, sign), count).second)
        reject(file, number, "the second number of " + word.substr(0, sign));
    }
  }
  return f;
}

}  // namespace

execution_counts read_counts(const std::filesystem::path& file) { return read(file).rows; }

void update_counts(const std::filesystem::path& file, const execution_counts& counts) {
  counts_file f;
  if (std::filesystem::exists(file)) f = read(file);
  for (const auto& [scenario, by_cache] : counts) {
    for (const auto& [cache, count] : by_cache) f.rows[scenario][cache] = count;
  }
  const std::filesystem::path fresh = file.string() + ".new";
  {
    std::ofstream out(fresh);
    for (const std::string& line : f.head) out << line << "\n";
    for (const auto& [scenario, by_cache] : f.rows) {
      out << scenario;
      for (const auto& [cache, count] : by_cache) out << " " << cache << "=" << count;
      out << "\n";
    }
    out.close();
    if (!out) throw std::runtime_error(fresh.string() + ": cannot be written");
  }
  std::filesystem::rename(fresh, file);
}

}  // namespace triecheck::explore
