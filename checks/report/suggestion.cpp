#include "checks/report/suggestion.h"

#include <algorithm>
#include <numeric>

namespace triecheck::checks {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& known) {
  constexpr std::size_t longest_typed = 128;  // a longer word is no slip, and comparing it costs its length
  std::string_view nearest;
  if (word.size() > longest_typed) return nearest;
  std::size_t distance = std::max<std::size_t>(2, word.size() / 5) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t d = edit_distance(word, candidate);
    if (d >= distance || d >= candidate.size() || d >= word.size()) continue;
    distance = d;
    nearest = candidate;
  }
  return nearest;
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known) {
  if (const std::string_view nearest = nearest_word(word, known); !nearest.empty()) {
    return " (did you mean \"" + std::string(nearest) + "\"?)";
  }
  std::string all;
  for (const std::string_view candidate : known) all += (all.empty() ? "\"" : ", \"") + std::string(candidate) + "\"";
  return " (known: " + all + ")";
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known,
                         const std::string& otherwise) {
  const std::string_view nearest = nearest_word(word, known);
  return nearest.empty() ? otherwise : " (did you mean '" + std::string(nearest) + "'?)";
}

}  // namespace triecheck::checks
