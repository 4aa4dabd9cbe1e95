#include "checks/scenario/reductions.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "checks/scenario/lease_flow.h"
#include "checks/scenario/print.h"
#include "checks/scenario/step_forms.h"

namespace triecheck::checks {
namespace {

std::size_t operations_in(const steps& section) {
  std::size_t count = 0;
  std::set<std::string> open;
  for (const step& s : section) {
    count += scenario_files::operations_of(s);
    follow(open, s);
  }
  return count + open.size();
}

// Whether no lease that is opened in front of `border` is used behind it.
bool falls_apart_at(const steps& section, std::size_t border) {
  std::set<std::string> open;
  for (std::size_t i = 0; i < section.size(); ++i) {
    const step& s = section[i];
    if (i < border) {
      if (opens_lease(s)) open.insert(s.lease);
    } else {
      if (open.contains(needed_by(s))) return false;
      if (opens_lease(s)) open.erase(s.lease);
    }
  }
  return true;
}

// The six steps of a request, on a lease that the section does not know.
steps parts_of(const step& request, const steps& section) {
  std::string lease = "r";
  for (int i = 1; std::any_of(section.begin(), section.end(), [&](const step& s) { return s.lease == lease; }); ++i) {
    lease = "r" + std::to_string(i);
  }
  steps parts = {{.kind = step_kind::lookup,
                  .lease = lease,
                  .tokens = request.tokens,
                  .space = request.space,
                  .keys = request.keys}};
  for (const step_kind kind :
       {step_kind::allocate, step_kind::write, step_kind::publish, step_kind::read, step_kind::release}) {
    parts.push_back({.kind = kind, .lease = lease, .or_stop = kind == step_kind::allocate && request.or_stop});
  }
  return parts;
}

class reducer {
 public:
  explicit reducer(const scenario& s) : from_(s), size_(size_of(s)) {}

  std::vector<scenario> all() {
    fewer_threads();
    fewer_steps();
    split_requests();
    with_fewer_pages();
    fewer_pages();
    move_steps();
    const std::size_t shortened = found_.size();
    shorter_prefixes();
    with_fewer_pages(shortened);
    smaller_pages();
    one_namespace();
    fewer_keys();
    simpler_clauses();
    return std::move(found_);
  }

 private:
  // Where a lease lost tokens up to which it is published, those that it has left are meant.
  void offer(const scenario& changed) {
    const scenario mended = with_hand_overs_that_meet(changed);
    offer_as_it_is(with_computed_tokens_held(mended));
    offer_as_it_is(mended);
  }

  void offer_as_it_is(const scenario& changed) {
    const std::string text = print_scenario(changed);
    if (!texts_.insert(text).second) return;
    try {
      scenario parsed = parse_scenario(text, from_.name + ".toml");
      if (misuses_a_lease(parsed) && !misuses_a_lease(from_)) return;
      if (size_of(parsed) < size_) found_.push_back(std::move(parsed));
    } catch (const scenario_error&) {
      // A change may break a rule of the language, such as a thread that runs nothing: there is no such scenario.
    }
  }

  void fewer_threads() {
    const std::size_t count = from_.threads.size();
    if (count == 2) return;
    for (std::size_t t = 0; t < count; ++t) offer(without_thread(t));
    for (std::size_t t = 0; t < count; ++t) {
      scenario before = without_thread(t);
      before.init.insert(before.init.end(), from_.threads[t].begin(), from_.threads[t].end());
      offer(before);
      scenario after = without_thread(t);
      after.final.insert(after.final.begin(), from_.threads[t].begin(), from_.threads[t].end());
      offer(after);
    }
    for (std::size_t t = 0; t < count; ++t) {
      for (std::size_t other = 0; other < count; ++other) {
        if (other == t) continue;
        scenario joined = from_;
        joined.threads[t].insert(joined.threads[t].end(), from_.threads[other].begin(), from_.threads[other].end());
        joined.threads.erase(joined.threads.begin() + static_cast<std::ptrdiff_t>(other));
        renumber_cancels(joined, other, t < other ? t : t - 1);
        offer(joined);
      }
    }
  }

  scenario without_thread(std::size_t t) const {
    scenario s = from_;
    s.threads.erase(s.threads.begin() + static_cast<std::ptrdiff_t>(t));
    renumber_cancels(s, t, {});
    return s;
  }

