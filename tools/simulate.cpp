// `triecheck simulate`: a request trace through the production build of a cache.
#include "checks/simulate/isolated_simulation.h"

#include <cstdint>
#include <iomanip>
#include <iostream>
#include <memory>
#include <new>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/report/verdict.h"
#include "checks/subject/policies.h"
#include "checks/subject/variants.h"
#include "checks/trace/trace.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/program_name.h"
#include "tools/progress_line.h"

namespace triecheck::tools {
namespace {

struct simulate_arguments {
  std::string trace;
  std::string cache;
  std::string policy = checks::policies().front().name;
  std::string keep_hits;
  std::string json;
  std::string patience = "60s";
  std::uint64_t pages = 0;
  std::uint64_t page_tokens = 16;
  std::uint64_t block_tokens = checks::trace_block_tokens;
  std::uint64_t threads = 1;
  std::uint64_t in_flight = 1;
  std::uint64_t requests = 0;
  bool verify = false;
  bool compare_exact = false;
  bool metrics = false;
};

std::string policy_options(const simulate_arguments& a) {
  return (a.policy == checks::policies().front().name ? "" : " --policy " + a.policy) +
         (a.keep_hits.empty() ? "" : " --keep-hits " + a.keep_hits);
}

// The command that shows the failure again: with one thread it may stop at the request that failed.
std::string replay_command(const simulate_arguments& a, const checks::simulation& s) {
  std::string command = "triecheck simulate " + shell_word(a.trace) + " --pages " + std::to_string(a.pages) +
                        " --page-tokens " + std::to_string(a.page_tokens) + " --block-tokens " +
                        std::to_string(a.block_tokens) + " --cache " + a.cache + policy_options(a) + " --threads " +
                        std::to_string(a.threads) + " --in-flight " + std::to_string(a.in_flight);
  if (a.threads == 1 && s.failed_row)
    command += " --requests " + std::to_string(*s.failed_row + 1);
  else if (a.requests != 0)
    command += " --requests " + std::to_string(a.requests);
  return command + (a.verify ? " --verify" : "") + (a.compare_exact ? " --compare-exact" : "") +
         (a.metrics ? " --metrics" : "");
}

std::string in_microseconds(std::uint64_t nanoseconds) {
  return std::to_string(nanoseconds / 1000) + "." + std::to_string(nanoseconds % 1000 / 100) + " us";
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::to_string(part);
  const std::uint64_t per_mille = (part * 1000 + whole / 2) / whole;
  return std::to_string(part) + " (" + std::to_string(per_mille / 10) + "." + std::to_string(per_mille % 10) + " %)";
}

std::string shown_ratio(const std::optional<double>& ratio) {
  if (!ratio) return "-";
  std::ostringstream text;
  text << std::fixed << std::setprecision(4) << *ratio;
  return text.str();
}

void print(const simulate_arguments& a, const checks::simulation& s) {
  const double per_second = s.seconds > 0 ? static_cast<double>(s.requests) / s.seconds : 0;
  const std::string threads = std::to_string(a.threads) + (a.threads == 1 ? " thread, " : " threads, ");
  std::vector<std::pair<std::string, std::string>> rows = {
      {"verdict", checks::to_string(s.outcome) + (a.verify ? ", verified" : "")},
      {"cache", a.cache + ", " + a.policy + ", " + std::to_string(a.pages) + " pages of " +
                    std::to_string(a.page_tokens) + " tokens, " + threads + std::to_string(a.in_flight) + " in flight"},
      {"requests", std::to_string(s.requests)},
      {"rejected", share(s.rejected, s.requests)},
      {"looked-up pages", std::to_string(s.looked_up_pages)},
      {"hit pages", share(s.hit_pages, s.looked_up_pages)},
      {"allocated pages", std::to_string(s.allocated_pages)},
      {"evicted pages", std::to_string(s.evicted_pages)},
      {"free + cached", std::to_string(s.free_pages) + " + " + std::to_string(s.cached_pages)},
      {"seconds", std::to_string(s.seconds)},
      {"requests/second", std::to_string(static_cast<std::uint64_t>(per_second))},
      {"latency p50", in_microseconds(s.latency.p50_ns)},
      {"latency p99", in_microseconds(s.latency.p99_ns)},
      {"latency p99.9", in_microseconds(s.latency.p999_ns)},
      {"latency max", in_microseconds(s.latency.max_ns)},
  };
  if (s.exact) {
    rows.emplace_back("exact hit pages", share(s.exact->hit_pages, s.looked_up_pages));
    rows.emplace_back("exact rejected", share(s.exact->rejected, s.requests));
    rows.emplace_back("of exact", shown_ratio(checks::of_exact(s)));
  }
  for (const auto& [name, value] : rows) std::cout << std::left << std::setw(17) << name << value << "\n";
  if (!s.metrics_screen.empty()) std::cout << "\n" << s.metrics_screen;
  if (s.outcome == checks::verdict::incomplete) std::cerr << "triecheck: interrupted\n";
  if (!s.found) return;
  std::cout << std::setw(17) << "failure" << s.found->kind << ": " << s.found->message << "\n"
            << s.found->replay << "\n";
}

int simulate(simulate_arguments a) {
  if (a.cache.empty()) a.cache = checks::default_variant(a.policy != checks::policies().front().name).name;
  if (a.verify && a.compare_exact) {
    throw usage_error(
        "--compare-exact does not go with --verify, whose checks between the operations would change their order: run "
        "one after the other");
  }
  if (a.metrics && a.compare_exact)
    throw usage_error("--compare-exact does not go with --metrics: run one after the other");
  const checks::variant& variant = known_variant(a.cache);
  const model::eviction_policy policy = known_policy(a.policy, variant).value;
  const checks::hit_retention keep_hits = keep_hits_of(a.keep_hits, a.policy);
  check_outputs({a.json}, {a.trace});
  const checks::trace t = checks::load_trace(a.trace, a.block_tokens);
  const checks::simulation_options options = {.cache = variant.name,
                                              .policy = policy,
                                              .keep_hits = keep_hits,
                                              .pages = a.pages,
                                              .page_tokens = a.page_tokens,
                                              .threads = a.threads,
                                              .in_flight = a.in_flight,
                                              .requests = a.requests,
                                              .verify = a.verify,
                                              .compare_exact = a.compare_exact,
                                              .metrics = a.metrics};
  check_memory(a.pages, a.page_tokens);
  static_cast<void>(patience_of(a.patience));
  progress_line line;
  checks::simulation s;
  try {
    const std::string of_all = " of " + std::to_string(a.requests == 0 ? t.rows.size() : a.requests) + " requests";
    s = checks::simulate_isolated(
        t, options, patience_of(a.patience), [&](std::uint64_t done, const std::string& about) {
          if (line.due()) line.show({{std::to_string(done) + of_all, 0}, {about.empty() ? "" : ": " + about, 1}});
        });
  } catch (const std::invalid_argument& e) {
    throw usage_error(e.what());
  } catch (const std::bad_alloc&) {
    throw memory_error(a.pages, a.page_tokens);
  }
  line.clear();
  if (s.found) s.found->replay = as_typed(replay_command(a, s));
  if (a.json != "-") print(a, s);
  if (!a.json.empty()) write_json(a.json, to_json(t, options, s));
  return checks::exit_code(s.outcome);
}

}  // namespace

void add_simulate(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("simulate", "Runs a request trace through the production build of a cache");
  const auto a = std::make_shared<simulate_arguments>();
  command->add_option("trace", a->trace, "JSON lines: timestamp, input_length, output_length, hash_ids")
      ->required()
      ->type_name("TRACE.jsonl");
  add_number(*command, "--pages", a->pages, "Pages of the cache", 1, 0xffff'fffe)->required()->default_str("");
  add_number(*command, "--page-tokens", a->page_tokens, "Tokens that fill a page", 1, 0xffff'ffff);
  add_number(*command, "--block-tokens", a->block_tokens, "Tokens in a block of the trace", 2, 1 << 20);
  command->add_option("--cache", a->cache, "The variant, by the name that `triecheck list` shows")
      ->type_name("V")
      ->default_str(checks::default_variant().name);
  take_aliases(
      *command->add_option("--policy", a->policy, "The eviction policy, by the name that `triecheck list` shows")
           ->type_name("P")
           ->capture_default_str());
  command
      ->add_option(
          "--keep-hits", a->keep_hits,
          "With --policy priority: requests that hit half of their pages are released with this priority, for so "
          "many requests")
      ->type_name("PRIORITY[:REQUESTS]");
  add_number(*command, "--threads", a->threads, "Thread t of T takes rows t, t+T, ...", 1, 256);
  add_number(*command, "--in-flight", a->in_flight, "Requests that a thread keeps allocated but unpublished, at most",
             1, 1 << 20);
  add_number(*command, "--requests", a->requests, "Stops behind so many rows (all of them without this option)", 1)
      ->default_str("");
  command->add_flag("--verify", a->verify,
                    "Checks contents and structure; with one thread, every outcome against the model as well");
  command->add_flag(
      "--compare-exact", a->compare_exact,
      "Repeats the operations in the order of the run on the exact cache in one thread, and compares the hits");
  command->add_flag(
      "--metrics", a->metrics,
      "Monitors the cache, its locks and words: its metrics are shown while it runs and after, and audited");
  add_patience(*command, a->patience);
  command->add_option("--json", a->json, "Writes the result as JSON; - is standard output, in place of the table")
      ->type_name("FILE|-");
  command->callback([a, &exit_code] { exit_code = simulate(*a); });
}

}  // namespace triecheck::tools
