#include "linearizability.h"

#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "withheld.h"

namespace triecheck::model {

namespace {

constexpr std::uint32_t complete = 0xffff'ffff;
constexpr page no_longer_cached = 0xffff'ffff;

bool contains(const std::vector<page>& pages, page p) {
  return std::find(pages.begin(), pages.end(), p) != pages.end();
}

// Whether it may evict for the pages that it takes.
bool evicts_and_takes(const operation& op) {
  return (op.kind == operation_kind::allocate || op.kind == operation_kind::fork) && !op.free_only;
}

// Whether it is an eviction that ended because nothing was evictable.
bool ran_dry(const event& e) {
  return e.op.kind == operation_kind::clear || (e.op.kind == operation_kind::evict && e.observed.evicted < e.op.count);
}

std::string describe(const page_view& v) {
  switch (v.state) {
    case page_state::free:
      return "free";
    case page_state::leased:
      return "private";
    case page_state::cached:
      break;
  }
  return "cached below " + (v.parent ? "page " + std::to_string(*v.parent) : "the root") + " with block [" +
         show(v.block) + "]" + (v.key == 0 ? "" : " key " + std::to_string(v.key)) + " and " +
         (v.pinned ? "pinned" : "not pinned");
}

// How far a search has come.
struct position {
  state now;
  std::vector<std::uint32_t> progress;  // by event: evictions done by evict and clear, or `complete`
  std::size_t advances = 0;             // how many steps of events led here, evictions on the way not counted
  std::optional<std::size_t> bound;     // the event that must take its pages next, after a needless eviction
};

struct placed_step {
  std::size_t event;
  atomic_step what;
};

class search {
 public:
  search(const config& c, const std::vector<event>& events, const std::vector<page_view>* final_pages,
         const check_options& options)
      : config_(c), final_pages_(final_pages), limit_states_(options.limit_states) {
    events_.assign(events.begin(), events.end());
    std::stable_sort(events_.begin(), events_.end(), [](const event& a, const event& b) {
      return std::pair(a.called, a.returned) < std::pair(b.called, b.returned);
    });
    missed_.assign(events_.size(), {});
    is_crowded_ = options.rule == refusals::crowded;
    if (is_crowded_) missed_ = moved_by_others(config_, events_);
  }

  linearization run(bool tell_order) {
    linearization result;
    const std::size_t states_at_once = accept_at_once();
    ending e = ending::accepted;
    if (states_at_once == 0) {
      note_tokens();
      e = visit(start());
    }
    result.verdict = e == ending::accepted   ? linearizable::yes
                     : e == ending::rejected ? linearizable::no
                                             : linearizable::unknown;
    result.states = states_at_once != 0 ? states_at_once : visited_.size();
    if (e != ending::accepted || tell_order) {
      for (const placed_step& s : e == ending::accepted ? path_ : longest_) result.order.push_back(show_step(s));
    }
    if (e == ending::rejected) result.reason = reason_;
    return result;
  }

 private:
  enum class ending { accepted, rejected, gave_up };

  position start() const { return {state(config_), std::vector<std::uint32_t>(events_.size(), 0), 0, std::nullopt}; }

  // Follows the first alternatives of `visit` as far as they go, and returns how many states that are; 0 where they do
  // not lead to the end. Nearly every history is accepted so, at a fraction of the cost: no position has to be kept.
  std::size_t accept_at_once() {
    position p = start();
    for (std::size_t states = 1; states <= limit_states_; ++states) {
      const std::vector<std::size_t> next = under_way(p);
      if (next.empty()) {
        if (!final_pages_ || p.now.view() == *final_pages_) return states;
        break;
      }
      std::string objection;
      const std::vector<atomic_step> steps = next_steps(p, next.front(), objection);
      if (steps.empty() || advance(p, next.front(), steps.front())) break;
    }
    path_.clear();
    return 0;
  }

  ending visit(const position& p) {
    std::u32string key(p.progress.begin(), p.progress.end());
    key.push_back(static_cast<char32_t>(p.bound.value_or(events_.size())));
    key += p.now.key();
    if (visited_.contains(key)) return ending::rejected;
    if (visited_.size() == limit_states_) return ending::gave_up;
    visited_.insert(std::move(key));

    const std::vector<std::size_t> next = p.bound ? std::vector{*p.bound} : under_way(p);
    if (next.empty()) return visit_end(p);
    std::string objection;
    bool moved = false;
    for (const std::size_t i : next) {
      for (const atomic_step& s : next_steps(p, i, objection)) {
        const std::size_t length = path_.size();
        position behind = p;
        if (auto v = advance(behind, i, s)) {
          if (objection.empty()) objection = show_thread(i) + *v;
        } else {
          moved = true;
          if (const ending e = visit(behind); e != ending::rejected) return e;
        }
        path_.resize(length);
      }
    }
    if (!moved) note_dead_end(p, objection);
    return visit_needless_evictions(p, next);
  }

