#include "whole_operations.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <utility>

namespace triecheck::model {
namespace {

class search {
 public:
  search(const config& c, const std::vector<event>& history, const end_state* end, std::size_t limit_states,
         std::span<const std::optional<end_state>> shown)
      : config_(c), end_(end), limit_states_(limit_states), first_(history.data()), shown_(shown) {
    events_.assign(history.begin(), history.end());
    std::stable_sort(events_.begin(), events_.end(), [](const event& a, const event& b) {
      return std::pair(a.called, a.returned) < std::pair(b.called, b.returned);
    });
  }

  linearization run() {
    linearization result;
    position start{state(config_), std::vector<bool>(events_.size()), 0};
    const ending e = accepts_in_order_of_return() ? ending::accepted : visit(start);
    result.verdict = e == ending::accepted   ? linearizable::yes
                     : e == ending::rejected ? linearizable::no
                                             : linearizable::unknown;
    result.states = visited_.empty() ? events_.size() + 1 : visited_.size();
    if (e == ending::accepted) return result;
    for (const std::size_t i : longest_) result.order.push_back(show_event(i));
    if (e == ending::rejected) result.reason = reason_;
    return result;
  }

 private:
  enum class ending { accepted, rejected, gave_up };

  struct position {
    state now;
    std::vector<bool> done;  // by event
    std::size_t count = 0;   // of them
  };

  // The order that nearly every history is accepted in. No position has to be kept for it.
  bool accepts_in_order_of_return() {
    position p{state(config_), std::vector<bool>(events_.size()), 0};
    while (p.count != events_.size()) {
      if (take(p, next_of(p).front())) return false;
    }
    return end_ == nullptr || !differs(p.now, *end_, "the final snapshot");
  }

  ending visit(const position& p) {
    std::u32string key(p.done.begin(), p.done.end());
    key += p.now.key();
    for (const page node : p.now.eviction_order()) key.push_back(static_cast<char32_t>(node));
    if (visited_.contains(key)) return ending::rejected;
    if (visited_.size() == limit_states_) return ending::gave_up;
    visited_.insert(std::move(key));

    std::optional<std::string> objection;
    if (p.count == events_.size()) {
      if (end_ != nullptr) objection = differs(p.now, *end_, "the final snapshot");
      if (!objection) return ending::accepted;
    }
    for (const std::size_t i : next_of(p)) {
      position then = p;
      if (auto v = take(then, i)) {
        if (!objection) objection = show_thread(i) + *v;
        continue;
      }
      path_.push_back(i);
      const ending e = visit(then);
      path_.pop_back();
      if (e != ending::rejected) return e;
    }
    if (objection && (reason_.empty() || path_.size() > longest_.size())) {
      longest_ = path_;
      reason_ = *objection;
    }
    return ending::rejected;
  }

  // A refusal evicts nothing.
  std::optional<violation> take(position& p, std::size_t i) const {
    p.done[i] = true;
    ++p.count;
    if (auto v = p.now.step(at(i).op, at(i).observed)) return v;
    const end_state* shown = shown_by(i);
    return shown == nullptr ? std::nullopt : differs(p.now, *shown, "a snapshot");
  }

  // What the event saw that is a snapshot; null where it is none.
  const end_state* shown_by(std::size_t i) const {
    const auto number = static_cast<std::size_t>(&at(i) - first_);
    return number < shown_.size() && shown_[number] ? &*shown_[number] : nullptr;
  }

  static std::optional<std::string> differs(const state& now, const end_state& seen, const std::string& who) {
    if (seen.available) {
      if (*seen.available == now.available()) return std::nullopt;
      return "available were shown to be: " + show(*seen.available) + ", but then there were: " + show(now.available());
    }
    const std::vector<page_view> pages = now.view();
    for (std::size_t i = 0; i < std::max(pages.size(), seen.pages.size()); ++i) {
      if (i < pages.size() && i < seen.pages.size() && pages[i] == seen.pages[i]) continue;
      return who + " shows page " + std::to_string(i) + " otherwise than it was then";
    }
    const std::vector<page> order = now.eviction_order();
    if (order == seen.eviction_order) return std::nullopt;
    return who + " shows the eviction order " + show_pages(seen.eviction_order, seen.eviction_order.size()) +
           ", but then it was " + show_pages(order, order.size());
  }

  // The next event of each thread, unless an event that is not done returned before it was called. Those that returned
  // first come first.
  std::vector<std::size_t> next_of(const position& p) const {
    std::size_t earliest_return = SIZE_MAX;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (!p.done[i]) earliest_return = std::min(earliest_return, at(i).returned);
    }
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (p.done[i] || at(i).called > earliest_return) continue;
      const auto same_thread = [&](std::size_t j) { return at(j).thread == at(i).thread; };
      if (std::none_of(found.begin(), found.end(), same_thread)) found.push_back(i);
    }
    std::sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(at(a).returned, a) < std::pair(at(b).returned, b);
    });
    return found;
  }

  const event& at(std::size_t i) const { return events_[i]; }
  std::string show_thread(std::size_t i) const { return "thread " + std::to_string(at(i).thread) + ": "; }
  std::string show_event(std::size_t i) const {
    if (const end_state* shown = shown_by(i))
      return show_thread(i) + (shown->available ? "available: " + show(*shown->available) : "snapshot");
    return show_thread(i) + show(at(i).op) + ": " + show(at(i).op, at(i).observed);
  }

  const config config_;
  std::vector<std::reference_wrapper<const event>> events_;  // by the time of the call
  const end_state* end_;
  const std::size_t limit_states_;
  const event* const first_;  // of the history as given
  const std::span<const std::optional<end_state>> shown_;

  std::unordered_set<std::u32string> visited_;
  std::vector<std::size_t> path_;     // the events that lead to the position visited
  std::vector<std::size_t> longest_;  // the path to the dead end that came farthest, and what it met there
  std::string reason_;
};

}  // namespace

linearization check_whole(const config& c, const std::vector<event>& history, const end_state* end,
                          std::size_t limit_states, std::span<const std::optional<end_state>> shown) {
  for (const event& e : history) {
    if (e.returned < e.called) throw std::invalid_argument(show(e.op) + " returned before it was called");
  }
  return search(c, history, end, limit_states, shown).run();
}

}  // namespace triecheck::model
