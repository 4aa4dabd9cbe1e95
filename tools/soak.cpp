// `triecheck soak`: a cache under load for a stated time, with its audits.
#include "checks/soak/soak.h"

#include <chrono>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/report/verdict.h"
#include "checks/subject/variants.h"
#include "checks/trace/generate.h"
#include "checks/trace/trace.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/program_name.h"
#include "tools/progress_line.h"

namespace triecheck::tools {
namespace {

struct soak_arguments {
  std::string trace;
  std::string shape = "chat";
  std::string cache = checks::default_variant().name;
  std::string time = "60s";
  std::string json;
  std::string svg;
  std::string patience = "60s";
  std::uint64_t pages = 4096;
  std::uint64_t page_tokens = 16;
  std::uint64_t block_tokens = 32;
  std::uint64_t threads = 4;
  std::uint64_t seed = 0;
  bool subscribers_join = false;
  std::uint64_t rests = 8;
  bool metrics = false;
};

constexpr std::uint64_t generated_requests = 10'000;

checks::trace trace_of(const soak_arguments& a) {
  if (!a.trace.empty()) return checks::load_trace(a.trace, a.block_tokens);
  checks::trace t = checks::generate_trace(known_shape(a.shape), generated_requests, a.seed);
  t.block_tokens = a.block_tokens;
  return t;
}

// The command that runs the same load again; which threads meet is chance.
std::string replay_command(const soak_arguments& a) {
  return "triecheck soak " + (a.trace.empty() ? "--shape " + a.shape : shell_word(a.trace)) + " --cache " + a.cache +
         " --for " + a.time + " --pages " + std::to_string(a.pages) + " --page-tokens " +
         std::to_string(a.page_tokens) + " --block-tokens " + std::to_string(a.block_tokens) + " --threads " +
         std::to_string(a.threads) + " --seed " + std::to_string(a.seed) + " --rests " + std::to_string(a.rests) +
         (a.subscribers_join ? " --subscribers-join" : "");
}

std::string number(double value, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << value;
  return text.str();
}

std::string in_percent(double share) { return number(100 * share, 1) + " %"; }

std::string in_mib(std::size_t bytes) { return number(static_cast<double>(bytes) / (1 << 20), 2) + " MiB"; }

void print(const soak_arguments& a, const checks::soak_result& s) {
  const checks::soak_counts& c = s.counts;
  const double per_second = s.seconds > 0 ? static_cast<double>(c.requests) / s.seconds : 0;
  std::vector<std::pair<std::string, std::string>> rows = {
      {"verdict", checks::to_string(s.outcome)},
      {"cache", a.cache + ", " + std::to_string(a.pages) + " pages of " + std::to_string(a.page_tokens) + " tokens, " +
                    std::to_string(a.threads) + (a.threads == 1 ? " thread" : " threads")},
      {"seconds", number(s.seconds, 1)},
      {"requests", std::to_string(c.requests) + ", " + number(per_second, 0) + " a second"},
      {"admission", "p50 " + number(s.p50_us, 1) + " us, p99 " + number(s.p99_us, 1) + " us, p99.9 " +
                        number(s.p999_us, 1) + " us, max " + number(s.max_us, 1) + " us"},
      {"hit rate", in_percent(s.hit_rate)},
      {"ended", std::to_string(c.finished) + " finished, " + std::to_string(c.cancelled) + " cancelled, " +
                    std::to_string(c.preempted) + " preempted"},
      {"refused", std::to_string(c.refused) + " calls; " + std::to_string(c.waits) + " waits for pages"},
      {"beams", std::to_string(c.forks) + " forked; " + std::to_string(c.shrinks) + " leases shrunk"},
      {"evicted pages", std::to_string(s.evicted_pages)},
      {"audits", std::to_string(s.rests.size()) + " at rest, " + std::to_string(s.looks) + " beside the load"},
  };
  if (s.rests.size() >= 2) {
    rows.emplace_back("memory at rest", in_mib(s.rests.front().allocated_bytes) + " first, " +
                                            in_mib(s.rests[1].allocated_bytes) + " second, " +
                                            in_mib(s.rests.back().allocated_bytes) + " last");
  }
  if (const auto trend = checks::trend_of(s)) {
    rows.emplace_back("last third", in_percent(trend->throughput) + " of the first third's requests a second, " +
                                        in_percent(trend->fixed_load) + " of its fixed load");
  }
  for (const auto& [name, value] : rows) std::cout << std::left << std::setw(17) << name << value << "\n";
  if (a.metrics && !s.metrics_screen.empty()) std::cout << "\n" << s.metrics_screen;
  if (s.outcome == checks::verdict::incomplete) std::cerr << "triecheck: interrupted\n";
  if (!s.found) return;
  std::cout << std::setw(17) << "failure" << s.found->kind << ": " << s.found->message << "\n"
            << s.found->replay << "\n";
}

int soak(const soak_arguments& a) {
  const checks::variant& variant = known_variant(a.cache);
  const std::chrono::duration<double> time = parse_time("--for", a.time);
  if (time < std::chrono::milliseconds(100) || time > std::chrono::hours(1000))
    throw usage_error("--for takes 100ms to 1000h");
  check_outputs({a.json, a.svg}, {a.trace});
  const checks::trace t = trace_of(a);
  check_memory(a.pages, a.page_tokens);
  const checks::soak_options options = {.cache = variant.name,
                                        .pages = a.pages,
                                        .page_tokens = a.page_tokens,
                                        .threads = a.threads,
                                        .time = std::chrono::duration_cast<std::chrono::milliseconds>(time),
                                        .seed = a.seed,
                                        .rests = a.rests,
                                        .subscribers_join = a.subscribers_join};
  const std::chrono::milliseconds patience = patience_of(a.patience);
  progress_line line;
  checks::soak_result s;
  try {
    const std::string of_all = " of " + number(time.count(), 0) + " s";
    s = checks::soak_isolated(t, options, patience, [&](double seconds, const std::string& about) {
      if (line.due()) line.show({{number(seconds, 0) + of_all, 0}, {about.empty() ? "" : ": " + about, 1}});
    });
  } catch (const std::invalid_argument& e) {
    throw usage_error(e.what());
  } catch (const std::bad_alloc&) {
    throw memory_error(a.pages, a.page_tokens);
  }
  line.clear();
  if (s.found) s.found->replay = as_typed(replay_command(a));
  if (a.json != "-" && a.svg != "-") print(a, s);
  if (!a.json.empty()) write_json(a.json, to_json(options, s));
  if (!a.svg.empty()) write_text(a.svg, to_svg(options, s));
  return checks::exit_code(s.outcome);
}

}  // namespace

void add_soak(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("soak", "Holds a cache under load for a time, and audits it");
  const auto a = std::make_shared<soak_arguments>();
  command
      ->add_option("trace", a->trace,
                   "JSON lines: timestamp, input_length, output_length, hash_ids; begins again at its end")
      ->type_name("TRACE.jsonl");
  command->add_option("--shape", a->shape, "Without a trace: the kind of load, as `triecheck generate` takes it")
      ->type_name("SHAPE")
      ->capture_default_str();
  command->add_option("--for", a->time, "For how long")->type_name("TIME")->capture_default_str();
  command->add_option("--cache", a->cache, "The variant, by the name that `triecheck list` shows")
      ->type_name("V")
      ->capture_default_str();
  add_number(*command, "--pages", a->pages, "Pages of the cache", 1, 0xffff'fffe);
  add_number(*command, "--page-tokens", a->page_tokens, "Tokens that fill a page", 1, 0xffff'ffff);
  add_number(*command, "--block-tokens", a->block_tokens, "Tokens in a block of the trace", 2, 1 << 20);
  add_number(*command, "--threads", a->threads, "Workers", 1, 255);
  add_number(*command, "--seed", a->seed, "Of the generated load, and of what the workers choose", 0);
  add_number(*command, "--rests", a->rests, "Audits at rest, evenly over the time", 1, 1 << 16);
  command->add_flag("--subscribers-join", a->subscribers_join,
                    "Subscribers join and leave meanwhile (cache/event_hub.h); every event then takes a mutex");
  command->add_flag("--metrics", a->metrics, "Prints all metrics of the cache at the end");
  add_patience(*command, a->patience);
  command->add_option("--json", a->json, "Writes the result as JSON; - is standard output, in place of the table")
      ->type_name("FILE|-");
  command->add_option("--svg", a->svg, "Writes charts over time: throughput, latency, hit rate, memory")
      ->type_name("FILE|-");
  command->callback([a, &exit_code] { exit_code = soak(*a); });
}

}  // namespace triecheck::tools
