// The step language of scenario files: one small sentence per step, read in the order of its section.
//
// Of the file around it, it knows only where a step's text is, so that a message points at the word that is wrong.
// Included by the reader of scenario files alone.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/report/suggestion.h"
#include "checks/scenario/hand_overs.h"
#include "checks/scenario/scenario.h"
#include "checks/scenario/scenario_error.h"
#include "checks/scenario/step_forms.h"

namespace triecheck::checks::scenario_files {

/// The first byte of a UTF-8 character and no later one: what columns count.
inline bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }

inline bool well_formed_name(std::string_view name) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && lower(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '_'; });
}

template <class Number = std::uint32_t>
std::optional<Number> parse_number(std::string_view digits) {
  Number value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// "BLOCK:KEY"
inline std::optional<model::block_key> parse_key(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto block = parse_number(text.substr(0, colon));
  const auto key = parse_number<std::uint64_t>(text.substr(colon + 1));
  if (!block || !key) return std::nullopt;
  return model::block_key{*block, *key};
}

struct word {
  std::string_view text;
  std::size_t offset;  ///< in characters from the start of the step
};

/// Words are separated by blanks; "=" is a word by itself, with or without blanks around it.
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

/// A step as it is written in the file.
struct step_text {
  std::string text;
  place start;    ///< of its opening quote
  bool verbatim;  ///< written without escapes on one line, so that the column of each word is known
};

/// How often one step can run at most.
inline constexpr std::uint32_t most_times = 1000;

/// Reads the steps of one section in order, and follows its leases: a lease belongs to the section that opened it.
class section_reader {
 public:
  /// `section` and `others`: see hand_overs.h.
  section_reader(const std::string& file, std::size_t section, hand_overs& others)
      : file_(file), section_(section), others_(others) {}

  step read(const step_text& source) {
    source_ = source;
    const std::vector<word> words = split(source_.text);
    if (words.empty()) reject(file_, source_.start, "a step is empty (write a step such as \"x = lookup 1 2\")");
    return read_words(words);
  }

 private:
  place place_of(const word& w) const {
    return {source_.start.line, source_.start.column + (source_.verbatim ? 1 + w.offset : 0)};
  }

  [[noreturn]] void reject_at(const word& w, const std::string& what) const { reject(file_, place_of(w), what); }

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
    std::vector<word> rest(words.begin() + (named ? 3 : 1), words.end());
    take_clauses(s, rest, form);
    if (named) s.lease = checked_name(words[0]);
    if (form.takes_lease || form.kind == step_kind::take) {
      if (rest.empty()) reject_use(keyword, in_quotes(form.keyword) + " needs the name of a lease", form);
      (named ? s.source : s.lease) = checked_name(rest.front());
      if (form.takes_lease) require_open(rest.front());
      meet_others(s, rest.front());
      rest.erase(rest.begin());
    }
    read_operands(s, form, keyword, rest);
    if (s.kind == step_kind::cancel) others_.cancels(s.count, section_, place_of(rest.front()));
    if (s.kind == step_kind::subscribe) others_.joins(s.count, section_, place_of(rest.front()), file_);
    if (s.kind == step_kind::unsubscribe) others_.leaves(s.count, section_, place_of(rest.front()), file_);
    follow_lease(s, form, words[0]);
    return s;
  }

  void meet_others(const step& s, const word& name) {
    if (s.kind == step_kind::give) others_.gives(s.lease, section_, place_of(name), file_);
    if (s.kind == step_kind::take) others_.takes(s.source, section_, place_of(name), file_);
  }

  // Takes the clauses at the end of a step off its words.
  void take_clauses(step& s, std::vector<word>& words, const step_form& form) const {
    const auto first =
        std::find_if(words.begin(), words.end(), [](const word& w) { return clause_of(w.text) != nullptr; });
    for (auto at = first; at != words.end(); at += 2) {
      const clause_form& c = *clause_of(at->text);
      const std::size_t left = static_cast<std::size_t>(words.end() - at);
      if (c.kind == refusal) {
        take_alternative(s, *at, left == 2 ? at[1].text : "", c, form);
        break;
      }
      if ((form.clauses & c.kind) == 0) reject_use(*at, in_quotes(form.keyword) + " " + std::string(c.misfit), form);
      if (c.kind == eviction) {
        if (left < 2 || at[1].text != "eviction")
          reject_at(*at, "\"without\" is only allowed in \"without eviction\", at the end of a step");
        s.free_only = true;
        continue;
      }
      if (c.kind == block_keys) {
        at = take_keys(s, at, words.end()) - 2;
        continue;
      }
      if (c.kind == space) {
        const std::optional<std::uint64_t> number = left < 2 ? std::nullopt : parse_number<std::uint64_t>(at[1].text);
        if (!number || (left > 2 && clause_of(at[2].text) == nullptr)) {
          reject_at(*at, "after " + in_quotes(c.word) + " comes " + std::string(c.what) +
                             ", at the end (an unsigned 64-bit number, 0 to 18446744073709551615)");
        }
        s.space = *number;
        continue;
      }
      const std::optional<std::uint32_t> number = left < 2 ? std::nullopt : parse_number(at[1].text);
      if (!number || (left > 2 && clause_of(at[2].text) == nullptr)) {
        reject_at(*at, "after " + in_quotes(c.word) + " comes " + std::string(c.what) +
                           ", at the end (an unsigned 32-bit number, 0 to 4294967295)");
      }
      take_clause(s, *at, c, *number);
    }
    words.erase(first, words.end());
  }

  // Returns where the next clause begins.
  std::vector<word>::iterator take_keys(step& s, std::vector<word>::iterator at,
                                        std::vector<word>::iterator end) const {
    const word keyword = *at;
    for (++at; at != end && clause_of(at->text) == nullptr; ++at) {
      const std::optional<model::block_key> k = parse_key(at->text);
      if (!k || k->key == 0)
        reject_at(*at, in_quotes(at->text) + " is no key of a block (write BLOCK:KEY, such as 0:7; no key is 0)");
      if (!s.keys.empty() && s.keys.back().block >= k->block)
        reject_at(*at, "keys are written in the order of their blocks, each block once");
      s.keys.push_back(*k);
    }
    if (s.keys.empty())
      reject_at(keyword, "after \"keys\" comes the key of a block at least, written BLOCK:KEY, such as 0:7");
    return at;
  }

  // "or stop", "or wait".
  void take_alternative(step& s, const word& at, std::string_view what, const clause_form& c,
                        const step_form& form) const {
    if (what != "stop" && what != "wait")
      reject_at(at, "\"or\" is only allowed in \"or stop\" or \"or wait\", at the end of a step");
    if ((form.clauses & refusal) == 0) {
      reject_use(at, in_quotes(form.keyword) + " " + std::string(c.misfit) + std::string(what) + "\"", form);
    }
    const bool waits = what == "wait";
    if (waits && (form.clauses & waiting) == 0) reject_use(at, in_quotes(form.keyword) + " takes no \"or wait\"", form);
    (waits ? s.or_wait : s.or_stop) = true;
  }

  void take_clause(step& s, const word& at, const clause_form& c, std::uint32_t number) const {
    switch (c.kind) {
     case slots:
        s.extra_slots = number;
        break;
      case memory:
        if (number == 0) reject_at(at, "requests for memory are numbered from 1");
        s.failing = number;
        break;
      case repeated:
        if (number == 0 || number > most_times)
          reject_at(at, "a step runs 1 to " + std::to_string(most_times) + " times");
        s.times = number;
        break;
      case priority:
        if (number == 0 || number > 100) reject_at(at, "a priority is 1 to 100");
        s.keep.priority = number;
        break;
      case expiry:
        if (s.keep.priority == 0) reject_at(at, "\"until\" comes after \"keep P\"");
        s.keep.expires_at = number;
        break;
      default:
        break;
    }
  }

  std::string checked_name(const word& name) const {
    if (form_of(name.text) != nullptr || clause_of(name.text) != nullptr || name.text == "stop" ||
        name.text == "wait" || name.text == "eviction") {
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
    if (!found->second) return;
    const step_kind ended = *found->second;
    const std::string how = ended == step_kind::release ? "released"
                            : ended == step_kind::drop  ? "dropped"
                            : ended == step_kind::give  ? "given away"
                                                        : "moved";
    reject_at(name, lease + " was " + how + " by an earlier step (open it again first)");
  }

  void read_operands(step& s, const step_form& form, const word& keyword, const std::vector<word>& rest) const {
    const operand_rule& rule = operand_rules[static_cast<std::size_t>(form.rest)];
    if (rest.size() < rule.least) {
      reject_use(keyword, in_quotes(form.keyword) + " needs " + std::string(rule.missing), form);
    }
    if (rest.size() > rule.most) {
      reject_use(rest[rule.most], "unexpected " + in_quotes(rest[rule.most].text) + " in " + in_quotes(form.keyword),
                 form);
    }
    for (const word& w : rest) {
      const std::optional<std::uint32_t> number = parse_number(w.text);
      if (!number) {
        reject_at(w, in_quotes(w.text) + " is not " + std::string(rule.what) +
                         " (write an unsigned 32-bit number, 0 to 4294967295)");
      }
      switch (form.rest) {
        case operands::count:
        case operands::subscriber:
        case operands::thread:
        case operands::time:
          s.count = *number;
          break;
        case operands::computed:
          s.computed = *number;
          break;
        default:
          s.tokens.push_back(*number);
      }
    }
  }

  void follow_lease(const step& s, const step_form& form, const word& first) {
    if (form.ends_lease) open_[form.opens_lease ? s.source : s.lease] = s.kind;
    if (!form.opens_lease) return;
    std::optional<step_kind>& ended = open_.try_emplace(s.lease, s.kind).first->second;
    if (!ended) {
      reject_at(first, "lease " + in_quotes(s.lease) + " is already open (release it first or choose another name)");
    }
    ended.reset();
  }

  const std::string& file_;
  const std::size_t section_;
  hand_overs& others_;
  step_text source_{};                                                 // the step being read
  std::map<std::string, std::optional<step_kind>, std::less<>> open_;  // every lease opened so far, and what ended it
};

}  // namespace triecheck::checks::scenario_files
