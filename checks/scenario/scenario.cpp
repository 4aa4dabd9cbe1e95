// Scenario files: TOML outside, one small sentence per step inside.
//
// Everything that can be known to be wrong before a thread runs is rejected here, at the place where the author wrote
// it: a scenario that means something else than it says would give a verdict about nothing. Reading stops at the
// first mistake, so a message never follows from another one.
#include "checks/scenario/scenario.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <system_error>

#include "checks/explore/schedule.h"
#include "checks/historical/variant.h"
#include "checks/report/suggestion.h"
#include "checks/report/verdict.h"
#include "checks/scenario/step_reader.h"
#include "checks/subject/policies.h"
#include "checks/subject/variants.h"

namespace triecheck::checks {
namespace {

// toml++ 3.3 takes some malformed text, such as [[[thread]]], for a bug in toml++: it asserts, and where NDEBUG is
// defined it goes on in an undefined way. To the author of a scenario it is a syntax error, so the assertion throws
// this in every build. Only this file includes toml++.
struct parser_gave_up {};
[[noreturn]] void give_up_parsing() { throw parser_gave_up{}; }

}  // namespace
}  // namespace triecheck::checks

#undef NDEBUG
#define TOML_ASSERT(condition) ((condition) ? static_cast<void>(0) : ::triecheck::checks::give_up_parsing())
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace triecheck::checks {
namespace {

using scenario_files::in_quotes;
using scenario_files::place;
using scenario_files::reject;

place begin_of(const toml::source_region& source) { return {source.begin.line, source.begin.column}; }

std::string name_of(toml::node_type type) {
  switch (type) {
    case toml::node_type::none:
      return "nothing";
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a floating-point number";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
  }
  return "something else";
}

// A string written as it reads, between two quotes on one line, shows where each of its words is. With escapes in it or
// over several lines, only the place of the string is known.
scenario_files::step_text step_text_of(const toml::value<std::string>& node) {
  const std::string& text = node.get();
  const auto characters = std::count_if(text.begin(), text.end(), scenario_files::starts_character);
  const toml::source_region& source = node.source();
  const bool verbatim = source.begin.line == source.end.line &&
                        source.end.column == source.begin.column + static_cast<std::size_t>(characters) + 2;
  return {text, begin_of(source), verbatim};
}

class file_reader {
 public:
  explicit file_reader(const std::string& file) : file_(file) {}

  void read(const toml::table& root, scenario& s) {
    only_keys(root, "a scenario", {"title", "cache", "init", "thread", "final", "bounds", "expect", "failure"});
    if (const toml::node* title = root.get("title")) s.title = one_line(*title, "title");
    read_cache(root, s);
    if (const toml::node* init = root.get("init")) s.init = read_steps(table_in(*init, "init"), "[init]", 0);
    read_threads(root, s);
    if (const toml::node* last = root.get("final"))
      s.final = read_steps(table_in(*last, "final"), "[final]", scenario_files::final_section);
    others_.check(s.threads.size(), file_);
    if (const toml::node* bounds = root.get("bounds")) read_bounds(table_in(*bounds, "bounds"), s);
    if (const toml::node* expect = root.get("expect")) read_expect(table_in(*expect, "expect"), s);
    if (const toml::node* failure = root.get("failure")) s.failure = read_failure(table_in(*failure, "failure"));
  }

 private:
  static constexpr std::int64_t largest_size = 64;
  static constexpr std::size_t most_threads = 8;
  static constexpr std::int64_t most_thread_indices = 4;

  [[noreturn]] void reject_node(const toml::node& node, const std::string& what) const {
    reject(file_, begin_of(node.source()), what);
  }

  [[noreturn]] void reject_type(const toml::node& node, const std::string& key, const std::string& wanted) const {
    reject_node(node, in_quotes(key) + " must be " + wanted + ", not " + name_of(node.type()));
  }

  // The table's keys come sorted by name; the author reads from the top, so the first in the file is reported.
  void only_keys(const toml::table& table, const std::string& where, const std::vector<std::string_view>& known) const {
    const toml::key* first = nullptr;
    for (const auto& [key, value] : table) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      if (first == nullptr || key.source().begin < first->source().begin) first = &key;
    }
    if (first == nullptr) return;
    reject(file_, begin_of(first->source()),
           "unknown key " + in_quotes(first->str()) + " in " + where + suggestion(first->str(), known));
  }

  const toml::table& table_in(const toml::node& node, const std::string& key) const {
    if (const toml::table* table = node.as_table()) return *table;
    reject_type(node, key, "a table, written [" + key + "]");
  }

  std::string one_line(const toml::node& node, const std::string& key) const {
    const toml::value<std::string>* text = node.as_string();
    if (text == nullptr) reject_type(node, key, "a string");
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; };
    if (std::any_of(text->get().begin(), text->get().end(), control)) {
      reject_node(node, in_quotes(key) + " must be one line without control characters");
    }
    return text->get();
  }

  std::size_t size_in(const toml::table& cache, const std::string& key) const {
    const toml::node* node = cache.get(key);
    if (node == nullptr) reject_node(cache, "[cache] has no " + in_quotes(key) + " (write " + key + " = N, 1 to 64)");
    const toml::value<std::int64_t>* number = node->as_integer();
    if (number == nullptr) reject_type(*node, key, "an integer");
    if (number->get() < 1 || number->get() > largest_size) {
      reject_node(*node, in_quotes(key) + " must be 1 to 64, not " + std::to_string(number->get()));
    }
    return static_cast<std::size_t>(number->get());
  }

  unsigned thread_indices_in(const toml::node& node) const {
    const toml::value<std::int64_t>* number = node.as_integer();
    if (number == nullptr) reject_type(node, "thread_indices", "an integer");
    if (number->get() < 0 || number->get() > most_thread_indices) {
      reject_node(node, "\"thread_indices\" must be 0 to 4, not " + std::to_string(number->get()));
    }
    return static_cast<unsigned>(number->get());
  }

  bool boolean_in(const toml::node& node, const std::string& key) const {
    const toml::value<bool>* value = node.as_boolean();
    if (value == nullptr) reject_type(node, key, "true or false");
    return value->get();
  }

  model::eviction_policy policy_in(const toml::node& node) const {
    const std::string name = one_line(node, "policy");
    if (const policy* found = find_policy(name)) return found->value;
    reject_node(node, "unknown policy " + in_quotes(name) + suggestion(name, names_of(policies())));
  }

  void read_cache(const toml::table& root, scenario& s) const {
    const toml::node* node = root.get("cache");
    if (node == nullptr) reject(file_, {}, "there is no [cache] (write [cache] with pages and tokens_per_page)");
    const toml::table& cache = table_in(*node, "cache");
    only_keys(cache, "[cache]", {"pages", "tokens_per_page", "policy", "thread_indices", "index_buckets", "events"});
    s.pages = size_in(cache, "pages");
    s.tokens_per_page = size_in(cache, "tokens_per_page");
    if (const toml::node* name = cache.get("policy")) s.policy = policy_in(*name);
    if (const toml::node* indices = cache.get("thread_indices")) s.thread_indices = thread_indices_in(*indices);
    if (cache.contains("index_buckets")) s.index_buckets = size_in(cache, "index_buckets");
    if (const toml::node* events = cache.get("events")) s.events = boolean_in(*events, "events");
  }

  void read_bounds(const toml::table& bounds, scenario& s) const {
    std::vector<std::string> names;
    for (const auto& v : variants()) names.push_back(v.name);
    names.push_back(historical::cache_name);
    only_keys(bounds, "[bounds]", {names.begin(), names.end()});
    for (const auto& [key, node] : bounds) {
      const std::string name(key.str());
      const toml::value<std::int64_t>* number = node.as_integer();
      if (number == nullptr) reject_type(node, name, "an integer");
      if (number->get() < 0 || number->get() > largest_size) {
        reject_node(node, in_quotes(name) + " must be 0 to 64 preemptions, not " + std::to_string(number->get()));
      }
      s.bounds[name] = static_cast<unsigned>(number->get());
    }
  }

  std::vector<step> read_steps(const toml::table& section, const std::string& where, std::size_t number) {
    only_keys(section, where, {"run"});
    const toml::node* run = section.get("run");
    if (run == nullptr) reject_node(section, where + " has no \"run\" (write run = [\"step\", ...])");
    const toml::array* texts = run->as_array();
    if (texts == nullptr) reject_type(*run, "run", "an array of steps, written [\"step\", ...]");
    scenario_files::section_reader reader(file_, number, others_);
    std::vector<step> steps;
    for (const toml::node& text : *texts) {
      if (!text.is_string()) reject_node(text, "a step must be a string, not " + name_of(text.type()));
      steps.push_back(reader.read(step_text_of(*text.as_string())));
    }
    return steps;
  }

  void read_threads(const toml::table& root, scenario& s) {
    const std::string wanted = "an array of tables, each written [[thread]]";
    const std::string none = "there is no [[thread]] (write two to eight)";
    const toml::node* node = root.get("thread");
    if (node == nullptr) reject(file_, {}, none);
    const toml::array* threads = node->as_array();
    if (threads == nullptr) reject_type(*node, "thread", wanted);
    for (const toml::node& thread : *threads) {
      if (!thread.is_table()) reject_type(thread, "thread", wanted);
      if (s.threads.size() == most_threads) reject_node(thread, "this is a ninth [[thread]] (write two to eight)");
      s.threads.push_back(read_steps(*thread.as_table(), "[[thread]]", s.threads.size() + 1));
      if (s.threads.back().empty()) reject_node(thread, "this [[thread]] runs nothing (write at least one step)");
    }
    if (threads->empty()) reject_node(*node, none);
    if (threads->size() == 1) reject_node(*threads->get(0), "this is the only [[thread]] (write two to eight)");
  }

  void read_expect(const toml::table& expect, scenario& s) const {
    only_keys(expect, "[expect]", {"verdict", "kind"});
    if (const toml::node* node = expect.get("verdict")) {
      const std::string verdict = one_line(*node, "verdict");
      if (verdict != "pass" && verdict != "fail") {
        reject_node(*node, "unknown verdict " + in_quotes(verdict) + suggestion(verdict, {"pass", "fail"}));
      }
      s.expect_failure = verdict == "fail";
    }
    if (const toml::node* node = expect.get("kind")) {
      s.expect_kind = one_line(*node, "kind");
      if (!s.expect_failure) reject_node(*node, "\"kind\" only goes with verdict = \"fail\"");
      if (s.expect_kind.empty()) reject_node(*node, "\"kind\" is empty (leave it out to accept any failure)");
      const auto& kinds = violation_kinds();
      if (std::find(kinds.begin(), kinds.end(), s.expect_kind) == kinds.end()) {
        reject_node(*node, "unknown kind " + in_quotes(s.expect_kind) +
                               suggestion(s.expect_kind, {kinds.begin(), kinds.end()}));
      }
    }
  }

  // What is needed to run the execution again has to be there; the rest is for people.
  stored_failure read_failure(const toml::table& failure) const {
    only_keys(
        failure, "[failure]",
        {"kind", "message", "cache", "fault", "strategy", "seed", "preemptions", "schedule", "version", "replay"});
    const auto text = [&](const std::string& key) {
      const toml::node* node = failure.get(key);
      if (node == nullptr) return std::string();
      if (!node->is_string()) reject_type(*node, key, "a string");
      return node->as_string()->get();
    };
    const auto number = [&](const std::string& key) -> std::optional<std::uint64_t> {
      const toml::node* node = failure.get(key);
      if (node == nullptr) return std::nullopt;
      if (!node->is_integer()) reject_type(*node, key, "an integer");
      if (node->as_integer()->get() < 0) reject_node(*node, in_quotes(key) + " must not be negative");
      return static_cast<std::uint64_t>(node->as_integer()->get());
    };
    for (const std::string key : {"kind", "cache", "schedule"}) {
      if (failure.get(key) == nullptr) reject_node(failure, "[failure] has no " + in_quotes(key));
    }
    for (const std::string key : {"kind", "cache", "fault"}) {
      const toml::node* node = failure.get(key);
      if (node != nullptr && one_line(*node, key).empty()) reject_node(*node, in_quotes(key) + " is empty");
    }
    stored_failure f{.kind = text("kind"),
                     .message = text("message"),
                     .cache = text("cache"),
                     .fault = text("fault"),
                     .strategy = text("strategy"),
                     .seed = number("seed"),
                     .preemptions = number("preemptions").value_or(0),
                     .schedule = text("schedule"),
                     .version = text("version"),
                     .replay = text("replay")};
    std::string why;
    if (!explore::parse_schedule(f.schedule, why)) reject_node(*failure.get("schedule"), why);
    return f;
  }

  const std::string& file_;
  scenario_files::hand_overs others_;
};

