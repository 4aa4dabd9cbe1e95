// `triecheck fuzz`: random workloads, one operation at a time, on the production build of a cache, held against the
// model.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/process/interrupts.h"
#include "checks/properties/isolated_sequential.h"
#include "checks/report/verdict.h"
#include "checks/subject/policies.h"
#include "checks/subject/variants.h"
#include "tools/catalogue.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/program_name.h"
#include "tools/progress_line.h"
#include "tools/results_text.h"

namespace triecheck::tools {
namespace {

constexpr const char* all_of_them = "all";  // variants, or policies
constexpr std::uint64_t most_threads = 64;

struct fuzz_arguments {
  std::uint64_t cases = checks::default_cases;
  std::uint64_t length = checks::default_length;
  std::uint64_t seed = 0;
  bool seed_is_drawn = false;
  std::uint64_t threads = 1;
  std::string cache = all_of_them;
  std::string policy = checks::policies().front().name;
  std::string fault;
  std::optional<std::string> reproduce;
  std::string patience = "10s";
  std::string json;
  std::string junit;
};

std::uint64_t fresh_seed() {
  std::random_device source;
  return (static_cast<std::uint64_t>(source()) << 32) | source();
}

checks::takers who_runs(const fuzz_arguments& a, const checks::variant& v) {
  return {.threads = a.threads, .order_by_thread = v.order_by_thread};
}

// Of all caches and policies, those pairs that there are.
std::vector<checks::fuzz_target> targets_of(const fuzz_arguments& a) {
  if (!a.fault.empty()) {
    checks::fuzz_target faulty = sequential_fault(a.fault);
    faulty.who = who_runs(a, known_variant(faulty.cache));
    if (a.cache == all_of_them || a.cache == faulty.cache) return {faulty};
    throw usage_error("the fault '" + a.fault + "' applies to --cache " + faulty.cache + " only");
  }
  if (a.cache != all_of_them && a.policy != all_of_them) known_policy(a.policy, known_variant(a.cache));
  if (a.cache != all_of_them) known_variant(a.cache);
  if (a.policy != all_of_them) known_policy(a.policy, checks::default_variant(true));
  std::vector<checks::fuzz_target> targets;
  const auto add = [&](const checks::variant& v) {
    for (const checks::policy& p : checks::policies()) {
      const bool taken = v.takes_policies || p.value == model::eviction_policy::recency;
      if (!taken || (a.policy != all_of_them && a.policy != p.name)) continue;
      targets.push_back({.cache = v.name, .make = v.make, .policy = p.value, .who = who_runs(a, v)});
    }
  };
  if (a.cache != all_of_them) {
    add(known_variant(a.cache));
  } else {
    for (const checks::variant& v : checks::variants()) add(v);
  }
  return targets;
}

std::string command_of(const fuzz_arguments& a) {
  const std::string command = "triecheck fuzz --cache " + a.cache +
                              (a.policy == checks::policies().front().name ? "" : " --policy " + a.policy) +
                              (a.fault.empty() ? "" : " --fault " + shell_word(a.fault)) +
                              (a.threads == 1 ? "" : " --threads " + std::to_string(a.threads));
  if (a.reproduce) return command + " --reproduce " + shell_word(*a.reproduce);
  return command + " --cases " + std::to_string(a.cases) + " --seed " + std::to_string(a.seed) + " --length " +
         std::to_string(a.length);
}

// "coarse: 1200 of 10000 cases, about 3 s left".
std::vector<progress_part> progress_text(const std::string& cache, std::size_t done, std::size_t cases,
                                         double seconds) {
  const double left = seconds / static_cast<double>(done) * static_cast<double>(cases - done);
  return {{cache + ": ", 0},
          {std::to_string(done) + " of " + std::to_string(cases) + " cases", 0},
          {", about " + std::to_string(static_cast<std::uint64_t>(left) + 1) + " s left", 1}};
}

checks::sequential_check check(const fuzz_arguments& a, const std::optional<checks::workload>& w,
                               const checks::fuzz_target& target) {
  progress_line line;
  const auto start = std::chrono::steady_clock::now();
  const auto tick = [&](std::size_t done) {
    if (done == 0 || !line.due()) return;
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    line.show(progress_text(target.cache, done, a.cases, taken.count()));
  };
  const checks::isolation_terms terms{.patience = patience_of(a.patience), .tick = tick};
  if (w) return checks::replay_sequential_isolated(target, *w, terms);
  return checks::check_sequential_isolated(target, {.seed = a.seed, .cases = a.cases, .max_length = a.length}, terms);
}

void print(const checks::sequential_check& c) {
  const checks::result& r = c.summary;
  std::cout << checks::to_string(r.outcome) << "  " << r.scenario << "  " << r.cache << ": " << r.scope << "\n";
  if (r.found && r.outcome == checks::verdict::error)
    std::cout << "  " << r.found->kind << ": " << r.found->message << "\n";
  for (const std::string& line : c.lines) std::cout << "  " << line << "\n";
  if (r.found && r.outcome != checks::verdict::error && c.lines.empty())
    std::cout << "  " << r.found->kind << ": " << r.found->message << "\n";
  std::cout << std::flush;
}

// What draws the same workloads again, on the screen before the first of them runs: what comes then may end in any way.
void announce(const fuzz_arguments& a, const checks::report& r, bool in_words) {
  if (a.reproduce) return;
  if (in_words)
    std::cout << "seed " << a.seed << "\n" << as_typed(r.command) << std::endl;
  else if (a.seed_is_drawn)
    std::cerr << as_typed(r.command) << std::endl;
}

checks::verdict fuzz(const fuzz_arguments& a) {
  std::optional<checks::workload> w;
  fuzz_arguments chosen = a;
  if (a.reproduce) {
    w = checks::from_token(*a.reproduce);
    if (!w) throw usage_error("--reproduce: not a workload as a failing run prints it: '" + *a.reproduce + "'");
    chosen.policy = checks::name_of(w->cache.policy);
  }
  const std::vector<checks::fuzz_target> targets = targets_of(chosen);
  check_outputs({a.json, a.junit});
  const bool in_words = a.json != "-" && a.junit != "-";
  checks::report report;
  report.command = command_of(a);
  static_cast<void>(patience_of(a.patience));
  announce(a, report, in_words);
  for (const checks::fuzz_target& target : targets) {
    const checks::sequential_check c = check(a, w, target);
    if (in_words) print(c);
    report.results.push_back(c.summary);
  }
  report = as_typed(std::move(report));
  if (in_words) print_summary(report);
  if (checks::interrupted()) std::cerr << "triecheck: interrupted\n";
  const bool replays = std::any_of(report.results.begin(), report.results.end(),
                                   [](const checks::result& r) { return r.found && !r.found->replay.empty(); });
  if (in_words && report.outcome() != checks::verdict::pass && !replays) std::cout << as_typed(report.command) << "\n";
  if (!a.junit.empty()) write_text(a.junit, checks::to_junit(report, "fuzz"));
  if (!a.json.empty()) write_json(a.json, nlohmann::ordered_json(checks::to_json(report)));
  return report.outcome();
}

}  // namespace

void add_fuzz(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("fuzz", "Random workloads against the model; failures shrink to minimal ones");
  command->footer(
      "One operation at a time, on whichever thread: for operations that overlap there is `triecheck explore`.");
  const auto a = std::make_shared<fuzz_arguments>();
  CLI::Option* cases = add_number(*command, "--cases", a->cases, "How many workloads", 1, checks::most_cases);
  CLI::Option* seed = add_number(*command, "--seed", a->seed, "Where the workloads come from; fresh without it", 0);
  seed->default_str("");
  CLI::Option* length =
      add_number(*command, "--length", a->length, "Commands per workload, at most", 1, checks::most_length);
  add_number(*command, "--threads", a->threads, "Threads that take turns: lease l is of thread l modulo this", 1,
             most_threads);
  command->add_option("--cache", a->cache, "The variant, by the name that `triecheck list` shows, or all")
      ->type_name("V|all")
      ->capture_default_str();
  CLI::Option* policy = command->add_option("--policy", a->policy,
                                            "The eviction policy, by the name that `triecheck list` shows, or all");
  policy->type_name("P|all")->capture_default_str();
  take_aliases(*policy);
  command->add_option("--fault", a->fault, "Runs the cache with a known defect that workloads can show")
      ->type_name("NAME")
      ->excludes(policy);
  command->add_option("--reproduce", a->reproduce, "Runs the one workload that a failing run printed")
      ->type_name("TOKEN")
      ->excludes(cases)
      ->excludes(seed)
      ->excludes(length)
      ->excludes(policy);
  add_patience(*command, a->patience);
  command->add_option("--json", a->json, "Writes the results as JSON; - is standard output, in place of the text")
      ->type_name("FILE|-");
  command->add_option("--junit", a->junit, "Writes the results as JUnit XML; - is standard output")
      ->type_name("FILE|-");
  command->callback([a, seed, &exit_code] {
    a->seed_is_drawn = seed->count() == 0 && !a->reproduce;
    if (a->seed_is_drawn) a->seed = fresh_seed();
    exit_code = checks::exit_code(fuzz(*a));
  });
}

}  // namespace triecheck::tools
