// Runs a workload on a cache and on the model side by side, and compares everything after every operation.
#include "checks/properties/workload_run.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "checks/oracles/events.h"
#include "checks/oracles/structure.h"
#include "checks/turns.h"

namespace triecheck::checks {
namespace {

constexpr std::array<std::string_view, occurrences> occurrence_names = {
    "lookups",          "hits",           "allocations",      "evictions by need", "refused as too large",
    "refused as full",  "published pages", "duplicate pages", "releases",          "released private pages",
    "second releases",  "uses after release", "forks",        "copied pages",      "refused forks",
    "evicted pages",    "clears"};

// Which lease a slot holds, and what is left of its request. A slot that was never used has no lease.
struct slot_state {
  std::optional<model::lease> lease;
  bool open = false;
  std::vector<model::token> rest;
};

std::string list(const std::vector<model::page>& pages) { return pages.empty() ? "none" : model::show(pages); }

std::string show(const model::page_view& p) {
  switch (p.state) {
    case model::page_state::free: return "free";
    case model::page_state::leased: return "private";
    case model::page_state::cached: break;
  }
  const std::string parent = (p.parent ? "page " + std::to_string(*p.parent) : "the root") + " of namespace " + std::to_string(p.space);
  const std::string pins = p.pinned ? "pinned" : "not pinned";
  return "cached under " + parent + " with the block [" + model::show(p.block) + "], " + pins;
}

// A cache that broke a rule cannot be taken down: its destructor would release the open leases into it, and one of its
// own assertions would end the process before anything was reported. It stays, and stays reachable for leak checkers.
void abandon(std::unique_ptr<subject> broken) {
  static std::mutex guard;
  static std::vector<std::unique_ptr<subject>>& abandoned = *new std::vector<std::unique_ptr<subject>>;
  const std::lock_guard lock(guard);
  abandoned.push_back(std::move(broken));
}

class side_by_side {
 public:
  side_by_side(subject_factory make, const workload& w, const takers& who)
      : tokens_per_page_(w.cache.tokens_per_page),
        reference_(w.cache),
        slots_(slots_named(w)),
        cache_(make(w.cache, leases_opened(w))),
        stats_(cache_->stats()),
        structure_(cache_->inspect()),
        tells_events_(cache_->follow_events()),
        is_free_to_choose_(who.threads > 1 && who.order_by_thread),
        threads_(who.threads > 1 ? who.threads : 0),
        turns_(threads_) {}

  run_record run(const workload& w) && {
    try {
      for (std::size_t i = 0; i < w.commands.size() && !record_.found; ++i) run(w.commands[i]);
      for (std::size_t s = 0; s < slots_.size() && !record_.found; ++s) {
        if (slots_[s].open) run({.kind = command_kind::release, .slot = s});
      }
      if (!record_.found) shut_down();
    } catch (const std::exception& e) {
      record_.found = {"exception", std::string("an exception came out of the operation: ") + e.what()};
    }
    if (record_.found) abandon(std::move(cache_));
    return std::move(record_);
  }

 private:
  void run(const command& c) {
    const std::optional<model::operation> op = operation_for(c);
    if (!op) return;
    record_.history.push_back({*op, {}});
    const model::statistics before = stats_;
    const model::outcome observed = perform(*op);
    record_.history.back().observed = observed;
    stats_ = cache_->stats();
    const bool was_open = uses_lease(c) && slots_[c.slot].open;
    count(c, observed, before, was_open);
    follow(c, *op, observed);
    // Only a refusal leaves open how much was evicted on the way; everything else is exact.
    const bool refused = observed.result == model::status::cache_full;
    if (c.kind == command_kind::clear) cleared(observed.evicted);
    compare(*op, observed, refused ? stats_.evicted_pages - before.evicted_pages : 0);
  }

