// Runs a workload on a cache and on the model side by side, and compares everything after every operation.
//
// With several threads they take turns, so nothing overlaps and every rule holds as with one: a refusal, say, means
// that eviction could not cover the need. Only which evictable page is evicted may depend on which threads worked on
// it; where it does, the model follows the cache.
//
// Compared: the outcome with what the model accepts (the exact order of eviction); the pages of every open lease; the
// state of every page and its pins; the statistics and what is available; the order of eviction; that the index leads
// to every cached page once; and that the events, where the cache reports any, lead to the same pages. At the end every
// lease is released and the cache shut down: no page may be lost.
//
// Threads: a run has `takers::threads` threads beside the caller, or the caller alone; several runs may go on at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "checks/properties/workload.h"
#include "checks/subject/subject.h"

namespace triecheck::checks {

/// What can happen in a workload and has to, before passing means anything.
enum class occurrence : std::uint8_t {
  lookup,
  hit,  ///< a lookup that found at least one page
  allocation,
  eviction_by_need,  ///< an allocation or a fork that evicted
  refused_too_large,
  refused_full,
  published_page,
  partial_publication,  ///< one that left a full page private
  duplicate_page,       ///< a follower's page given up for the existing node
  release,
  released_page,  ///< a page that was private when its lease was released
  second_release,
  use_after_release,
  fork,
  copied_page,
  refused_fork,
  evicted_page,  ///< by evict or clear
  clear,
  dropped_lease,
  hand_over,
  foreign_lease,  ///< of another cache, in everything that takes a lease
  match,
  matched_page,
  shrink,
  shrunk_page,        ///< a page that a lease did not keep
  free_only_refusal,  ///< an allocation that could have evicted what it lacked, but was not allowed to
  forget,
  forgotten_prefix,  ///< a forget that found something
  forgotten_pinned_page,
  forgotten_fall,  ///< a page that became free because it was forgotten
  publication_below_forgotten,
  many_reuses,        ///< of one prompt, one after the other: more than the clocks of two threads can differ by
  keyed_hit,          ///< a page that a lookup found and whose block has a key
  keyed_publication,  ///< a page whose block has a key became a node
  keyed_duplicate,    ///< a duplicate page whose block has a key
};
inline constexpr std::size_t occurrences = static_cast<std::size_t>(occurrence::keyed_duplicate) + 1;

/// How often each of them happened.
class occurrence_counts {
 public:
  std::uint64_t of(occurrence what) const { return counts_[static_cast<std::size_t>(what)]; }
  void add(occurrence what, std::uint64_t n = 1) { counts_[static_cast<std::size_t>(what)] += n; }
  void add(const occurrence_counts& other);

  /// "812 lookups, 455 hits, ...", in the order of the enumeration.
  std::string show() const;

  /// The names of those that never happened, separated by commas; of those that take a cache that `schedules` only
  /// where it does, and likewise of those that take one that `forgets` or `knows_keys`.
  std::string never(bool schedules, bool forgets, bool knows_keys) const;

 private:
  std::array<std::uint64_t, occurrences> counts_{};
};

/// An operation and what it answered; nothing where it threw.
struct performed {
  model::operation op;
  std::optional<model::outcome> observed;
};

/// Where cache and model part, at the last operation of a run.
struct deviation {
  std::string kind;  ///< "model-mismatch", "lease-state", "lease-pages", "page-states", "pins", "statistics",
                     ///< "eviction-order", "index", "events", "available", "pages-lost", "exception"
  std::string rule;  ///< which rule was violated and how, one sentence
};

struct run_record {
  std::vector<performed> history;  ///< the operations that ran: those of the workload that applied, then the releases
  std::optional<deviation> found;
  occurrence_counts seen;
  bool schedules =
      false;  ///< whether the cache knows what a scheduler asks for; commands that it does not know are skipped
  bool forgets = false;     ///< whether it can forget; likewise
  bool knows_keys = false;  ///< of blocks; likewise
};

/// The threads that run the operations of a workload, one at a time.
struct takers {
  std::size_t threads =
      1;  ///< lease l is of thread l modulo this, until it is handed over; evict and clear go from one to the next
  bool order_by_thread = false;  ///< the cache chooses which evictable page to evict
};

/// `before`, where it is set, sees the history before each operation, which is the last one there and has no outcome
/// yet.
run_record run_workload(subject_factory make, const workload& w, const takers& who = {},
                        const std::function<void(const std::vector<performed>&)>& before = {});

std::string show(const performed& p);

/// One line per operation: what was asked, what was observed.
std::vector<std::string> show(const std::vector<performed>& history);

}  // namespace triecheck::checks
