#include "checks/bench/monitoring_cost.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <tuple>
#include <utility>

#include "cache/monitoring/monitored.h"
#include "cache/sync/contended.h"
#include "checks/bench/bench.h"
#include "checks/bench/course.h"
#include "checks/bench/formatted.h"
#include "checks/subject/production_caches.h"
#include "checks/threads/median.h"

namespace triecheck::checks {
namespace {

// With so many the median of turns without a difference lies within the noise 99 times in 100.
constexpr std::size_t least_turns = 32;

using preparation = std::unique_ptr<prepared_cache> (*)(const load&, bench_mode, std::size_t);

struct trio {
  const char* name;
  preparation bare;
  preparation metrics;
  preparation contention;
};

const std::vector<trio>& trios() {
  static const std::vector<trio> all = std::apply(
      [](const auto&... listed) {
        const auto trio_of = []<class Listed>(const Listed& l) -> trio {
          using bare = typename Listed::cache_type;
          using contended = typename Listed::template over<contended_sync<std_sync>>;
          return {l.name, &prepare_course<bare>, &prepare_course<monitored_cache<bare>>,
                  &prepare_course<monitored_cache<contended>>};
        };
        return std::vector<trio>{trio_of(listed)...};
      },
      shipped_caches);
  return all;
}

relative_cost judge(std::vector<double> over_bare) {
  std::sort(over_bare.begin(), over_bare.end());
  return {median(over_bare), over_bare[over_bare.size() / 4], over_bare[over_bare.size() - 1 - over_bare.size() / 4]};
}

double cost(double bare, double other) { return bare / other - 1; }

monitoring_cost measure(const trio& t, const load& l, bench_mode mode, std::size_t threads, double seconds,
                        const bench_listener& listener) {
  const std::size_t pages =
      mode == bench_mode::full_cycle ? scarce_pages(l, threads) : std::bit_ceil(l.distinct_pages + l.longest_pages);
  const auto bare = t.bare(l, mode, pages);
  const auto metrics = t.metrics(l, mode, pages);
  const auto contention = t.contention(l, mode, pages);
  double spent = 0;
  const auto pass = [&](prepared_cache& c, const char* what) {
    listener.begin_pass(std::string(t.name) + what);
    const bench_pass p = c.run(threads);
    spent += p.seconds;
    return static_cast<double>(p.requests) / p.seconds;
  };
  std::vector<monitoring_turn> turns;
  do {
    monitoring_turn now;
    if (turns.size() % 2 == 0) {
      now.bare = pass(*bare, "");
      now.metrics = pass(*metrics, " with metrics");
      now.contention = pass(*contention, " with contention");
    } else {
      now.contention = pass(*contention, " with contention");
      now.metrics = pass(*metrics, " with metrics");
      now.bare = pass(*bare, "");
    }
    turns.push_back(now);
  } while (turns.size() < (seconds > 0 ? least_turns : 2) || spent < 3 * seconds);
  monitoring_cost c = judge_monitoring(turns);
  c.cache = t.name;
  c.load = l.name;
  c.mode = mode;
  c.threads = threads;
  return c;
}

}  // namespace

monitoring_cost judge_monitoring(const std::vector<monitoring_turn>& turns) {
  std::vector<double> metrics, contention, noise;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    metrics.push_back(cost(turns[i].bare, turns[i].metrics));
    contention.push_back(cost(turns[i].bare, turns[i].contention));
    // The bare pass of a turn that was measured backwards is followed by that of the next.
    if (i % 2 == 1 && i + 1 < turns.size()) {
      const double ratio = turns[i].bare / turns[i + 1].bare;
      noise.push_back(std::max(ratio, 1 / ratio) - 1);
    }
  }
  monitoring_cost c{
      .turns = turns.size(), .metrics = judge(std::move(metrics)), .contention = judge(std::move(contention))};
  if (!noise.empty()) c.noise = median(std::move(noise));
  return c;
}

void measure_monitoring(const std::vector<load>& loads, std::span<const std::size_t> threads, double seconds,
                        std::vector<monitoring_cost>& results, const bench_listener& listener) {
  for (const load& l : loads) {
    for (const bench_mode mode : {bench_mode::full_cycle, bench_mode::warm_lookup}) {
      for (const std::size_t n : threads) {
        for (const trio& t : trios()) {
          listener.begin_cell("monitoring, " + l.name + ", " + to_string(mode) + ", threads: " + std::to_string(n));
          results.push_back(measure(t, l, mode, n, seconds, listener));
        }
      }
    }
  }
}

std::string to_table(const std::vector<monitoring_cost>& results) {
  if (results.empty()) return {};
  std::string text =
      "Monitoring: time for a request over that of the bare cache, the median of turns and the half between; the noise "
      "is "
      "that of two bare passes\n";
  text += formatted("  %-10s%-13s%-12s%8s%7s%26s%26s%8s\n", "load", "mode", "cache", "threads", "turns", "metrics",
                    "and contention", "noise");
  const auto shown = [](const relative_cost& c) {
    return formatted("%+6.1f %% (%+6.1f .. %+6.1f)", 100 * c.median, 100 * c.least, 100 * c.most);
  };
  for (const monitoring_cost& r : results) {
    text += formatted("  %-10s%-13s%-12s%8zu%7zu%26s%26s%6.1f %%\n", r.load.c_str(), to_string(r.mode), r.cache.c_str(),
                      r.threads, r.turns, shown(r.metrics).c_str(), shown(r.contention).c_str(), 100 * r.noise);
  }
  return text + "\n";
}

nlohmann::ordered_json to_json(const std::vector<monitoring_cost>& results) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  const auto to_object = [](const relative_cost& c) {
    return nlohmann::ordered_json{{"median", c.median}, {"least", c.least}, {"most", c.most}};
  };
  for (const monitoring_cost& r : results) {
    json.push_back({{"load", r.load},
                    {"mode", to_string(r.mode)},
                    {"cache", r.cache},
                    {"threads", r.threads},
                    {"turns", r.turns},
                    {"metrics", to_object(r.metrics)},
                    {"contention", to_object(r.contention)},
                    {"noise", r.noise}});
  }
  return json;
}

}  // namespace triecheck::checks
