// The reduction against the full tree: random small programs must have the same outcomes, or a violation, under both.
//
// A program is two to four threads of loads, stores, read-modify-writes, fences, critical sections and accesses of
// plain variables over two objects of each kind, some of which are destroyed on the way. Everything is drawn from a
// fixed seed; a disagreement is shrunk and printed as a program. Programs whose full tree is too large are skipped, and
// the tests require that few are.
//
// Histories are compared as well: every instruction, or every two, is an operation, and of each execution of the full
// tree the order in which its operations ended and began has to be one that the reduced search judges.
#include "checks/litmus/litmus.h"
#include "checks/oracles/real_time.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#ifndef TRIECHECK_TIMES
#define TRIECHECK_TIMES 1
#endif

namespace triecheck::litmus {
namespace {

const char* name_of(memory_order order) {
  switch (order) {
    case memory_order::relaxed:
      return "relaxed";
    case memory_order::acquire:
      return "acquire";
    case memory_order::release:
      return "release";
    case memory_order::acq_rel:
      return "acq_rel";
    case memory_order::seq_cst:
      break;
  }
  return "seq_cst";
}

// How many times the programs of a usual run are drawn. The first ones are the same.
constexpr std::uint64_t times = TRIECHECK_TIMES;

enum class action : std::uint8_t {
  load,
  store,
  add,
  swap,
  strong,
  weak,
  retry,
  retry_once,
  fence,
  get,
  set,
  destroy_word,
  destroy_mutex,
  lock,
  try_lock,
  lock_shared,
  try_lock_shared,
  lock_exclusive,
  try_lock_exclusive,
  end,  // of the innermost critical section
};

constexpr std::array names = {"load",
                              "store",
                              "add",
                              "swap",
                              "strong",
                              "weak",
                              "retry",
                              "retry_once",
                              "fence",
                              "get",
                              "set",
                              "destroy_word",
                              "destroy_mutex",
                              "lock",
                              "try_lock",
                              "lock_shared",
                              "try_lock_shared",
                              "lock_exclusive",
                              "try_lock_exclusive",
                              "end"};

bool opens(action a) { return a >= action::lock && a != action::end; }

struct instruction {
  action what = action::load;
  unsigned object = 0;
  std::uint32_t value = 0;
  memory_order order = relaxed;
  std::optional<std::uint32_t> only_after;  ///< runs only when this is what the thread observed last
};
using thread_text = std::vector<instruction>;
using program_text = std::vector<thread_text>;

/// Which kinds of operation a program may hold, beside loads, stores, fences and mutexes.
struct ingredients {
  bool weak = false;
  bool plain = false;
  bool destruction = false;
  bool shared = false;
  unsigned operations = 0;  ///< so many instructions are an operation; 0: there are none
};

class dice {
 public:
  explicit dice(std::uint64_t seed) : engine_(seed) {}
  unsigned operator()(unsigned limit) { return static_cast<unsigned>(engine_() % limit); }

 private:
  std::mt19937_64 engine_;
};

struct machine {
  static constexpr std::size_t most_observations = 16;

  machine() {
    for (auto& p : plain) p.set(0);
  }
  ~machine() {
    for (unsigned i = 0; i < 2; ++i) {
      if (!word_gone[i]) delete words[i];
      if (!mutex_gone[i]) delete mutexes[i];
    }
  }
  machine(const machine&) = delete;
  machine& operator=(const machine&) = delete;

  // Pointers stay when their object is destroyed: to use it then is what the explorer has to find.
  std::array<word*, 2> words{new word(0), new word(0)};
  std::array<sync::mutex*, 2> mutexes{new sync::mutex, new sync::mutex};
  std::array<bool, 2> word_gone{}, mutex_gone{};
  sync::shared_mutex shared;
  std::array<sync::var<std::uint32_t>, 2> plain;
  std::array<std::array<std::uint32_t, most_observations>, explore::max_threads> seen{};
  std::array<std::size_t, explore::max_threads> count{};

  static constexpr std::size_t most_operations = 16;
  struct operation {
    unsigned number;  // 4 times the thread, and its how-manieth
    checks::interval when;
  };
  std::array<operation, most_operations> operations;  // in the order in which they returned
  std::size_t returned = 0;
};

/// One thread of a program: runs its text on a machine.
class runner {
 public:
  runner(machine& m, unsigned thread, unsigned length_of_operations)
      : machine_(m), thread_(thread), length_of_operations_(length_of_operations) {}

