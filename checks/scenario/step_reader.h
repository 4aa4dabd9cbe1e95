// The step language of scenario files: one small sentence per step, read in the order of its section.
//
// Knows of the file around it only where a step's text stands, so that a message points at the word that is wrong.
// Included by the reader of scenario files alone.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/scenario/scenario.h"

namespace triecheck::checks::scenario_files {

/// Where something stands in a file: lines and columns count from 1, columns in characters.
struct place {
  std::size_t line = 1;
  std::size_t column = 1;
};

/// Throws scenario_error. The message stays one line whatever the file or its name contains.
[[noreturn]] inline void reject(const std::string& file, place at, const std::string& what) {
  std::string message = file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + what;
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = '?';
  }
  throw scenario_error(message);
}

inline std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

/// The first byte of a UTF-8 character and no later one: what columns count.
inline bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }

/// The number of single-character insertions, removals and replacements between two words.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
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

/// The known word that `word` is a plausible slip of the keyboard for, or else all that would have been right.
inline std::string suggestion(std::string_view word, const std::vector<std::string_view>& known) {
  constexpr std::size_t longest_typed = 64;  // a longer word is no slip, and comparing it costs its length
  std::string_view nearest;
  std::size_t distance = 3;
  for (const std::string_view candidate : known) {
    if (word.size() > longest_typed) break;
    const std::size_t d = edit_distance(word, candidate);
    if (d >= distance || d >= candidate.size() || d >= word.size()) continue;
    distance = d;
    nearest = candidate;
  }
  if (!nearest.empty()) return " (did you mean " + in_quotes(nearest) + "?)";
  std::string all;
  for (const std::string_view candidate : known) all += (all.empty() ? "" : ", ") + in_quotes(candidate);
  return " (known: " + all + ")";
}

enum class operands : std::uint8_t { none, tokens, count };

/// How a step is written; messages show `usage`.
struct step_form {
  step_kind kind;
  std::string_view keyword;
  std::string_view usage;
  bool opens_lease;  ///< written "x = ..."
  bool takes_lease;  ///< names an open lease after the keyword
  operands rest;
  bool refusable;    ///< may end in "or stop"
};

inline constexpr std::array<step_form, 12> step_forms{{
    {step_kind::lookup, "lookup", "x = lookup T... [in N]", true, false, operands::tokens, false},
    {step_kind::allocate, "allocate", "allocate x [or stop]", false, true, operands::none, true},
    {step_kind::extend, "extend", "extend x T... [or stop]", false, true, operands::tokens, true},
    {step_kind::write, "write", "write x", false, true, operands::none, false},
    {step_kind::read, "read", "read x", false, true, operands::none, false},
    {step_kind::publish, "publish", "publish x", false, true, operands::none, false},
    {step_kind::release, "release", "release x", false, true, operands::none, false},
    {step_kind::fork, "fork", "y = fork x [or stop]", true, true, operands::none, true},
    {step_kind::evict, "evict", "evict N", false, false, operands::count, false},
    {step_kind::clear, "clear", "clear", false, false, operands::none, false},
    {step_kind::stats, "stats", "stats", false, false, operands::none, false},
    {step_kind::request, "request", "request T... [in N] [or stop]", false, false, operands::tokens, true},
}};

inline const step_form* form_of(std::string_view keyword) {
  const auto found = std::find_if(step_forms.begin(), step_forms.end(),
                                  [&](const step_form& form) { return form.keyword == keyword; });
  return found == step_forms.end() ? nullptr : &*found;
}

inline bool well_formed_name(std::string_view name) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && lower(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
    return lower(c) || (c >= '0' && c <= '9') || c == '_';
  });
}

inline std::optional<std::uint32_t> parse_number(std::string_view digits) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

struct word {
  std::string_view text;
  std::size_t offset;  ///< in characters from the start of the step
};

/// Words stand between blanks; "=" is a word of its own with or without blanks around it.
inline std::vector<word> split(std::string_view text) {
  std::vector<word> words;
  std::size_t offset = 0;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool blank = c == ' ' || c == '\t';
    if (!blank && inside && c != '=') {
      std::string_view& last = words.back().text;
      last = {last.data(), last.size() + 1};
    } else if (!blank) {
      words.push_back({text.substr(i, 1), offset});
    }
    inside = !blank && c != '=';
    if (starts_character(c)) ++offset;
  }
  return words;
}

/// A step as it stands in the file.
struct step_text {
  std::string text;
  place start;    ///< of its opening quote
  bool verbatim;  ///< written without escapes on one line, so that the column of each word is known
};

/// Reads the steps of one section in order, and follows its leases: a lease belongs to the section that opened it.
class section_reader {
 public:
  explicit section_reader(const std::string& file) : file_(file) {}

  step read(const step_text& source) {
    source_ = source;
    const std::vector<word> words = split(source_.text);
    if (words.empty()) reject(file_, source_.start, "a step is empty (write a step such as \"x = lookup 1 2\")");
    return read_words(words);
  }

 private:
  [[noreturn]] void reject_at(const word& w, const std::string& what) const {
    reject(file_, {source_.start.line, source_.start.column + (source_.verbatim ? 1 + w.offset : 0)}, what);
  }

  [[noreturn]] void reject_use(const word& w, const std::string& what, const step_form& form) const {
    reject_at(w, what + " (write " + in_quotes(form.usage) + ")");
  }

