// Runs a workload on a cache and on the model side by side, and compares everything after every operation.
#include "checks/properties/workload_run.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "checks/oracles/event_recorder.h"
#include "checks/oracles/events.h"
#include "checks/oracles/lease_ids.h"
#include "checks/oracles/recency.h"
#include "checks/oracles/structure.h"
#include "checks/process/isolation.h"
#include "checks/subject/observation.h"
#include "checks/threads/turns.h"

namespace triecheck::checks {
namespace {

constexpr std::array<std::string_view, occurrences> occurrence_names = {"lookups",
                                                                        "hits",
                                                                        "allocations",
                                                                        "evictions by need",
                                                                        "refused as too large",
                                                                        "refused as full",
                                                                        "published pages",
                                                                        "partial publications",
                                                                        "duplicate pages",
                                                                        "releases",
                                                                        "released private pages",
                                                                        "second releases",
                                                                        "uses after release",
                                                                        "forks",
                                                                        "copied pages",
                                                                        "refused forks",
                                                                        "evicted pages",
                                                                        "clears",
                                                                        "dropped leases",
                                                                        "leases handed over",
                                                                        "leases of another cache",
                                                                        "matches",
                                                                        "matched pages",
                                                                        "shrinks",
                                                                        "pages not kept",
                                                                        "refusals beside evictable pages",
                                                                        "forgets",
                                                                        "forgotten prefixes",
                                                                        "forgotten pages that are pinned",
                                                                        "forgotten pages freed",
                                                                        "publications below forgotten pages",
                                                                        "more than 64 reuses",
                                                                        "pages with keys found",
                                                                        "pages with keys published",
                                                                        "duplicate pages with keys"};

// Which lease a slot holds, and what is left of its request. A slot that was never used has no lease.
struct slot_state {
  std::optional<model::lease> lease;
  bool open = false;
  std::vector<model::token> rest;
  std::vector<model::block_key> keys;  // of its request
  std::size_t tokens = 0;              // that the lease holds
  model::key_space space = 0;
  std::size_t threads_ahead = 0;  // how often it was handed over
};

std::string list(const std::vector<model::page>& pages) { return pages.empty() ? "none" : model::show(pages); }

std::string show(const model::page_view& p) {
  switch (p.state) {
    case model::page_state::free:
      return "free";
    case model::page_state::leased:
      return "private";
    case model::page_state::cached:
      break;
  }
  const std::string parent =
      (p.parent ? "page " + std::to_string(*p.parent) : "the root") + " of namespace " + std::to_string(p.space);
  const std::string pins = std::string(p.forgotten ? "forgotten and " : "") + (p.pinned ? "pinned" : "not pinned");
  return "cached under " + parent + " with the block [" + model::show(p.block) + "]" +
         (p.key == 0 ? "" : " and the key " + std::to_string(p.key)) + ", " + pins;
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
  side_by_side(subject_factory make, const workload& w, const takers& who,
               const std::function<void(const std::vector<performed>&)>& before)
      : before_(before),
        tokens_per_page_(w.cache.tokens_per_page),
        reference_(w.cache),
        slots_(slots_named(w)),
        told_(w.cache.pages, w.cache.tokens_per_page),
        recency_(w.cache.pages, who.threads),
        cache_(make(w.cache, leases_opened(w))),
        stats_(cache_->stats()),
        structure_(cache_->inspect()),
        tells_events_(cache_->open_hub(&subscriber_)),
        is_free_to_choose_(who.threads > 1 && who.order_by_thread),
        threads_(who.threads > 1 ? who.threads : 0),
        turns_(threads_) {
    record_.schedules = cache_->schedules();
    record_.forgets = cache_->forgets();
    record_.knows_keys = cache_->knows_keys();
  }

  run_record run(const workload& w) && {
    try {
      for (std::size_t i = 0; i < w.commands.size() && !record_.found; ++i) run(w.commands[i]);
      for (std::size_t s = 0; s < slots_.size() && !record_.found; ++s) {
        if (slots_[s].open) run({.kind = command_kind::release, .slot = s});
      }
      if (!record_.found && tells_events_) compare_with_who_joins();
      if (!record_.found) shut_down();
    } catch (const std::exception& e) {
      record_.found = {"exception", std::string("an exception came out of the operation: ") + e.what()};
    } catch (...) {
      record_.found = {"exception", "an exception that is no std::exception came out of the operation"};
    }
    if (record_.found) abandon(std::move(cache_));
    return std::move(record_);
  }

 private:
  void run(const command& c) {
    if (c.kind == command_kind::foreign) return use_foreign_lease();
    if (c.kind == command_kind::reuse) return reuse(c);
    if (c.kind == command_kind::hand_over) return hand_over(slots_[c.slot]);
    const std::optional<model::operation> op = operation_for(c);
    if (!op || (!record_.schedules && asks_as_a_scheduler(*op))) return;
    if (op->kind == model::operation_kind::forget && !record_.forgets) return;
    if (!op->keys.empty() && !record_.knows_keys) return;
    record_.history.push_back({*op, {}});
    if (before_) before_(record_.history);
    const model::statistics before = stats_;
    const model::outcome observed = perform(*op, uses_lease(c) ? slots_[c.slot].threads_ahead : 0);
    record_.history.back().observed = observed;
    stats_ = cache_->stats();
    const bool was_open = uses_lease(c) && slots_[c.slot].open;
    count(c, observed, before, was_open);
    follow(c, *op, observed);
    // Only a refusal leaves open how much was evicted on the way; everything else is exact.
    const bool refused = observed.result == model::status::cache_full;
    compare(*op, observed, refused ? stats_.evicted_pages - before.evicted_pages : 0);
  }

  // In one turn of one thread: hundreds of turns would take most of the time.
  void reuse(const command& c) {
    if (slots_[c.slot].open) return;
    const auto again_and_again = [&] {
      for (std::size_t i = 0; i < c.count && !record_.found; ++i) {
        run({.kind = command_kind::lookup, .slot = c.slot, .tokens = c.tokens, .space = c.space, .keys = c.keys});
        if (!record_.found) run({.kind = command_kind::release, .slot = c.slot});
      }
    };
    record_.seen.add(occurrence::many_reuses, c.count > 64);
    if (threads_ == 0) return again_and_again();
    whose_turn_ = next_lease_ % threads_;
    turns_.run(*whose_turn_, again_and_again);
    whose_turn_.reset();
  }

  void hand_over(slot_state& slot) {
    if (!slot.lease) return;
    ++slot.threads_ahead;
    record_.seen.add(occurrence::hand_over);
  }

  // Nothing may change here, so the model is not asked.
  void use_foreign_lease() {
    record_.seen.add(occurrence::foreign_lease);
    if (auto wrong = cache_->use_foreign_lease({0})) {
      record_.found = {"lease-state", *std::move(wrong)};
      return;
    }
    stats_ = cache_->stats();
    structure_ = cache_->inspect();
    compare_state();
  }

  model::outcome perform(const model::operation& op, std::size_t threads_ahead) {
    activity& shown = my_activity();
    show_beginning(shown, op);
    told_.begins(0, op);
    const model::outcome observed = perform_by_its_thread(op, threads_ahead);
    told_.returned(0, observed);
    shown.end();
    note_id(op, observed, threads_ahead);
    return observed;
  }

  // Ids grow with the leases of one thread: of that which opened this one.
  void note_id(const model::operation& op, const model::outcome& observed, std::size_t threads_ahead) {
    const bool forks = op.kind == model::operation_kind::fork;
    if ((op.kind != model::operation_kind::lookup && !forks) || observed.result != model::status::ok) return;
    const auto opened = cache_->view_of(forks ? op.forked : op.subject);
    const std::size_t thread = threads_ == 0 ? 0 : whose_turn_.value_or((op.subject + threads_ahead) % threads_);
    if (opened && !wrong_id_) wrong_id_ = ids_.opened(thread, opened->id);
  }

  model::outcome perform_by_its_thread(const model::operation& op, std::size_t threads_ahead) {
    if (threads_ == 0 || whose_turn_) return cache_->perform(op);
    const bool of_nobody = !model::has_lease(op.kind);
    model::outcome observed;
    turns_.run((of_nobody ? evictions_++ : op.subject + threads_ahead) % threads_,
               [&] { observed = cache_->perform(op); });
    return observed;
  }

  static bool uses_lease(const command& c) {
    return c.kind != command_kind::evict && c.kind != command_kind::clear && c.kind != command_kind::match &&
           c.kind != command_kind::forget && c.kind != command_kind::set_time;
  }

  static bool asks_as_a_scheduler(const model::operation& op) {
    return op.free_only || op.kind == model::operation_kind::match || op.kind == model::operation_kind::shrink;
  }

  // The operation that the command means now; nothing where its preconditions do not hold.
  std::optional<model::operation> operation_for(const command& c) {
    model::operation op;
    op.count = c.count;
    if (c.kind == command_kind::match || c.kind == command_kind::forget) {
      op.kind = c.kind == command_kind::match ? model::operation_kind::match : model::operation_kind::forget;
      op.tokens = c.tokens;
      op.keys = c.keys;
      op.space = c.space;
      return op;
    }
    if (c.kind == command_kind::set_time) {
      op.kind = model::operation_kind::set_time;
      op.now = c.count;
      return op;
    }
    if (!uses_lease(c)) {
      op.kind = c.kind == command_kind::evict ? model::operation_kind::evict : model::operation_kind::clear;
      return op;
    }
    slot_state& slot = slots_[c.slot];
    if (c.kind == command_kind::lookup) {
      if (slot.open) return {};
      op.subject = next_lease_++;
      op.tokens = c.tokens;
      op.keys = c.keys;
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
        op.keys =
            reference_.allowed_keys(op.subject, c.kind == command_kind::extend ? from_here(c.keys, slot) : slot.keys);
        op.extra_slots = c.extra_slots;
        op.free_only = c.free_only;
        return op;
      case command_kind::shrink:
        op.kind = model::operation_kind::shrink;
        op.kept_tokens = std::min(c.computed.value_or(slot.tokens), slot.tokens);
        return op;
      case command_kind::publish:
        op.kind = model::operation_kind::publish;
        op.computed_tokens = std::min(c.computed.value_or(slot.tokens), slot.tokens);
        op.keep = c.keep;
        return op;
      case command_kind::release:
      case command_kind::drop:
        op.kind = model::operation_kind::release;
        op.keep = c.keep;
        op.dropped = c.kind == command_kind::drop;
        return op;
      case command_kind::fork:
        if (c.other == c.slot || slots_[c.other].open) return {};
        op.kind = model::operation_kind::fork;
        op.forked = next_lease_++;
        return op;
      default:
        return {};
    }
  }

  // Keys whose block 0 is that of the next token of the lease.
  std::vector<model::block_key> from_here(std::vector<model::block_key> keys, const slot_state& slot) const {
    for (model::block_key& k : keys) k.block += slot.tokens / tokens_per_page_;
    return keys;
  }

  // What the next commands need to know of the slots.
  void follow(const command& c, const model::operation& op, const model::outcome& observed) {
    if (!uses_lease(c)) return;
    slot_state& slot = slots_[c.slot];
    const bool ok = observed.result == model::status::ok;
    switch (c.kind) {
      case command_kind::lookup: {
        const std::size_t matched = std::min(op.tokens.size(), observed.cached * tokens_per_page_);
        slot = {op.subject, true,    {op.tokens.begin() + static_cast<std::ptrdiff_t>(matched), op.tokens.end()},
                op.keys,    matched, op.space};
        break;
      }
      case command_kind::allocate_rest:
        if (ok) slot.rest.clear();
        [[fallthrough]];
      case command_kind::extend:
        if (ok) slot.tokens += op.tokens.size();
        break;
      case command_kind::shrink:
        if (ok) slot.tokens = std::max(op.kept_tokens, observed.cached * tokens_per_page_);
        break;
      case command_kind::release:
      case command_kind::drop:
        slot.open = false;
        break;
      case command_kind::fork:
        if (ok) slots_[c.other] = {op.forked, true, slot.rest, slot.keys, slot.tokens, slot.space};
        break;
      default:
        break;
    }
  }

  void count(const command& c, const model::outcome& observed, const model::statistics& before, bool was_open) {
    if (c.kind == command_kind::set_time) return;
    occurrence_counts& seen = record_.seen;
    const bool ok = observed.result == model::status::ok;
    if (c.kind == command_kind::lookup) {
      seen.add(occurrence::lookup);
      seen.add(occurrence::hit, observed.cached != 0);
      for (const model::block_key& k : c.keys) seen.add(occurrence::keyed_hit, k.block < observed.cached);
    } else if (c.kind == command_kind::match) {
      seen.add(occurrence::match);
      seen.add(occurrence::matched_page, observed.cached);
    } else if (c.kind == command_kind::forget) {
      seen.add(occurrence::forget);
      seen.add(occurrence::forgotten_prefix, observed.cached);
    } else if (c.kind == command_kind::evict || c.kind == command_kind::clear) {
      seen.add(occurrence::clear, c.kind == command_kind::clear);
      seen.add(occurrence::evicted_page, observed.evicted);
    } else if (!was_open) {
      const bool ends = c.kind == command_kind::release || c.kind == command_kind::drop;
      seen.add(ends ? occurrence::second_release : occurrence::use_after_release);
    } else if (c.kind == command_kind::release || c.kind == command_kind::drop) {
      seen.add(c.kind == command_kind::release ? occurrence::release : occurrence::dropped_lease);
      seen.add(occurrence::released_page, before.private_pages - stats_.private_pages);
    } else if (c.kind == command_kind::shrink) {
      seen.add(occurrence::shrink);
      seen.add(occurrence::shrunk_page, before.private_pages - stats_.private_pages);
    } else if (c.kind == command_kind::fork) {
      seen.add(ok ? occurrence::fork : occurrence::refused_fork);
      seen.add(occurrence::copied_page, observed.copies.size());
    } else if (c.kind == command_kind::publish) {
      const std::vector<model::page> chain = reference_.published_pages(*slots_[c.slot].lease);
      for (const model::block_key& k : reference_.private_keys(*slots_[c.slot].lease)) {
        if (k.block >= observed.cached) continue;
        const bool is_own =
            observed.pages[k.block] == reference_.private_pages(*slots_[c.slot].lease)[k.block - chain.size()];
        seen.add(is_own ? occurrence::keyed_publication : occurrence::keyed_duplicate);
      }
      const bool is_forgotten = !chain.empty() && reference_.view()[chain.back()].forgotten;
      seen.add(occurrence::publication_below_forgotten,
               is_forgotten && slots_[c.slot].tokens / tokens_per_page_ > chain.size());
      seen.add(occurrence::partial_publication,
               !is_forgotten && observed.cached < slots_[c.slot].tokens / tokens_per_page_);
    } else {
      seen.add(occurrence::allocation, ok);
      const bool was_full = observed.result == model::status::cache_full;
      seen.add(occurrence::free_only_refusal, c.free_only && was_full && reference_.available().evictable_pages != 0);
    }
    if (c.kind == command_kind::allocate_rest || c.kind == command_kind::extend || c.kind == command_kind::fork) {
      seen.add(occurrence::eviction_by_need, stats_.evicted_pages != before.evicted_pages);
    }
    seen.add(occurrence::forgotten_fall, stats_.forgotten_pages - before.forgotten_pages);
    seen.add(occurrence::refused_too_large, stats_.refused_too_large - before.refused_too_large);
    seen.add(occurrence::refused_full, stats_.refused_full - before.refused_full);
    seen.add(occurrence::published_page, stats_.published_pages - before.published_pages);
    seen.add(occurrence::duplicate_page, stats_.duplicate_pages - before.duplicate_pages);
  }

  // A shutdown is a clear that also reports: the model sees it as one.
  void shut_down() {
    model::operation op;
    op.kind = model::operation_kind::clear;
    told_.begins(0, op);
    const std::vector<std::string> lost = cache_->shutdown();
    const std::uint64_t evicted_before = stats_.evicted_pages;
    stats_ = cache_->stats();
    model::outcome observed;
    observed.evicted = static_cast<std::size_t>(stats_.evicted_pages - evicted_before);
    told_.returned(0, observed);
    if (lost.empty()) return compare(op, observed, 0);
    record_.found = {"pages-lost", "shutdown lost pages: " + lost.front()};
    for (std::size_t i = 1; i < lost.size(); ++i) record_.found->rule += "; " + lost[i];
  }

  void compare(const model::operation& op, const model::outcome& observed, std::uint64_t evicted_on_refusal) {
    const structure before = std::exchange(structure_, cache_->inspect());
    const std::vector<model::page> chain =
        op.kind == model::operation_kind::release ? reference_.published_pages(op.subject) : std::vector<model::page>{};
    if (!chain.empty()) recency_.released(chain);
    const std::optional<model::violation> rejected = is_free_to_choose_
                                                         ? follow_the_choice(op, observed, before)
                                                         : reference_.step(op, observed, evicted_on_refusal);
    if (rejected) record_.found = {"model-mismatch", *rejected};
    if (op.kind == model::operation_kind::forget) {
      for (const model::page_view& p : structure_.pages)
        record_.seen.add(occurrence::forgotten_pinned_page, p.forgotten);
    }
    if (!record_.found) compare_state();
  }

  void compare_state() {
    compare_leases();
    if (!record_.found) compare_pages();
    if (!record_.found) compare_pins();
    if (!record_.found) compare_statistics();
    if (!record_.found) compare_available();
    if (!record_.found) compare_eviction_order();
    if (!record_.found) compare_index();
    if (!record_.found && tells_events_) compare_events();
    if (!record_.found && wrong_id_) record_.found = {"lease-state", *wrong_id_};
  }

  // As state::step, but the cache has chosen what is evicted.
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
    if (!only_evicts && (observed.result != model::status::ok || op.free_only) && !fallen.empty()) {
      return model::show(op) + (op.free_only ? "" : " was refused") + ", but " + std::to_string(fallen.size()) +
             " pages are cached no more";
    }
    if (only_evicts && fallen.size() != observed.evicted) {
      return model::show(op) + " says that it evicted " + std::to_string(observed.evicted) + " pages; " +
             std::to_string(fallen.size()) + " are cached no more";
    }
    if (auto wrong = wrong_choice(fallen)) return wrong;
    std::stable_sort(fallen.begin(), fallen.end(), [this](model::page a, model::page b) {
      return reference_.chain(a).size() > reference_.chain(b).size();
    });
    for (const model::page p : fallen) {
      if (auto wrong = reference_.apply({model::step_kind::evict_page, p}, op, observed)) return wrong;
    }
    return reference_.apply({only_evicts ? model::step_kind::evict_end : model::step_kind::take}, op, observed);
  }