  model::outcome perform(const model::operation& op) {
    if (threads_ == 0) return cache_->perform(op);
    const bool of_nobody = op.kind == model::operation_kind::evict || op.kind == model::operation_kind::clear;
    model::outcome observed;
    turns_.run((of_nobody ? evictions_++ : op.subject) % threads_, [&] { observed = cache_->perform(op); });
    return observed;
  }

  static bool uses_lease(const command& c) { return c.kind != command_kind::evict && c.kind != command_kind::clear; }

  // The operation that the command stands for now; nothing where its preconditions do not hold.
  std::optional<model::operation> operation_for(const command& c) {
    model::operation op;
    op.count = c.count;
    if (!uses_lease(c)) {
      op.kind = c.kind == command_kind::evict ? model::operation_kind::evict : model::operation_kind::clear;
      return op;
    }
    slot_state& slot = slots_[c.slot];
    if (c.kind == command_kind::lookup) {
      if (slot.open) return {};
      op.subject = next_lease_++;
      op.tokens = c.tokens;
      op.space = c.space;
      return op;
    }
    if (!slot.lease) return {};
    op.subject = *slot.lease;
    switch (c.kind) {
      case command_kind::allocate_rest:
      case command_kind::extend:
        op.kind = model::operation_kind::allocate;
        op.tokens = c.kind == command_kind::extend ? c.tokens : slot.rest;
        op.extra_slots = c.extra_slots;
        return op;
      case command_kind::publish: op.kind = model::operation_kind::publish; return op;
      case command_kind::release:
        op.kind = model::operation_kind::release;
        op.keep = c.keep;
        return op;
      case command_kind::fork:
        if (c.other == c.slot || slots_[c.other].open) return {};
        op.kind = model::operation_kind::fork;
        op.forked = next_lease_++;
        return op;
      default: return {};
    }
  }

  // What the next commands need to know of the slots.
  void follow(const command& c, const model::operation& op, const model::outcome& observed) {
    if (!uses_lease(c)) return;
    slot_state& slot = slots_[c.slot];
    const bool ok = observed.result == model::status::ok;
    switch (c.kind) {
      case command_kind::lookup: {
        const std::size_t matched = std::min(op.tokens.size(), observed.cached * tokens_per_page_);
        slot = {op.subject, true, {op.tokens.begin() + static_cast<std::ptrdiff_t>(matched), op.tokens.end()}};
        break;
      }
      case command_kind::allocate_rest:
        if (ok) slot.rest.clear();
        break;
      case command_kind::release: slot.open = false; break;
      case command_kind::fork:
        if (ok) slots_[c.other] = {op.forked, true, slot.rest};
        break;
      default: break;
    }
  }

  void count(const command& c, const model::outcome& observed, const model::statistics& before, bool was_open) {
    occurrence_counts& seen = record_.seen;
    const bool ok = observed.result == model::status::ok;
    if (c.kind == command_kind::lookup) {
      seen.add(occurrence::lookup);
      seen.add(occurrence::hit, observed.cached != 0);
    } else if (c.kind == command_kind::evict || c.kind == command_kind::clear) {
      seen.add(occurrence::clear, c.kind == command_kind::clear);
      seen.add(occurrence::evicted_page, observed.evicted);
    } else if (!was_open) {
      seen.add(c.kind == command_kind::release ? occurrence::second_release : occurrence::use_after_release);
    } else if (c.kind == command_kind::release) {
      seen.add(occurrence::release);
      seen.add(occurrence::released_page, before.private_pages - stats_.private_pages);
    } else if (c.kind == command_kind::fork) {
      seen.add(ok ? occurrence::fork : occurrence::refused_fork);
      seen.add(occurrence::copied_page, observed.copies.size());
    } else if (c.kind != command_kind::publish) {
      seen.add(occurrence::allocation, ok);
    }
    if (c.kind != command_kind::evict && c.kind != command_kind::clear) {
      seen.add(occurrence::eviction_by_need, stats_.evicted_pages != before.evicted_pages);
    }
    seen.add(occurrence::refused_too_large, stats_.refused_too_large - before.refused_too_large);
    seen.add(occurrence::refused_full, stats_.refused_full - before.refused_full);
    seen.add(occurrence::published_page, stats_.published_pages - before.published_pages);
    seen.add(occurrence::duplicate_page, stats_.duplicate_pages - before.duplicate_pages);
  }