  void run(const thread_text& text) {
    for (const instruction& i : text) {
      begin_operation();
      if (skipped_ != 0) {
        skipped_ += opens(i.what) ? 1 : i.what == action::end ? -1 : 0;
      } else if (opens(i.what)) {
        open(i);
      } else if (i.what == action::end) {
        close();
      } else if (!i.only_after || latest() == *i.only_after) {
        step(i);
      }
      ++in_operation_;
      if (in_operation_ >= length_of_operations_ && depth_ == 0 && skipped_ == 0) end_operation();
    }
    end_operation();
  }

 private:
  void begin_operation() {
    if (length_of_operations_ != 0 && in_operation_ == 0) explore::session::current().begin_operation();
  }
  void end_operation() {
    if (length_of_operations_ == 0 || in_operation_ == 0) return;
    in_operation_ = 0;
    machine_.operations[machine_.returned++] = {4 * thread_ + operations_++,
                                                explore::session::current().end_operation()};
  }

  std::uint32_t latest() const {
    const std::size_t n = machine_.count[thread_];
    return n == 0 ? 0 : machine_.seen[thread_][n - 1];
  }
  void observe(std::uint32_t value) {
    std::size_t& n = machine_.count[thread_];
    if (n != machine::most_observations) machine_.seen[thread_][n++] = value;
  }

  void open(const instruction& i) {
    bool held = true;
    sync::mutex& m = *machine_.mutexes[i.object];
    switch (i.what) {
      case action::lock:
        m.lock();
        break;
      case action::try_lock:
        held = m.try_lock();
        break;
      case action::lock_shared:
        machine_.shared.lock_shared();
        break;
      case action::try_lock_shared:
        held = machine_.shared.try_lock_shared();
        break;
      case action::lock_exclusive:
        machine_.shared.lock();
        break;
      default:
        held = machine_.shared.try_lock();
        break;
    }
    if (held) held_[depth_++] = i;
    if (!held) skipped_ = 1;
    observe(held);
  }

  void close() {
    const instruction& i = held_[--depth_];
    if (i.what <= action::try_lock) return machine_.mutexes[i.object]->unlock();
    if (i.what <= action::try_lock_shared) return machine_.shared.unlock_shared();
    machine_.shared.unlock();
  }

  void step(const instruction& i) {
    word* const w = machine_.words[i.object];
    switch (i.what) {
      case action::load:
        observe(w->load(failure_order(i.order)));
        break;
      case action::store:
        w->store(i.value, i.order == acquire || i.order == acq_rel ? release : i.order);
        break;
      case action::add:
        observe(w->fetch_add(i.value, i.order));
        break;
      case action::swap:
        observe(w->exchange(i.value, i.order));
        break;
      case action::strong: {
        std::uint32_t expected = i.value - 1;
        observe(w->compare_exchange_strong(expected, i.value, i.order, failure_order(i.order)));
        break;
      }
      case action::weak: {
        std::uint32_t expected = i.value - 1;
        observe(w->compare_exchange_weak(expected, i.value, i.order, failure_order(i.order)));
        break;
      }
      case action::retry: {
        std::uint32_t expected = i.value - 1;
        while (!w->compare_exchange_weak(expected, i.value, i.order, failure_order(i.order)) &&
               expected == i.value - 1) {
        }
        observe(expected);
        break;
      }
      case action::retry_once: {
        std::uint32_t expected = i.value - 1;
        unsigned failures = 0;
        while (failures < 2 && !w->compare_exchange_weak(expected, i.value, i.order, failure_order(i.order)))
          ++failures;
        observe(8 * failures + expected);
        break;
      }
      case action::fence:
        sync::fence(i.order == relaxed ? seq_cst : i.order);
        break;
      case action::get:
        observe(machine_.plain[i.object].get());
        break;
      case action::set:
        machine_.plain[i.object].set(i.value);
        break;
      case action::destroy_word:
        delete w;
        machine_.word_gone[i.object] = true;
        break;
      default:
        delete machine_.mutexes[i.object];
        machine_.mutex_gone[i.object] = true;
    }
  }

