#include "checks/server/scheduler.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace triecheck::server {

bool scheduler::submit(sequence_ptr s) {
  const std::lock_guard lock(mutex_);
  if (is_stopped_ || waiting_.size() >= queue_) return false;
  const std::uint64_t order = s->order;
  waiting_.emplace(order, std::move(s));
  work_.notify_one();
  queueing_.notify_all();
  return true;
}

void scheduler::add(sequence_ptr s) {
  const std::lock_guard lock(mutex_);
  if (s->lease == nullptr) {
    const std::uint64_t order = s->order;
    waiting_.emplace(order, std::move(s));
    queueing_.notify_all();
  } else {
    running_.emplace(s->order, s);
    make_ready(s);
  }
  work_.notify_one();
}

sequence_ptr scheduler::next() {
  std::unique_lock lock(mutex_);
  const auto admits = [&] { return may_admit() && !is_queueing_; };
  work_.wait(lock, [&] { return is_stopped_ || !ready_.empty() || admits(); });
  if (is_stopped_) return nullptr;
  sequence_ptr s;
  if (admits()) {
    s = take_first_waiting();
  } else {
    s = std::move(ready_.front());
    ready_.pop_front();
    s->now = phase::stepping;
  }
  if (!ready_.empty() || admits()) work_.notify_one();
  return s;
}

bool scheduler::wait_until_queueing() {
  std::unique_lock lock(mutex_);
  queueing_.wait(lock, [&] { return is_stopped_ || is_queueing_; });
  return !is_stopped_;
}

sequence_ptr scheduler::next_queued() {
  std::unique_lock lock(mutex_);
  queueing_.wait(lock, [&] { return is_stopped_ || waiting_.empty() || may_admit(); });
  if (!is_stopped_ && !waiting_.empty()) return take_first_waiting();
  is_queueing_ = false;
  return nullptr;
}

void scheduler::wait_for_returns(std::uint64_t returns_before) {
  std::unique_lock lock(mutex_);
  queueing_.wait(lock, [&] { return is_stopped_ || waiting_.empty() || returns_ != returns_before; });
}

std::uint64_t scheduler::returns() const {
  const std::lock_guard lock(mutex_);
  return returns_;
}

bool scheduler::more(const sequence_ptr& s) {
  const std::lock_guard lock(mutex_);
  if (s->must_yield) return false;
  make_ready(s);
  if (ready_.size() > 1) work_.notify_one();  // the caller takes one itself
  return true;
}

scheduler::refusal scheduler::refused(const sequence_ptr& s, std::uint64_t returns_before) {
  const std::lock_guard lock(mutex_);
  if (s->must_yield) return {refusal::yield, nullptr};
  if (returns_ != returns_before) {
    make_ready(s);
    return {refusal::retry, nullptr};
  }
  if (running_.size() == 1) return {refusal::lost, nullptr};
  const sequence_ptr youngest = std::prev(running_.end())->second;
  if (youngest == s) return {refusal::yield, nullptr};
  if (youngest->now == phase::stepping) {
    youngest->must_yield = true;
    s->now = phase::stalled;
    return {refusal::retry, nullptr};
  }
  std::erase(ready_, youngest);
  youngest->now = phase::stepping;
  s->now = phase::stalled;
  return {refusal::preempt, youngest};
}

bool scheduler::yielded(const sequence_ptr& s) {
  const std::lock_guard lock(mutex_);
  ++preemptions_;
  is_paused_ = true;
  leave_batch(s);
  s->now = phase::waiting;
  waiting_.emplace(s->order, s);
  return is_queueing_ && running_.empty();
}

bool scheduler::admitted(const sequence_ptr& s) {
  const std::lock_guard lock(mutex_);
  is_queueing_ = false;
  if (!s->must_yield) make_ready(s);
  work_.notify_all();
  return !s->must_yield;
}

bool scheduler::not_admitted(const sequence_ptr& s, std::uint64_t returns_before) {
  const std::lock_guard lock(mutex_);
  if (running_.size() == 1 && returns_ == returns_before) return false;
  leave_batch(s);
  s->now = phase::waiting;
  waiting_.emplace(s->order, s);
  is_queueing_ = true;
  queueing_.notify_all();
  return true;
}

bool scheduler::ended(const sequence_ptr& s) {
  const std::lock_guard lock(mutex_);
  s->now = phase::ended;
  is_paused_ = false;
  leave_batch(s);
  return is_queueing_ && running_.empty();
}

std::vector<sequence_ptr> scheduler::take_out(const request& r) {
  const std::lock_guard lock(mutex_);
  std::vector<sequence_ptr> taken;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->second->owner.get() == &r) {
      at->second->now = phase::ended;
      taken.push_back(std::move(at->second));
      at = waiting_.erase(at);
    } else {
      ++at;
    }
  }
  pages_returned();  // none did, but stalled sequences and those that wait look again
  return taken;
}

bool scheduler::close(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  ++closed_;
  if (rest_.wait_for(lock, limit, [&] { return running_.empty(); })) return true;
  lock.unlock();
  open();
  return false;
}

void scheduler::open() {
  const std::lock_guard lock(mutex_);
  --closed_;
  work_.notify_all();
  queueing_.notify_all();
}

void scheduler::stop() {
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  work_.notify_all();
  queueing_.notify_all();
}

std::vector<sequence_ptr> scheduler::left() {
  const std::lock_guard lock(mutex_);
  std::vector<sequence_ptr> all;
  for (auto* some : {&waiting_, &running_}) {
    for (auto& [order, s] : *some) all.push_back(std::move(s));
    some->clear();
  }
  ready_.clear();
  return all;
}

std::size_t scheduler::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

std::size_t scheduler::running() const {
  const std::lock_guard lock(mutex_);
  return running_.size();
}

std::uint64_t scheduler::preemptions() const {
  const std::lock_guard lock(mutex_);
  return preemptions_;
}

sequence_ptr scheduler::take_first_waiting() {
  const auto first = waiting_.begin();
  sequence_ptr s = std::move(first->second);
  waiting_.erase(first);
  s->now = phase::stepping;
  running_.emplace(s->order, s);
  return s;
}

void scheduler::make_ready(const sequence_ptr& s) {
  s->now = phase::ready;
  ready_.push_back(s);
}

void scheduler::leave_batch(const sequence_ptr& s) {
  s->must_yield = false;
  running_.erase(s->order);
  if (running_.empty()) {
    is_paused_ = false;
    rest_.notify_all();
  }
  pages_returned();
}

void scheduler::pages_returned() {
  ++returns_;
  for (const auto& [order, s] : running_) {
    if (s->now == phase::stalled) make_ready(s);
  }
  work_.notify_all();
  queueing_.notify_all();
}

}  // namespace triecheck::server