  void fewer_steps() {
    for (std::size_t section = 0; section < sections(from_).size(); ++section) {
      for (std::size_t i = 0; i < sections(from_)[section]->size(); ++i) {
        scenario s = from_;
        steps& changed = *sections(s)[section];
        const step gone = changed[i];
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
        if (gone.kind == step_kind::move) rename_lease(changed, i, gone.lease, gone.source);
        changed = without_orphans(changed);
        offer(s);
      }
    }
  }

  // A split alone saves nothing: it is offered together with dropping some of the parts.
  void split_requests() {
    static const std::vector<std::set<std::size_t>> dropped = {{1, 2, 3, 4}, {1, 2, 3}, {2, 3, 4}, {2, 3},
                                                               {1},          {3},       {5}};
    for (std::size_t section = 0; section < sections(from_).size(); ++section) {
      const steps& old = *sections(from_)[section];
      for (std::size_t i = 0; i < old.size(); ++i) {
        if (old[i].kind != step_kind::request || old[i].times != 1) continue;
        const steps parts = parts_of(old[i], old);
        for (const auto& drop : dropped) {
          steps kept(old.begin(), old.begin() + static_cast<std::ptrdiff_t>(i));
          for (std::size_t p = 0; p < parts.size(); ++p) {
            if (!drop.contains(p)) kept.push_back(parts[p]);
          }
          kept.insert(kept.end(), old.begin() + static_cast<std::ptrdiff_t>(i) + 1, old.end());
          scenario s = from_;
          *sections(s)[section] = kept;
          offer(s);
        }
      }
    }
  }

  void move_steps() {
    for (std::size_t t = 0; t < from_.threads.size(); ++t) {
      const steps& thread = from_.threads[t];
      for (std::size_t border = thread.size(); border-- > 1;) {
        if (!falls_apart_at(thread, border)) continue;
        const auto middle = thread.begin() + static_cast<std::ptrdiff_t>(border);
        scenario before = from_;
        before.init.insert(before.init.end(), thread.begin(), middle);
        before.threads[t].assign(middle, thread.end());
        offer(before);
        scenario after = from_;
        after.final.insert(after.final.begin(), middle, thread.end());
        after.threads[t].assign(thread.begin(), middle);
        offer(after);
      }
    }
  }

  void fewer_pages() {
    for (const std::size_t pages : {from_.pages / 2, from_.pages - 1}) {
      scenario s = from_;
      s.pages = pages;
      offer(s);
    }
  }

  // What was found from `first` on, in a smaller pool.
  void with_fewer_pages(std::size_t first = 0) {
    const std::size_t last = found_.size();
    for (std::size_t fewer = 1; fewer <= 2 && fewer < from_.pages; ++fewer) {
      for (std::size_t i = first; i < last; ++i) {
        scenario s = found_[i];
        s.pages = from_.pages - fewer;
        offer(s);
      }
    }
  }

  template <class Change>
  void offer_tokens(Change change) {
    scenario s = from_;
    for (steps* section : sections(s)) {
      for (step& one : *section) change(one.tokens);
    }
    offer(s);
  }

  // Prefixes that are equal are shortened together first: apart, they would not be the same prefix any more.
  void shorter_prefixes() {
    std::set<std::vector<std::uint32_t>> distinct;
    std::size_t longest = 0;
    for (const steps* section : sections(std::as_const(from_))) {
      for (const step& s : *section) {
        distinct.insert(s.tokens);
        longest = std::max(longest, s.tokens.size());
      }
    }
    for (std::size_t length = 1; length < longest; ++length) {
      offer_tokens([&](auto& tokens) { tokens.resize(std::min(tokens.size(), length)); });
    }
    for (const auto& prefix : distinct) {
      for (std::size_t length = 1; length < prefix.size(); ++length) {
        offer_tokens([&](auto& tokens) {
          if (tokens == prefix) tokens.resize(length);
        });
      }
    }
    for (std::size_t section = 0; section < sections(from_).size(); ++section) {
      for (std::size_t i = 0; i < sections(from_)[section]->size(); ++i) {
        scenario s = from_;
        auto& tokens = (*sections(s)[section])[i].tokens;
        if (tokens.size() < 2) continue;
        tokens.pop_back();
        offer(s);
      }
    }
  }

  // Of every block of a page's tokens the first or the last ones stay; or the tokens stay, in more pages.
  void smaller_pages() {
    const std::size_t old = from_.tokens_per_page;
    for (const std::size_t size : std::set<std::size_t>{1, old - 1}) {
      if (size == 0 || size >= old) continue;
      for (const bool first : {true, false}) offer(with_page_size(size, first));
      scenario s = from_;
      s.tokens_per_page = size;
      offer(s);
    }
  }

