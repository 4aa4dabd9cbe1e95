// Reading a log, word by word.
#include "checks/log/log_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>
#include <string_view>
#include <system_error>

#include "cache/monitoring/log_text.h"
#include "checks/report/suggestion.h"

namespace triecheck::checks {
namespace {

using model::operation_kind;

// The words of one line, each with its column; says what is wrong at a word.
class line_reader {
 public:
  line_reader(const std::string& file, std::size_t number, std::string_view line)
      : file_(file), number_(number), line_(line) {
    skip_blanks();
  }

  bool at_end() const { return at_ == line_.size(); }
  bool comes(std::string_view word) const { return next_word() == word; }

  [[noreturn]] void reject(const std::string& what) const {
    std::size_t column = 1;
    for (std::size_t i = 0; i < at_; ++i) column += (static_cast<unsigned char>(line_[i]) & 0xc0U) != 0x80U;
    std::string message = file_ + ":" + std::to_string(number_) + ":" + std::to_string(column) + ": " + what;
    std::replace_if(
        message.begin(), message.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    throw log_error(message);
  }

  std::string shown() const {
    return at_end() ? "the end of the line" : "\"" + std::string(next_word().substr(0, 40)) + "\"";
  }

  std::string_view take_word(const std::string& what) {
    if (at_end()) reject("want " + what + ", not the end of the line");
    const std::string_view word = next_word();
    at_ += word.size();
    skip_blanks();
    return word;
  }

  void take(std::string_view word) {
    if (!comes(word)) reject("want \"" + std::string(word) + "\", not " + shown());
    take_word("a word");
  }

  bool take_if(std::string_view word) {
    if (!comes(word)) return false;
    take(word);
    return true;
  }

  template <class Number = std::uint64_t>
  Number number(const std::string& what, std::uint64_t most = std::numeric_limits<Number>::max(),
                std::uint64_t least = 0) {
    const std::string_view word = next_word();
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
    const bool is_number = !word.empty() && end == word.data() + word.size() && problem != std::errc::invalid_argument;
    if (!is_number) reject("want " + what + ", not " + shown());
    if (problem != std::errc{} || value > most || value < least) {
      reject(what + " must be " + std::to_string(least) + " to " + std::to_string(most) + ", not " +
             std::string(word.substr(0, 40)));
    }
    take_word(what);
    return static_cast<Number>(value);
  }

  bool comes_number() const { return !at_end() && line_[at_] >= '0' && line_[at_] <= '9'; }

  void end() const {
    if (!at_end()) reject("want the end of the line, not " + shown());
  }

 private:
  void skip_blanks() {
    while (at_ < line_.size() && (line_[at_] == ' ' || line_[at_] == '\t')) ++at_;
  }
  std::string_view next_word() const {
    const std::size_t end = line_.find_first_of(" \t", at_);
    return line_.substr(at_, end == std::string_view::npos ? std::string_view::npos : end - at_);
  }

  const std::string& file_;
  const std::size_t number_;
  const std::string_view line_;
  std::size_t at_ = 0;
};

struct kind_word {
  std::string_view word;
  operation_kind kind;
};
constexpr std::array<kind_word, 8> kind_words{{
    {"lookup", operation_kind::lookup},
    {"allocate", operation_kind::allocate},
    {"publish", operation_kind::publish},
    {"release", operation_kind::release},
    {"fork", operation_kind::fork},
    {"evict", operation_kind::evict},
    {"clear", operation_kind::clear},
    {"shutdown", operation_kind::clear},
}};

constexpr std::array status_words = {model::status::ok, model::status::request_too_large, model::status::cache_full,
                                     model::status::lease_closed, model::status::invalid_argument};

class log_reader {
 public:
  explicit log_reader(const std::string& name) { run_.file = name; }

  logged_run read(std::string_view text) {
    for (std::size_t begin = 0, line = 1; begin < text.size(); ++line) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      std::string_view one = text.substr(begin, end - begin);
      if (one.ends_with('\r')) one.remove_suffix(1);
      begin = end + 1;
      last_line_ = line;
      line_reader words(run_.file, line, one);
      if (words.at_end() || one.find_first_not_of(" \t") == one.find('#')) continue;
      read_line(words, line);
    }
    if (!has_version_)
      line_reader(run_.file, 1, "").reject("the file is empty (want a log, which begins with \"triecheck-log 1\")");
    if (run_.pages == 0)
      line_reader(run_.file, last_line_, "").reject("there is no line \"cache pages N tokens_per_page N\"");
    std::stable_sort(run_.events.begin(), run_.events.end(), [](const logged_event& a, const logged_event& b) {
      return a.begin_ns != b.begin_ns ? a.begin_ns < b.begin_ns : a.end_ns < b.end_ns;
    });
    return std::move(run_);
  }

