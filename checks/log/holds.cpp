#include "checks/log/holds.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace triecheck::checks {
namespace {

using model::operation_kind;

// That a lease holds a page.
struct claim {
  model::lease holder;
  bool is_private;
  path_id path;       // of a cached page; 0 where it is not known
  std::size_t event;  // by which it got the page
};

class book {
 public:
  explicit book(const logged_run& run) : run_(run), claims_(run.pages) {}

  /// A publication or release begins: it may give up the private pages of the lease, or all.
  void begins(std::size_t event) {
    const model::operation& op = run_.events[event].op;
    strike(op.subject, op.kind == operation_kind::publish);
  }

  void follow(std::size_t event, std::vector<held_twice>& found) {
    const logged_event& e = run_.events[event];
    const bool ok = e.observed.result == model::status::ok;
    switch (e.op.kind) {
      case operation_kind::lookup:
        leases_[e.op.subject] = {.is_known = true, .space = e.op.space, .tokens = e.op.tokens};
        leases_[e.op.subject].keys.look_up(e.op.keys, e.observed.cached);
        break;
      case operation_kind::allocate:
        if (ok) {
          auto& tokens = leases_[e.op.subject].tokens;
          leases_[e.op.subject].keys.append(e.op.keys, tokens.size(), tokens.size() + e.op.tokens.size(),
                                            run_.tokens_per_page);
          tokens.insert(tokens.end(), e.op.tokens.begin(), e.op.tokens.end());
        }
        break;
      case operation_kind::fork:
        if (!ok) return;
        leases_[e.op.forked] = {.is_known = leases_[e.op.subject].is_known,
                                .space = leases_[e.op.subject].space,
                                .tokens = leases_[e.op.subject].tokens,
                                .keys = leases_[e.op.subject].keys};
        enter(e.op.forked, event, found);
        return;
      case operation_kind::publish:
        break;
      case operation_kind::release:
        strike(e.op.subject, false);
        leases_.erase(e.op.subject);
        return;
      case operation_kind::evict:
      case operation_kind::clear:
      case operation_kind::match:
      case operation_kind::shrink:
      case operation_kind::forget:
      case operation_kind::set_time:  // the log has no entry of these four
        return;
    }
    if (e.observed.result == model::status::lease_closed) return;
    if (e.op.kind == operation_kind::lookup) {
      auto& tokens = leases_[e.op.subject].tokens;
      tokens.resize(std::min(tokens.size(), e.observed.cached * run_.tokens_per_page));
    }
    enter(e.op.subject, event, found);
  }

 private:
  struct lease_entry {
    bool is_known = false;
    model::key_space space = 0;
    std::vector<model::token> tokens{};
    model::held_keys keys{};
    std::vector<model::page> pages{};  // that it claims, as what follows
    std::vector<path_id> paths{};
  };

  void strike(model::lease l, bool only_private) {
    const auto found = leases_.find(l);
    if (found == leases_.end()) return;
    for (const model::page p : found->second.pages) {
      std::erase_if(claims_[p], [&](const claim& c) { return c.holder == l && (c.is_private || !only_private); });
    }
    if (only_private) return;
    for (const path_id path : found->second.paths) {
      std::erase_if(nodes_[path], [l](const auto& held) { return held.second.holder == l; });
    }
    found->second.pages.clear();
    found->second.paths.clear();
  }

  std::string name(model::lease l) const { return "lease " + std::to_string(run_.lease_ids[l]); }

  static std::string what_of(model::page p) { return "page " + std::to_string(p); }

