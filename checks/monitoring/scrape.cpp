#include "checks/monitoring/scrape.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

namespace triecheck::checks {
namespace {

// One line of the text, from its first character on.
class line_reader {
 public:
  explicit line_reader(std::string_view line) : rest_(line) {}

  std::optional<scraped_sample> read() {
    scraped_sample s;
    s.name = word();
    if (s.name.empty()) return std::nullopt;
    if (take('{')) {
      while (!take('}')) {
        std::string label = word();
        if (label.empty() || !take('=') || !take('"')) return std::nullopt;
        std::optional<std::string> value = quoted();
        if (!value) return std::nullopt;
        s.labels.emplace(std::move(label), std::move(*value));
        take(',');
      }
    }
    if (!take(' ')) return std::nullopt;
    const std::string number(rest_.substr(0, rest_.find(' ')));
    char* end = nullptr;
    s.value = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0') return std::nullopt;
    return s;
  }

 private:
  std::string word() {
    const auto is_part = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == ':'; };
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_part);
    const std::string w(rest_.begin(), end);
    rest_.remove_prefix(w.size());
    return w;
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // What follows the opening quote, without the closing one.
  std::optional<std::string> quoted() {
    std::string text;
    while (!rest_.empty()) {
      char c = next();
      if (c == '"') return text;
      if (c == '\\') {
        if (rest_.empty()) break;
        c = next();
        if (c == 'n') c = '\n';
      }
      text += c;
    }
    return std::nullopt;
  }

  char next() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  std::string_view rest_;
};

bool has_all(const scraped_sample& s, const std::map<std::string, std::string>& labels) {
  return std::all_of(labels.begin(), labels.end(), [&](const auto& wanted) {
    const auto found = s.labels.find(wanted.first);
    return found != s.labels.end() && found->second == wanted.second;
  });
}

}  // namespace

std::optional<scrape> scrape::read(std::string_view text) {
  scrape all;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty() || line.front() == '#') continue;
    std::optional<scraped_sample> s = line_reader(line).read();
    if (!s) return std::nullopt;
    all.samples_.push_back(std::move(*s));
  }
  return all;
}

double scrape::sum(std::string_view name, const std::map<std::string, std::string>& labels) const {
  double total = 0;
  for (const scraped_sample& s : samples_) {
    if (s.name == name && has_all(s, labels)) total += s.value;
  }
  return total;
}

bool scrape::has(std::string_view name) const {
  return std::any_of(samples_.begin(), samples_.end(), [&](const scraped_sample& s) { return s.name == name; });
}

std::vector<std::string> scrape::values_of(std::string_view name, const std::string& label) const {
  std::vector<std::string> values;
  for (const scraped_sample& s : samples_) {
    const auto found = s.labels.find(label);
    if (s.name != name || found == s.labels.end()) continue;
    if (std::find(values.begin(), values.end(), found->second) == values.end()) values.push_back(found->second);
  }
  return values;
}

std::optional<double> quantile_since(const scrape& before, const scrape& now, const std::string& histogram,
                                     const std::map<std::string, std::string>& labels, double share) {
  const std::string buckets = histogram + "_bucket";
  const auto at = [&](const std::string& bound) {
    std::map<std::string, std::string> wanted = labels;
    wanted.emplace("le", bound);
    return now.sum(buckets, wanted) - before.sum(buckets, wanted);
  };
  const double rank = share * at("+Inf");
  if (!(rank > 0)) return std::nullopt;
  double lower = 0, below = 0;
  for (const std::string& bound : now.values_of(buckets, "le")) {
    const double upper = std::strtod(bound.c_str(), nullptr);
    const double up_to = at(bound);
    if (std::isinf(upper)) return lower;
    if (up_to >= rank) return lower + (upper - lower) * (rank - below) / (up_to - below);
    lower = upper;
    below = up_to;
  }
  return lower;
}

}  // namespace triecheck::checks