 private:
  void read_line(line_reader& words, std::size_t line) {
    if (!has_version_) return read_version(words);
    if (run_.pages == 0) return read_cache(words);
    if (words.comes_number()) return read_operation(words, line);
    if (words.take_if("complete")) {
      words.take("until");
      run_.complete_until_ns = words.number("a time in nanoseconds");
    } else if (words.take_if("unlogged")) {
      run_.unlogged = words.number("a number of operations");
    } else if (words.take_if("thread")) {
      const auto thread = words.number<unsigned>("the number of a thread");
      words.take("lost");
      if (const auto lost = words.number("a number of operations"); lost != 0) run_.lost[thread] = lost;
    } else {
      words.reject("want an operation, which begins with the number of its thread, not " + words.shown());
    }
    words.end();
  }

  void read_version(line_reader& words) {
    if (!words.take_if("triecheck-log"))
      words.reject("this is no log of operations, which begins with \"triecheck-log 1\"");
    const std::string shown = words.shown();
    line_reader at_version = words;
    if (words.number<unsigned>("a version") != log_text_version) {
      at_version.reject("this is version " + shown.substr(1, shown.size() - 2) +
                        " of the format; this program reads version " + std::to_string(log_text_version));
    }
    words.end();
    has_version_ = true;
  }