  void enter(model::lease l, std::size_t event, std::vector<held_twice>& found) {
    const model::outcome& o = run_.events[event].observed;
    // What it held before it still got by the event that it has.
    std::map<model::page, std::size_t> since;
    lease_entry& entry = leases_[l];
    for (const model::page p : entry.pages) {
      for (const claim& c : claims_[p]) {
        if (c.holder == l) since[p] = c.event;
      }
    }
    const std::vector<model::page> before = entry.pages;
    strike(l, false);
    std::vector<path_id> paths;
    if (entry.is_known)
      paths = paths_.of(entry.tokens, o.cached * run_.tokens_per_page, entry.space, entry.keys, run_.tokens_per_page);
    paths.resize(o.pages.size(), 0);
    for (std::size_t i = 0; i < o.pages.size(); ++i) {
      const model::page p = o.pages[i];
      const auto held = since.find(p);
      const auto here = o.pages.begin() + static_cast<std::ptrdiff_t>(i);
      const bool is_twice = std::count(o.pages.begin(), here + 1, p) >
                            std::max<std::ptrdiff_t>(1, std::count(before.begin(), before.end(), p));
      if (is_twice && (found.empty() || found.back().second != event)) {
        report(found, l, l,
               {held == since.end() ? event : held->second, event, p,
                what_of(p) + " was handed out to " + name(l) + ", which held it"});
      }
      const claim mine{l, i >= o.cached, i < o.cached ? paths[i] : 0, held == since.end() ? event : held->second};
      if (held == since.end() && (found.empty() || found.back().second != event)) compare(mine, p, event, found);
      claims_[p].push_back(mine);
      entry.pages.push_back(p);
      if (mine.path == 0) continue;
      nodes_[mine.path].emplace_back(p, mine);
      entry.paths.push_back(mine.path);
    }
  }

  // A page that two leases hold is reported once, however often each of them grows meanwhile.
  void report(std::vector<held_twice>& found, model::lease mine, model::lease other, held_twice h) {
    if (reported_.emplace(h.page, mine, other).second) found.push_back(std::move(h));
  }

  void compare(const claim& mine, model::page p, std::size_t event, std::vector<held_twice>& found) {
    const std::string what = what_of(p);
    for (const claim& other : claims_[p]) {
      std::string message;
      if (mine.is_private) {
        message = what + " was handed out to " + name(mine.holder) + " while " + name(other.holder) + " held it " +
                  (other.is_private ? "privately" : "as published");
      } else if (other.is_private) {
        message =
            name(mine.holder) + " reads " + what + " as published while " + name(other.holder) + " held it privately";
      } else if (mine.path != 0 && other.path != 0 && mine.path != other.path) {
        message = name(mine.holder) + " reads " + what + " as the page of other tokens than " + name(other.holder) +
                  ", which held it";
      } else {
        continue;
      }
      return report(found, mine.holder, other.holder, {other.event, event, p, message});
    }
    if (mine.path == 0) return;
    const auto standing = nodes_.find(mine.path);
    if (standing == nodes_.end()) return;
    for (const auto& [page, other] : standing->second) {
      if (page == p) continue;
      return report(found, mine.holder, other.holder,
                    {other.event, event, p,
                     name(mine.holder) + " reads " + what + " for the tokens for which " + name(other.holder) +
                         " held page " + std::to_string(page) + ": one block has two pages"});
    }
  }

  const logged_run& run_;
  std::vector<std::vector<claim>> claims_;  // by page
  std::map<path_id, std::vector<std::pair<model::page, claim>>> nodes_;
  std::map<model::lease, lease_entry> leases_;
  std::set<std::tuple<model::page, model::lease, model::lease>> reported_;
  path_table paths_;
};

struct moment_of_event {
  std::uint64_t at_ns;
  bool is_end;
  std::size_t event;
};

}  // namespace

std::vector<held_twice> find_held_twice(const logged_run& run, const std::vector<std::size_t>& chosen,
                                        std::size_t most) {
  std::vector<moment_of_event> moments;
  for (const std::size_t i : chosen) {
    const operation_kind kind = run.events[i].op.kind;
    if (kind == operation_kind::publish || kind == operation_kind::release)
      moments.push_back({run.events[i].begin_ns, false, i});
    moments.push_back({run.events[i].end_ns, true, i});
  }
  // Where a call and a return are of one time, pages are given up first.
  std::stable_sort(moments.begin(), moments.end(), [](const moment_of_event& a, const moment_of_event& b) {
    return a.at_ns != b.at_ns ? a.at_ns < b.at_ns : a.is_end < b.is_end;
  });
  book claims(run);
  std::vector<held_twice> found;
  for (const moment_of_event& m : moments) {
    if (!m.is_end)
      claims.begins(m.event);
    else
      claims.follow(m.event, found);
    if (found.size() >= most) break;
  }
  return found;
}

}  // namespace triecheck::checks
