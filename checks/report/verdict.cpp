// Verdicts as words, exit codes, JSON and JUnit XML.
//
// Whatever a report holds, what is written here can be read again: text that is not UTF-8 (a path on the command line,
// a message of the program under test) is repaired before it reaches JSON or XML, so writing a verdict never throws
// half way and never yields a file that a reader rejects.
#include "checks/report/verdict.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string_view>

#include "checks/report/json_number.h"
#include "checks/report/utf8.h"

#ifndef TRIECHECK_VERSION
#define TRIECHECK_VERSION "0.0.0"
#endif

namespace triecheck::checks {
namespace {

int badness(verdict v) {
  switch (v) {
    case verdict::pass:
      return 0;
    case verdict::incomplete:
      return 1;
    case verdict::fail:
      return 2;
    case verdict::error:
      return 3;
  }
  return 3;
}

// XML 1.0 has no way to write most control characters, not even escaped: they are left out.
bool representable_in_xml(char32_t character) {
  if (character == U'\t' || character == U'\n') return true;
  if (character < 0x20 || (character >= 0x7f && character < 0xa0)) return false;
  return character != 0xfffe && character != 0xffff;
}

// Fit for an element's text and for an attribute in double quotes, whose line breaks a parser would turn into blanks.
std::string escape_xml(std::string_view raw) {
  const std::string valid = valid_utf8(raw);
  std::string_view text = valid;
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const decoded d = decode(text);
    switch (d.character) {
      case U'&':
        out += "&amp;";
        break;
      case U'<':
        out += "&lt;";
        break;
      case U'>':
        out += "&gt;";
        break;
      case U'"':
        out += "&quot;";
        break;
      case U'\'':
        out += "&apos;";
        break;
      case U'\t':
        out += "&#9;";
        break;
      case U'\n':
        out += "&#10;";
        break;
      default:
        if (representable_in_xml(d.character)) out += text.substr(0, d.bytes);
    }
    text.remove_prefix(d.bytes);
  }
  return out;
}

// Milliseconds are what a reader of a test report wants; the format must not follow the locale.
std::string seconds_text(double seconds) {
  constexpr double longest = 1e12;
  if (!std::isfinite(seconds)) seconds = 0;
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::clamp(seconds, 0.0, longest),
                                 std::chars_format::fixed, 3)
                       .ptr;
  return {buffer.data(), end};
}

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + escape_xml(value) + "\"";
}

nlohmann::json to_json(const failure& f) {
  return {{"kind", valid_utf8(f.kind)},   {"message", valid_utf8(f.message)}, {"threads", f.threads},
          {"operations", f.operations},   {"preemptions", f.preemptions},     {"schedule", valid_utf8(f.schedule)},
          {"token", valid_utf8(f.token)}, {"replay", valid_utf8(f.replay)},   {"file", valid_utf8(f.file)}};
}

// The class of a test case tells apart the runs of one scenario: suite, variant, strategy and its bound.
std::string class_name(const result& r, const std::string& suite) {
  std::string name = suite;
  if (!r.cache.empty()) name += "." + r.cache;
  if (!r.strategy.empty()) name += "." + r.strategy;
  if (r.preemptions) name += "-" + std::to_string(*r.preemptions);
  return name;
}

// What went wrong, for the verdict's element inside a test case; nothing for a pass. An incomplete run is a failure
// and not "skipped": a dashboard shows skipped tests in green.
std::string outcome_element(const result& r) {
  if (r.outcome == verdict::pass) return {};
  const std::string element = r.outcome == verdict::error ? "error" : "failure";
  std::string type = to_string(r.outcome);
  std::string message = r.outcome == verdict::incomplete ? "the run is incomplete: nothing is proved" : type;
  std::string body = r.scope;
  if (r.found) {
    if (r.outcome != verdict::incomplete && !r.found->kind.empty()) type = r.found->kind;
    if (!r.found->message.empty()) message = r.found->message;
    body = r.found->message;
    if (!r.found->schedule.empty()) body += "\nschedule: " + r.found->schedule;
    if (!r.found->file.empty()) body += "\nstored in " + r.found->file;
    if (!r.found->replay.empty()) body += "\nreplay: " + r.found->replay;
  }
  return "      <" + element + attribute("message", message) + attribute("type", type) + ">" + escape_xml(body) + "</" +
         element + ">\n";
}