  machine& machine_;
  const unsigned thread_;
  const unsigned length_of_operations_;
  unsigned in_operation_ = 0;          // instructions so far
  unsigned operations_ = 0;            // that ended
  int skipped_ = 0;                    // critical sections open that this thread did not get into
  std::array<instruction, 2> held_{};  // no container: a violation leaves this object as it is
  std::size_t depth_ = 0;
};

class generator {
 public:
  generator(std::uint64_t seed, const ingredients& use) : dice_(seed), use_(use) {}

  program_text draw() {
    program_text p(dice_(8) == 0 ? 4 : 2 + dice_(2));
    const std::array<unsigned, 5> longest = {0, 0, 4, 3, 2};
    for (thread_text& t : p) {
      for (unsigned n = 1 + dice_(longest[p.size()]); n > 0; --n) {
        if (dice_(3) == 0) {
          section(t, false);
        } else {
          t.push_back(simple());
        }
      }
    }
    return p;
  }

 private:
  instruction simple() {
    static constexpr std::array orders = {relaxed, acquire, release, acq_rel, seq_cst};
    static constexpr std::array<action, 15> always = {action::load,   action::load,  action::load,  action::load,
                                                      action::load,   action::store, action::store, action::store,
                                                      action::store,  action::store, action::add,   action::swap,
                                                      action::strong, action::fence, action::fence};
    instruction i{
        .object = dice_(2),
        .value = 1 + dice_(2),
        .order = orders[dice_(5)],
    };
    if (dice_(4) == 0) i.only_after = dice_(2);
    i.what = always[dice_(always.size())];
    static constexpr std::array exchanges = {action::weak, action::retry, action::retry_once};
    if (i.what == action::strong && use_.weak) i.what = exchanges[dice_(exchanges.size())];
    if (use_.plain && dice_(12) == 0) i.what = dice_(2) == 0 ? action::get : action::set;
    if (use_.destruction && dice_(16) == 0) i.what = dice_(2) == 0 ? action::destroy_word : action::destroy_mutex;
    return i;
  }

  void section(thread_text& t, bool nested) {
    const unsigned kind = dice_(use_.shared ? 6 : 2);
    t.push_back(
        {.what = static_cast<action>(static_cast<unsigned>(action::lock) + kind), .object = dice_(3) == 0 ? 1U : 0U});
    for (unsigned n = dice_(3); n > 0; --n) {
      if (!nested && dice_(4) == 0) {
        section(t, true);
        continue;
      }
      t.push_back(simple());
      if (use_.plain && dice_(2) == 0) t.back().what = dice_(3) == 0 ? action::set : action::get;
    }
    t.push_back({.what = action::end});
  }

