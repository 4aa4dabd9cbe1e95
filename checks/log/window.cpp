#include "checks/log/window.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

namespace triecheck::checks {
namespace {

using model::operation_kind;
using model::page;

// Above that the pages of a history are numbered anew, and refusals are not judged: a model of the whole pool
// costs too much.
constexpr std::size_t most_pages = 4096;
constexpr unsigned builder = 1'000'000;  // the thread of what builds the state

bool evicts(const logged_event& e) { return e.op.kind == operation_kind::evict || e.op.kind == operation_kind::clear; }

// An event of the window, and what it asked the trie for.
struct asking {
  const logged_event* e;
  std::vector<path_id> asked = {};  // of a lookup and a publication: the paths of the blocks
  std::size_t cached_before = 0;
  std::vector<page> pages_before = {};
  std::size_t tokens_before = 0;
};

class extraction {
 public:
  extraction(const logged_run& run, const run_state& start, const window_request& wanted, path_table& paths)
      : run_(run), start_(start), wanted_(wanted), paths_(paths), is_complete_(run.lost.empty()) {}

  window_history run() {
    choose_events();
    for (const asking& a : kept_) touched_.insert(a.e->observed.pages.begin(), a.e->observed.pages.end());
    collect_leases();
    collect_nodes();
    assume_nodes();
    collect_idle_leases();
    number_pages();
    build_nodes();
    build_leases();
    add_events();
    std::sort(out_.left_out.begin(), out_.left_out.end());
    out_.left_out.erase(std::unique(out_.left_out.begin(), out_.left_out.end()), out_.left_out.end());
    return std::move(out_);
  }

 private:
  // ---- Which events

  // Follows the leases of the window, and leaves out those whose tokens nobody knows.
  void choose_events() {
    std::map<model::lease, lease_record> now = start_.leases();
    for (const std::size_t i : wanted_.events) {
      const logged_event& e = run_.events[i];
      if (evicts(e)) {
        has_evictions_ = true;
        kept_.push_back({&e});
        continue;
      }
      used_.insert(e.op.subject);
      if (e.op.kind == operation_kind::lookup) {
        lease_record l{true, e.op.space, e.op.tokens, e.observed.pages, e.observed.cached};
        asking a{&e, paths_.of(e.op.tokens, e.op.tokens.size(), e.op.space, run_.tokens_per_page)};
        l.tokens.resize(std::min(l.tokens.size(), l.cached * run_.tokens_per_page));
        now[e.op.subject] = std::move(l);
        kept_.push_back(std::move(a));
        continue;
      }
      const auto found = now.find(e.op.subject);
      const bool is_closed = found == now.end() && (is_complete_ || run_.lease_ids[e.op.subject] == 0);
      if (!is_closed && (found == now.end() || !found->second.is_known)) {
        leave_out("operations on leases that were opened before the log");
        unknown_ = true;
        continue;
      }
      if (is_closed)
        kept_.push_back({&e});
      else
        follow(found->second, e, now);
    }
  }

  void follow(lease_record& l, const logged_event& e, std::map<model::lease, lease_record>& now) {
    asking a{&e, {}, l.cached, l.pages, l.tokens.size()};
    const bool ok = e.observed.result == model::status::ok;
    if (e.op.kind == operation_kind::allocate && ok) {
      l.tokens.insert(l.tokens.end(), e.op.tokens.begin(), e.op.tokens.end());
      l.pages = e.observed.pages;
    } else if (e.op.kind == operation_kind::publish && ok) {
      a.asked = paths_.of(l.tokens, e.op.computed_tokens, l.space, run_.tokens_per_page);
      l.pages = e.observed.pages;
      l.cached = e.observed.cached;
    } else if (e.op.kind == operation_kind::fork && ok) {
      now[e.op.forked] = {true, l.space, l.tokens, e.observed.pages, e.observed.cached};
      used_.insert(e.op.forked);
    }
    if (!judged(a)) return;
    kept_.push_back(std::move(a));
    if (e.op.kind == operation_kind::release) now.erase(e.op.subject);
  }

  bool judged(const asking& a) {
    if (!wanted_.is_judged || a.e->observed.result == model::status::ok) return true;
    const bool counts = run_.pages <= most_pages;
    const bool refused = a.e->observed.result == model::status::cache_full;
    if (counts && (!refused || is_complete_)) return true;
    if (!counts && !refused && a.e->observed.result != model::status::request_too_large) return true;
    leave_out("refusals");
    return false;
  }