std::string test_case(const result& r, const std::string& suite) {
  std::string out = "    <testcase" + attribute("name", r.scenario) + attribute("classname", class_name(r, suite)) +
                    attribute("time", seconds_text(r.seconds)) + ">\n";
  out += outcome_element(r);
  if (!r.scope.empty()) out += "      <system-out>" + escape_xml(r.scope) + "</system-out>\n";
  return out + "    </testcase>\n";
}

// A run without results would be a suite without tests, which readers take for success.
std::vector<result> results_or_a_placeholder(const report& r) {
  if (!r.results.empty()) return r.results;
  result nothing;
  nothing.scenario = "(nothing was run)";
  nothing.outcome = verdict::incomplete;
  return {nothing};
}

}  // namespace

std::string to_string(verdict v) {
  switch (v) {
    case verdict::pass:
      return "pass";
    case verdict::fail:
      return "fail";
    case verdict::incomplete:
      return "incomplete";
    case verdict::error:
      return "error";
  }
  return "error";
}

const std::vector<std::string>& violation_kinds() {
  static const std::vector<std::string> all = {
      "conservation",  "data-race",          "deadlock",       "double-free", "events",       "invariant",
      "lease-state",   "linearizability",    "livelock",       "memory-leak", "mutex-misuse", "obstruction",
      "out-of-bounds", "page-contents",      "page-ownership", "pages-lost",  "pins",         "refusal",
      "structure",     "uninitialised-read", "use-after-free"};
  return all;
}

int exit_code(verdict v) {
  switch (v) {
    case verdict::pass:
      return 0;
    case verdict::fail:
      return 1;
    case verdict::incomplete:
      return 3;
    case verdict::error:
      return 4;
  }
  return 4;
}

verdict worse(verdict a, verdict b) { return badness(a) >= badness(b) ? a : b; }

verdict report::outcome() const {
  if (results.empty()) return verdict::incomplete;
  verdict worst = verdict::pass;
  for (const result& r : results) worst = worse(worst, r.outcome);
  return worst;
}

nlohmann::json to_json(const result& r) {
  nlohmann::json j = {{"scenario", valid_utf8(r.scenario)},
                      {"cache", valid_utf8(r.cache)},
                      {"strategy", valid_utf8(r.strategy)},
                      {"preemptions", nullptr},
                      {"verdict", to_string(r.outcome)},
                      {"complete", r.complete},
                      {"executions", r.executions},
                      {"redundant", r.redundant},
                      {"steps", r.steps},
                      {"seconds", r.seconds},
                      {"scope", valid_utf8(r.scope)},
                      {"failure", nullptr}};
  if (r.expected)
    j["expected_executions"] = {{"mean", r.expected->mean}, {"low", r.expected->low}, {"high", r.expected->high}};
  if (r.expects_failure) j["expects_failure"] = {{"found", r.failed_as_expected}};
  if (r.expected_failure) j["expects_failure"]["failure"] = to_json(*r.expected_failure);
  if (!r.space.empty()) j["space"] = r.space;
  if (r.covers_everything) j["covers_everything"] = true;
  if (r.preemptions) j["preemptions"] = *r.preemptions;
  if (r.found) j["failure"] = to_json(*r.found);
  return j;
}

nlohmann::json to_json(const report& r) {
  nlohmann::json results = nlohmann::json::array();
  for (const result& one : r.results) results.push_back(to_json(one));
  nlohmann::json j = {{"tool", "triecheck"},
                      {"version", TRIECHECK_VERSION},
                      {"command", valid_utf8(r.command)},
                      {"verdict", to_string(r.outcome())},
                      {"results", std::move(results)}};
  if (r.shard) j["shard"] = {{"index", r.shard->index}, {"count", r.shard->count}};
  if (r.shard) j["build"] = r.build;
  return j;
}