  scenario with_page_size(std::size_t size, bool first) const {
    scenario s = from_;
    const std::size_t old = from_.tokens_per_page;
    s.tokens_per_page = size;
    for (steps* section : sections(s)) {
      std::map<std::string, std::size_t> length;  // of each lease, in tokens
      for (step& one : *section) {
        if (one.kind == step_kind::fork) length[one.lease] = length[one.source];
        std::size_t at = one.kind == step_kind::extend ? length[one.lease] : 0;
        std::vector<std::uint32_t> kept;
        for (const std::uint32_t token : one.tokens) {
          const std::size_t place = at++ % old;
          if (first ? place < size : place >= old - size) kept.push_back(token);
        }
        if (!one.tokens.empty()) length[one.lease] = at;
        one.tokens = kept;
      }
    }
    return s;
  }

  // Drops or reduces what follows a step's operands, one clause at a time.
  void simpler_clauses() {
    for (const auto change : {+[](step& s) { s.computed.reset(); }, +[](step& s) { s.extra_slots = 0; },
                              +[](step& s) { s.extra_slots /= 2; }, +[](step& s) { s.keep = {}; },
                              +[](step& s) { s.keep.expires_at = model::retention::for_ever; },
                              +[](step& s) { s.failing = 0; }, +[](step& s) { s.free_only = false; },
                              +[](step& s) { s.failing = std::min(s.failing, 1U); }, +[](step& s) { s.times = 1; },
                              +[](step& s) { s.times -= s.times / 2; }, +[](step& s) { s.times -= s.times > 1; }}) {
      for (std::size_t section = 0; section < sections(from_).size(); ++section) {
        for (std::size_t i = 0; i < sections(from_)[section]->size(); ++i) {
          scenario s = from_;
          change((*sections(s)[section])[i]);
          offer(s);
        }
      }
    }
  }

  void one_namespace() {
    scenario s = from_;
    for (steps* section : sections(s)) {
      for (step& one : *section) one.space = 0;
    }
    offer(s);
  }

  // In all steps at once: a lease whose steps contradict each other would mean nothing.
  void fewer_keys() {
    std::set<std::size_t> blocks;
    for (const steps* section : sections(from_)) {
      for (const step& one : *section) {
        for (const model::block_key& k : one.keys) blocks.insert(k.block);
      }
    }
    if (blocks.size() > 1) offer_keys([](const model::block_key&) { return true; });
    for (const std::size_t block : blocks) {
      offer_keys([block](const model::block_key& k) { return k.block == block; });
    }
  }

  template <class Goes>
  void offer_keys(Goes goes) {
    scenario s = from_;
    for (steps* section : sections(s)) {
      for (step& one : *section) std::erase_if(one.keys, goes);
    }
    offer(s);
  }

  const scenario& from_;
  const scenario_size size_;
  std::set<std::string> texts_;
  std::vector<scenario> found_;
};

}  // namespace

scenario_size size_of(const scenario& s) {
  scenario_size size{.threads = s.threads.size(), .pages = s.pages, .tokens_per_page = s.tokens_per_page};
  for (const steps* section : sections(s)) {
    size.operations += operations_in(*section);
    size.steps += section->size();
    for (const step& one : *section) {
      size.tokens += one.tokens.size() + (one.computed ? *one.computed + std::size_t{1} : 0);
      size.elsewhere += (one.space != 0) + one.keys.size();
      size.clauses += std::size_t{one.extra_slots} + one.failing + one.free_only + (one.keep.priority != 0) +
                      (one.keep.expires_at != model::retention::for_ever);
    }
  }
  for (const steps& thread : s.threads) size.concurrent_steps += thread.size();
  return size;
}

bool misuses_a_lease(const scenario& s) {
  for (const steps* section : sections(s)) {
    lease_notes leases;
    for (const step& one : *section) {
      const lease_note& l = leases[one.lease];
      if (one.kind == step_kind::read && l.unwritten) return true;
      if (one.computed && ((l.unwritten && one.kind != step_kind::shrink) || *one.computed > l.tokens)) return true;
      follow(leases, one);
    }
  }
  return false;
}

std::vector<scenario> reductions(const scenario& s) { return reducer(s).all(); }

}  // namespace triecheck::checks
