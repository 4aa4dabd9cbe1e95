// `triecheck-server-test`: starts the server for each cell of a table, asks it with many clients,
// and compares every answer with that of a sequential run without a cache. It prints the table.
//
// With --for it asks one server for so long, in rounds, and audits it after each: a soak.
//
//   0  every answer was right, and nothing was lost; with --expect-mismatches: a mismatch was found
//   1  the opposite
//   2  the command line is wrong
//   3  a soak was interrupted
//   4  a server did not start
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/process/interrupts.h"
#include "checks/report/shell_word.h"
#include "checks/report/verdict.h"
#include "checks/server/any_cache.h"
#include "checks/server/cache_options.h"
#include "checks/server/integration.h"

namespace triecheck::server {
namespace {

struct test_options {
  cell_options cell;
  std::vector<std::string> caches;
  std::vector<std::size_t> concurrencies{1, 2, 4, 8, 16, 32, 64};
  std::vector<pool_size> pools{pool_size::all, pool_size::half, pool_size::one};
  std::size_t rounds = 1;
  double soak_seconds = 0;  // 0: the table
  std::string json, svg;    // of a soak
  bool expects_mismatches = false;
};

const std::map<std::string, pool_size> pool_names{
    {"all", pool_size::all}, {"half", pool_size::half}, {"one", pool_size::one}};

void add_options(CLI::App& app, test_options& o) {
  app.add_option("--server", o.cell.server, "The server; the program beside this one unless it is given");
  add_cache(app, o.caches, "Variants; all that ship unless some are named")->delimiter(',');
  app.add_option(
      "--defects", o.cell.defects,
      "With --cache historical: the numbers of the defects that are on, or last: those of its last revision");
  add_delay(app, o.cell.delay);
  app.add_option("--pool", o.pools, "What the pool fits: all that is asked, half of it, barely one request")
      ->delimiter(',')
      ->transform(CLI::CheckedTransformer(pool_names));
  add_pages(app, o.cell.pages, "Pages in the pool, in place of --pool; the longest request needs 14 of 4 tokens");
  app.add_option("--concurrency", o.concurrencies, "Clients at once")
      ->delimiter(',')
      ->check(CLI::Range(1U, 64U))
      ->capture_default_str();
  add_size(app, "--requests", o.cell.requests, "In each cell, at least; twice the concurrency where that is more",
           1'000'000);
  add_size(app, "--rounds", o.rounds, "The whole table so often, each time with the next seed", 1'000'000);
  add_size(app, "--page-tokens", o.cell.page_tokens, "Tokens in a page", 64);
  add_size(app, "--threads", o.cell.threads, "Threads of the server", 64);
  app.add_option("--seed", o.cell.seed, "Of the requests")->capture_default_str();
  app.add_flag("--plain", o.cell.is_plain, "One choice for each request, and nobody cancels");
  add_fault(app, o.cell.fault);
  app.add_option("--for", o.soak_seconds, "A soak of one server for so many seconds, in place of the table")
      ->check(CLI::Range(0.1, 1e7));
  app.add_option("--json", o.json, "With --for: writes the result and its samples as JSON");
  app.add_option("--svg", o.svg, "With --for: writes charts over time: throughput, latency, hit rate, memory");
  app.add_flag("--expect-mismatches", o.expects_mismatches, "Pass where a mismatch is found, fail where none is");
}

void print_head() {
  std::printf("%-10s %-4s %6s %11s %9s %9s %7s %10s %8s %11s %8s %8s %8s\n", "variant", "pool", "pages", "concurrency",
              "requests", "cancelled", "tokens", "mismatches", "hit rate", "preemptions", "tokens/s", "p50 ms",
              "p99 ms");
}

void print_row(const cell_options& o, const cell_result& r) {
  std::printf("%-10s %-4s %6zu %11zu %9zu %9zu %7zu %10zu %8.3f %11zu %8.0f %8.2f %8.2f\n", o.cache.c_str(),
              o.pages == 0 ? name_of(o.pool).c_str() : "-", r.pages, o.concurrency, r.requests, r.cancelled, r.tokens,
              r.mismatches, r.hit_rate, r.preemptions, r.tokens_per_second, r.p50_ms, r.p99_ms);
  std::fflush(stdout);
}

std::string command_of(const std::string& program, const cell_options& o) {
  std::string command = checks::shell_word(program) + " --cache " + o.cache +
                        (o.pages == 0 ? " --pool " + name_of(o.pool) : " --pages " + std::to_string(o.pages)) +
                        " --concurrency " + std::to_string(o.concurrency) + " --requests " +
                        std::to_string(o.requests) + " --page-tokens " + std::to_string(o.page_tokens) + " --threads " +
                        std::to_string(o.threads) + " --seed " + std::to_string(o.seed);
  if (o.is_plain) command += " --plain";
  if (!o.defects.empty()) command += " --defects " + o.defects;
  if (o.delay != 0) command += " --delay " + std::to_string(o.delay);
  return o.fault.empty() ? command : command + " --fault " + o.fault;
}

// Runs the table; the command of the first cell that failed, or nothing.
std::string run_table(const test_options& o, const std::string& program, std::size_t& mismatches) {
  std::string again;
  print_head();
  for (std::size_t round = 0; round < o.rounds; ++round) {
    for (const std::string& cache : o.caches) {
      for (const pool_size pool : o.pools) {
        for (const std::size_t concurrency : o.concurrencies) {
          cell_options cell = o.cell;
          cell.cache = cache;
          cell.pool = pool;
          cell.concurrency = concurrency;
          cell.seed += round;
          const cell_result result = run_cell(cell);
          print_row(cell, result);
          for (const std::string& line : result.wrong) std::printf("  %s\n", line.c_str());
          mismatches += result.mismatches;
          if (!result.wrong.empty() && again.empty()) again = command_of(program, cell);
        }
      }
    }
  }
  return again;
}

int report_expected(std::size_t mismatches) {
  if (mismatches == 0) {
    std::printf("fail: the fault was not found\n");
    return 1;
  }
  std::printf("pass: the fault was found by %zu mismatches\n", mismatches);
  return 0;
}

void write_file(const std::string& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error(file + " cannot be written");
}

double in_mib(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

void print_soak(const server_soak& soak) {
  const checks::soak_result& s = soak.result;
  std::printf("verdict        %s\n", checks::to_string(s.outcome).c_str());
  std::printf("server         %s, %zu pages of %zu tokens, %zu threads\n", soak.options.cache.c_str(),
              soak.options.pages, soak.options.page_tokens, soak.options.threads);
  std::printf("seconds        %.1f\n", s.seconds);
  std::printf("requests       %llu, %.0f a second; %llu cancelled, %llu preemptions\n",
              static_cast<unsigned long long>(s.counts.requests),
              s.seconds > 0 ? static_cast<double>(s.counts.requests) / s.seconds : 0,
              static_cast<unsigned long long>(s.counts.cancelled), static_cast<unsigned long long>(s.counts.preempted));
  std::printf("tokens         %zu, %zu mismatches\n", soak.tokens, soak.mismatches);
  std::printf("request        p50 %.2f ms, p99 %.2f ms: medians over time; max %.2f ms\n", s.p50_us / 1000,
              s.p99_us / 1000, s.max_us / 1000);
  std::printf("hit rate       %.3f\n", s.hit_rate);
  if (s.rests.size() >= 2) {
    std::printf("audits         %zu at rest; resident memory %.1f MiB half-way, %.1f MiB at the last\n", s.rests.size(),
                in_mib(s.rests[s.rests.size() / 2].allocated_bytes), in_mib(s.rests.back().allocated_bytes));
  }
  if (const auto trend = checks::trend_of(s)) {
    std::printf("last third     %.1f %% of the first third's requests a second, %.1f %% of its fixed load\n",
                100 * trend->throughput, 100 * trend->fixed_load);
  }
  for (const std::string& line : soak.wrong) std::printf("  %s\n", line.c_str());
  if (s.found && soak.wrong.empty()) std::printf("  %s: %s\n", s.found->kind.c_str(), s.found->message.c_str());
}

// The result of one server under the first cache, pool and concurrency that are asked for.
int run_soak(const test_options& o, const std::string& program) {
  checks::heed_interrupts();
  cell_options cell = o.cell;
  cell.cache = o.caches.front();
  cell.pool = o.pools.front();
  cell.concurrency = o.concurrencies.front();
  const auto time = std::chrono::milliseconds(static_cast<std::int64_t>(o.soak_seconds * 1000));
  const server_soak soak = soak_server(cell, time);
  print_soak(soak);
  if (!o.json.empty()) write_file(o.json, to_json(soak.options, soak.result).dump(2) + "\n");
  if (!o.svg.empty()) write_file(o.svg, to_svg(soak.options, soak.result));
  if (o.expects_mismatches) return report_expected(soak.mismatches);
  if (!soak.wrong.empty()) {
    std::printf("Again (chance decides how the threads meet):\n%s\n", command_of(program, soak.wrong_round).c_str());
  }
  return checks::exit_code(soak.result.outcome);
}

int run(int argc, char** argv) {
  CLI::App app("Holds the answers of triecheck-server against a run without a cache.", "triecheck-server-test");
  test_options o;
  add_options(app, o);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    std::cerr << "triecheck-server-test: " << e.what() << "\n";
    return 2;
  }
  if (o.soak_seconds != 0) {
    // A server under steady load, where nothing else is said.
    if (o.caches.empty()) o.caches = {"lockfree"};
    if (app.count("--pool") == 0) o.pools = {pool_size::half};
    if (app.count("--concurrency") == 0) o.concurrencies = {8};
  } else if (!o.json.empty() || !o.svg.empty()) {
    std::cerr << "triecheck-server-test: --json and --svg go with --for\n";
    return 2;
  }
  if (o.caches.empty()) o.caches = cache_names();
  if (o.cell.pages != 0) o.pools.resize(1);  // the number takes the place of all of them
  if (o.cell.server.empty()) {
    o.cell.server = std::filesystem::read_symlink("/proc/self/exe").replace_filename("triecheck-server").string();
  }
  if (o.soak_seconds != 0) return run_soak(o, argv[0]);
  std::size_t mismatches = 0;
  const std::string again = run_table(o, argv[0], mismatches);
  if (o.expects_mismatches) return report_expected(mismatches);
  if (again.empty()) {
    std::printf("pass: every answer is that of a run without a cache, and nothing is lost\n");
    return 0;
  }
  std::printf("fail: %zu mismatches. Again (chance decides how the threads meet):\n%s\n", mismatches, again.c_str());
  return 1;
}

}  // namespace
}  // namespace triecheck::server

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  try {
    return triecheck::server::run(argc, argv);
  } catch (const std::exception& e) {
    std::cout.flush();
    std::cerr << "triecheck-server-test: " << e.what() << "\n";
    return 4;
  }
}
