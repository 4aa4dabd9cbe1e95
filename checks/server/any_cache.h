// A cache of any class behind one interface: what the engine calls.
//
// The engine is compiled once, and each cache once over the production layer. make_cache knows
// those of checks/subject/production_caches.h, where a cache of your own is a line; one whose constructor
// takes more than a configuration is wrapped by hand (wrapped_cache.h). A seeded fault is a cache
// around another one (wrong_cache.h).
//
// Threads: those of the cache itself: everything at once, a lease by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cache/monitoring/metric_table.h"
#include "cache/types.h"
#include "checks/subject/subject.h"

namespace triecheck::server {

class any_lease;

struct any_fork {
  status result;
  std::unique_ptr<any_lease> forked;  ///< null unless `result` is ok
  std::vector<page_copy> copies;
};

/// An open lease. Its destruction releases it. As triecheck::lease, which says what the words mean.
class any_lease {
 public:
  any_lease() = default;
  any_lease(const any_lease&) = delete;
  any_lease& operator=(const any_lease&) = delete;
  virtual ~any_lease() = default;

  virtual lease_id id() const = 0;
  virtual std::span<const page_id> pages() const = 0;
  virtual std::size_t token_count() const = 0;
  virtual std::size_t cached_token_count() const = 0;
  virtual status allocate(std::span<const token> tokens) = 0;
  virtual status publish(std::size_t computed_tokens) = 0;
  virtual any_fork fork() const = 0;
};

/// A place in a cache's queue for pages. As page_queue::place.
class any_place {
 public:
  any_place() = default;
  any_place(const any_place&) = delete;
  any_place& operator=(const any_place&) = delete;
  virtual ~any_place() = default;

  virtual bool wait(lease_id tried) = 0;
};

/// What an operator sees of a cache.
struct page_counts {
  std::size_t pool = 0;
  std::size_t free = 0;
  std::size_t cached = 0;
  std::size_t leased = 0;  ///< private to open leases
  std::size_t open_leases = 0;
  std::size_t evicted = 0;  ///< since the start, as what follows
  std::size_t duplicates = 0;
  std::size_t refused = 0;
};

class any_cache {
 public:
  any_cache() = default;
  any_cache(const any_cache&) = delete;
  any_cache& operator=(const any_cache&) = delete;
  /// Requires that no lease is open.
  virtual ~any_cache() = default;

  virtual std::unique_ptr<any_lease> lookup(std::span<const token> tokens) = 0;

  /// Null where the cache has no queue.
  virtual std::unique_ptr<any_place> queue_for_pages() = 0;
  virtual void wake_waiting() = 0;

  virtual page_counts counts() const = 0;

  /// All that is known of a monitored cache; nothing of another one.
  virtual std::optional<cache_reading> reading() = 0;

  /// Requires that nothing else runs.
  virtual checks::structure inspect() const = 0;

  /// Evicts all; a line for each page that is not free then. Requires that nothing else runs.
  virtual std::vector<std::string> shutdown() = 0;
};

/// What a monitored cache reports (cache/monitoring/README.md).
enum class monitoring_level : std::uint8_t {
  operations,
  contention,  ///< and where threads meet, by label: over contended_sync
};

/// A variant over the production layer, monitored, or null where none has that name. Throws as its
/// constructor.
std::unique_ptr<any_cache> make_cache(const std::string& variant, const cache_config& config,
                                      monitoring_level level = monitoring_level::operations);

/// The names that make_cache knows, the simplest variant first.
std::vector<std::string> cache_names();

}  // namespace triecheck::server
