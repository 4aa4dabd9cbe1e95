#include "checks/log/window_events.h"

#include <algorithm>
#include <map>
#include <utility>

namespace triecheck::checks {
namespace {

using model::operation_kind;

bool evicts(const logged_event& e) { return e.op.kind == operation_kind::evict || e.op.kind == operation_kind::clear; }

class choice_of_events {
 public:
  choice_of_events(const logged_run& run, const run_state& start, const window_request& wanted, path_table& paths)
      : run_(run), start_(start), wanted_(wanted), paths_(paths), is_complete_(run.lost.empty()) {}

  window_events run() && {
    std::map<model::lease, lease_record> now = start_.leases();
    for (const std::size_t i : wanted_.events) {
      const logged_event& e = run_.events[i];
      if (evicts(e)) {
        out_.has_evictions = true;
        out_.kept.push_back({&e});
        continue;
      }
      out_.used.insert(e.op.subject);
      if (e.op.kind == operation_kind::lookup) {
        model::held_keys keys;
        keys.look_up(e.op.keys, e.op.tokens.size() / run_.tokens_per_page);
        asking a{&e, paths_.of(e.op.tokens, e.op.tokens.size(), e.op.space, keys, run_.tokens_per_page)};
        now[e.op.subject] = opened_by(e, run_.tokens_per_page);
        out_.kept.push_back(std::move(a));
        continue;
      }
      const auto found = now.find(e.op.subject);
      const bool is_closed = found == now.end() && (is_complete_ || run_.lease_ids[e.op.subject] == 0);
      if (!is_closed && (found == now.end() || !found->second.is_known)) {
        leave_out("operations on leases that were opened before the log");
        out_.unknown = true;
        continue;
      }
      if (is_closed)
        out_.kept.push_back({&e});
      else
        follow(found->second, e, now);
    }
    return std::move(out_);
  }

 private:
  void follow(lease_record& l, const logged_event& e, std::map<model::lease, lease_record>& now) {
    asking a{&e, {}, l.cached, l.pages, l.tokens.size()};
    const bool ok = e.observed.result == model::status::ok;
    if (e.op.kind == operation_kind::allocate && ok) {
      l.keys.append(e.op.keys, l.tokens.size(), l.tokens.size() + e.op.tokens.size(), run_.tokens_per_page);
      l.tokens.insert(l.tokens.end(), e.op.tokens.begin(), e.op.tokens.end());
      l.pages = e.observed.pages;
    } else if (e.op.kind == operation_kind::publish && ok) {
      a.asked = paths_.of(l.tokens, e.op.computed_tokens, l.space, l.keys, run_.tokens_per_page);
      l.pages = e.observed.pages;
      l.cached = e.observed.cached;
    } else if (e.op.kind == operation_kind::fork && ok) {
      now[e.op.forked] = {true, l.space, l.tokens, e.observed.pages, e.observed.cached, l.keys};
      out_.used.insert(e.op.forked);
    }
    if (!judged(a)) return;
    out_.kept.push_back(std::move(a));
    if (e.op.kind == operation_kind::release) now.erase(e.op.subject);
  }

  bool judged(const asking& a) {
    if (!wanted_.is_judged || a.e->observed.result == model::status::ok) return true;
    const bool counts = run_.pages <= most_modelled_pages;
    const bool refused = a.e->observed.result == model::status::cache_full;
    if (counts && (!refused || is_complete_)) return true;
    if (!counts && !refused && a.e->observed.result != model::status::request_too_large) return true;
    leave_out("refusals");
    return false;
  }

  void leave_out(const std::string& what) { out_.left_out.push_back(what); }

  const logged_run& run_;
  const run_state& start_;
  const window_request& wanted_;
  path_table& paths_;
  const bool is_complete_;
  window_events out_;
};

}  // namespace

std::vector<const asking*> window_events::by_end() const {
  std::vector<const asking*> order;
  for (const asking& a : kept) order.push_back(&a);
  std::stable_sort(order.begin(), order.end(),
                   [](const asking* a, const asking* b) { return a->e->end_ns < b->e->end_ns; });
  return order;
}

window_events events_of(const logged_run& run, const run_state& start, const window_request& wanted,
                        path_table& paths) {
  return choice_of_events(run, start, wanted, paths).run();
}

}  // namespace triecheck::checks
