// `triecheck-bench`: the caches, the baselines and the limits of the machine, measured side by side in one run.
//
// A separate executable: it needs neither the explorer nor the model, and nothing else should run in the process of a
// benchmark. A child process measures: a cache that ends its process does not take the earlier measurements with it.
#include "checks/bench/bench.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/bench/isolated_bench.h"
#include "checks/process/interrupts.h"
#include "checks/report/verdict.h"
#include "checks/trace/generate.h"
#include "checks/trace/trace.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/progress_line.h"

namespace triecheck::tools {
namespace {

struct bench_arguments {
  std::string trace;
  std::string threads = "1,2,4,8,16,32";
  std::string pages = "1024,4096,16384,65536,262144,524288,1048576";
  std::string seconds = "0.5";
  std::string only;
  std::string overload_threads = "1,8,32,128";
  std::uint64_t overload_pages = 4096;
  std::string svg;
  std::string json;
  std::string patience = "10m";  // for a whole pass, of as many threads as the user likes
  std::uint64_t cycle_pages = 0;
  std::uint64_t requests = 30'000;
};

constexpr std::array<std::string_view, 5> parts = {"loads", "overload", "memory", "misses", "metrics"};  // of --only
constexpr std::size_t most_monitored_threads = 2;
constexpr std::size_t page_tokens = 16;
constexpr std::uint64_t most_pages = std::uint64_t{1} << 26;
constexpr std::size_t most_tokens = std::size_t{1} << 24;  // of a load: 64 MiB, a million pages

double parse_seconds(const std::string& text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || !(seconds >= 0 && seconds <= 3600)) {
    throw usage_error("--seconds: must be a number from 0 to 3600, not '" + text + "'");
  }
  return seconds;
}

checks::load generated(const char* name, std::uint64_t requests) {
  const checks::trace_shape& shape = *checks::find_shape(name);
  checks::trace t = checks::generate_trace(shape, requests, 1);
  t.block_tokens = page_tokens;
  return checks::make_load(name, shape.description, t, page_tokens, most_tokens);
}

std::vector<checks::load> make_loads(const bench_arguments& a) {
  std::vector<checks::load> loads;
  if (a.trace.empty()) {
    loads.push_back(generated("zipf", a.requests));
    loads.push_back(generated("agent", a.requests));
    return loads;
  }
  checks::trace t = checks::load_trace(a.trace, page_tokens);
  t.rows.resize(std::min<std::size_t>(t.rows.size(), a.requests));
  loads.push_back(checks::make_load("trace-1", "one page for each block of the trace", t, page_tokens, most_tokens));
  t = checks::load_trace(a.trace, checks::trace_block_tokens);
  t.rows.resize(std::min<std::size_t>(t.rows.size(), a.requests));
  loads.push_back(checks::make_load("trace-32", "32 pages for each block of the trace", t, page_tokens, most_tokens));
  for (const checks::load& l : loads) {
    if (l.distinct_pages == 0)
      throw usage_error(a.trace + " has no request with a full block of tokens: there is nothing to find again");
  }
  return loads;
}

// As many requests as pages and a quarter more, so that every page is fought for.
void measure_overload(const bench_arguments& a, const std::vector<std::size_t>& threads, double seconds,
                      const checks::bench_listener& listener, checks::overload_report& report) {
  const std::uint64_t requests = std::min(a.requests, a.overload_pages + a.overload_pages / 4);
  const checks::overload_load l = checks::make_overload(a.overload_pages, requests);
  report = {l.requests.size(), l.pages, l.open, {}};
  for (const std::size_t& n : threads) {
    for (auto& r : checks::measure_overload(l, {&n, 1}, seconds, checks::overload_contestants(), listener)) {
      report.results.push_back(std::move(r));
    }
  }
}

// Of the threads that are asked for: with more than there are cores the noise is larger than what is measured.
std::vector<std::size_t> monitored_threads(std::vector<std::size_t> threads) {
  std::erase_if(threads, [](std::size_t n) { return n > most_monitored_threads; });
  return threads;
}

// One line, whatever an argument or a cache brought along.
int report(const std::string& message, int status) {
  std::string line = message;
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  std::cerr << line << "\n";
  return status;
}

int write_results(const bench_arguments& a, const std::string& command, const checks::bench_report& measured) {
  const int status = checks::exit_code(measured.outcome);
  if (a.json != "-") std::cout << measured.table << std::flush;
  if (measured.outcome == checks::verdict::incomplete) report("triecheck-bench: interrupted", status);
  if (measured.found) report("triecheck-bench: " + measured.found->kind + ": " + measured.found->message, status);
  if (!a.json.empty()) {
    nlohmann::ordered_json json = {{"tool", "triecheck-bench"},
                                   {"version", TRIECHECK_VERSION},
                                   {"command", command},
                                   {"verdict", checks::to_string(measured.outcome)}};
    if (measured.found) json["failure"] = {{"kind", measured.found->kind}, {"message", measured.found->message}};
    json.update(measured.json);
    write_json(a.json, json);
  }
  if (a.svg.empty()) return status;
  for (const auto& [name, text] : measured.charts) write_text((std::filesystem::path(a.svg) / name).string(), text);
  return status;
}

int bench(const bench_arguments& a, const std::string& command) {
  checks::bench_options options;
  options.threads = parse_list("--threads", a.threads, 256);
  options.pages = parse_list("--pages", a.pages, most_pages);
  options.cycle_pages = a.cycle_pages;
  options.seconds = parse_seconds(a.seconds);
  const std::vector<std::size_t> overload_threads = parse_list("--overload-threads", a.overload_threads, 256);
  const auto is_wanted = [&](const std::string& part) { return a.only.empty() || a.only == part; };
  if (!a.only.empty() && std::find(parts.begin(), parts.end(), a.only) == parts.end()) {
    throw usage_error("--only: must be loads, overload, memory, misses or metrics, not '" + a.only + "'");
  }
  // A limit of the machine is measured for --seconds at once, everything else for a pass.
  const auto patience = patience_of(a.patience) + std::chrono::seconds(static_cast<std::int64_t>(options.seconds));
  check_outputs({a.json}, {a.trace});
  std::error_code error;
  if (!a.svg.empty()) std::filesystem::create_directories(a.svg, error);
  if (error) throw usage_error(a.svg + " cannot be made (" + error.message() + ")");
  const std::vector<checks::load> loads =
      is_wanted("loads") || a.only == "metrics" ? make_loads(a) : std::vector<checks::load>();
  const auto measure = [&](checks::bench_results& results, const checks::bench_listener& listener) {
    options.listener = listener;
    if (is_wanted("loads")) checks::run_bench(loads, options, results);
    if (is_wanted("memory")) {
      listener.begin_cell("memory");
      results.memory = checks::measure_memory(checks::memory_pages, listener);
    }
    if (is_wanted("misses")) {
      listener.begin_cell("misses");
      results.misses = checks::measure_misses(checks::miss_tokens, listener);
    }
    if (a.only == "metrics") {  // the pair differs by so little that it takes minutes
      checks::measure_monitoring(loads, monitored_threads(options.threads), options.seconds, results.monitoring,
                                 listener);
    }
    if (is_wanted("overload")) measure_overload(a, overload_threads, options.seconds, listener, results.overload);
  };
  progress_line line;
  const checks::bench_report measured =
      checks::run_bench_isolated(loads, measure, patience, [&](const std::string& what) { line.show(what); });
  line.clear();
  return write_results(a, command, measured);
}

int run(int argc, char** argv) {
  CLI::App app(
      "Measures the caches beside two one-day baselines and the limits of the machine, and the "
      "caches under overload, all in one run. Without a trace on the generated loads zipf and agent.",
      "triecheck-bench");
  app.set_version_flag("--version", "triecheck-bench " TRIECHECK_VERSION);
  bench_arguments a;
  app.add_option("--trace", a.trace, "A request trace: one page for each block, then 32")->type_name("TRACE.jsonl");
  app.add_option("--threads", a.threads, "How many threads serve requests, one run after the other")
      ->type_name("N,N...")
      ->capture_default_str();
  app.add_option("--pages", a.pages, "Sizes of the cache for the full cycle with one thread")
      ->type_name("N,N...")
      ->capture_default_str();
  add_number(
      app, "--cycle-pages", a.cycle_pages,
      "Size of the cache for the full cycle over threads, more where open requests need it; without it the largest "
      "power of two below half of the load's pages",
      1, most_pages);
  app.add_option("--seconds", a.seconds, "For each cell and cache, at least; 0 is a single pass")
      ->type_name("S")
      ->capture_default_str();
  app.add_option("--only", a.only,
                 "A part of it: loads (the caches on request traces), overload (more open requests than pages), memory "
                 "(bytes for each page), misses (what finds nothing, over the prompt) or, of which the whole has none, "
                 "metrics (what monitoring costs)")
      ->type_name("PART");
  app.add_option("--overload-threads", a.overload_threads,
                 "How many threads serve the overload, one run after the other")
      ->type_name("N,N...")
      ->capture_default_str();
  add_number(app, "--overload-pages", a.overload_pages, "Size of the cache under overload",
             checks::least_overload_pages, most_pages);
  add_number(app, "--requests", a.requests, "Requests of a load, at most", 1, checks::most_generated_requests);
  app.add_option("--svg", a.svg, "Writes charts into this directory")->type_name("DIR");
  add_patience(app, a.patience);
  app.add_option("--json", a.json, "Writes the result as JSON; - is standard output, in place of the table")
      ->type_name("FILE|-");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help and --version
    return app.exit(e);
  } catch (const CLI::ExtrasError& e) {
    const std::string text = e.what();
    throw usage_error(text + near_option(app, text.substr(text.rfind(": ") + 2)));
  } catch (const CLI::ParseError& e) {
    throw usage_error(e.what());
  }
  std::string command = "triecheck-bench";
  for (int i = 1; i < argc; ++i) command += " " + shell_word(argv[i]);
  const int status = bench(a, command);
  if (std::cout.flush()) return status;
  throw output_error("standard output cannot be written");
}

}  // namespace
}  // namespace triecheck::tools

int main(int argc, char** argv) {
  using namespace triecheck;
  checks::heed_interrupts();
  try {
    return tools::run(argc, argv);
  } catch (const tools::usage_error& e) {
    return tools::report("triecheck-bench: " + std::string(e.what()), checks::exit_usage);
  } catch (const checks::trace_error& e) {
    return tools::report(e.what(), checks::exit_usage);
  } catch (const tools::output_error& e) {
    return tools::report("triecheck-bench: " + std::string(e.what()), checks::exit_code(checks::verdict::error));
  } catch (const std::exception& e) {
    return tools::report("triecheck-bench: internal error: " + std::string(e.what()),
                         checks::exit_code(checks::verdict::error));
  }
}