  ending visit_end(const position& p) {
    if (!final_pages_) return ending::accepted;
    const std::vector<page_view> pages = p.now.view();
    if (pages == *final_pages_) return ending::accepted;
    if (pages.size() != final_pages_->size()) {
      note_dead_end(p, "the final snapshot shows " + std::to_string(final_pages_->size()) +
                           " pages, but the cache has " + std::to_string(pages.size()));
      return ending::rejected;
    }
    const auto differ = std::mismatch(pages.begin(), pages.end(), final_pages_->begin());
    note_dead_end(p, "the final snapshot shows page " + std::to_string(differ.first - pages.begin()) + " " +
                         describe(*differ.second) + ", but after the last step it was " + describe(*differ.first));
    return ending::rejected;
  }

  // Evictions that the next take does not need but a later event may, made by the only event that can still evict.
  ending visit_needless_evictions(const position& p, const std::vector<std::size_t>& next) {
    std::optional<std::size_t> evictor;
    for (const std::size_t i : next) {
      if (!may_evict(p, i)) continue;
      if (evictor) return ending::rejected;
      evictor = i;
    }
    if (!evictor) return ending::rejected;
    for (const page node : p.now.eviction_order()) {
      if (!may_have_to_go(p, *evictor, node)) continue;
      const std::size_t length = path_.size();
      position behind = p;
      behind.bound = *evictor;
      if (!place(behind, *evictor, {step_kind::evict_page, node})) {
        if (const ending e = visit(behind); e != ending::rejected) return e;
      }
      path_.resize(length);
    }
    return ending::rejected;
  }

