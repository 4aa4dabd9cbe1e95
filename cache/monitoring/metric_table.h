// What a cache is monitored by: one table of metrics, which everything that shows them reads.
//
// A metric is one row of `cache_metrics`: its name by the rules of Prometheus
// (https://prometheus.io/docs/practices/naming/), its help, its unit, its kind, its labels and how to read
// it. A row more here is a metric more in the text for Prometheus, in JSON and in the terminal view; a test
// holds the dashboard against the table.
//
// Threads: constants and plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "../sync/contended.h"
#include "../types.h"
#include "hit_window.h"
#include "latency_histogram.h"
#include "operation_metrics.h"

namespace triecheck::inline v0_1 {

/// What is known of a cache at one time. How far its parts belong together, README.md says.
struct cache_reading {
  std::size_t pages = 0;
  std::size_t tokens_per_page = 0;
  cache_stats stats;
  operations_reading operations;
  std::size_t latency_sample = 1;
  hit_window_reading window;
  std::optional<std::uint64_t> evictable_pages;  ///< where the cache tells, as available() of it does
  std::optional<std::size_t> metadata_bytes;     ///< where somebody measured them
  std::vector<label_counts> labels;              ///< of a cache over contended_sync
};

/// Only full pages are found.
constexpr std::uint64_t hit_tokens_of(const cache_reading& r) noexcept { return r.stats.hit_pages * r.tokens_per_page; }

/// Evicted pages that no evict, clear, shutdown or forget asked for: allocate and fork needed room.
constexpr std::uint64_t evicted_for_room(const cache_reading& r) noexcept {
  std::uint64_t asked = r.stats.forgotten_pages;
  for (const operation_reading& o : r.operations.of) asked += o.evicted_pages;
  return r.stats.evicted_pages > asked ? r.stats.evicted_pages - asked : 0;
}

enum class metric_kind : std::uint8_t { counter, gauge, histogram };

/// The values of a metric's labels, as many as it has labels.
using label_values = std::array<std::string_view, 2>;

/// Gets the samples of one metric.
class metric_sink {
 public:
  virtual void value(double v, const label_values& labels = {}) = 0;
  virtual void histogram(const latency_histogram& h, const label_values& labels = {}) = 0;

