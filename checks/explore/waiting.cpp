#include "checks/explore/waiting.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "checks/explore/strategy.h"

namespace triecheck::explore {
namespace {

constexpr std::uint32_t bit(unsigned thread) { return 1U << thread; }

// In so many equal rounds a load may return the same older value.
constexpr std::uint64_t stale_rounds = 8;

constexpr bool is_of_mutex(access kind) { return kind >= access::lock && kind <= access::unlock_shared; }

constexpr bool holds(std::uint64_t mutex, unsigned t) {
  return static_cast<std::uint32_t>(mutex) == t + 1 || (mutex >> 32 & bit(t)) != 0;
}

// What an operation would see of an object that holds `held`: of a mutex, whether it cannot be had.
constexpr std::uint64_t now_seen(access kind, std::uint64_t held) {
  if (kind == access::try_lock) return held != 0 ? 1 : 0;
  if (kind == access::try_lock_shared) return static_cast<std::uint32_t>(held) != 0 ? 1 : 0;
  return held;
}

const char* name_of(access kind) {
  using enum access;
  switch (kind) {
    case local:
      return "yield";
    case load:
      return "load";
    case store:
      return "store";
    case add:
      return "add";
    case rmw:
      return "exchange";
    case fence:
      return "fence";
    case lock:
      return "lock";
    case try_lock:
      return "try_lock";
    case unlock:
      return "unlock";
    case lock_shared:
      return "lock_shared";
    case try_lock_shared:
      return "try_lock_shared";
    case unlock_shared:
      return "unlock_shared";
    default:
      return "wait";
  }
}

}  // namespace

void waiting_loops::begin_execution() {
  ++execution_;
  for (thread_state& s : threads_) {
    s.first = s.start = s.count;
    s.period = s.matched = s.own = s.own_plain = s.plain_accesses = s.operations = 0;
    s.reads_plain = false;
  }
  shared_ = plain_ = 0;
  repeating_ = 0;
  states_.clear();
}

// The answer is the change as a digest: 0 where the value is the same, and two that undo each other are equal.
std::uint64_t waiting_loops::store(object_id object, std::uint64_t left) {
  object_value& v = value_of_object(object);
  if (v.execution != execution_) v = {.execution = execution_, .held = ~left};
  if (v.held == left) return 0;
  const std::uint64_t change = hashed(object, v.held) ^ hashed(object, left);
  v.held = left;
  shared_ ^= change;
  return change;
}

void waiting_loops::announced(unsigned t, const pending_operation& next, const location& where) {
  thread_state& s = threads_[t];
  s.next = next;
  s.where = where;
  const auto line = reinterpret_cast<std::uintptr_t>(where.file) + where.line;
  s.announced = hashed(line ^ s.plain_accesses, static_cast<std::uint64_t>(next.kind) << 32 | next.object);
  s.others = plain_ ^ s.own_plain;
}

void waiting_loops::performed(unsigned t, const effect& e) {
  thread_state& s = threads_[t];
  const std::uint64_t own = s.own;
  if (e.writes) s.own ^= store(s.next.object, e.left);
  const std::uint64_t step = hashed(s.announced + e.seen, e.writes ? ~e.left : e.may_differ ? 2 : e.reads ? 1 : 0);
  s.at(s.count) = {.step = step,
                   .announced = s.announced,
                   .own = own,
                   .others = s.others,
                   .seen = e.seen,
                   .before = std::exchange(s.latest[step % history], s.count),
                   .file = s.where.file,
                   .object = s.next.object,
                   .line = static_cast<std::uint32_t>(s.where.line),
                   .kind = s.next.kind,
                   .reads_plain = s.reads_plain,
                   .reads = e.reads,
                   .changes = own != s.own && !is_of_mutex(s.next.kind),
                   .may_differ = e.may_differ};
  s.plain_accesses = 0;
  s.reads_plain = false;

  if (s.period != 0 && s.count - s.period >= s.first && s.at(s.count - s.period).step == step) {
    ++s.matched;
  } else {
    const std::uint64_t oldest = std::max(s.first, s.count - std::min(s.count, longest_round));
    std::uint64_t last = s.at(s.count).before;
    while (last >= oldest && s.at(last).step != step) last = s.at(last).before;
    const bool seen_before = last >= oldest;
    s.period = seen_before ? s.count - last : 0;
    s.matched = seen_before ? 1 : 0;
  }
  ++s.count;
  repeating_ = (repeating_ & ~bit(t)) | (s.repeats() ? bit(t) : 0);
}

void waiting_loops::read_plain(unsigned t, object_id object, std::uint64_t value) {
  thread_state& s = threads_[t];
  s.plain_accesses = hashed(s.plain_accesses + object, value);
  s.reads_plain = true;
}

void waiting_loops::wrote_plain(unsigned t, object_id object, std::uint64_t value) {
  thread_state& s = threads_[t];
  s.plain_accesses = hashed(s.plain_accesses - object, value);
  const std::uint64_t change = store(object, value);
  s.own ^= change;
  s.own_plain ^= change;
  plain_ ^= change;
}

void waiting_loops::interrupt(unsigned t, std::uint32_t operations) {
  thread_state& s = threads_[t];
  s.first = s.count;
  s.period = s.matched = 0;
  s.operations = operations;
  repeating_ &= ~bit(t);
  states_.clear();
}

bool waiting_loops::saw_enough(unsigned t) const {
  const thread_state& s = threads_[t];
  return s.repeats() && s.matched >= (stale_rounds - 1) * s.period && s.at(s.count - s.period).may_differ;
}

cycle waiting_loops::last_round_of(unsigned t) const {
  const thread_state& s = threads_[t];
  cycle steps;
  for (std::uint64_t i = s.count - s.period; i != s.count; ++i) steps.push_back({t, s.at(i).announced, s.at(i).step});
  return steps;
}

// What the last round says, whatever others did since: it is looked at once.
waiting_loops::round& waiting_loops::look_at(unsigned t) {
  thread_state& s = threads_[t];
  round& r = s.last_round;
  if (r.at == s.count) return r;
  r.at = s.count;
  r.is_loop = r.locks = false;
  r.position = 0;
  r.key = hashed(hashed(t, s.operations), s.period);
  r.watches.clear();
  r.objects.clear();
  r.mutexes.clear();
  const entry& head = s.at(s.count - s.period);
  r.changes = s.own != head.own;  // of what others undo, or nobody
  if (s.announced != head.announced) return r;
  for (std::uint64_t i = s.count - s.period; i != s.count; ++i) {
    const entry& e = s.at(i);
    if (e.may_differ) return r;
    r.key += hashed(1, e.step);  // the same wherever the round begins
    r.position = hashed(r.position, e.step);
    r.changes = r.changes || e.changes;
    r.locks = r.locks || e.kind == access::lock || e.kind == access::lock_shared;
    if (e.object == 0 || std::find(r.objects.begin(), r.objects.end(), e.object) != r.objects.end()) continue;
    r.objects.push_back(e.object);
    if (is_of_mutex(e.kind)) r.mutexes.push_back(e.object);
    if (e.reads) r.watches.push_back({e.object, e.seen, e.kind});
  }
  r.is_loop = true;
  return r;
}

// Whether a cycle goes on as it did, however often it runs: tried out once.
bool waiting_loops::goes_round(const cycle& steps, std::uint64_t key) {
  const auto known = goes_round_.find(key);
  if (known != goes_round_.end()) return known->second;
  const bool repeats = try_out_(steps) == trial::repeats;
  goes_round_.emplace(key, repeats);
  return repeats;
}

bool waiting_loops::is_inside(unsigned t) {
  const auto& mutexes = threads_[t].last_round.mutexes;
  return std::any_of(mutexes.begin(), mutexes.end(), [&](object_id m) { return holds(value_of_object(m).held, t); });
}

// Whether what the last round read is another value now.
bool waiting_loops::has_changed(unsigned t) {
  const thread_state& s = threads_[t];
  for (const watch& w : s.last_round.watches) {
    const std::uint64_t now = value_of_object(w.object).held;
    if (now_seen(w.kind, now) != w.seen) return true;
  }
  const std::uint64_t others = plain_ ^ s.own_plain;
  if (s.reads_plain && s.others != others) return true;
  for (std::uint64_t i = s.count - s.period + 1; i != s.count; ++i) {
    if (s.at(i).reads_plain && s.at(i).others != others) return true;
  }
  return false;
}

std::uint32_t waiting_loops::look(std::uint32_t live, std::uint32_t enabled, unsigned last,
                                  std::array<pending_operation, max_threads>& next) {
  std::uint32_t loops = 0;
  std::uint32_t waits = 0;
  for (std::uint32_t rest = repeating_ & live; rest != 0; rest &= rest - 1) {
    const auto t = static_cast<unsigned>(std::countr_zero(rest));
    const round& r = look_at(t);
    if (!r.is_loop) continue;
    loops |= bit(t);
    const bool at_lock = next[t].kind == access::lock || next[t].kind == access::lock_shared;
    if (r.changes || (r.locks && !at_lock) || (enabled & bit(t)) == 0 || is_inside(t)) continue;
    if (has_changed(t)) {
      const auto known = goes_round_.find(r.key);  // no thread waited in a loop that is not known
      if (known == goes_round_.end() || !known->second) continue;
      for (const object_id object : r.objects) next[t].watched |= watch_bit(object);
    } else if (goes_round(last_round_of(t), r.key)) {
      waits |= bit(t);
    }
  }
  if (waits != enabled) return waits | whose_turn(enabled & ~waits, last, loops);
  cycle rounds;
  std::uint64_t key = 0;
  for (std::uint32_t rest = waits; rest != 0; rest &= rest - 1) {
    const auto t = static_cast<unsigned>(std::countr_zero(rest));
    const cycle one = last_round_of(t);
    rounds.insert(rounds.end(), one.begin(), one.end());
    key = hashed(key, threads_[t].last_round.key);
  }
  return goes_round(rounds, key) ? waits : 0;
}

// What decides how the threads go on, but for their own memory.
std::uint64_t waiting_loops::digest_of_state(std::uint32_t loops) const {
  std::uint64_t digest = shared_;
  for (unsigned t = 0; t < max_threads; ++t) {
    const thread_state& s = threads_[t];
    digest = hashed(digest, (loops & bit(t)) != 0 ? hashed(s.last_round.position, s.announced) : s.count - s.start);
  }
  return digest;
}

// Those of `enabled` that have to let others move, as the state is one that was reached before without them.
std::uint32_t waiting_loops::whose_turn(std::uint32_t enabled, unsigned last, std::uint32_t loops) {
  if ((loops & bit(last)) == 0) {
    states_.clear();
    return 0;
  }
  const entry& step = threads_[last].at(threads_[last].count - 1);
  states_.push_back({digest_of_state(loops), enabled, {last, step.announced, step.step}});
  std::uint32_t moved = bit(last);
  std::uint32_t could_move = enabled;
  for (std::size_t i = states_.size() - 1; i-- > 0;) {
    could_move |= states_[i].enabled;
    if (states_[i].digest != states_.back().digest) {
      moved |= bit(states_[i].before.thread);
      continue;
    }
    const std::uint32_t late = could_move & ~moved;
    if (late != 0 && (late & enabled) == 0) return 0;  // it moves where it can
    cycle steps;
    std::uint64_t key = shared_;
    for (std::size_t k = i + 1; k < states_.size(); ++k) {
      steps.push_back(states_[k].before);
      key = hashed(key + steps.back().thread, steps.back().step);
    }
    return goes_round(steps, key) ? enabled & ~late : 0;
  }
  return 0;
}

std::string waiting_loops::describe(unsigned t, const std::function<std::string(object_id)>& name) const {
  constexpr std::uint64_t shown = 6;
  const thread_state& s = threads_[t];
  std::string text = "thread " + std::to_string(t) + " repeats ";
  for (std::uint64_t i = s.count - s.period; i != s.count; ++i) {
    if (i - (s.count - s.period) == shown) return text + " and " + std::to_string(s.count - i) + " more";
    const entry& e = s.at(i);
    text += (i == s.count - s.period ? "" : ", ") + std::string(name_of(e.kind)) +
            (e.object != 0 ? ' ' + name(e.object) : "") + " at " + show(location(e.file, e.line));
  }
  return text;
}

}  // namespace triecheck::explore