  const step_form& form_at(const word& keyword) const {
    if (const step_form* form = form_of(keyword.text)) return *form;
    std::vector<std::string_view> known;
    for (const step_form& form : step_forms) known.push_back(form.keyword);
    reject_at(keyword, "unknown step " + in_quotes(keyword.text) + suggestion(keyword.text, known));
  }

  step read_words(std::vector<word> words) {
    const bool named = words.size() > 1 && words[1].text == "=";
    if (named && words.size() == 2) {
      reject_at(words[1], "nothing after \"=\" (write \"x = lookup T...\" or \"y = fork x\")");
    }
    const word keyword = words[named ? 2 : 0];
    const step_form& form = form_at(keyword);
    if (named && !form.opens_lease) reject_use(words[0], in_quotes(form.keyword) + " opens no lease", form);
    if (!named && form.opens_lease) {
      reject_use(keyword, in_quotes(form.keyword) + " needs a name for the lease that it opens", form);
    }
    step s;
    s.kind = form.kind;
    s.text = source_.text;
    s.or_stop = take_or_stop(words, form);
    s.space = take_namespace(words, form);
    std::vector<word> rest(words.begin() + (named ? 3 : 1), words.end());
    if (named) s.lease = checked_name(words[0]);
    if (form.takes_lease) {
      if (rest.empty()) reject_use(keyword, in_quotes(form.keyword) + " needs the name of a lease", form);
      (named ? s.source : s.lease) = checked_name(rest.front());
      require_open(rest.front());
      rest.erase(rest.begin());
    }
    read_operands(s, form, keyword, rest);
    follow_lease(s, words[0]);
    return s;
  }

  // Takes a trailing "or stop" off the words; says whether there was one.
  bool take_or_stop(std::vector<word>& words, const step_form& form) const {
    const auto found = std::find_if(words.begin(), words.end(), [](const word& w) { return w.text == "or"; });
    if (found == words.end()) return false;
    if (words.end() - found != 2 || words.back().text != "stop") {
      reject_at(*found, "\"or\" only stands in \"or stop\" at the end of a step");
    }
    if (!form.refusable) {
      reject_use(*found, in_quotes(form.keyword) + " is never refused and takes no \"or stop\"", form);
    }
    words.erase(found, words.end());
    return true;
  }

  // Takes a trailing "in N" off the words; without one it is the namespace 0.
  std::uint32_t take_namespace(std::vector<word>& words, const step_form& form) const {
    const auto found = std::find_if(words.begin(), words.end(), [](const word& w) { return w.text == "in"; });
    if (found == words.end()) return 0;
    if (form.kind != step_kind::lookup && form.kind != step_kind::request) {
      reject_use(*found, in_quotes(form.keyword) + " takes no namespace: it has that of its lease", form);
    }
    const std::optional<std::uint32_t> number = words.end() - found == 2 ? parse_number(words.back().text) : std::nullopt;
    if (!number) reject_at(*found, "behind \"in\" stands one namespace, at the end (an unsigned 32-bit number, 0 to 4294967295)");
    words.erase(found, words.end());
    return *number;
  }

  std::string checked_name(const word& name) const {
    if (form_of(name.text) != nullptr || name.text == "or" || name.text == "stop" || name.text == "in") {
      reject_at(name, in_quotes(name.text) + " is a word of the step language (choose another name for the lease)");
    }
    if (!well_formed_name(name.text)) {
      reject_at(name, in_quotes(name.text) + " is no name for a lease (write a small letter, then small letters, " +
                          "digits or underscores)");
    }
    return std::string(name.text);
  }

  void require_open(const word& name) const {
    const auto found = open_.find(name.text);
    const std::string lease = "lease " + in_quotes(name.text);
    if (found == open_.end()) reject_at(name, lease + " is not open here (open it earlier in the same section)");
    if (!found->second) reject_at(name, lease + " was released by an earlier step (open it again first)");
  }

  void read_operands(step& s, const step_form& form, const word& keyword, const std::vector<word>& rest) const {
    const bool counts = form.rest == operands::count;
    const std::size_t most = form.rest == operands::tokens ? rest.size() : counts ? 1 : 0;
    if (rest.empty() && form.rest != operands::none) {
      const std::string missing = counts ? "a number of pages" : "at least one token";
      reject_use(keyword, in_quotes(form.keyword) + " needs " + missing, form);
    }
    if (rest.size() > most) {
      reject_use(rest[most], "unexpected " + in_quotes(rest[most].text) + " in " + in_quotes(form.keyword), form);
    }
    for (const word& w : rest) {
      const std::optional<std::uint32_t> number = parse_number(w.text);
      if (!number) {
        reject_at(w, in_quotes(w.text) + (counts ? " is not a number of pages" : " is not a token") +
                         " (write an unsigned 32-bit number, 0 to 4294967295)");
      }
      if (counts) s.count = *number;
      else s.tokens.push_back(*number);
    }
  }

  void follow_lease(const step& s, const word& first) {
    if (s.kind == step_kind::release) open_[s.lease] = false;
    if (s.kind != step_kind::lookup && s.kind != step_kind::fork) return;
    bool& open = open_[s.lease];
    if (open) {
      reject_at(first, "lease " + in_quotes(s.lease) + " is already open (release it first or choose another name)");
    }
    open = true;
  }

  const std::string& file_;
  step_text source_{};                              // the step being read
  std::map<std::string, bool, std::less<>> open_;   // every lease opened so far, and whether it still is
};

}  // namespace triecheck::checks::scenario_files