  // Whether the evicted pages were about as old as the oldest leaf that was not evicted.
  std::optional<std::string> wrong_choice(const std::vector<model::page>& fallen) const {
    const std::vector<model::page_view> pages = reference_.view();
    std::vector<bool> stays(pages.size());  // has a child, or was evicted
    for (const model::page_view& p : pages) {
      if (p.parent) stays[*p.parent] = true;
    }
    for (const model::page p : fallen) stays[p] = true;
    for (const model::page kept : reference_.eviction_order()) {
      if (stays[kept]) continue;
      for (const model::page gone : fallen) {
        if (auto wrong = recency_.check(gone, kept)) return wrong;
      }
      return std::nullopt;
    }
    return std::nullopt;
  }

  void compare_leases() {
    for (const slot_state& slot : slots_) {
      if (slot.lease) compare_view(slot);
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

  // What the lease says of itself: a closed one that it is not open.
  void compare_view(const slot_state& slot) {
    const std::optional<lease_view> seen = cache_->view_of(*slot.lease);
    if (!seen || (!seen->is_open && !slot.open)) return;
    const std::size_t cached = reference_.published_pages(*slot.lease).size() * tokens_per_page_;
    const std::vector<model::block_key> keys = reference_.private_keys(*slot.lease);
    if (slot.open && record_.knows_keys && seen->keys != keys) {
      record_.found = {"lease-state", "lease #" + std::to_string(*slot.lease) + " says that its private blocks have" +
                                          (seen->keys.empty() ? " no keys" : " the" + model::show(seen->keys)) +
                                          "; its operations left it" + (keys.empty() ? " none" : model::show(keys))};
      return;
    }
    if (seen->is_open == slot.open && seen->space == slot.space && seen->tokens == slot.tokens &&
        seen->cached_tokens == cached)
      return;
    record_.found = {"lease-state", "lease #" + std::to_string(*slot.lease) + " says that it is " +
                                        (seen->is_open ? "open" : "closed") + ", in namespace " +
                                        std::to_string(seen->space) + ", with " + std::to_string(seen->tokens) +
                                        " tokens, " + std::to_string(seen->cached_tokens) +
                                        " of them cached; its operations left it " + (slot.open ? "open" : "closed") +
                                        ", in " + std::to_string(slot.space) + ", with " + std::to_string(slot.tokens) +
                                        ", " + std::to_string(cached) + " of them cached"};
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
    const model::statistics expected =
        record_.schedules ? reference_.stats() : without_refused_lookups(reference_.stats());
    for (const model::named_statistic& g : model::named_statistics) {
      if (stats_.*g.value == expected.*g.value) continue;
      record_.found = {"statistics", std::string(g.name) + " is " + std::to_string(stats_.*g.value) + " instead of " +
                                         std::to_string(expected.*g.value)};
      return;
    }
  }

  void compare_available() {
    const std::optional<model::availability> seen = cache_->available();
    const model::availability expected =
        cache_->counts_shared_pages_once() ? reference_.available() : reference_.available_by_chains();
    if (!seen || *seen == expected) return;
    record_.found = {"available",
                     "available are said to be: " + model::show(*seen) + "; there are: " + model::show(expected)};
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
      if (structure_.pages[p].state == model::page_state::cached && !structure_.pages[p].forgotten)
        cached.push_back(static_cast<model::page>(p));
    }
    if (reached == cached) return;
    record_.found = {"index", "the index leads to the pages " + list(reached) + "; cached are " + list(cached)};
  }

  void compare_events() {
    std::optional<std::string> wrong = told_.violation();
    if (!wrong) wrong = told_.check_rest(structure_);
    if (!wrong) wrong = told_.check_evictions(stats_.evicted_pages, structure_);
    if (wrong) record_.found = {"events", *wrong};
  }

  // A subscriber that joins now receives exactly what is cached.
  void compare_with_who_joins() {
    event_book book(structure_.pages.size(), tokens_per_page_);
    event_recorder late(book);
    cache_->join(late);
    cache_->leave(late);
    std::optional<std::string> wrong = book.violation();
    if (!wrong) wrong = book.check_rest(structure_);
    if (wrong) record_.found = {"events", "a subscriber that joined: " + *wrong};
  }

  const std::function<void(const std::vector<performed>&)>& before_;
  const std::size_t tokens_per_page_;
  model::state reference_;
  model::lease next_lease_ = 0;
  std::vector<slot_state> slots_;
  event_book told_;
  lease_ids ids_;
  std::optional<std::string> wrong_id_;
  recency_bound recency_;
  event_recorder subscriber_{told_};  // outlives the cache
  std::unique_ptr<subject> cache_;
  model::statistics stats_;  // after the last operation
  structure structure_;      // likewise
  bool tells_events_;
  bool is_free_to_choose_;
  std::size_t threads_;                    // that take turns; none: the caller runs everything
  std::optional<std::size_t> whose_turn_;  // while one of them runs several operations
  std::size_t evictions_ = 0;
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

std::string occurrence_counts::never(bool schedules, bool forgets, bool knows_keys) const {
  const auto first = static_cast<std::size_t>(occurrence::match);
  const auto last = static_cast<std::size_t>(occurrence::free_only_refusal);
  std::string text;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (!schedules && i >= first && i <= last) continue;
    if (!forgets && i > last && i <= static_cast<std::size_t>(occurrence::publication_below_forgotten)) continue;
    if (!knows_keys && i > static_cast<std::size_t>(occurrence::many_reuses)) continue;
    if (counts_[i] == 0) text += (text.empty() ? "" : ", ") + std::string(occurrence_names[i]);
  }
  return text;
}

run_record run_workload(subject_factory make, const workload& w, const takers& who,
                        const std::function<void(const std::vector<performed>&)>& before) {
  return side_by_side(make, w, who, before).run(w);
}

std::vector<std::string> show(const std::vector<performed>& history) {
  std::vector<std::string> lines;
  lines.reserve(history.size());
  for (const performed& p : history) lines.push_back(show(p));
  return lines;
}

std::string show(const performed& p) {
  return model::show(p.op) + " -> " + (p.observed ? model::show(p.op, *p.observed) : "an exception");
}

}  // namespace triecheck::checks