  void leave_out(const std::string& what) { out_.left_out.push_back(what); }

  // ---- The state at the beginning

  void collect_leases() {
    for (const model::lease l : used_) {
      const auto found = start_.leases().find(l);
      if (found != start_.leases().end() && found->second.is_known) include(l, found->second);
    }
  }

  void include(model::lease number, const lease_record& l) {
    const std::vector<path_id> path =
        paths_.of(l.tokens, l.cached * run_.tokens_per_page, l.space, run_.tokens_per_page);
    for (std::size_t i = 0; i < path.size(); ++i) {
      const auto standing = nodes_.find(path[i]);
      if (standing != nodes_.end() && standing->second != l.pages[i])
        return leave_out("a lease whose pages are in doubt");
    }
    for (std::size_t i = 0; i < path.size(); ++i) set_node(path[i], l.pages[i]);
    touched_.insert(l.pages.begin(), l.pages.end());
    leases_[number] = &l;
  }

  void set_node(path_id path, page p) {
    nodes_[path] = p;
    taken_.insert(p);
    touched_.insert(p);
  }

  // The nodes of the log that the window has to do with, with those above them.
  void collect_nodes() {
    std::set<path_id> candidates;
    for (const asking& a : kept_) candidates.insert(a.asked.begin(), a.asked.end());
    const auto add = [&](page p) {
      const page_record& record = start_.pages()[p];
      if (record.is == page_record::kind::cached && record.path != 0) candidates.insert(record.path);
    };
    for (const page p : touched_) add(p);
    for (page p = 0; has_evictions_ && p < start_.pages().size(); ++p) add(p);
    std::vector<path_id> deepest_first(candidates.begin(), candidates.end());
    std::stable_sort(deepest_first.begin(), deepest_first.end(),
                     [&](path_id a, path_id b) { return paths_.at(a).depth > paths_.at(b).depth; });
    for (const path_id path : deepest_first) {
      const page* const p = start_.node_of(path);
      if (p == nullptr || nodes_.contains(path)) continue;
      if (!stood(path, *p)) continue;
      std::vector<std::pair<path_id, page>> chain;
      for (path_id up = path; up != 0; up = paths_.at(up).parent) {
        const page* const above = start_.node_of(up);
        if (above == nullptr) {
          chain.clear();
          break;
        }
        chain.emplace_back(up, *above);
      }
      for (const auto& [up, above] : chain) set_node(up, above);
    }
  }

  // Whether the node was there at the beginning: where that is not certain, or operations that are left out may
  // have evicted it since, as the first operation that sees it says.
  bool stood(path_id path, page p) {
    if (start_.is_certain(p) && wanted_.dropped.empty()) return true;
    out_.chose = true;
    const std::size_t depth = paths_.at(path).depth;
    for (const asking* a : by_end()) {
      const std::vector<page>& pages = a->e->observed.pages;
      if (a->asked.size() >= depth && a->asked[depth - 1] == path) {
        if (a->e->op.kind == operation_kind::publish && depth <= a->cached_before) return true;
        return a->e->observed.cached >= depth && pages[depth - 1] == p;
      }
      const auto found = std::find(
          pages.begin() + static_cast<std::ptrdiff_t>(std::min(a->e->observed.cached, pages.size())), pages.end(), p);
      // Free by then, or evicted for it: a node may go where it is in the way.
      if (found != pages.end()) return wanted_.dropped.empty();
    }
    return has_evictions_;
  }

  std::vector<const asking*> by_end() const {
    std::vector<const asking*> order;
    for (const asking& a : kept_) order.push_back(&a);
    std::stable_sort(order.begin(), order.end(),
                     [](const asking* a, const asking* b) { return a->e->end_ns < b->e->end_ns; });
    return order;
  }

  // Nodes that the log does not show before, but that operations of the window find.
  void assume_nodes() {
    std::set<std::pair<path_id, page>> made;
    for (const asking& a : kept_) {
      if (a.e->op.kind != operation_kind::publish) continue;
      for (std::size_t i = a.cached_before;
           i < std::min({a.asked.size(), a.pages_before.size(), a.e->observed.pages.size()}); ++i) {
        if (a.pages_before[i] == a.e->observed.pages[i]) made.emplace(a.asked[i], a.pages_before[i]);
      }
    }
    for (const asking* a : by_end()) {
      for (std::size_t i = 0; i < std::min({a->asked.size(), a->e->observed.cached, a->e->observed.pages.size()});
           ++i) {
        const page p = a->e->observed.pages[i];
        const path_id path = a->asked[i];
        if (nodes_.contains(path)) continue;
        const bool is_free_to_be = start_.pages()[p].is == page_record::kind::unknown || !wanted_.dropped.empty();
        if (made.contains({path, p}) || taken_.contains(p) || !is_free_to_be) break;
        if (i != 0 && !nodes_.contains(a->asked[i - 1])) break;
        out_.chose = true;
        set_node(path, p);
      }
    }
  }

