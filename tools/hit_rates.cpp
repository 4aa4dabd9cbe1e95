// `triecheck hit-rates`: eviction policies side by side, over traces and sizes of the cache, as one table.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/process/interrupts.h"
#include "checks/report/verdict.h"
#include "checks/simulate/isolated_simulation.h"
#include "checks/subject/policies.h"
#include "checks/subject/variants.h"
#include "checks/trace/trace.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/progress_line.h"

namespace triecheck::tools {
namespace {

constexpr const char* all_policies = "all";

struct hit_rates_arguments {
  std::vector<std::string> traces;
  std::string pages;
  std::string cache = checks::default_variant(true).name;
  std::string policy = all_policies;
  std::string keep_hits;
  std::string patience = "60s";
  std::string json;
  std::uint64_t page_tokens = 16;
  std::uint64_t block_tokens = checks::trace_block_tokens;
  std::uint64_t in_flight = 1;
  std::uint64_t requests = 0;
  bool verify = false;
};

struct cell {
  std::string trace;
  std::size_t pages;
  std::string policy;
  checks::simulation s;

  double hit_rate() const {
    return s.looked_up_pages == 0 ? 0 : static_cast<double>(s.hit_pages) / static_cast<double>(s.looked_up_pages);
  }
};

std::string name_of(const std::string& trace) { return std::filesystem::path(trace).stem().string(); }

int column_width(const std::string& trace) { return static_cast<int>(std::max<std::size_t>(name_of(trace).size(), 7)); }

std::vector<checks::policy> policies_of(const hit_rates_arguments& a, const checks::variant& v) {
  if (a.policy != all_policies) return {known_policy(a.policy, v)};
  if (!v.takes_policies) return {checks::policies().front()};
  return checks::policies();
}

std::string command_of(const hit_rates_arguments& a) {
  std::string command = "triecheck hit-rates";
  for (const std::string& t : a.traces) command += ' ' + shell_word(t);
  command += " --pages " + a.pages + " --page-tokens " + std::to_string(a.page_tokens) + " --block-tokens " +
             std::to_string(a.block_tokens) + " --in-flight " + std::to_string(a.in_flight) + " --cache " + a.cache +
             " --policy " + a.policy;
  if (!a.keep_hits.empty()) command += " --keep-hits " + a.keep_hits;
  if (a.requests != 0) command += " --requests " + std::to_string(a.requests);
  return command + (a.verify ? " --verify" : "");
}

// Rows are sizes and policies, columns are traces; the best of a size and a trace has an asterisk.
void print(const hit_rates_arguments& a, const std::vector<cell>& cells, checks::verdict v) {
  const std::size_t width = cells.size() / a.traces.size();  // cells of one trace
  const auto best = [&](std::size_t column, std::size_t pages) {
    std::uint64_t most = 0;
    for (std::size_t i = column * width; i < (column + 1) * width; ++i) {
      if (cells[i].pages == pages) most = std::max(most, cells[i].s.hit_pages);
    }
    return most;
  };
  std::printf("%-10s  %-10s", "pages", "policy");
  for (const std::string& t : a.traces) std::printf("  %*s", column_width(t), name_of(t).c_str());
  std::printf("\n");
  for (std::size_t row = 0; row < width; ++row) {
    std::printf("%-10zu  %-10s", cells[row].pages, cells[row].policy.c_str());
    for (std::size_t column = 0; column < a.traces.size(); ++column) {
      const cell& c = cells[column * width + row];
      std::printf("  %*.4f%c", column_width(c.trace) - 1, c.hit_rate(),
                  c.s.hit_pages == best(column, c.pages) ? '*' : ' ');
    }
    std::printf("\n");
  }
  std::printf("* the best of a size and a trace%s\n", a.verify && v == checks::verdict::pass
                                                          ? "; every outcome and the order of eviction are the model's"
                                                          : "");
  std::fflush(stdout);
}

nlohmann::ordered_json to_json(const hit_rates_arguments& a, const std::vector<cell>& cells, checks::verdict v) {
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const cell& c : cells) {
    results.push_back({{"trace", name_of(c.trace)},
                       {"pages", c.pages},
                       {"policy", c.policy},
                       {"verdict", checks::to_string(c.s.outcome)},
                       {"requests", c.s.requests},
                       {"rejected", c.s.rejected},
                       {"looked_up_pages", c.s.looked_up_pages},
                       {"hit_pages", c.s.hit_pages},
                       {"evicted_pages", c.s.evicted_pages},
                       {"hit_rate", c.hit_rate()}});
  }
  return {{"tool", "triecheck"},
          {"version", TRIECHECK_VERSION},
          {"command", command_of(a)},
          {"verdict", checks::to_string(v)},
          {"cache", a.cache},
          {"page_tokens", a.page_tokens},
          {"block_tokens", a.block_tokens},
          {"in_flight", a.in_flight},
          {"results", results}};
}

int hit_rates(const hit_rates_arguments& a) {
  const checks::variant& variant = known_variant(a.cache);
  const std::vector<checks::policy> policies = policies_of(a, variant);
  const checks::hit_retention keep_hits = keep_hits_of(a.keep_hits, a.policy);
  const std::vector<std::size_t> sizes = parse_list("--pages", a.pages, 0xffff'fffe);
  const std::chrono::milliseconds patience = patience_of(a.patience);
  check_memory(sizes.back(), a.page_tokens);
  check_outputs({a.json}, a.traces);
  std::vector<cell> cells;
  checks::verdict outcome = checks::verdict::pass;
  progress_line line;
  for (const std::string& file : a.traces) {
    const checks::trace t = checks::load_trace(file, a.block_tokens);
    for (const std::size_t pages : sizes) {
      for (const checks::policy& p : policies) {
        if (line.due()) line.show({{name_of(file), 0}, {", " + std::to_string(pages) + " pages, " + p.name, 1}});
        try {
          cells.push_back({file, pages, p.name,
                           checks::simulate_isolated(t,
                                                     {.cache = variant.name,
                                                      .policy = p.value,
                                                      .keep_hits = keep_hits,
                                                      .pages = pages,
                                                      .page_tokens = a.page_tokens,
                                                      .in_flight = a.in_flight,
                                                      .requests = a.requests,
                                                      .verify = a.verify},
                                                     patience)});
        } catch (const std::invalid_argument& e) {
          throw usage_error(e.what());
        } catch (const std::bad_alloc&) {
          throw memory_error(pages, a.page_tokens);
        }
        outcome = checks::worse(outcome, cells.back().s.outcome);
      }
    }
  }
  line.clear();
  if (checks::interrupted()) std::cerr << "triecheck: interrupted\n";
  if (a.json != "-") print(a, cells, outcome);
  for (const cell& c : cells) {
    if (!c.s.found) continue;
    std::cerr << name_of(c.trace) << ", " << c.pages << " pages, " << c.policy << ": " << c.s.found->kind << ": "
              << c.s.found->message << "\n";
  }
  if (!a.json.empty()) write_json(a.json, to_json(a, cells, outcome));
  return checks::exit_code(outcome);
}

}  // namespace

void add_hit_rates(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("hit-rates", "Eviction policies side by side on traces, as one table");
  const auto a = std::make_shared<hit_rates_arguments>();
  command->add_option("trace", a->traces, "JSON lines: timestamp, input_length, output_length, hash_ids")
      ->required()
      ->type_name("TRACE.jsonl...");
  command->add_option("--pages", a->pages, "Pages of the cache, with commas between several sizes")
      ->required()
      ->type_name("N,...");
  add_number(*command, "--page-tokens", a->page_tokens, "Tokens that fill a page", 1, 0xffff'ffff);
  add_number(*command, "--block-tokens", a->block_tokens, "Tokens in a block of a trace", 2, 1 << 20);
  add_number(*command, "--in-flight", a->in_flight, "Requests that are kept allocated but unpublished, at most", 1,
             1 << 20);
  add_number(*command, "--requests", a->requests, "Stops behind so many rows (all of them without this option)", 1)
      ->default_str("");
  command->add_option("--cache", a->cache, "The variant, by the name that `triecheck list` shows")
      ->type_name("V")
      ->capture_default_str();
  take_aliases(
      *command
           ->add_option("--policy", a->policy, "The eviction policy, by the name that `triecheck list` shows, or all")
           ->type_name("P|all")
           ->capture_default_str());
  command
      ->add_option(
          "--keep-hits", a->keep_hits,
          "For the policy priority: requests that hit half of their pages are released with this priority, for so "
          "many requests")
      ->type_name("PRIORITY[:REQUESTS]");
  command->add_flag("--verify", a->verify, "Runs the model beside the cache: every outcome and the order of eviction");
  add_patience(*command, a->patience);
  command->add_option("--json", a->json, "Writes the table as JSON; - is standard output, in place of the text")
      ->type_name("FILE|-");
  command->callback([a, &exit_code] { exit_code = hit_rates(*a); });
}

}  // namespace triecheck::tools