// The parser's own words, without the "Error " that a message at this place need not repeat.
std::string syntax_problem(std::string_view description) {
  constexpr std::string_view lead = "Error ";
  if (description.starts_with(lead)) description.remove_prefix(lead.size());
  return "not valid TOML: " + std::string(description);
}

bool parser_gives_up_on(std::string_view text) {
  try {
    static_cast<void>(toml::parse(text));
  } catch (const toml::parse_error&) {
    return false;
  } catch (const parser_gave_up&) {
    return true;
  }
  return false;
}

// The parser reads from the left and does not say where it gave up: that is where the shortest text ends that makes it.
place where_parser_gives_up(std::string_view text) {
  std::size_t accepted = 0;
  std::size_t rejected = text.size();
  while (accepted + 1 < rejected) {
    const std::size_t middle = accepted + (rejected - accepted) / 2;
    (parser_gives_up_on(text.substr(0, middle)) ? rejected : accepted) = middle;
  }
  place at;
  for (const char c : text.substr(0, accepted)) {
    if (c == '\n')
      at = {at.line + 1, 1};
    else if (scenario_files::starts_character(c))
      ++at.column;
  }
  return at;
}

toml::table parse_toml(const std::string& text, const std::string& name) {
  try {
    return toml::parse(std::string_view(text));
  } catch (const toml::parse_error& e) {
    reject(name, begin_of(e.source()), syntax_problem(e.description()));
  } catch (const parser_gave_up&) {
    reject(name, where_parser_gives_up(text), "not valid TOML: unexpected character (check brackets and commas)");
  }
}