  // Leases without an operation in the window, where they hold what it touches.
  void collect_idle_leases() {
    for (const auto& [number, l] : start_.leases()) {
      if (used_.contains(number) || wanted_.dropped.contains(number)) continue;
      if (!l.is_known) {
        unknown_ = true;
        continue;
      }
      const bool holds = std::any_of(l.pages.begin(), l.pages.end(), [&](page p) { return touched_.contains(p); });
      if (holds)
        include(number, l);
      else
        others_.insert(l.pages.begin(), l.pages.end());
    }
  }

  // ---- The history

  void number_pages() {
    const bool all = wanted_.is_judged && run_.pages <= most_pages;
    if (all) {
      out_.page_names.resize(run_.pages);
      std::iota(out_.page_names.begin(), out_.page_names.end(), page{0});
    } else {
      out_.page_names.assign(touched_.begin(), touched_.end());
    }
    for (page i = 0; i < out_.page_names.size(); ++i) numbers_[out_.page_names[i]] = i;
    out_.config = {.pages = std::max<std::size_t>(out_.page_names.size(), 1), .tokens_per_page = run_.tokens_per_page};
  }

  std::vector<page> numbered(const std::vector<page>& pages) const {
    std::vector<page> result;
    for (const page p : pages) result.push_back(numbers_.at(p));
    return result;
  }

  void before(model::operation op, model::outcome o) {
    const std::size_t at = out_.before.size();
    out_.before.push_back({builder, std::move(op), std::move(o), at, at});
  }

  // Builds `pages` as nodes for the tokens; those that stand already come first.
  void build_nodes() {
    std::set<path_id> parents;
    for (const auto& [path, p] : nodes_) parents.insert(paths_.at(path).parent);
    std::vector<path_id> leaves;
    for (const auto& [path, p] : nodes_) {
      if (!parents.contains(path)) leaves.push_back(path);
    }
    std::stable_sort(leaves.begin(), leaves.end(), [&](path_id a, path_id b) { return seen(a) < seen(b); });
    std::set<path_id> standing;
    for (const path_id leaf : leaves) {
      std::vector<page> pages;
      std::size_t known = 0;
      for (path_id up = leaf; up != 0; up = paths_.at(up).parent) {
        pages.insert(pages.begin(), numbers_.at(nodes_.at(up)));
        known += standing.contains(up);
        standing.insert(up);
      }
      build_chain(paths_.tokens(leaf), paths_.at(leaf).space, pages, known);
    }
  }

  // When the node was last seen; later than all others where it is held.
  std::uint64_t seen(path_id path) const {
    const page_record& p = start_.pages()[nodes_.at(path)];
    return p.holders != 0 ? UINT64_MAX : p.seen_ns;
  }

  void build_chain(const std::vector<model::token>& tokens, model::key_space space, const std::vector<page>& pages,
                   std::size_t known) {
    const model::lease l = next_lease_++;
    const std::vector<page> found(pages.begin(), pages.begin() + static_cast<std::ptrdiff_t>(known));
    before({.kind = operation_kind::lookup, .subject = l, .tokens = tokens, .space = space},
           {.pages = found, .cached = known});
    const std::vector<model::token> rest(tokens.begin() + static_cast<std::ptrdiff_t>(known * run_.tokens_per_page),
                                         tokens.end());
    before({.kind = operation_kind::allocate, .subject = l, .tokens = rest}, {.pages = pages, .cached = known});
    before({.kind = operation_kind::publish, .subject = l, .computed_tokens = tokens.size()},
           {.pages = pages, .cached = pages.size()});
    before({.kind = operation_kind::release, .subject = l}, {});
  }

