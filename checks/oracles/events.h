// Oracle: events. Follows what a cache reports to its subscriber and what its operations returned, and never looks into
// the cache.
//
// What it proves, at every event:
//   - It is possible after those before it (cache/events.h): a page that is stored is not stored already, its parent
//     is, in the same namespace; a page that is removed is stored, and no page is stored below it.
//   - The operation that reports it does it:
//       `stored` comes from a publication of a lease that has the page privately, with the parent, the namespace, the
//       tokens and the key that the page has in that lease, and with the hash of all up to its end;
//       `removed` comes from an operation that evicts, of a page that no open lease has found, from a forget, or from a
//       publication that takes back what it reported;
//       `cleared` comes from a clear, after all that it removed, with their number.
// At every return: the published pages of the lease are stored, each below the one before, and an operation that says
// how many pages it evicted reported as many. And when no operation runs: the stored pages are the nodes, with their
// parents, namespaces, tokens and keys, and as many were evicted as the statistics say.
//
// Threads: called by the harness, one call at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cache/events.h"
#include "checks/oracles/oracle.h"
#include "checks/subject/subject.h"
#include "model/held_keys.h"
#include "model/operation.h"

namespace triecheck::checks {

class event_book final : public oracle {
 public:
  static constexpr const char* kind = "events";

  event_book(std::size_t pages, std::size_t tokens_per_page) : tokens_per_page_(tokens_per_page), entries_(pages) {}
  explicit event_book(const oracle_setting& s) : event_book(s.cache.pages, s.cache.tokens_per_page) {
    is_told_ = s.tells_events;
  }

  void clear() override {
    if (is_told_) *this = event_book(entries_.size(), tokens_per_page_);
  }

  /// `thread` is about to begin `op`, and later has its answer. Threads are numbered from 0. A harness that announces
  /// no operation at all has the events judged by themselves.
  void begins(std::size_t thread, const model::operation& op) override;
  finding returned(const returned_operation& r) override;
  void returned(std::size_t thread, const model::outcome& observed);

  /// What the cache reports while `thread` is inside an operation.
  void stored(std::size_t thread, const stored_page& p);
  void removed(std::size_t thread, page_id page);
  void cleared(std::size_t thread, std::size_t pages);

  /// The first event that was impossible, or return that the events before it contradict.
  const std::optional<std::string>& violation() const noexcept { return violation_; }

  /// Whether the pages that an operation returned as published are stored, each below the one before.
  std::optional<std::string> wrong_chain(const model::operation& op, const model::outcome& observed) const;

  /// When no operation runs: the stored pages are the nodes.
  std::optional<std::string> check_rest(const structure& s) const;
  finding at_the_end(const final_state& s) override;
  finding after_shutdown(const final_state& before, std::size_t thread, std::size_t evicted) override;

  /// When no operation runs: as many pages were reported evicted as the statistics say. Requires that operations were
  /// announced. A forgotten page is reported when it is forgotten and counted when it becomes free: `s` says how many
  /// are pinned still.
  std::optional<std::string> check_evictions(std::uint64_t evicted_pages, const structure& s) const;

  /// How often a clear was reported, and how many pages these removed.
  std::size_t clears() const noexcept { return clears_; }
  std::size_t pages_cleared() const noexcept { return pages_cleared_; }

 private:
  struct entry {
    bool is_stored = false;
    bool is_forgotten = false;  // it is not stored, but a lease may have it in its chain
    page_id parent = no_page;
    key_space space{};
    std::uint64_t hash = 0;
    std::vector<token> block;
    std::size_t children = 0;
    std::size_t holders = 0;  // open leases that were given the page as published
    std::uint64_t key = 0;    // of the block
  };

  struct lease_record {
    model::key_space space = 0;
    std::vector<model::token> tokens;
    model::held_keys keys;
    std::vector<model::page> pages;
    std::size_t cached = 0;
  };

  struct running_operation {
    std::optional<model::operation> op;  // none: the thread is in no operation
    std::vector<page_id> stored;         // by this publication, and not taken back
    std::vector<page_id> taken_back{};
    std::size_t removed = 0;  // pages that were evicted
    std::size_t clears = 0;
  };

  bool is_stored(page_id page) const { return index_of(page) < entries_.size() && entries_[index_of(page)].is_stored; }
  entry& at(page_id page) { return entries_[index_of(page)]; }
  running_operation& running_in(std::size_t thread);
  bool somebody_publishes(std::size_t other_than) const;
  std::uint64_t hash_of(key_space space, std::span<const model::token> prefix, const model::held_keys& keys) const;
  std::optional<std::string> wrong_place(const stored_page& p) const;
  std::optional<std::string> wrong_publication(const running_operation& by, const stored_page& p) const;
  std::optional<std::string> wrong_answer(const running_operation& r, const model::outcome& observed) const;
  void hold(const lease_record& l, std::size_t first, std::size_t change);
  void follow(const model::operation& op, const model::outcome& observed);
  void reject(const std::string& what) {
    if (!violation_) violation_ = what;
  }

  std::size_t tokens_per_page_;
  std::vector<entry> entries_;  // by page
  bool is_told_ = true;         // events; otherwise there is nothing to judge
  bool follows_operations_ = false;
  std::vector<running_operation> running_;       // by thread
  std::map<model::lease, lease_record> leases_;  // the open ones
  std::uint64_t evicted_ = 0;
  std::size_t clears_ = 0;
  std::size_t pages_cleared_ = 0;
  std::optional<std::string> violation_;
};

}  // namespace triecheck::checks