// The text in front of the line of [failure]. A failure file is written as a scenario with one more table behind it. If
// the scenario went on behind that table, it could not be taken apart again.
std::string text_before_failure(const toml::table& root, const std::string& text, const std::string& name) {
  const auto header =
      std::find_if(root.begin(), root.end(), [](const auto& entry) { return entry.first == "failure"; });
  const place at = begin_of(header->first.source());
  std::size_t end = 0;
  for (std::size_t line = 1; line < at.line; ++line) end = text.find('\n', end) + 1;
  std::string before = text.substr(0, end);
  toml::table rest = root;
  rest.erase("failure");
  try {
    if (toml::parse(std::string_view(before)) == rest) return before;
  } catch (const toml::parse_error&) {
  } catch (const parser_gave_up&) {
  }
  reject(name, at, "[failure] must be the last table of the file");
}

std::vector<std::filesystem::path> scenarios_directly_in(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  std::error_code problem;
  std::filesystem::directory_iterator entry(directory, problem);
  while (!problem && entry != std::filesystem::directory_iterator()) {
    if (entry->path().extension() == ".toml" && !entry->is_directory()) files.push_back(entry->path());
    entry.increment(problem);
  }
  if (problem) reject(directory.string(), {}, "the directory cannot be read: " + problem.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

namespace {

template <class Rule>
bool any_step(const scenario& s, Rule rule) {
  const auto any = [&](const std::vector<step>& section) { return std::any_of(section.begin(), section.end(), rule); };
  return any(s.init) || std::any_of(s.threads.begin(), s.threads.end(), any) || any(s.final);
}

}  // namespace

bool asks_as_a_scheduler(const scenario& s) {
  return any_step(s, [](const step& one) {
    return one.free_only || one.kind == step_kind::match || one.kind == step_kind::shrink ||
           one.kind == step_kind::available;
  });
}

bool asks_to_forget(const scenario& s) {
  return any_step(s, [](const step& one) { return one.kind == step_kind::forget; });
}

bool has_subscribers(const scenario& s) {
  return any_step(s, [](const step& one) { return one.kind == step_kind::subscribe; });
}

bool has_keys(const scenario& s) {
  const auto any = [](const std::vector<step>& steps) {
    return std::any_of(steps.begin(), steps.end(), [](const step& one) { return !one.keys.empty(); });
  };
  return any(s.init) || std::any_of(s.threads.begin(), s.threads.end(), any) || any(s.final);
}

bool waits_for_pages(const scenario& s) {
  return any_step(s, [](const step& one) { return one.or_wait; });
}

scenario parse_scenario(const std::string& text, const std::string& name) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    reject(name, {}, "the file is empty (write [cache] and two to eight [[thread]])");
  }
  const toml::table root = parse_toml(text, name);
  scenario s;
  s.name = std::filesystem::path(name).stem().string();
  file_reader(name).read(root, s);
  s.source_text = s.failure ? text_before_failure(root, text, name) : text;
  return s;
}