  // The next event of each thread, unless an event that is not completed returned before it was called. Those that
  // returned first come first: they are the likeliest to be next, and their objection says most.
  std::vector<std::size_t> under_way(const position& p) const {
    std::size_t earliest_return = SIZE_MAX;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (p.progress[i] != complete) earliest_return = std::min(earliest_return, at(i).returned);
    }
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (p.progress[i] == complete || at(i).called > earliest_return) continue;
      const auto same_thread = [&](std::size_t j) { return at(j).thread == at(i).thread; };
      if (std::none_of(found.begin(), found.end(), same_thread)) found.push_back(i);
    }
    std::sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(at(a).returned, a) < std::pair(at(b).returned, b);
    });
    return found;
  }

  std::vector<atomic_step> next_steps(const position& p, std::size_t i, std::string& objection) const {
    const event& e = at(i);
    switch (e.op.kind) {
      case operation_kind::lookup:
        return {{step_kind::lookup}};
      case operation_kind::allocate:
      case operation_kind::fork:
        return {{step_kind::take}};
      case operation_kind::publish:
        return {{p.now.publishable(e.op, e.observed) == 0 ? step_kind::publish_end : step_kind::publish_page}};
      case operation_kind::release:
        return {{step_kind::drop_pin}};
      case operation_kind::match:
        return {{step_kind::match}};
      case operation_kind::forget:
        return steps_of_forget(p, i);
      case operation_kind::set_time:
        return {{step_kind::set_time}};
      case operation_kind::shrink:
        return {{step_kind::shrink_end}};
      case operation_kind::evict:
      case operation_kind::clear:
        break;
    }
    if (p.progress[i] == e.observed.evicted) return {{step_kind::evict_end}};
    std::vector<atomic_step> steps;
    for (const page node : p.now.eviction_order()) steps.push_back({step_kind::evict_page, node});
    if (missed_[i].beside_forget) steps.push_back({step_kind::evict_page, no_longer_cached});
    if (steps.empty() && objection.empty()) {
      objection =
          show_thread(i) + show(e.op) + " freed " + show(e.op, e.observed) + ", but then nothing more was evictable";
    }
    return steps;
  }

  // At once, but for a whole namespace under the rule `crowded`.
  std::vector<atomic_step> steps_of_forget(const position& p, std::size_t i) const {
    const operation& op = at(i).op;
    if (!is_crowded_ || op.tokens.size() >= config_.tokens_per_page || at(i).observed.cached == 0)
      return {{step_kind::forget}};
    std::vector<atomic_step> steps;
    for (const page first : p.now.forgettable(op)) steps.push_back({step_kind::forget_first, first});
    if (p.progress[i] != 0) steps.push_back({step_kind::forget_end});
    return steps;
  }

  // Takes the step `s` of event `i`: before it the steps that it waits for, after it the steps that follow without a
  // choice.
  std::optional<violation> advance(position& p, std::size_t i, const atomic_step& s) {
    const event& e = at(i);
    make_way(p, i, s);
    if (auto v = place(p, i, s)) return v;
    ++p.advances;
    p.bound.reset();
    switch (s.kind) {
      case step_kind::publish_page:
        if (p.now.publishable(e.op, e.observed) != 0) return std::nullopt;
        if (auto v = place(p, i, {step_kind::publish_end})) return v;
        break;
      case step_kind::forget_first:
        ++p.progress[i];
        return std::nullopt;
      case step_kind::evict_page:
        // With all that was asked for the end can follow at once; otherwise it waits until nothing is evictable.
        if (++p.progress[i] != e.observed.evicted || ran_dry(e)) return std::nullopt;
        if (auto v = place(p, i, {step_kind::evict_end})) return v;
        break;
      default:
        break;
    }
    p.progress[i] = complete;
    return std::nullopt;
  }

  // Places the steps that `s` waits for: evictions, by an operation that may evict now, and pages that a release frees.
  // Where they do not suffice, `s` is rejected.
  void make_way(position& p, std::size_t i, const atomic_step& s) {
    const event& e = at(i);
    if (s.kind == step_kind::drop_pin || s.kind == step_kind::shrink_end) {
      for (const page own : p.now.returnable(e.op)) {
        static_cast<void>(place(p, i, {step_kind::free_page, own}));
      }
    }
    if (s.kind == step_kind::take) {
      for (const std::size_t other : under_way(p)) {
        for (const page freed : p.now.returnable(at(other).op)) {
          if (contains(e.observed.pages, freed)) static_cast<void>(place(p, other, {step_kind::free_page, freed}));
        }
      }
    }
    const std::vector<page> nodes = p.now.in_the_way(s, e.op, e.observed);
    if (nodes.empty()) return;
    const bool by_itself = s.kind == step_kind::take && evicts_and_takes(e.op);
    const std::vector<std::size_t> others = by_itself ? std::vector{i} : under_way(p);
    const auto evictor =
        std::find_if(others.begin(), others.end(), [&](std::size_t other) { return may_evict(p, other); });
    if (evictor == others.end()) return;
    for (const page node : nodes) static_cast<void>(place(p, *evictor, {step_kind::evict_page, node}));
  }

  std::optional<violation> place(position& p, std::size_t i, const atomic_step& s) {
    // Concurrently with a forget, an eviction may have taken a page that counts as forgotten by now, and so was free.
    const bool is_nothing = s.kind == step_kind::evict_page && s.target == no_longer_cached;
    if (is_nothing) return std::nullopt;
    if (auto v = p.now.apply(s, at(i).op, at(i).observed, missed_[i])) return v;
    placed_step placed{i, s};
    if (s.kind == step_kind::publish_page) placed.what.target = p.now.published_pages(at(i).op.subject).back();
    path_.push_back(placed);
    return std::nullopt;
  }

  bool may_evict(const position& p, std::size_t i) const {
    const event& e = at(i);
    const bool goes_so_far = e.observed.result == status::ok || e.observed.result == status::cache_full;
    return evicts_and_takes(e.op) && goes_so_far && p.now.shortage(e.op) != 0;
  }

  // Whether the final snapshot, or an event that is not completed, other than `evictor`, may depend on the eviction of
  // `node` or of a node above it. Errs towards yes. An allocate or fork that may evict does not depend on it: it evicts
  // for itself.
  bool may_have_to_go(const position& p, std::size_t evictor, page node) const {
    const std::vector<page> chain = p.now.chain(node);
    std::vector<token> path = p.now.path(node);
    for (std::size_t depth = chain.size(); depth > 0; --depth) {
      path.resize(depth * config_.tokens_per_page);
      for (std::size_t i = 0; i < events_.size(); ++i) {
        if (i != evictor && p.progress[i] != complete && may_depend_on(i, chain[depth - 1], depth, path)) return true;
      }
    }
    if (!final_pages_) return false;
    const std::vector<page_view> pages = p.now.view();
    return std::any_of(chain.begin(), chain.end(), [&](page above) {
      if (above >= final_pages_->size()) return true;
      const page_view& last = (*final_pages_)[above];
      return last.state != page_state::cached || last.parent != pages[above].parent ||
             last.block != pages[above].block || last.key != pages[above].key;
    });
  }

  bool may_depend_on(std::size_t i, page gone, std::size_t depth, const std::vector<token>& path) const {
    const outcome& observed = at(i).observed;
    if (ran_dry(at(i))) return true;
    if (at(i).op.kind == operation_kind::forget && at(i).op.tokens.size() < config_.tokens_per_page) return true;
    if (at(i).op.free_only && contains(observed.pages, gone)) return true;
    const std::vector<token>& tokens = tokens_[i];
    const bool passes = tokens.size() >= path.size() && std::equal(path.begin(), path.end(), tokens.begin());
    if (at(i).op.kind == operation_kind::match || at(i).op.kind == operation_kind::forget) return passes;
    return passes && (observed.pages.size() < depth || observed.pages[depth - 1] != gone);
  }

  // The tokens that a lookup, match or forget asked for, and those that the lease of a publish held: a lease is used by
  // one operation at a time, so the order of the calls is the order in which they grew.
  void note_tokens() {
    tokens_.resize(events_.size());
    std::map<lease, std::vector<token>> held;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const operation& op = at(i).op;
      const bool ok = at(i).observed.result == status::ok;
      if (op.kind == operation_kind::match || op.kind == operation_kind::forget) tokens_[i] = op.tokens;
      if (!has_lease(op.kind)) continue;
      std::vector<token>& tokens = held[op.subject];
      if (op.kind == operation_kind::lookup) {
        tokens_[i] = tokens = op.tokens;
        tokens.resize(std::min(tokens.size(), at(i).observed.cached * config_.tokens_per_page));
      }
      if (op.kind == operation_kind::publish)
        tokens_[i].assign(tokens.begin(),
                          tokens.begin() + static_cast<std::ptrdiff_t>(std::min(op.computed_tokens, tokens.size())));
      if (op.kind == operation_kind::allocate && ok) tokens.insert(tokens.end(), op.tokens.begin(), op.tokens.end());
      if (op.kind == operation_kind::shrink && ok) {
        tokens.resize(
            std::min(tokens.size(), std::max(op.kept_tokens, at(i).observed.cached * config_.tokens_per_page)));
      }
      if (op.kind == operation_kind::fork && ok) held[op.forked] = tokens;
    }
  }

  const event& at(std::size_t i) const { return events_[i]; }

  void note_dead_end(const position& p, const std::string& objection) {
    if (!reason_.empty() && p.advances <= longest_advances_) return;
    longest_advances_ = p.advances;
    longest_ = path_;
    reason_ = objection;
  }

  std::string show_thread(std::size_t i) const { return "thread " + std::to_string(at(i).thread) + ": "; }

  std::string show_step(const placed_step& s) const {
    const event& e = at(s.event);
    const std::string who = show_thread(s.event) + show(e.op);
    const std::string target = " page " + std::to_string(s.what.target);
    switch (s.what.kind) {
      case step_kind::evict_page:
        return who + " evicts" + target;
      case step_kind::free_page:
        return who + " frees" + target;
      case step_kind::publish_page:
        return who + "," + target;
      default:
        return who + ": " + show(e.op, e.observed);
    }
  }

  const config config_;
  std::vector<std::reference_wrapper<const event>> events_;  // by the time of the call
  const std::vector<page_view>* final_pages_;
  const std::size_t limit_states_;
  bool is_crowded_ = false;
  std::vector<withheld> missed_;            // by event: what it may miss
  std::vector<std::vector<token>> tokens_;  // by event, see note_tokens

  std::unordered_set<std::u32string> visited_;
  std::vector<placed_step> path_;     // the steps that lead to the position visited
  std::vector<placed_step> longest_;  // the path to the dead end that came farthest, and what it met there
  std::size_t longest_advances_ = 0;
  std::string reason_;
};

}  // namespace

linearization check(const config& c, const std::vector<event>& history, const std::vector<page_view>* final_pages,
                    const check_options& options) {
  for (const event& e : history) {
    if (e.returned < e.called) throw std::invalid_argument(show(e.op) + " returned before it was called");
  }
  return search(c, history, final_pages, options).run(options.tell_order);
}

}  // namespace triecheck::model