  dice dice_;
  const ingredients use_;
};

struct answer {
  bool complete = false;
  std::string violation;  // empty: none
  std::string error;
  std::set<std::string> seen;
  std::uint64_t executions = 0;
};

/// Which operation ended before which began: bit 16 * i + j where i did before j.
using precedence = std::bitset<machine::most_operations * machine::most_operations>;
using histories = std::map<std::string, std::vector<precedence>>;  // by the outcome

void add_once(std::vector<precedence>& orders, const precedence& p) {
  if (std::find(orders.begin(), orders.end(), p) == orders.end()) orders.push_back(p);
}

/// Notes the histories of an execution: all those of its class, or its own. An operation without a step has no place in
/// time, only in its thread: it is left out.
void note(std::vector<precedence>& orders, const machine& m, bool of_class) {
  std::vector<machine::operation> operations(m.operations.begin(),
                                             m.operations.begin() + static_cast<std::ptrdiff_t>(m.returned));
  std::erase_if(operations, [](const machine::operation& o) { return o.when.called % 2 == 0; });
  const auto add = [&](auto precedes) {
    precedence p;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      for (std::size_t j = 0; j < operations.size(); ++j) {
        if (precedes(i, j)) p.set(machine::most_operations * operations[i].number + operations[j].number);
      }
    }
    add_once(orders, p);
    return true;
  };
  if (!of_class) {
    add([&](std::size_t i, std::size_t j) { return operations[i].when.returned < operations[j].when.called; });
    return;
  }
  std::vector<checks::interval> intervals;
  for (const machine::operation& o : operations) intervals.push_back(o.when);
  checks::real_time order;
  order.read(intervals);
  order.each_order([&](std::span<const checks::stages> at) {
    return add([&](std::size_t i, std::size_t j) { return at[i].closed < at[j].opened; });
  });
}

/// What hears of each execution when it ends: its outcome, and the machine.
using listener = std::function<void(const std::string&, const machine&)>;

program_over<machine> make_program(const program_text& text, unsigned length_of_operations = 0, listener heard = {}) {
  std::vector<program_over<machine>::body> threads;
  for (unsigned t = 0; t < text.size(); ++t) {
    threads.push_back(
        [t, length_of_operations, mine = text[t]](machine& m) { runner(m, t, length_of_operations).run(mine); });
  }
  return {std::move(threads), [heard = std::move(heard)](machine& m) {
            std::string all;
            for (unsigned t = 0; t < explore::max_threads; ++t) {
              for (std::size_t i = 0; i < m.count[t]; ++i) all += std::to_string(m.seen[t][i]) + ' ';
              all += "| ";
            }
            for (unsigned i = 0; i < 2; ++i)
              all += m.word_gone[i] ? "gone " : std::to_string(m.words[i]->load(relaxed)) + ' ';
            if (heard) {
              const explore::outside_simulation heap;
              heard(std::string(all), m);
            }
            return all;
          }};
}

enum class search : std::uint8_t { reduced, full, relacy, parts };

/// What all parts of the tree see, cut after three choices; each part stops after every second execution, and a new
/// search goes on from its position.
answer ask_parts(const program_text& text, unsigned stale_depth) {
  auto p = make_program(text);
  const explore::run_options slice{.bounds = {.stale_depth = stale_depth}, .executions = 2};
  std::vector<explore::schedule> beginnings;
  const auto lister = explore::make_exhaustive(true, {.list_depth = 3, .beginnings = &beginnings});
  const auto listed = run(p, *lister, {.bounds = {.stale_depth = stale_depth}});
  answer sum{listed.complete, listed.found ? listed.found->kind : "", listed.error, {}, 0};
  if (!listed.complete) return sum;
  p.outcomes.clear();
  for (const explore::schedule& below : beginnings) {
    std::string position;
    for (bool more = true; more;) {
      const auto part = explore::make_exhaustive(true, {.below = below, .position = position});
      const auto o = run(p, *part, slice);
      sum.executions += o.executions;
      sum.error = o.error;
      if (o.found) sum.violation = o.found->kind;
      position = part->position();
      more = !o.complete && !o.found && o.error.empty();
      if (o.found || !o.error.empty()) return sum;
    }
  }
  sum.seen = p.outcomes;
  return sum;
}

/// What `by` sees of a program; gives up after `limit` executions.
answer ask(const program_text& text, search by, unsigned stale_depth, std::uint64_t limit = 0) {
  if (by == search::parts) return ask_parts(text, stale_depth);
  auto p = make_program(text);
  const auto all = explore::make_exhaustive(by == search::reduced);
  const auto o = run(p, *all,
                     {.by = by == search::relacy ? explore::search::relacy_full : explore::search::guided,
                      .bounds = {.stale_depth = stale_depth},
                      .executions = limit});
  return {o.complete, o.found ? o.found->kind : "", o.error, p.outcomes, o.executions};
}

/// How two answers contradict each other, or nothing.
std::string contradiction(const answer& reduced, const answer& full) {
  if (!reduced.error.empty() || !full.error.empty()) return "an error: " + reduced.error + full.error;
  if (reduced.violation.empty() != full.violation.empty())
    return "only one finds: " + reduced.violation + full.violation;
  if (!full.violation.empty()) return {};
  if (reduced.seen != full.seen) {
    std::string text = std::to_string(reduced.seen.size()) + " outcomes of " + std::to_string(full.seen.size());
    for (const std::string& o : full.seen) text += reduced.seen.contains(o) ? "" : ", missed: " + o;
    for (const std::string& o : reduced.seen) text += full.seen.contains(o) ? "" : ", invented: " + o;
    return text;
  }
  return reduced.executions > full.executions ? "more executions than the full tree" : "";
}

std::string show(const program_text& text) {
  std::string all;
  for (const thread_text& t : text) {
    all += "  thread:";
    for (const instruction& i : t) {
      all += std::string(" ") + (i.only_after ? "if " + std::to_string(*i.only_after) + ": " : "") +
             names[static_cast<std::size_t>(i.what)] + ' ' + std::to_string(i.object) + ' ' + std::to_string(i.value) +
             ' ' + name_of(i.order) + ';';
    }
    all += '\n';
  }
  return all;
}

/// A history of `all` that is not judged, or nothing: none of `judged` orders all that it orders.
std::string lost(const histories& all, const histories& judged) {
  for (const auto& [outcome, orders] : all) {
    const auto found = judged.find(outcome);
    for (const precedence& order : orders) {
      const bool is_judged =
          found != judged.end() && std::any_of(found->second.begin(), found->second.end(),
                                               [&](const precedence& j) { return (order & ~j).none(); });
      if (!is_judged) return "of outcome " + outcome + " " + order.to_string();
    }
  }
  return {};
}

/// Another strategy, with the preemptions of each execution, and `counted` called behind each one that it counts.
class watched_strategy final : public explore::strategy {
 public:
  watched_strategy(std::unique_ptr<explore::strategy> of, std::function<void(unsigned preemptions)> counted)
      : of_(std::move(of)), counted_(std::move(counted)) {}