scenario load_scenario(const std::filesystem::path& file) {
  const std::string name = file.string();
  std::error_code problem;
  const std::filesystem::file_status status = std::filesystem::status(file, problem);
  if (status.type() == std::filesystem::file_type::not_found) reject(name, {}, "there is no such file");
  if (std::filesystem::is_directory(status)) reject(name, {}, "this is a directory (name a scenario file in it)");
  if (problem) reject(name, {}, "the file cannot be read: " + problem.message());
  if (!std::filesystem::is_regular_file(status)) reject(name, {}, "this is not a regular file");
  std::ifstream in(file, std::ios::binary);
  std::string text;
  std::array<char, 4096> buffer{};
  while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
  }
  // The end of the file sets other bits than a read that failed.
  if (in.bad() || !in.eof()) reject(name, {}, "the file cannot be read (check its permissions)");
  return parse_scenario(text, name);
}

std::vector<std::filesystem::path> find_scenarios(const std::filesystem::path& directory) {
  std::error_code problem;
  if (!std::filesystem::is_directory(directory, problem)) reject(directory.string(), {}, "there is no such directory");
  std::vector<std::filesystem::path> files;
  const std::filesystem::path regressions = directory / "regressions";
  if (std::filesystem::is_directory(regressions, problem)) files = scenarios_directly_in(regressions);
  const std::vector<std::filesystem::path> own = scenarios_directly_in(directory);
  files.insert(files.end(), own.begin(), own.end());
  return files;
}

}  // namespace triecheck::checks
