#include "checks/monitoring/terminal_view.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>

#include "checks/monitoring/exposition.h"

namespace triecheck::checks {
namespace {

namespace names = metric_names;

template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

// At most five characters: 12345, 123k, 12.3M.
std::string short_number(double v) {
  constexpr const char* units[] = {"", "k", "M", "G", "T"};
  std::size_t unit = 0;
  while (v >= 99'999.5 && unit + 1 < std::size(units)) {
    v /= 1000;
    ++unit;
  }
  if (unit == 0 && v != 0 && v < 99.95) return formatted("%.1f", v);
  return formatted("%.0f%s", v, units[unit]);
}

std::string short_time(std::optional<double> seconds) {
  if (!seconds) return "-";
  if (*seconds < 1e-6) return formatted("%.0f ns", *seconds * 1e9);
  if (*seconds < 1e-3) return formatted("%.1f us", *seconds * 1e6);
  if (*seconds < 1) return formatted("%.1f ms", *seconds * 1e3);
  return formatted("%.1f s", *seconds);
}

double percent(double part, double whole) { return whole <= 0 ? 0 : 100 * part / whole; }

class screen {
 public:
  screen(const scrape& before, const scrape& now, double seconds, std::size_t width)
      : before_(before), now_(now), seconds_(seconds), width_(width) {}

  std::string text() {
    hits();
    pages();
    events();
    operations();
    locks();
    words();
    return std::move(text_);
  }

 private:
  using labels = std::map<std::string, std::string>;

  void line(std::string l) {
    if (l.size() > width_) l.resize(width_);
    text_ += l + "\n";
  }

  // Since the scrape before, for a second; with none, since the start.
  double rate(const char* name, const labels& l = {}) const {
    const double n = now_.sum(name, l) - before_.sum(name, l);
    return seconds_ > 0 ? n / seconds_ : n;
  }
  const char* per() const { return seconds_ > 0 ? "/s" : ""; }

  void hits() {
    const double window = now_.sum(names::window_seconds);
    std::string l = "hits      ";
    if (window >= 1) {
      l += formatted("%5.1f %% of pages and %.1f %% of tokens in the last %.0f s, ",
                     100 * now_.sum(names::window_hit_ratio, {{"of", "pages"}}),
                     100 * now_.sum(names::window_hit_ratio, {{"of", "tokens"}}), window);
    }
    line(l + formatted("%5.1f %% of %s pages over all",
                       percent(now_.sum(names::hit_pages), now_.sum(names::looked_up_pages)),
                       short_number(now_.sum(names::looked_up_pages)).c_str()));
  }

  void pages() {
    const double pool = now_.sum(names::pool_pages);
    const auto in = [&](const char* state) { return now_.sum(names::pages, {{"state", state}}); };
    constexpr std::size_t bar = 32;
    const auto share = [&](double n) { return pool <= 0 ? 0 : static_cast<std::size_t>(bar * n / pool + 0.5); };
    std::string drawn = std::string(std::min(share(in("private")), bar), '#');
    drawn += std::string(std::min(share(in("cached")), bar - drawn.size()), '=');
    drawn.resize(bar, '.');
    line("pages     [" + drawn + "] " +
         formatted("%.0f private #, %.0f cached =, %.0f free; %.0f leases", in("private"), in("cached"), in("free"),
                   now_.sum(names::open_leases)));
    if (now_.has(names::metadata_bytes))
      line("memory    " + short_number(now_.sum(names::metadata_bytes)) + " bytes beside the pages");
  }

  void events() {
    std::string l = "evicted   ";
    for (const std::string& reason : now_.values_of(names::evicted_pages, "reason"))
      l += short_number(rate(names::evicted_pages, {{"reason", reason}})) + per() + " " + reason + "   ";
    line(l);
    l = "refused   ";
    for (const std::string& reason : now_.values_of(names::refusals, "reason"))
      l += short_number(rate(names::refusals, {{"reason", reason}})) + per() + " " + reason + "   ";
    line(l + "duplicates " + short_number(rate(names::duplicate_pages)) + per());
  }

  void operations() {
    line("");
    line(formatted("%-10s%10s%10s%12s%12s%12s", "operation", seconds_ > 0 ? "ok/s" : "ok", "other", "p50", "p99",
                   "p99.9"));
    for (const std::string& o : now_.values_of(names::operations, "operation")) {
      const double ok = rate(names::operations, {{"operation", o}, {"outcome", "ok"}});
      const double all = rate(names::operations, {{"operation", o}});
      if (all == 0) continue;
      const auto quantile = [&](double share) {
        return short_time(quantile_since(before_, now_, names::duration, {{"operation", o}}, share));
      };
      line(formatted("%-10s%10s%10s%12s%12s%12s", o.c_str(), short_number(ok).c_str(), short_number(all - ok).c_str(),
                     quantile(0.5).c_str(), quantile(0.99).c_str(), quantile(0.999).c_str()));
    }
  }

  void locks() {
    std::vector<std::string> rows;
    for (const std::string& lock : now_.values_of(names::lock_acquisitions, "lock")) {
      const labels of{{"lock", lock}};
      const double acquired = rate(names::lock_acquisitions, of);
      if (acquired == 0) continue;
      rows.push_back(formatted("%-26s%14s%12s%14.2f", lock.c_str(), short_number(acquired).c_str(),
                               short_number(rate(names::lock_waits, of)).c_str(),
                               1e3 * rate(names::lock_wait_seconds, of)));
    }
    if (rows.empty()) return;
    line("");
    line(formatted("%-26s%14s%12s%14s", "lock", seconds_ > 0 ? "acquired/s" : "acquired",
                   seconds_ > 0 ? "waits/s" : "waits", seconds_ > 0 ? "waited ms/s" : "waited ms"));
    for (const std::string& row : rows) line(row);
  }

  void words() {
    std::string l;
    for (const std::string& word : now_.values_of(names::failed_exchanges, "word")) {
      const double failed = rate(names::failed_exchanges, {{"word", word}});
      if (failed != 0) l += word + " " + short_number(failed) + per() + "   ";
    }
    if (!l.empty()) line("retries   " + l);
  }

  const scrape& before_;
  const scrape& now_;
  const double seconds_;
  const std::size_t width_;
  std::string text_;
};

}  // namespace

std::string to_screen(const scrape& before, const scrape& now, double seconds, std::size_t width) {
  return screen(before, now, seconds, width).text();
}

std::string to_screen(const cache_reading& r) {
  metric_families families;
  add_families(cache_metrics, r, families);
  return to_screen({}, scrape::read(to_text(families)).value_or(scrape()), 0);
}

std::string to_line(const cache_reading& r) {
  const latency_histogram& lookups = r.operations[cache_operation::lookup].latency;
  const latency_histogram& allocations = r.operations[cache_operation::allocate].latency;
  const auto p99 = [](const latency_histogram& h) {
    return short_time(h.count() == 0 ? std::nullopt : std::optional(h.quantile_ns(0.99) * 1e-9));
  };
  return formatted("%.1f %% hits, %.0f of %.0f pages cached, %s evicted, p99 of lookup ",
                   percent(static_cast<double>(r.stats.hit_pages), static_cast<double>(r.stats.looked_up_pages)),
                   static_cast<double>(r.stats.cached_pages), static_cast<double>(r.pages),
                   short_number(static_cast<double>(r.stats.evicted_pages)).c_str()) +
         p99(lookups) + ", of allocate " + p99(allocations);
}

}  // namespace triecheck::checks
