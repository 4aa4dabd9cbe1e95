#include "checks/log/window.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "checks/log/window_events.h"
#include "checks/log/window_state.h"

namespace triecheck::checks {
namespace {

using model::operation_kind;
using model::page;

constexpr unsigned builder = 1'000'000;  // the thread of what builds the state

// Writes the history of a window: what builds its state, and its events.
class history_writer {
 public:
  history_writer(const logged_run& run, const run_state& start, const window_request& wanted,
                 const window_events& events, const window_state& state, const path_table& paths)
      : run_(run), start_(start), wanted_(wanted), events_(events), state_(state), paths_(paths) {}

  window_history run() && {
    out_.chose = state_.chose;
    for (const auto* left_out : {&events_.left_out, &state_.left_out}) {
      out_.left_out.insert(out_.left_out.end(), left_out->begin(), left_out->end());
    }
    number_pages();
    build_nodes();
    build_leases();
    add_events();
    std::sort(out_.left_out.begin(), out_.left_out.end());
    out_.left_out.erase(std::unique(out_.left_out.begin(), out_.left_out.end()), out_.left_out.end());
    return std::move(out_);
  }

 private:
  void number_pages() {
    const bool all = wanted_.is_judged && run_.pages <= most_modelled_pages;
    if (all) {
      out_.page_names.resize(run_.pages);
      std::iota(out_.page_names.begin(), out_.page_names.end(), page{0});
    } else {
      out_.page_names.assign(state_.touched.begin(), state_.touched.end());
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

  // Builds `pages` as nodes for the tokens; those that are built already come first.
  void build_nodes() {
    std::set<path_id> parents;
    for (const auto& [path, p] : state_.nodes) parents.insert(paths_.at(path).parent);
    std::vector<path_id> leaves;
    for (const auto& [path, p] : state_.nodes) {
      if (!parents.contains(path)) leaves.push_back(path);
    }
    std::stable_sort(leaves.begin(), leaves.end(), [&](path_id a, path_id b) { return seen(a) < seen(b); });
    std::set<path_id> standing;
    for (const path_id leaf : leaves) {
      std::vector<page> pages;
      std::size_t known = 0;
      for (path_id up = leaf; up != 0; up = paths_.at(up).parent) {
        pages.insert(pages.begin(), numbers_.at(state_.nodes.at(up)));
        known += standing.contains(up);
        standing.insert(up);
      }
      build_chain(paths_.tokens(leaf), paths_.keys(leaf), paths_.at(leaf).space, pages, known);
    }
  }

  // When the node was last seen; later than all others where it is held.
  std::uint64_t seen(path_id path) const {
    const page_record& p = start_.pages()[state_.nodes.at(path)];
    return p.holders != 0 ? UINT64_MAX : p.seen_ns;
  }

  void build_chain(const std::vector<model::token>& tokens, const std::vector<model::block_key>& keys,
                   model::key_space space, const std::vector<page>& pages, std::size_t known) {
    const model::lease l = next_lease_++;
    const std::vector<page> found(pages.begin(), pages.begin() + static_cast<std::ptrdiff_t>(known));
    before({.kind = operation_kind::lookup, .subject = l, .tokens = tokens, .keys = keys, .space = space},
           {.pages = found, .cached = known});
    const std::vector<model::token> rest(tokens.begin() + static_cast<std::ptrdiff_t>(known * run_.tokens_per_page),
                                         tokens.end());
    before({.kind = operation_kind::allocate, .subject = l, .tokens = rest, .keys = keys},
           {.pages = pages, .cached = known});
    before({.kind = operation_kind::publish, .subject = l, .computed_tokens = tokens.size()},
           {.pages = pages, .cached = pages.size()});
    before({.kind = operation_kind::release, .subject = l}, {});
  }

  void build_leases() {
    for (const auto& [number, l] : state_.leases) {
      out_.held.insert(number);
      const std::size_t cached_tokens = std::min(l->tokens.size(), l->cached * run_.tokens_per_page);
      const std::vector<page> pages = numbered(l->pages);
      before({.kind = operation_kind::lookup,
              .subject = number,
              .tokens = {l->tokens.begin(), l->tokens.begin() + static_cast<std::ptrdiff_t>(cached_tokens)},
              .keys = l->keys.list(0, l->cached),
              .space = l->space},
             {.pages = {pages.begin(), pages.begin() + static_cast<std::ptrdiff_t>(l->cached)}, .cached = l->cached});
      if (pages.size() == l->cached) continue;
      const std::vector<model::token> rest(l->tokens.begin() + static_cast<std::ptrdiff_t>(cached_tokens),
                                           l->tokens.end());
      const std::size_t room = pages.size() * run_.tokens_per_page;
      const std::size_t written = (l->tokens.size() + run_.tokens_per_page - 1) / run_.tokens_per_page;
      const std::size_t extra = written < pages.size() ? room - l->tokens.size() : 0;
      before({.kind = operation_kind::allocate,
              .subject = number,
              .tokens = rest,
              .keys = l->keys.list(),
              .extra_slots = extra},
             {.pages = pages, .cached = l->cached});
    }
    hold_others();
  }

  // What leases hold that have nothing to do with the window: one lease has it all, so that the number of free
  // pages is right.
  void hold_others() {
    const bool refused = std::any_of(events_.kept.begin(), events_.kept.end(),
                                     [](const asking& a) { return a.e->observed.result == model::status::cache_full; });
    if (!wanted_.is_judged || !refused) return;
    std::vector<page> pages;
    for (const page p : state_.others) {
      if (!state_.touched.contains(p)) pages.push_back(numbers_.at(p));
    }
    if (pages.empty()) return;
    const model::lease l = next_lease_++;
    before({.kind = operation_kind::lookup, .subject = l}, {});
    before({.kind = operation_kind::allocate, .subject = l, .extra_slots = pages.size() * run_.tokens_per_page},
           {.pages = pages});
  }

  void add_events() {
    if (events_.kept.empty()) return;
    std::map<unsigned, std::vector<std::uint64_t>>
        lanes;  // by thread: when the last operation of each of its lanes ended
    const std::uint64_t first = events_.kept.front().e->begin_ns;
    for (const asking& a : events_.kept) {
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
    if (events_.unknown || state_.unknown) out_.left_out.push_back("what leases that were opened before the log hold");
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
  const window_events& events_;
  const window_state& state_;
  const path_table& paths_;
  std::map<page, page> numbers_;
  model::lease next_lease_ = static_cast<model::lease>(run_.lease_ids.size());
  window_history out_;
};

}  // namespace

window_history history_of(const logged_run& run, const run_state& start, const window_request& wanted,
                          path_table& paths) {
  const window_events events = events_of(run, start, wanted, paths);
  const window_state state = state_of(run, start, wanted, events, paths);
  return history_writer(run, start, wanted, events, state, paths).run();
}

}  // namespace triecheck::checks
