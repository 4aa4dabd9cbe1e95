#include "checks/log/window_state.h"

#include <algorithm>
#include <utility>

namespace triecheck::checks {
namespace {

using model::operation_kind;
using model::page;

class beginning {
 public:
  beginning(const logged_run& run, const run_state& start, const window_request& wanted, const window_events& events,
            path_table& paths)
      : run_(run), start_(start), wanted_(wanted), events_(events), paths_(paths) {}

  window_state run() && {
    for (const asking& a : events_.kept) out_.touched.insert(a.e->observed.pages.begin(), a.e->observed.pages.end());
    collect_leases();
    collect_nodes();
    assume_nodes();
    collect_idle_leases();
    return std::move(out_);
  }

 private:
  void collect_leases() {
    for (const model::lease l : events_.used) {
      const auto found = start_.leases().find(l);
      if (found != start_.leases().end() && found->second.is_known) include(l, found->second);
    }
  }

  void include(model::lease number, const lease_record& l) {
    const std::vector<path_id> path =
        paths_.of(l.tokens, l.cached * run_.tokens_per_page, l.space, l.keys, run_.tokens_per_page);
    for (std::size_t i = 0; i < path.size(); ++i) {
      const auto standing = out_.nodes.find(path[i]);
      if (standing != out_.nodes.end() && standing->second != l.pages[i])
        return leave_out("a lease whose pages are in doubt");
    }
    for (std::size_t i = 0; i < path.size(); ++i) set_node(path[i], l.pages[i]);
    out_.touched.insert(l.pages.begin(), l.pages.end());
    out_.leases[number] = &l;
  }

  void set_node(path_id path, page p) {
    out_.nodes[path] = p;
    taken_.insert(p);
    out_.touched.insert(p);
  }

  // The nodes of the log that the window has to do with, with those above them.
  void collect_nodes() {
    std::set<path_id> candidates;
    for (const asking& a : events_.kept) candidates.insert(a.asked.begin(), a.asked.end());
    const auto add = [&](page p) {
      const page_record& record = start_.pages()[p];
      if (record.is == page_record::kind::cached && record.path != 0) candidates.insert(record.path);
    };
    for (const page p : out_.touched) add(p);
    for (page p = 0; events_.has_evictions && p < start_.pages().size(); ++p) add(p);
    std::vector<path_id> deepest_first(candidates.begin(), candidates.end());
    std::stable_sort(deepest_first.begin(), deepest_first.end(),
                     [&](path_id a, path_id b) { return paths_.at(a).depth > paths_.at(b).depth; });
    for (const path_id path : deepest_first) {
      const page* const p = start_.node_of(path);
      if (p == nullptr || out_.nodes.contains(path)) continue;
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
    for (const asking* a : events_.by_end()) {
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
    return events_.has_evictions;
  }

  // Nodes that the log does not show before, but that operations of the window find.
  void assume_nodes() {
    std::set<std::pair<path_id, page>> made;
    for (const asking& a : events_.kept) {
      if (a.e->op.kind != operation_kind::publish) continue;
      for (std::size_t i = a.cached_before;
           i < std::min({a.asked.size(), a.pages_before.size(), a.e->observed.pages.size()}); ++i) {
        if (a.pages_before[i] == a.e->observed.pages[i]) made.emplace(a.asked[i], a.pages_before[i]);
      }
    }
    for (const asking* a : events_.by_end()) {
      for (std::size_t i = 0; i < std::min({a->asked.size(), a->e->observed.cached, a->e->observed.pages.size()});
           ++i) {
        const page p = a->e->observed.pages[i];
        const path_id path = a->asked[i];
        if (out_.nodes.contains(path)) continue;
        const bool is_free_to_be = start_.pages()[p].is == page_record::kind::unknown || !wanted_.dropped.empty();
        if (made.contains({path, p}) || taken_.contains(p) || !is_free_to_be) break;
        if (i != 0 && !out_.nodes.contains(a->asked[i - 1])) break;
        out_.chose = true;
        set_node(path, p);
      }
    }
  }

  // Leases without an operation in the window, where they hold what it touches.
  void collect_idle_leases() {
    for (const auto& [number, l] : start_.leases()) {
      if (events_.used.contains(number) || wanted_.dropped.contains(number)) continue;
      if (!l.is_known) {
        out_.unknown = true;
        continue;
      }
      const bool holds = std::any_of(l.pages.begin(), l.pages.end(), [&](page p) { return out_.touched.contains(p); });
      if (holds)
        include(number, l);
      else
        out_.others.insert(l.pages.begin(), l.pages.end());
    }
  }

  void leave_out(const std::string& what) { out_.left_out.push_back(what); }

  const logged_run& run_;
  const run_state& start_;
  const window_request& wanted_;
  const window_events& events_;
  path_table& paths_;
  std::set<page> taken_;  // by nodes
  window_state out_;
};

}  // namespace

window_state state_of(const logged_run& run, const run_state& start, const window_request& wanted,
                      const window_events& events, path_table& paths) {
  return beginning(run, start, wanted, events, paths).run();
}

}  // namespace triecheck::checks