  // A shutdown is a clear that also reports: the model sees it as one.
  void shut_down() {
    const std::vector<std::string> lost = cache_->shutdown();
    const std::uint64_t evicted_before = stats_.evicted_pages;
    stats_ = cache_->stats();
    model::operation op;
    op.kind = model::operation_kind::clear;
    model::outcome observed;
    observed.evicted = static_cast<std::size_t>(stats_.evicted_pages - evicted_before);
    if (lost.empty()) {
      cleared(observed.evicted);
      return compare(op, observed, 0);
    }
    record_.found = {"pages-lost", "shutdown lost pages: " + lost.front()};
    for (std::size_t i = 1; i < lost.size(); ++i) record_.found->rule += "; " + lost[i];
  }

  void compare(const model::operation& op, const model::outcome& observed, std::uint64_t evicted_on_refusal) {
    const structure before = std::exchange(structure_, cache_->inspect());
    const std::optional<model::violation> rejected =
        is_free_to_choose_ ? follow_the_choice(op, observed, before) : reference_.step(op, observed, evicted_on_refusal);
    if (rejected) record_.found = {"model-mismatch", *rejected};
    if (!record_.found) compare_leases();
    if (!record_.found) compare_pages();
    if (!record_.found) compare_pins();
    if (!record_.found) compare_statistics();
    if (!record_.found) compare_eviction_order();
    if (!record_.found) compare_index();
    if (!record_.found && tells_events_) compare_events();
  }

  // As state::step, but what falls is what fell.
  std::optional<model::violation> follow_the_choice(const model::operation& op, const model::outcome& observed,
                                                    const structure& before) {
    using enum model::operation_kind;
    const bool only_evicts = op.kind == evict || op.kind == clear;
    if (!only_evicts && op.kind != allocate && op.kind != fork) return reference_.step(op, observed);
    std::vector<model::page> fallen;
    for (std::size_t p = 0; p < before.pages.size(); ++p) {
      const auto is_cached = [p](const structure& s) { return s.pages[p].state == model::page_state::cached; };
      if (is_cached(before) && !is_cached(structure_)) fallen.push_back(static_cast<model::page>(p));
    }
    if (only_evicts && fallen.size() != observed.evicted) {
      return model::show(op) + " says that it evicted " + std::to_string(observed.evicted) + " pages; " +
             std::to_string(fallen.size()) + " are cached no more";
    }
    std::stable_sort(fallen.begin(), fallen.end(), [this](model::page a, model::page b) {
      return reference_.chain(a).size() > reference_.chain(b).size();
    });
    for (const model::page p : fallen) {
      if (auto wrong = reference_.apply({model::step_kind::evict_page, p}, op, observed)) return wrong;
    }
    return reference_.apply({only_evicts ? model::step_kind::evict_end : model::step_kind::take}, op, observed);
  }

  void compare_leases() {
    for (const slot_state& slot : slots_) {
      if (!slot.open) continue;
      std::vector<model::page> expected = reference_.published_pages(*slot.lease);
      const std::vector<model::page> behind = reference_.private_pages(*slot.lease);
      expected.insert(expected.end(), behind.begin(), behind.end());
      const std::vector<model::page> now = cache_->pages_of(*slot.lease);
      if (now == expected) continue;
      record_.found = {"lease-pages", "the pages of lease #" + std::to_string(*slot.lease) + " are " + list(now) +
                                          ", although its operations left it " + list(expected)};
      return;
    }
  }