namespace {

verdict read_verdict(const std::string& word) {
  for (const verdict v : {verdict::pass, verdict::fail, verdict::incomplete, verdict::error}) {
    if (to_string(v) == word) return v;
  }
  throw std::runtime_error("'" + word + "' is no verdict");
}

failure read_failure(const nlohmann::json& j) {
  return {.kind = j.at("kind"),
          .message = j.at("message"),
          .threads = whole_number_at<std::size_t>(j, "threads"),
          .operations = whole_number_at<std::size_t>(j, "operations"),
          .preemptions = whole_number_at<std::size_t>(j, "preemptions"),
          .schedule = j.at("schedule"),
          .token = j.value("token", ""),
          .replay = j.at("replay"),
          .file = j.value("file", "")};
}

// The library's own messages name a type and a number that no user of a result file needs.
template <class Read>
auto reading(const char* what, Read read) {
  try {
    return read();
  } catch (const nlohmann::json::exception& e) {
    const std::string text = e.what();
    const std::size_t prefix = text.find("] ");
    throw std::runtime_error(std::string(what) + ": " + (prefix == std::string::npos ? text : text.substr(prefix + 2)));
  }
}

}  // namespace

result read_result(const nlohmann::json& j) {
  return reading("a result", [&] {
    result r;
    r.scenario = j.at("scenario");
    r.cache = j.at("cache");
    r.strategy = j.at("strategy");
    if (!j.at("preemptions").is_null()) r.preemptions = whole_number_at<std::size_t>(j, "preemptions");
    r.outcome = read_verdict(j.at("verdict"));
    r.complete = j.at("complete");
    r.executions = whole_number_at<std::uint64_t>(j, "executions");
    r.redundant = whole_number_at<std::uint64_t>(j, "redundant");
    r.steps = whole_number_at<std::uint64_t>(j, "steps");
    r.seconds = j.at("seconds");
    r.scope = j.at("scope");
    if (!j.at("failure").is_null()) r.found = read_failure(j.at("failure"));
    if (const auto e = j.find("expected_executions"); e != j.end())
      r.expected = {e->at("mean"), e->at("low"), e->at("high")};
    r.expects_failure = j.contains("expects_failure");
    r.failed_as_expected = r.expects_failure && j.at("expects_failure").at("found").get<bool>();
    if (r.failed_as_expected && j["expects_failure"].contains("failure"))
      r.expected_failure = read_failure(j["expects_failure"]["failure"]);
    r.space = j.value("space", "");
    r.covers_everything = j.value("covers_everything", false);
    return r;
  });
}

report read_report(const nlohmann::json& j) {
  return reading("a report", [&] {
    if (!j.is_object() || j.value("tool", "") != "triecheck" || !j.contains("results"))
      throw std::runtime_error("this is no result of triecheck");
    if (j.at("version") != TRIECHECK_VERSION) {
      throw std::runtime_error("this was written by version " + j.at("version").dump() +
                               " of triecheck, and this is \"" TRIECHECK_VERSION "\"");
    }
    report r{.command = j.at("command"), .results = {}};
    for (const nlohmann::json& one : j.at("results")) {
      try {
        r.results.push_back(read_result(one));
      } catch (const std::runtime_error& e) {
        throw std::runtime_error("results[" + std::to_string(r.results.size()) + "]: " + e.what());
      }
    }
    if (const auto s = j.find("shard"); s != j.end())
      r.shard = share{.index = whole_number_at<std::uint64_t>(*s, "index"),
                      .count = whole_number_at<std::uint64_t>(*s, "count")};
    constexpr std::uint64_t most_shards = 1'000'000;
    if (r.shard && r.shard->count > most_shards) throw std::runtime_error("there are at most 1000000 shards");
    if (r.shard) r.build = j.at("build");
    return r;
  });
}

std::string to_junit(const report& r, const std::string& suite) {
  const std::vector<result> results = results_or_a_placeholder(r);
  std::size_t failures = 0;
  std::size_t errors = 0;
  double seconds = 0;
  std::string cases;
  for (const result& one : results) {
    if (one.outcome == verdict::error)
      ++errors;
    else if (one.outcome != verdict::pass)
      ++failures;
    if (std::isfinite(one.seconds)) seconds += std::max(0.0, one.seconds);
    cases += test_case(one, suite);
  }
  const std::string totals = attribute("tests", std::to_string(results.size())) +
                             attribute("failures", std::to_string(failures)) +
                             attribute("errors", std::to_string(errors)) + attribute("time", seconds_text(seconds));
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + attribute("name", "triecheck") + totals +
         ">\n  <testsuite" + attribute("name", suite) + attribute("skipped", "0") + totals + ">\n" + cases +
         "  </testsuite>\n</testsuites>\n";
}

}  // namespace triecheck::checks