 protected:
  ~metric_sink() = default;
};

template <class Reading>
struct metric {
  const char* name;
  const char* help;
  const char* unit;  ///< a part of the name, such as "pages"; "" for a number of what the name says
  metric_kind kind;
  std::array<const char*, 2> labels;  ///< null: none
  void (*read)(const Reading&, metric_sink&);
};

/// The names, for those who ask for a metric.
namespace metric_names {
inline constexpr const char* operations = "triecheck_cache_operations_total";
inline constexpr const char* duration = "triecheck_cache_operation_duration_seconds";
inline constexpr const char* latency_sample = "triecheck_cache_latency_sample";
inline constexpr const char* looked_up_tokens = "triecheck_cache_looked_up_tokens_total";
inline constexpr const char* hit_tokens = "triecheck_cache_hit_tokens_total";
inline constexpr const char* looked_up_pages = "triecheck_cache_looked_up_pages_total";
inline constexpr const char* hit_pages = "triecheck_cache_hit_pages_total";
inline constexpr const char* window_hit_ratio = "triecheck_cache_window_hit_ratio";
inline constexpr const char* window_seconds = "triecheck_cache_window_seconds";
inline constexpr const char* pages = "triecheck_cache_pages";
inline constexpr const char* pool_pages = "triecheck_cache_pool_pages";
inline constexpr const char* page_tokens = "triecheck_cache_page_tokens";
inline constexpr const char* allocated_pages = "triecheck_cache_allocated_pages_total";
inline constexpr const char* published_pages = "triecheck_cache_published_pages_total";
inline constexpr const char* evicted_pages = "triecheck_cache_evicted_pages_total";
inline constexpr const char* refusals = "triecheck_cache_refusals_total";
inline constexpr const char* duplicate_pages = "triecheck_cache_duplicate_pages_total";
inline constexpr const char* evictable_pages = "triecheck_cache_evictable_pages";
inline constexpr const char* open_leases = "triecheck_cache_open_leases";
inline constexpr const char* metadata_bytes = "triecheck_cache_metadata_bytes";
inline constexpr const char* lock_acquisitions = "triecheck_cache_lock_acquisitions_total";
inline constexpr const char* lock_waits = "triecheck_cache_lock_waits_total";
inline constexpr const char* lock_wait_seconds = "triecheck_cache_lock_wait_seconds_total";
inline constexpr const char* failed_exchanges = "triecheck_cache_failed_exchanges_total";
}  // namespace metric_names

namespace metric_parts {

template <std::uint64_t cache_stats::*Field>
void stat(const cache_reading& r, metric_sink& to) {
  to.value(static_cast<double>(r.stats.*Field));
}

inline void looked_up_tokens(const cache_reading& r, metric_sink& to) {
  to.value(static_cast<double>(r.operations.looked_up_tokens));
}

inline void hit_tokens(const cache_reading& r, metric_sink& to) { to.value(static_cast<double>(hit_tokens_of(r))); }

template <std::size_t cache_reading::*Field>
void setting(const cache_reading& r, metric_sink& to) {
  to.value(static_cast<double>(r.*Field));
}

template <std::uint64_t label_counts::*Field>
void of_locks(const cache_reading& r, metric_sink& to) {
  for (const label_counts& l : r.labels) {
    if (l.is_lock) to.value(static_cast<double>(l.*Field), {l.label});
  }
}

inline void lock_wait_seconds(const cache_reading& r, metric_sink& to) {
  for (const label_counts& l : r.labels) {
    if (l.is_lock) to.value(static_cast<double>(l.waited_ns) * 1e-9, {l.label});
  }
}

// Most words never see one fail: those that did not yet are left out.
inline void failed_exchanges(const cache_reading& r, metric_sink& to) {
  for (const label_counts& l : r.labels) {
    if (l.failed_exchanges != 0) to.value(static_cast<double>(l.failed_exchanges), {l.label});
  }
}

inline double share(std::uint64_t part, std::uint64_t whole) noexcept {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

inline void operations(const cache_reading& r, metric_sink& to) {
  for (std::size_t o = 0; o < cache_operation_count; ++o) {
    for (std::size_t i = 0; i < outcome_count; ++i) {
      const std::uint64_t n = r.operations.of[o].outcomes[i];
      // "ok" always, so that a rate starts from 0; what never happened otherwise would be most of the text.
      if (n != 0 || i == 0) to.value(static_cast<double>(n), {name_of(cache_operation(o)), name_of_outcome(i)});
    }
  }
}

inline void durations(const cache_reading& r, metric_sink& to) {
  for (std::size_t o = 0; o < cache_operation_count; ++o) {
    to.histogram(r.operations.of[o].latency, {name_of(cache_operation(o))});
  }
}

inline void evicted(const cache_reading& r, metric_sink& to) {
  to.value(static_cast<double>(evicted_for_room(r)), {"room"});
  for (const auto o : {cache_operation::evict, cache_operation::clear, cache_operation::shutdown}) {
    to.value(static_cast<double>(r.operations[o].evicted_pages), {name_of(o)});
  }
  to.value(static_cast<double>(r.stats.forgotten_pages), {name_of(cache_operation::forget)});
}

inline void latency_sample(const cache_reading& r, metric_sink& to) { to.value(static_cast<double>(r.latency_sample)); }

inline void window_hit_ratio(const cache_reading& r, metric_sink& to) {
  const hit_counts& c = r.window.counts;
  to.value(share(c.hit_pages, c.looked_up_pages), {"pages"});
  to.value(share(c.hit_tokens, c.looked_up_tokens), {"tokens"});
}

inline void window_seconds(const cache_reading& r, metric_sink& to) { to.value(r.window.seconds); }

inline void pages(const cache_reading& r, metric_sink& to) {
  to.value(static_cast<double>(r.stats.free_pages), {"free"});
  to.value(static_cast<double>(r.stats.private_pages), {"private"});
  to.value(static_cast<double>(r.stats.cached_pages), {"cached"});
}

inline void evictable_pages(const cache_reading& r, metric_sink& to) {
  if (r.evictable_pages) to.value(static_cast<double>(*r.evictable_pages));
}

inline void refusals(const cache_reading& r, metric_sink& to) {
  to.value(static_cast<double>(r.stats.refused_full), {"cache_full"});
  to.value(static_cast<double>(r.stats.refused_too_large), {"request_too_large"});
}

inline void metadata_bytes(const cache_reading& r, metric_sink& to) {
  if (r.metadata_bytes) to.value(static_cast<double>(*r.metadata_bytes));
}

}  // namespace metric_parts

// clang-format off
inline constexpr metric<cache_reading> cache_metrics[] = {
    // Operations
    {metric_names::operations, "Operations that ended, by their outcome.", "", metric_kind::counter, {"operation",
     "outcome" }, metric_parts::operations},
    {metric_names::duration,
     "Time that an operation took. Of lookup, allocate, publish and release a sample of all.", "seconds",
     metric_kind::histogram, {"operation"}, metric_parts::durations},
    {metric_names::latency_sample,
     "Of so many lookups, allocations, publications and releases the time of one is taken; of all others always.",
     "", metric_kind::gauge, {}, metric_parts::latency_sample},
    // Hits
    {metric_names::looked_up_pages, "Full blocks that lookups asked for.", "pages", metric_kind::counter, {},
     metric_parts::stat<&cache_stats::looked_up_pages>},
    {metric_names::hit_pages, "Pages that lookups found.", "pages", metric_kind::counter, {},
     metric_parts::stat<&cache_stats::hit_pages>},
    {metric_names::looked_up_tokens, "Tokens that lookups asked for, those of partial blocks too.", "tokens",
     metric_kind::counter, {}, metric_parts::looked_up_tokens},
    {metric_names::hit_tokens, "Tokens that lookups found.", "tokens", metric_kind::counter, {},
     metric_parts::hit_tokens},
    {metric_names::window_hit_ratio, "Share of what lookups asked for that they found, within the window.", "ratio",
     metric_kind::gauge, {"of"}, metric_parts::window_hit_ratio},
    {metric_names::window_seconds, "Length of the window: a minute, as far as readings bound one.", "seconds",
     metric_kind::gauge, {}, metric_parts::window_seconds},
    // Pages
    {metric_names::pages, "Pages by state; the states add up to the pool.", "pages", metric_kind::gauge, {"state"},
     metric_parts::pages},
    {metric_names::evictable_pages, "Cached pages that no open lease has in its chain.", "pages", metric_kind::gauge,
     {}, metric_parts::evictable_pages},
    {metric_names::pool_pages, "Pages of the pool.", "pages", metric_kind::gauge, {},
     metric_parts::setting<&cache_reading::pages>},
    {metric_names::page_tokens, "Tokens that fill a page.", "tokens", metric_kind::gauge, {},
     metric_parts::setting<&cache_reading::tokens_per_page>},
    {metric_names::open_leases, "Leases that were not released yet.", "", metric_kind::gauge, {},
     metric_parts::stat<&cache_stats::open_leases>},
    {metric_names::allocated_pages, "Pages handed out, for forks too.", "pages", metric_kind::counter, {},
     metric_parts::stat<&cache_stats::allocated_pages>},
    {metric_names::published_pages, "Pages that became cached.", "pages", metric_kind::counter, {},
     metric_parts::stat<&cache_stats::published_pages>},
    {metric_names::duplicate_pages, "Pages given back because their block was cached when they were published.",
     "pages", metric_kind::counter, {}, metric_parts::stat<&cache_stats::duplicate_pages>},
    {metric_names::evicted_pages,
     "Pages evicted: to make room for an allocation, or because evict, clear, shutdown or forget was called.", "pages",
     metric_kind::counter, {"reason"}, metric_parts::evicted},
    {metric_names::refusals, "Allocations and forks that were refused pages.", "", metric_kind::counter, {"reason"},
     metric_parts::refusals},
    {metric_names::metadata_bytes, "Memory of the cache beside the contents of its pages.", "bytes",
     metric_kind::gauge, {}, metric_parts::metadata_bytes},
    // Contention
    {metric_names::lock_acquisitions, "Acquisitions of locks, in either mode.", "", metric_kind::counter, {"lock"},
     metric_parts::of_locks<&label_counts::acquisitions>},
    {metric_names::lock_waits, "Acquisitions of locks that had to wait.", "", metric_kind::counter, {"lock"},
     metric_parts::of_locks<&label_counts::waits>},
    {metric_names::lock_wait_seconds, "Time that threads waited for locks.", "seconds", metric_kind::counter,
     {"lock"}, metric_parts::lock_wait_seconds},
    {metric_names::failed_exchanges, "Compare-exchanges that failed, and were tried again or given up.", "",
     metric_kind::counter, {"word"}, metric_parts::failed_exchanges},
};
// clang-format on

}  // namespace triecheck::inline v0_1