  void read_cache(line_reader& words) {
    words.take("cache");
    words.take("pages");
    const auto pages = words.number("a number of pages", 0xffff'fffe, 1);
    words.take("tokens_per_page");
    run_.tokens_per_page = words.number("a number of tokens", 0xffff'ffff, 1);
    if (words.take_if("variant")) run_.variant = words.take_word("the name of a variant");
    words.end();
    run_.pages = pages;
  }

  void read_operation(line_reader& words, std::size_t line) {
    logged_event e;
    e.line = line;
    e.thread = words.number<unsigned>("the number of a thread");
    e.begin_ns = words.number("when the operation began");
    e.end_ns = words.number("when it ended", UINT64_MAX, e.begin_ns);
    read_kind(words, e);
    words.take("=");
    read_outcome(words, e);
    words.end();
    run_.events.push_back(std::move(e));
  }

  void read_kind(line_reader& words, logged_event& e) {
    const auto found =
        std::find_if(kind_words.begin(), kind_words.end(), [&](const kind_word& k) { return words.comes(k.word); });
    if (found == kind_words.end()) {
      std::vector<std::string_view> known;
      for (const kind_word& k : kind_words) known.push_back(k.word);
      const std::string shown = words.shown();
      words.reject("unknown operation " + shown + suggestion(shown.substr(1, shown.size() - 2), known));
    }
    words.take(found->word);
    e.op.kind = found->kind;
    e.op.shuts_down = found->word == "shutdown";
    if (found->kind == operation_kind::evict) e.op.count = words.number("a number of pages");
    if (found->kind == operation_kind::evict || found->kind == operation_kind::clear) return;
    e.op.subject = lease(words);
    if (found->kind == operation_kind::lookup) {
      words.take("in");
      e.op.space = words.number("a namespace");
    }
    if (found->kind == operation_kind::lookup || found->kind == operation_kind::allocate) {
      words.take("of");
      while (words.comes_number()) e.op.tokens.push_back(words.number<std::uint32_t>("a token"));
      if (words.take_if("keys")) read_keys(words, e.op.keys);
    }
    if (found->kind == operation_kind::allocate && words.take_if("plus"))
      e.op.extra_slots = words.number("a number of token slots");
    if (found->kind == operation_kind::publish) {
      words.take("to");
      e.op.computed_tokens = words.number("a number of tokens");
    }
    if (found->kind == operation_kind::fork) {
      words.take("as");
      e.op.forked = words.comes("0") ? (words.take("0"), no_fork) : lease(words);
    }
  }

  static void read_keys(line_reader& words, std::vector<model::block_key>& keys) {
    while (words.comes_number()) {
      const line_reader at_key = words;
      const std::string_view word = words.take_word("the key of a block");
      model::block_key k;
      const auto [colon, no_block] = std::from_chars(word.data(), word.data() + word.size(), k.block);
      const bool is_pair = no_block == std::errc{} && colon != word.data() + word.size() && *colon == ':';
      const auto [end, no_key] = std::from_chars(is_pair ? colon + 1 : colon, word.data() + word.size(), k.key);
      if (!is_pair || no_key != std::errc{} || end != word.data() + word.size())
        at_key.reject("want the key of a block, as 2:77, not " + at_key.shown());
      if (!keys.empty() && keys.back().block >= k.block) at_key.reject("keys are in the order of their blocks");
      keys.push_back(k);
    }
  }

  void read_outcome(line_reader& words, logged_event& e) {
    const line_reader at_status = words;
    const std::string word(words.take_word("what came of the operation, as \"ok\""));
    const auto found =
        std::find_if(status_words.begin(), status_words.end(), [&](model::status s) { return model::show(s) == word; });
    // Lost pages are what a shutdown reports; what it evicted is as in a clear.
    const bool lost = e.op.shuts_down && word == name_of(status::pages_lost);
    if (found == status_words.end() && !lost) at_status.reject("unknown outcome \"" + word + "\"");
    if (!lost) e.observed.result = *found;
    if (e.op.kind == operation_kind::evict || e.op.kind == operation_kind::clear) {
      e.observed.evicted = words.number("a number of pages");
      return;
    }
    bool is_cached = true;
    while (!words.at_end()) {
      if (is_cached && words.take_if("|")) {
        is_cached = false;
        e.observed.cached = e.observed.pages.size();
        continue;
      }
      e.observed.pages.push_back(words.number<std::uint32_t>("a page", run_.pages - 1));
    }
    if (is_cached) words.reject("want \"|\" between cached and private pages, not the end of the line");
    const bool forks = e.op.kind == operation_kind::fork;
    if (forks && (e.observed.result == model::status::ok) == (e.op.forked == no_fork)) {
      at_status.reject("a fork has a new lease where it is ok, and \"as 0\" where it is refused");
    }
  }

  static constexpr model::lease no_fork = 0xffff'ffff;

  model::lease lease(line_reader& words) {
    const std::uint64_t id = words.number("the id of a lease", UINT64_MAX, 0);
    const auto [entry, is_new] = leases_.try_emplace(id, static_cast<model::lease>(run_.lease_ids.size()));
    if (is_new) run_.lease_ids.push_back(id);
    return entry->second;
  }

  logged_run run_;
  bool has_version_ = false;
  std::size_t last_line_ = 1;
  std::map<std::uint64_t, model::lease> leases_;
};

}  // namespace

std::uint64_t logged_run::complete_from_ns() const {
  std::uint64_t from = 0;
  for (const auto& [thread, count] : lost) {
    const auto first =
        std::find_if(events.begin(), events.end(), [t = thread](const logged_event& e) { return e.thread == t; });
    // What was lost ended before the oldest that is left began; where none is left, nothing is known.
    from = std::max(from, first == events.end() ? complete_until_ns : first->begin_ns);
  }
  return from;
}

std::string logged_run::show(const logged_event& e) const {
  const auto id = [&](model::lease l) {
    return l < lease_ids.size() ? " " + std::to_string(lease_ids[l]) : std::string(" 0");
  };
  std::string text = e.op.shuts_down ? "shutdown" : model::name_of(e.op.kind);
  switch (e.op.kind) {
    case operation_kind::lookup:
      text += id(e.op.subject) + " of [" + model::show(e.op.tokens) + "]" + model::show(e.op.keys);
      break;
    case operation_kind::allocate:
      text += id(e.op.subject) + " of " + std::to_string(e.op.tokens.size()) + " tokens";
      break;
    case operation_kind::publish:
      text += id(e.op.subject) + " to " + std::to_string(e.op.computed_tokens);
      break;
    case operation_kind::release:
      text += id(e.op.subject);
      break;
    case operation_kind::fork:
      text += id(e.op.subject) + " as" + id(e.op.forked);
      break;
    case operation_kind::evict:
      text += " " + std::to_string(e.op.count);
      break;
    case operation_kind::clear:
    case operation_kind::match:
    case operation_kind::shrink:
    case operation_kind::forget:
    case operation_kind::set_time:  // the log has no entry of these four
      break;
  }
  return "thread " + std::to_string(e.thread) + ": " + text + " = " + model::show(e.op, e.observed);
}

logged_run parse_log(const std::string& text, const std::string& name) { return log_reader(name).read(text); }

logged_run load_log(const std::filesystem::path& file) {
  const std::string name = file.string();
  const auto reject = [&](const std::string& what) { throw log_error(name + ":1:1: " + what); };
  std::error_code problem;
  const std::filesystem::file_status status = std::filesystem::status(file, problem);
  if (status.type() == std::filesystem::file_type::not_found) reject("there is no such file");
  if (std::filesystem::is_directory(status)) reject("this is a directory");
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad()) reject("the file cannot be read (check its permissions)");
  return parse_log(text, name);
}

}  // namespace triecheck::checks