  void compare_pages() {
    const std::vector<model::page_view> expected = reference_.view();
    if (structure_.pages == expected) return;
    if (structure_.pages.size() != expected.size()) {
      record_.found = {"page-states", "the cache shows " + std::to_string(structure_.pages.size()) +
                                          " pages instead of " + std::to_string(expected.size())};
      return;
    }
    const auto differs = std::mismatch(expected.begin(), expected.end(), structure_.pages.begin());
    record_.found = {"page-states", "page " + std::to_string(differs.first - expected.begin()) + " is " +
                                        show(*differs.second) + "; the model has it " + show(*differs.first)};
  }

  void compare_pins() {
    std::vector<std::vector<model::page>> chains;
    for (const slot_state& slot : slots_) {
      if (slot.open) chains.push_back(reference_.published_pages(*slot.lease));
    }
    if (const std::optional<std::string> wrong = check_pins(structure_, chains)) record_.found = {"pins", *wrong};
  }

  void compare_statistics() {
    const model::statistics expected = reference_.stats();
    for (const model::named_statistic& g : model::named_statistics) {
      if (stats_.*g.value == expected.*g.value) continue;
      record_.found = {"statistics", std::string(g.name) + " is " + std::to_string(stats_.*g.value) + " instead of " +
                                         std::to_string(expected.*g.value)};
      return;
    }
  }

  void compare_eviction_order() {
    std::vector<model::page> expected = reference_.eviction_order();
    std::vector<model::page> shown = structure_.eviction_order;
    if (is_free_to_choose_) {
      std::sort(expected.begin(), expected.end());
      std::sort(shown.begin(), shown.end());
    }
    if (shown == expected) return;
    record_.found = {"eviction-order", "the next pages to be evicted are " + list(structure_.eviction_order) +
                                           "; by the policy they are " + list(expected)};
  }

  void compare_index() {
    std::vector<model::page> reached = structure_.indexed;
    std::sort(reached.begin(), reached.end());
    std::vector<model::page> cached;
    for (std::size_t p = 0; p < structure_.pages.size(); ++p) {
      if (structure_.pages[p].state == model::page_state::cached) cached.push_back(static_cast<model::page>(p));
    }
    if (reached == cached) return;
    record_.found = {"index", "the index leads to the pages " + list(reached) + "; cached are " + list(cached)};
  }

  void cleared(std::size_t pages) {
    ++clears_;
    pages_cleared_ += pages;
  }

  void compare_events() {
    const event_book& book = *cache_->events();
    std::optional<std::string> wrong = book.violation();
    if (!wrong) wrong = book.check_rest(structure_, clears_, pages_cleared_);
    if (wrong) record_.found = {"events", *wrong};
  }

  const std::size_t tokens_per_page_;
  model::state reference_;
  model::lease next_lease_ = 0;
  std::vector<slot_state> slots_;
  std::unique_ptr<subject> cache_;
  model::statistics stats_;   // after the last operation
  structure structure_;       // likewise
  bool tells_events_;
  bool is_free_to_choose_;
  std::size_t threads_;  // that take turns; none: the caller runs everything
  std::size_t evictions_ = 0;
  std::size_t clears_ = 0;
  std::size_t pages_cleared_ = 0;
  run_record record_;
  turns turns_;  // behind the cache, which they use
};

}  // namespace

void occurrence_counts::add(const occurrence_counts& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
}

std::string occurrence_counts::show() const {
  std::string text;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(counts_[i]) + " " + std::string(occurrence_names[i]);
  }
  return text;
}

std::string occurrence_counts::never() const {
  std::string text;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) text += (text.empty() ? "" : ", ") + std::string(occurrence_names[i]);
  }
  return text;
}

run_record run_workload(subject_factory make, const workload& w, const takers& who) {
  return side_by_side(make, w, who).run(w);
}

std::vector<std::string> show(const std::vector<performed>& history) {
  std::vector<std::string> lines;
  lines.reserve(history.size());
  for (const performed& p : history) {
    lines.push_back(model::show(p.op) + " -> " + (p.observed ? model::show(p.op, *p.observed) : "an exception"));
  }
  return lines;
}

}  // namespace triecheck::checks