  void begin() override {
    steps_ = preemptions_ = 0;
    of_->begin();
  }
  unsigned choose_thread(const explore::scheduling_point& point) override {
    const unsigned chosen = of_->choose_thread(point);
    broken_ = of_->broken();
    const bool can_go_on =
        (point.enabled >> point.current & 1U) != 0 && point.next[point.current].kind != explore::access::local;
    if (steps_++ != 0 && can_go_on && chosen != point.current) ++preemptions_;
    return chosen;
  }
  bool choose_data(explore::data_choice kind, unsigned age) override { return of_->choose_data(kind, age); }
  bool probes() const override { return of_->probes(); }
  void probed(bool in_vain) override { of_->probed(in_vain); }
  bool end() override {
    const bool more = of_->end();
    broken_ = of_->broken();
    if (!of_->redundant()) counted_(preemptions_);
    return more;
  }
  bool complete() const override { return of_->complete(); }
  bool redundant() const override { return of_->redundant(); }
  bool cut() const override { return of_->cut(); }

 private:
  const std::unique_ptr<explore::strategy> of_;
  const std::function<void(unsigned)> counted_;
  unsigned steps_ = 0;
  unsigned preemptions_ = 0;
};

/// A history of an execution with 0, 1 or 2 preemptions that `bounded` does not judge within as many, or nothing.
/// `most` executions are enough for the full tree.
std::string lost_within_a_bound(const program_text& text, const ingredients& use, std::uint64_t most, bool& too_large) {
  constexpr unsigned bounds = 3;
  histories latest;  // of the execution that ends
  const auto search = [&](std::unique_ptr<explore::strategy> s, bool of_class, auto counted, std::uint64_t limit) {
    auto p = make_program(text, use.operations, [&](const std::string& outcome, const machine& m) {
      latest.clear();
      note(latest[outcome], m, of_class);
    });
    watched_strategy watched(std::move(s), counted);
    return run(p, watched, {.bounds = {.stale_depth = explore::oldest_age}, .executions = limit});
  };
  const auto add_latest = [&](histories& to) {
    for (const auto& [outcome, orders] : latest) {
      for (const precedence& order : orders) add_once(to[outcome], order);
    }
  };
  std::array<histories, bounds> within;
  const auto every = search(
      explore::make_exhaustive(false), false,
      [&](unsigned preemptions) {
        for (unsigned b = preemptions; b < bounds; ++b) add_latest(within[b]);
      },
      most);
  too_large = !every.complete || every.found;
  if (too_large) return {};
  for (unsigned b = 0; b < bounds; ++b) {
    histories judged;
    const auto o = search(
        explore::make_bounded(b), true, [&](unsigned) { add_latest(judged); }, 0);
    if (!o.error.empty()) return "an error: " + o.error;
    const std::string missed = lost(within[b], judged);
    if (!missed.empty()) return "missed within " + std::to_string(b) + " preemptions: " + missed;
  }
  return {};
}

/// A history that one of two searches judges and the other does not, or nothing. A history is judged where one is that
/// orders all that it orders. `most` executions are enough for the full tree.
std::string lost_history(const program_text& text, const ingredients& use, std::uint64_t most, bool& too_large) {
  const auto search = [&](bool reduction, unsigned stale_depth, bool of_class, histories& seen, std::uint64_t limit) {
    auto p = make_program(text, use.operations,
                          [&](const std::string& outcome, const machine& m) { note(seen[outcome], m, of_class); });
    return run(p, *explore::make_exhaustive(reduction), {.bounds = {.stale_depth = stale_depth}, .executions = limit});
  };
  histories full;
  const auto every = search(false, explore::oldest_age, false, full, most);
  too_large = !every.complete || every.found;
  if (too_large) return {};
  histories reduced;
  search(true, explore::oldest_age, true, reduced, 0);
  const std::string missed = lost(full, reduced);
  if (!missed.empty()) return "missed: " + missed;
  // A class whose exchange fails spuriously includes executions in which it fails so on an older value, which the tree
  // leaves out.
  if (use.weak) return {};
  const std::string invented = lost(reduced, full);
  return invented.empty() ? "" : "invented: " + invented;
}

/// The program without the instruction, and without the end of the section that it opens.
program_text without(program_text text, std::size_t thread, std::size_t at) {
  thread_text& t = text[thread];
  if (opens(t[at].what)) {
    std::size_t last = at + 1;
    for (int open = 1; open != 0; ++last) open += opens(t[last].what) ? 1 : t[last].what == action::end ? -1 : 0;
    t.erase(t.begin() + static_cast<std::ptrdiff_t>(last) - 1);
  }
  t.erase(t.begin() + static_cast<std::ptrdiff_t>(at));
  return text;
}

/// Removes instructions as long as `disagree` holds.
template <class Disagree>
program_text shrink(program_text text, Disagree disagree) {
  for (std::size_t t = 0; t < text.size(); ++t) {
    for (std::size_t i = 0; i < text[t].size();) {
      const bool is_end = text[t][i].what == action::end;
      program_text smaller = is_end ? text : without(text, t, i);
      if (is_end || !disagree(smaller)) {
        ++i;
        continue;
      }
      text = std::move(smaller);
      t = i = 0;
    }
  }
  return text;
}

struct comparison {
  search against = search::full;
  ingredients use;
  unsigned stale_depth = 1;
  std::uint64_t first_seed = 0;
  std::uint64_t programs = 0;
};

void compare(comparison c) {
  c.programs *= times;
  constexpr std::uint64_t largest = 3'000;  // executions of the full tree
  std::uint64_t skipped = 0;
  std::uint64_t violating = 0;
  const auto verdict = [&](const program_text& text) {
    const answer full = ask(text, c.against, c.stale_depth, largest);
    const bool ended = full.complete || !full.violation.empty() || !full.error.empty();
    if (!ended) ++skipped;
    if (!full.violation.empty()) ++violating;
    if (!ended) return std::string();
    const answer reduced = ask(text, search::reduced, c.stale_depth);
    const bool same_count =
        c.against != search::parts || reduced.executions == full.executions || !full.violation.empty();
    return same_count
               ? contradiction(reduced, full)
               : std::to_string(full.executions) + " executions in parts, not " + std::to_string(reduced.executions);
  };
  for (std::uint64_t seed = c.first_seed; seed < c.first_seed + c.programs; ++seed) {
    const program_text text = generator(seed, c.use).draw();
    if (verdict(text).empty()) continue;
    const program_text least = shrink(text, [&](const program_text& t) { return !verdict(t).empty(); });
    FAIL() << "seed " << seed << ": " << verdict(least) << "\n" << show(least);
  }
  EXPECT_LT(skipped, c.programs / 2);
  EXPECT_LT(violating, c.programs * 3 / 4);
}

/// `losing`: lost_history, or lost_within_a_bound.
template <class Losing>
void compare_histories(Losing losing, const ingredients& use, std::uint64_t first_seed, std::uint64_t programs) {
  programs *= times;
  std::uint64_t skipped = 0;
  const auto verdict = [&](const program_text& text) {
    bool too_large = false;
    const std::string lost = losing(text, use, 2'000, too_large);
    skipped += too_large;
    return lost;
  };
  for (std::uint64_t seed = first_seed; seed < first_seed + programs; ++seed) {
    const program_text text = generator(seed, use).draw();
    if (verdict(text).empty()) continue;
    const program_text least = shrink(text, [&](const program_text& t) { return !verdict(t).empty(); });
    FAIL() << "seed " << seed << ": " << verdict(least) << "\n" << show(least);
  }
  EXPECT_LT(skipped, programs * 2 / 3);
}

std::string disagreement(const program_text& text) {
  return contradiction(ask(text, search::reduced, 1), ask(text, search::full, 1));
}

constexpr instruction lock_a{.what = action::lock, .object = 0};
constexpr instruction lock_b{.what = action::lock, .object = 1};
constexpr instruction try_a{.what = action::try_lock, .object = 0};
constexpr instruction try_b{.what = action::try_lock, .object = 1};
constexpr instruction end{.what = action::end};

TEST(differential, a_lock_that_waits_where_every_other_thread_sleeps_is_still_reversed) {
  EXPECT_EQ(disagreement({{lock_b, end}, {{.what = action::add}, try_a, lock_b, end, end, try_b, end}, {lock_a, end}}),
            "");
}

TEST(differential, a_write_under_a_shared_lock_is_a_race_in_every_order_of_the_readers) {
  const instruction share{.what = action::lock_shared};
  EXPECT_EQ(disagreement({{share, {.what = action::get}, end}, {share, {.what = action::set, .value = 1}, end}}), "");
}

TEST(differential, a_mutex_that_is_destroyed_while_it_is_held_is_found) {
  const program_text text = {
      {lock_a, {.what = action::store, .value = 1, .order = release}, end},
      {{.what = action::load, .order = acquire}, {.what = action::destroy_mutex, .only_after = 1}}};
  EXPECT_EQ(disagreement(text), "");
  EXPECT_FALSE(ask(text, search::full, 1).violation.empty());
}

TEST(differential, reduction_keeps_every_outcome_of_atomics_fences_and_mutexes) {
  compare({.use = {.weak = true}, .first_seed = 10'000, .programs = 1'200});
}

TEST(differential, reduction_keeps_every_outcome_with_loads_two_stores_back) {
  compare({.use = {.weak = true}, .stale_depth = 2, .first_seed = 20'000, .programs = 600});
}

TEST(differential, reduction_keeps_every_race_and_every_outcome_of_shared_mutexes) {
  compare({.use = {.plain = true, .shared = true}, .first_seed = 30'000, .programs = 1'200});
}

TEST(differential, reduction_keeps_every_use_after_destruction) {
  compare({.use = {.plain = true, .destruction = true}, .first_seed = 40'000, .programs = 1'200});
}

TEST(differential, the_parts_of_a_tree_are_the_whole_though_each_stops_and_goes_on) {
  compare({.against = search::parts, .use = {.weak = true, .shared = true}, .first_seed = 60'000, .programs = 800});
}

TEST(differential, every_history_of_the_full_tree_is_judged_where_an_instruction_is_an_operation) {
  compare_histories(lost_history, {.weak = true, .operations = 1}, 70'000, 600);
}

TEST(differential, every_history_of_the_full_tree_is_judged_and_no_other) {
  compare_histories(lost_history, {.operations = 1}, 90'000, 600);
}

TEST(differential, every_history_of_the_full_tree_is_judged_where_two_instructions_are_an_operation) {
  compare_histories(lost_history, {.weak = true, .shared = true, .operations = 2}, 80'000, 600);
}

TEST(differential, every_history_within_a_bound_is_judged) {
  compare_histories(lost_within_a_bound, {.operations = 1}, 110'000, 600);
  compare_histories(lost_within_a_bound, {.shared = true, .operations = 2}, 120'000, 600);
}

// Relacy lets a weak compare-exchange fail once per object instead of once per thread, and parks waiting threads, which
// makes its tree larger: no weak ones here, and small numbers.
TEST(differential, relacys_full_search_and_the_reduction_see_the_same) {
  compare({.against = search::relacy, .use = {.shared = true}, .first_seed = 50'000, .programs = 400});
}

}  // namespace
}  // namespace triecheck::litmus
