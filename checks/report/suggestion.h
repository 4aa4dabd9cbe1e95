// What a wrong word probably was meant to be: for names in files and on the command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace triecheck::checks {

/// The number of single-character insertions, removals and replacements between two words.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known word that `word` is a plausible slip of the keyboard for: at most two edits, or one for each five
/// characters. Empty where there is none.
std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& known);

/// " (did you mean "x"?)", or else all that would have been right: " (known: "a", "b")".
std::string suggestion(std::string_view word, const std::vector<std::string_view>& known);

/// " (did you mean 'x'?)", or `otherwise` where no known word is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known,
                         const std::string& otherwise = "");

/// The names of `all`, objects with a member `name`.
template <class Named>
std::vector<std::string_view> names_of(const std::vector<Named>& all) {
  std::vector<std::string_view> names;
  for (const Named& one : all) names.push_back(one.name);
  return names;
}

}  // namespace triecheck::checks
