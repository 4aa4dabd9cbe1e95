#include "checks/bench/report.h"

#include <algorithm>

#include "checks/bench/formatted.h"
#include "checks/report/chart.h"

namespace triecheck::checks {
namespace {

std::string in_microseconds(std::uint64_t ns) { return formatted("%.2f", static_cast<double>(ns) * 1e-3); }

// The cell of `cache` where everything else is as in `like`, with `threads`; null where it was not measured.
const bench_result* find(const bench_results& all, const bench_result& like, const std::string& cache,
                         std::size_t threads) {
  for (const bench_result& r : all.cells) {
    if (r.load == like.load && r.mode == like.mode && r.sweep == like.sweep && r.pages == like.pages &&
        r.cache == cache && r.threads == threads) {
      return &r;
    }
  }
  return nullptr;
}

double ratio(const bench_result& r, const bench_result* over) {
  return over == nullptr || over->requests_per_second <= 0 ? 0 : r.requests_per_second / over->requests_per_second;
}

std::string shown_ratio(double value) { return value == 0 ? "-" : formatted("%.2f", value); }

std::vector<std::string> baselines() {
  std::vector<std::string> names;
  for (const contestant& c : contestants()) {
    if (c.baseline) names.push_back(c.name);
  }
  return names;
}

std::string machine_table(const machine_results& m) {
  std::string text = "The machine, in nanoseconds of a thread\n";
  for (const micro_result& r : m.limits) {
    text += formatted("  %-44s%8.1f\n", (r.name + (r.threads == 1 ? ", alone" : ", two threads")).c_str(), r.ns);
  }
  for (const dependent_load& d : m.dependent_loads) {
    text += formatted("  %-44s%8.1f\n", ("dependent load over " + std::to_string(d.lines) + " lines").c_str(), d.ns);
  }
  for (const walk_result& w : m.walks) {
    text += formatted("  %-44s%8.1f\n", ("pages of " + w.load + ", compared alone").c_str(), w.compare_ns);
  }
  text += formatted("Two spinning threads do %.2f times the work of one\n", m.spin_scale);
  return text + "\n";
}

std::string head(bool sweep) {
  std::string text = formatted("  %-12s%9s%12s", "cache", sweep ? "pages" : "threads", "requests/s");
  for (const std::string& name : baselines()) text += formatted("%14s", ("/" + name).c_str());
  if (!sweep) text += formatted("%8s%7s%9s", "/1 thr", "cores", "line ns");
  return text + formatted("%8s%9s%8s%10s%10s%10s\n", "spread", "ns/page", "hits", "p50 us", "p99 us", "p99.9 us");
}

std::string line(const bench_results& all, const bench_result& r) {
  std::string text =
      formatted("  %-12s%9zu%12.0f", r.cache.c_str(), r.sweep ? r.pages : r.threads, r.requests_per_second);
  for (const std::string& name : baselines()) {
    text += formatted("%14s", shown_ratio(ratio(r, find(all, r, name, r.threads))).c_str());
  }
  if (!r.sweep) {
    text += formatted("%8s%7s%9s", shown_ratio(ratio(r, find(all, r, r.cache, 1))).c_str(),
                      shown_ratio(r.spin_scale).c_str(), r.threads == 1 ? "-" : formatted("%.0f", r.line_ns).c_str());
  }
  text += formatted("%7.0f%%%9.1f%7.1f%%%10s%10s%10s", 100 * r.spread, r.ns_per_page, 100 * r.hit_share,
                    in_microseconds(r.p50_ns).c_str(), in_microseconds(r.p99_ns).c_str(),
                    in_microseconds(r.p999_ns).c_str());
  if (r.rejected_share != 0) text += formatted("  %.1f%% rejected", 100 * r.rejected_share);
  return text + "\n";
}

chart chart_of(const bench_results& all, const load& l, bench_mode mode, bool sweep, const std::string& title,
               const std::string& y_label, double (*y)(const bench_result&)) {
  chart c{title, sweep ? "pages of the cache" : "threads", y_label, {}};
  for (const contestant& contestant : contestants()) {
    chart_series s{contestant.name, contestant.baseline, {}};
    for (const bench_result& r : all.cells) {
      if (r.load != l.name || r.mode != mode || r.sweep != sweep || r.cache != contestant.name || y(r) <= 0) continue;
      s.points.emplace_back(static_cast<double>(sweep ? r.pages : r.threads), y(r));
    }
    c.series.push_back(std::move(s));
  }
  return c;
}

double throughput(const bench_result& r) { return r.requests_per_second; }
double p99_us(const bench_result& r) { return static_cast<double>(r.p99_ns) * 1e-3; }
double ns_per_page(const bench_result& r) { return r.ns_per_page; }

std::string synchronisation_table(const std::vector<synchronisation_result>& results) {
  std::string text =
      formatted("%-40s%8s%8s%8s%8s%8s\n", "Synchronisation, counted", "pages", "r-m-w", "locks", "loads", "stores");
  for (const synchronisation_result& r : results) {
    text += formatted("  %-10s%-28s%8zu%8zu%8zu%8zu%8zu\n", r.cache.c_str(), r.call.c_str(), r.pages,
                      static_cast<std::size_t>(r.counts.read_modify_writes),
                      static_cast<std::size_t>(r.counts.acquisitions), static_cast<std::size_t>(r.counts.loads),
                      static_cast<std::size_t>(r.counts.stores));
  }
  return text + "\n";
}

double over(double a, double b) { return b <= 0 ? 0 : a / b; }

// Requests differ in size by orders of magnitude: the raw ratio shows that, the other one what the cache adds, and the
// last what the machine does.
std::string tail_table(const load& l, const std::vector<bench_result>& cells) {
  std::string text =
      "p99.9 over p50 of all requests, p99.9 of what each took over the median of those of about its size, and p99.9 "
      "over p50 of "
      "short work of as many spinning threads\n";
  text += formatted("  %-13s%-12s%9s%10s%10s%8s%12s%10s\n", "mode", "cache", "threads", "p50 us", "p99.9 us", "ratio",
                    "of its size", "spinning");
  bool is_measured = false;
  for (const bench_result& r : cells) {
    if (r.load != l.name || r.sweep) continue;
    is_measured = true;
    text += formatted("  %-13s%-12s%9zu%10s%10s%8.1f%12.1f%10s\n", to_string(r.mode), r.cache.c_str(), r.threads,
                      in_microseconds(r.p50_ns).c_str(), in_microseconds(r.p999_ns).c_str(),
                      over(static_cast<double>(r.p999_ns), static_cast<double>(r.p50_ns)), r.p999_over_usual,
                      shown_ratio(r.spin_tail).c_str());
  }
  return is_measured ? text : "";
}

// A lookup over the walk that it cannot do without, where each node leads to the next one by its own table.
std::string walk_table(const load& l, const bench_results& results) {
  std::string text;
  for (const bench_result& r : results.cells) {
    if (r.load != l.name || r.sweep || r.mode != bench_mode::cold_lookup || r.threads != 1) continue;
    const bench_result* walk = find(results, r, walk_hop_by_hop().name, 1);
    if (walk != nullptr && walk != &r)
      text += formatted("  %-12s%9s\n", r.cache.c_str(), shown_ratio(over(r.ns_per_page, walk->ns_per_page)).c_str());
  }
  return text.empty() ? text : "cold lookup of one thread, ns/page over that of the bare walk hop by hop\n" + text;
}

bool is_measured(const bench_results& results, const load& l) {
  return std::any_of(results.cells.begin(), results.cells.end(),
                     [&](const bench_result& r) { return r.load == l.name; });
}

}  // namespace

std::string to_table(const std::vector<load>& loads, const bench_results& results) {
  std::string text;
  if (!results.machine.limits.empty()) text += machine_table(results.machine);
  if (!results.synchronisation.empty()) text += synchronisation_table(results.synchronisation);
  for (const load& l : loads) {
    if (!is_measured(results, l)) continue;
    text += formatted("%s: %s; %zu requests of %.1f pages on average, %zu different pages\n", l.name.c_str(),
                      l.description.c_str(), l.requests(),
                      static_cast<double>(l.pages) / static_cast<double>(l.requests()), l.distinct_pages);
    const bench_result* previous = nullptr;
    for (const bench_result& r : results.cells) {
      if (r.load != l.name) continue;
      if (previous == nullptr || previous->mode != r.mode || previous->sweep != r.sweep) {
        text += std::string(to_string(r.mode)) +
                (r.mode == bench_mode::cold_lookup ? " (ns/page and latencies without the release)" : "") +
                (r.sweep ? ", one thread, over the size of the cache" : ", " + std::to_string(r.pages) + " pages") +
                "\n" + head(r.sweep);
      }
      text += line(results, r);
      previous = &r;
    }
    text += walk_table(l, results) + tail_table(l, results.cells) + "\n";
  }
  return text + to_table(results.overload) + to_table(results.memory) + to_table(results.misses) +
         to_table(results.monitoring);
}

nlohmann::ordered_json to_json(const std::vector<load>& loads, const bench_results& results) {
  nlohmann::ordered_json json;
  for (const micro_result& r : results.machine.limits) {
    json["machine"]["limits"].push_back({{"name", r.name}, {"threads", r.threads}, {"ns", r.ns}});
  }
  for (const dependent_load& d : results.machine.dependent_loads) {
    json["machine"]["dependent_loads"].push_back({{"lines", d.lines}, {"ns", d.ns}});
  }
  if (!results.machine.limits.empty()) json["machine"]["spin_scale"] = results.machine.spin_scale;
  for (const walk_result& w : results.machine.walks) {
    json["machine"]["walks"].push_back({{"load", w.load}, {"compare_ns_per_page", w.compare_ns}});
  }
  for (const synchronisation_result& r : results.synchronisation) {
    json["synchronisation"].push_back({{"cache", r.cache},
                                       {"call", r.call},
                                       {"pages", r.pages},
                                       {"read_modify_writes", r.counts.read_modify_writes},
                                       {"acquisitions", r.counts.acquisitions},
                                       {"loads", r.counts.loads},
                                       {"stores", r.counts.stores}});
  }
  for (const load& l : loads) {
    json["loads"].push_back({{"name", l.name},
                             {"description", l.description},
                             {"page_tokens", l.page_tokens},
                             {"requests", l.requests()},
                             {"pages", l.pages},
                             {"distinct_pages", l.distinct_pages}});
  }
  for (const bench_result& r : results.cells) {
    nlohmann::ordered_json cell = {{"load", r.load},
                                   {"mode", to_string(r.mode)},
                                   {"sweep", r.sweep ? "pages" : "threads"},
                                   {"cache", r.cache},
                                   {"baseline", r.baseline},
                                   {"pages", r.pages},
                                   {"threads", r.threads},
                                   {"passes", r.passes},
                                   {"requests_per_second", r.requests_per_second},
                                   {"spread", r.spread},
                                   {"spin_scale", nullptr},
                                   {"spin_tail", nullptr},
                                   {"line_ns", nullptr},
                                   {"ns_per_page", r.ns_per_page},
                                   {"hit_share", r.hit_share},
                                   {"rejected_share", r.rejected_share},
                                   {"latency_ns", {{"p50", r.p50_ns}, {"p99", r.p99_ns}, {"p999", r.p999_ns}}},
                                   {"latency_over_usual", {{"p999", r.p999_over_usual}}}};
    if (r.threads > 1) cell["spin_scale"] = r.spin_scale;
    if (r.threads > 1) cell["spin_tail"] = r.spin_tail;
    if (r.threads > 1) cell["line_ns"] = r.line_ns;
    for (const std::string& name : baselines()) {
      if (const double over = ratio(r, find(results, r, name, r.threads)); over != 0) cell["ratio"][name] = over;
    }
    if (const double over = ratio(r, find(results, r, r.cache, 1)); over != 0) cell["ratio"]["one thread"] = over;
    json["results"].push_back(std::move(cell));
  }
  if (!results.overload.results.empty()) json["overload"] = to_json(results.overload);
  if (!results.memory.empty()) json["memory"] = to_json(results.memory);
  if (!results.misses.empty()) json["misses"] = to_json(results.misses);
  if (!results.monitoring.empty()) json["monitoring"] = to_json(results.monitoring);
  return json;
}

std::vector<std::pair<std::string, std::string>> to_charts(const std::vector<load>& loads,
                                                           const bench_results& results) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const load& l : loads) {
    if (!is_measured(results, l)) continue;
    using enum bench_mode;
    files.emplace_back(
        l.name + "-threads.svg",
        to_svg(l.name + ": " + l.description,
               {chart_of(results, l, full_cycle, false, "full cycle: throughput", "requests per second", throughput),
                chart_of(results, l, full_cycle, false, "full cycle: p99 latency", "microseconds", p99_us),
                chart_of(results, l, cold_lookup, false, "cold lookup: throughput", "requests per second", throughput),
                chart_of(results, l, cold_lookup, false, "cold lookup: p99 latency", "microseconds", p99_us)}));
    chart cost = chart_of(results, l, full_cycle, true, "time per page touched", "nanoseconds", ns_per_page);
    chart_series loads_of_machine{"dependent load", true, {}};
    for (const dependent_load& d : results.machine.dependent_loads) {
      loads_of_machine.points.emplace_back(static_cast<double>(d.lines), d.ns);
    }
    if (!cost.series.empty()) cost.series.push_back(std::move(loads_of_machine));
    files.emplace_back(
        l.name + "-pages.svg",
        to_svg(l.name + ", full cycle, one thread: " + l.description,
               {chart_of(results, l, full_cycle, true, "throughput", "requests per second", throughput),
                chart_of(results, l, full_cycle, true, "p99 latency", "microseconds", p99_us), std::move(cost)}));
  }
  return files;
}

}  // namespace triecheck::checks
