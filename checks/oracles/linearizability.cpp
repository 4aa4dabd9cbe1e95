#include "checks/oracles/linearizability.h"

#include <algorithm>

namespace triecheck::checks {
namespace {

// For all orders of a history together: far above what a scenario needs, and done well before the watchdog takes the
// search for a hang.
constexpr std::size_t most_states = 200'000;
// Memory is what bounds them: some hundred bytes each.
constexpr std::size_t most_judged = 20'000;

// One byte, as nearly all numbers of a scenario are, or a mark and eight.
void append(std::string& key, std::uint64_t number) {
  constexpr unsigned char mark = 255;
  if (number < mark) {
    key.push_back(static_cast<char>(number));
    return;
  }
  key.push_back(static_cast<char>(mark));
  for (unsigned byte = 0; byte < 8; ++byte) key.push_back(static_cast<char>(number >> (8 * byte)));
}

template <class Numbers>
void append_all(std::string& key, const Numbers& numbers) {
  append(key, numbers.size());
  for (const auto n : numbers) append(key, n);
}

}  // namespace

void linearizability::record(const model::operation& op, const model::outcome& observed, const interval& when) {
  if (recorded_ == events_.size()) events_.emplace_back();
  model::event& e = events_[recorded_];
  e.thread = when.opened.thread;
  e.op = op;
  e.observed = observed;
  e.called = e.returned = recorded_;
  if (when.opened.thread != moment::outside) {
    if (intervals_.empty()) before_ = recorded_;
    intervals_.push_back(when);
  }
  ++recorded_;
}

std::optional<std::string> linearizability::check(const std::vector<model::page_view>& pages,
                                                  const std::vector<model::page>& eviction_order) {
  events_.resize(recorded_);
  end_ = {pages, eviction_order};
  if (intervals_.empty()) before_ = recorded_;
  real_time_.read(intervals_);
  std::optional<std::string> wrong;
  judgement j;
  if (real_time_.sequential()) {
    j = judge(wrong);
  } else {
    note_key();
    if (const auto known = judged_.find(key_); known != judged_.end()) {
      j = known->second;
    } else {
      j = judge(wrong);
      if (judged_.size() == most_judged) judged_.clear();
      judged_.emplace(key_, j);
    }
  }
  ++histories_;
  orders_ += j.orders;
  undecided_ += !j.decided;
  return wrong;
}

// The operations of the threads by thread, so that executions that differ in nothing but the order of the record agree.
void linearizability::note_key() {
  key_.clear();
  append(key_, before_);
  for (const model::event& e : events_) {
    if (e.thread == moment::outside) add_to_key(e);
  }
  for (unsigned t = 0; t < max_threads; ++t) {
    append(key_, real_time_.of_thread(t).size());
    for (const std::size_t i : real_time_.of_thread(t)) {
      add_to_key(events_[before_ + i]);
      if (before_ + i < shown_.size() && shown_[before_ + i]) add_to_key(*shown_[before_ + i]);
      append_all(key_, real_time_.needs(i));
    }
  }
  add_to_key(end_);
}

void linearizability::add_to_key(const model::end_state& s) {
  for (const model::page_view& p : s.pages) {
    append(key_, static_cast<std::uint64_t>(p.state) * 4 + (p.pinned ? 1 : 0) + (p.forgotten ? 2 : 0));
    append(key_, p.parent ? *p.parent + std::uint64_t{1} : 0);
    append(key_, p.space);
    append(key_, p.key);
    append_all(key_, p.block);
  }
  append_all(key_, s.eviction_order);
  if (!s.available) return;
  for (const std::uint64_t n :
       {s.available->free_pages, s.available->evictable_pages, s.available->pinned_pages, s.available->private_pages}) {
    append(key_, n);
  }
}

void linearizability::add_to_key(const model::event& e) {
  append(key_, static_cast<std::uint64_t>(e.op.kind));
  append(key_, static_cast<std::uint64_t>(e.observed.result));
  for (const std::uint64_t n : {std::uint64_t{e.op.subject}, std::uint64_t{e.op.forked}, e.op.space}) append(key_, n);
  for (const std::size_t n : {e.op.extra_slots, e.op.computed_tokens, e.op.count, e.op.kept_tokens,
                              std::size_t{e.op.free_only}, e.observed.cached, e.observed.evicted})
    append(key_, n);
  append(key_, e.op.keep.priority);
  append(key_, e.op.keep.expires_at);
  append(key_, e.op.now);
  append_all(key_, e.op.tokens);
  append(key_, e.op.keys.size());
  for (const model::block_key& k : e.op.keys) {
    append(key_, k.block);
    append(key_, k.key);
  }
  append_all(key_, e.observed.pages);
  append(key_, e.observed.copies.size());
  for (const auto& [from, to] : e.observed.copies) {
    append(key_, from);
    append(key_, to);
  }
}

model::linearization linearizability::explain(std::size_t states) const {
  if (rule_ == model::refusals::at_once) return model::check_whole(config_, events_, &end_, states, shown_);
  return model::check(config_, events_, &end_.pages, {.limit_states = states, .tell_order = false, .rule = rule_});
}

linearizability::judgement linearizability::judge(std::optional<std::string>& wrong) {
  judgement j;
  std::size_t states_left = most_states;
  const auto explained = [&](std::span<const stages> order) {
    ++j.orders;
    for (std::size_t i = 0; i < order.size(); ++i) {
      events_[before_ + i].called = before_ + order[i].opened;
      events_[before_ + i].returned = before_ + order[i].closed;
    }
    const model::linearization found = explain(states_left);
    states_left -= std::min(states_left, found.states);
    j.decided = found.verdict != model::linearizable::unknown;
    if (found.verdict == model::linearizable::no) wrong = found.reason + show_order(order);
    return found.verdict == model::linearizable::yes;
  };
  real_time_.each_order(explained);
  return j;
}

// Words for an order that is not the one that the execution itself shows; nothing where it is.
std::string linearizability::show_order(std::span<const stages> order) const {
  bool as_executed = true;
  std::vector<std::string> words(order.size());  // by stage; an operation opens at each that is not empty
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = 0; j < order.size(); ++j) {
      as_executed =
          as_executed && (order[i].closed < order[j].opened) == (intervals_[i].returned < intervals_[j].called);
    }
    const model::event& e = events_[before_ + i];
    std::string& word = words[order[i].opened];
    word += (word.empty() ? "" : " beside ") + ("thread " + std::to_string(e.thread) + ": ") + model::show(e.op);
  }
  if (as_executed) return "";
  std::string text;
  for (const std::string& word : words) {
    if (!word.empty()) text += (text.empty() ? "" : ", then ") + word;
  }
  return " (in another order of steps that commute, where the operations begin so: " + text + ")";
}

}  // namespace triecheck::checks