  void build_leases() {
    for (const auto& [number, l] : leases_) {
      out_.held.insert(number);
      const std::size_t cached_tokens = std::min(l->tokens.size(), l->cached * run_.tokens_per_page);
      const std::vector<page> pages = numbered(l->pages);
      before({.kind = operation_kind::lookup,
              .subject = number,
              .tokens = {l->tokens.begin(), l->tokens.begin() + static_cast<std::ptrdiff_t>(cached_tokens)},
              .space = l->space},
             {.pages = {pages.begin(), pages.begin() + static_cast<std::ptrdiff_t>(l->cached)}, .cached = l->cached});
      if (pages.size() == l->cached) continue;
      const std::vector<model::token> rest(l->tokens.begin() + static_cast<std::ptrdiff_t>(cached_tokens),
                                           l->tokens.end());
      const std::size_t room = pages.size() * run_.tokens_per_page;
      const std::size_t written = (l->tokens.size() + run_.tokens_per_page - 1) / run_.tokens_per_page;
      const std::size_t extra = written < pages.size() ? room - l->tokens.size() : 0;
      before({.kind = operation_kind::allocate, .subject = number, .tokens = rest, .extra_slots = extra},
             {.pages = pages, .cached = l->cached});
    }
    hold_others();
  }

  // What leases hold that have nothing to do with the window: one lease has it all, so that the number of free
  // pages is right.
  void hold_others() {
    const bool refused = std::any_of(kept_.begin(), kept_.end(),
                                     [](const asking& a) { return a.e->observed.result == model::status::cache_full; });
    if (!wanted_.is_judged || !refused) return;
    std::vector<page> pages;
    for (const page p : others_) {
      if (!touched_.contains(p)) pages.push_back(numbers_.at(p));
    }
    if (pages.empty()) return;
    const model::lease l = next_lease_++;
    before({.kind = operation_kind::lookup, .subject = l}, {});
    before({.kind = operation_kind::allocate, .subject = l, .extra_slots = pages.size() * run_.tokens_per_page},
           {.pages = pages});
  }

  void add_events() {
    if (kept_.empty()) return;
    std::map<unsigned, std::vector<std::uint64_t>>
        lanes;  // by thread: when the last operation of each of its lanes ended
    const std::uint64_t first = kept_.front().e->begin_ns;
    for (const asking& a : kept_) {
      const logged_event& e = *a.e;
      std::vector<std::uint64_t>& own = lanes[e.thread];
      auto lane = std::find_if(own.begin(), own.end(), [&](std::uint64_t end) { return end <= e.begin_ns; });
      if (lane == own.end()) lane = own.insert(own.end(), 0);
      *lane = e.end_ns;
      model::event m;
      m.thread = e.thread + 1000 * static_cast<unsigned>(lane - own.begin());
      m.op = e.op;
      m.observed = e.observed;
      m.observed.pages = numbered(e.observed.pages);
      m.called = out_.before.size() + static_cast<std::size_t>(e.begin_ns - first);
      m.returned = out_.before.size() + static_cast<std::size_t>(e.end_ns - first);
      if (e.op.kind == operation_kind::fork && e.observed.result == model::status::ok) add_copies(a, m.observed);
      out_.events.push_back(std::move(m));
    }
    if (unknown_) leave_out("what leases that were opened before the log hold");
  }

  // The pages that a fork has to have copied: private ones that hold tokens.
  void add_copies(const asking& a, model::outcome& o) const {
    const std::size_t written = (a.tokens_before + run_.tokens_per_page - 1) / run_.tokens_per_page;
    for (std::size_t i = a.cached_before; i < std::min({written, a.pages_before.size(), o.pages.size()}); ++i) {
      const auto from = numbers_.find(a.pages_before[i]);
      if (from != numbers_.end()) o.copies.emplace_back(from->second, o.pages[i]);
    }
  }

  const logged_run& run_;
  const run_state& start_;
  const window_request& wanted_;
  path_table& paths_;
  const bool is_complete_;

  std::vector<asking> kept_;
  bool has_evictions_ = false;
  bool unknown_ = false;
  std::set<model::lease> used_;
  std::set<page> touched_;
  std::set<page> others_;
  std::map<model::lease, const lease_record*> leases_;
  std::map<path_id, page> nodes_;
  std::set<page> taken_;  // by nodes_
  std::map<page, page> numbers_;
  model::lease next_lease_ = static_cast<model::lease>(run_.lease_ids.size());
  window_history out_;
};

}  // namespace

window_history history_of(const logged_run& run, const run_state& start, const window_request& wanted,
                          path_table& paths) {
  return extraction(run, start, wanted, paths).run();
}

}  // namespace triecheck::checks
