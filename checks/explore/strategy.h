// A strategy decides which executions of a program run: the explorer asks it at every choice.
//
// Threads: one execution at a time, everything in one system thread. Strategies use ordinary containers: the explorer
// calls them outside the simulation, where Relacy does not own the heap.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checks/explore/pending_operation.h"
#include "checks/explore/schedule.h"

namespace triecheck::explore {

/// A violation of a rule, or an error of the program: the kind is one of the stable words that reports use.
struct violation {
  std::string kind;
  std::string message;
};

/// What a strategy sees when it picks the thread whose announced operation runs next.
struct scheduling_point {
  std::span<const pending_operation> next;  ///< by thread, of the program's threads; meaningful for live ones
  std::uint32_t enabled = 0;                ///< bit per thread; never 0
  std::uint32_t waiting = 0;  ///< bit per thread: could run, but waits in a loop (waiting.h): only a replay lets it
  unsigned current = 0;       ///< the thread that ran last
  std::span<const std::uint32_t>
      operations;            ///< by thread: operations of the cache begun and ended; odd: it is inside one
  std::uint64_t values = 0;  ///< a digest of every value that was read or written so far in this execution
};

/// A choice inside an operation: how old the value is that a load or a failing exchange sees (asked once per older
/// store that it may see), whether a weak compare-exchange fails, whether a notification passes over the waiter that
/// has waited longest (asked once per waiter that is left). Alternative 0 is the newest value, no failure, the longest
/// wait.
enum class data_choice : std::uint8_t { older_value, spurious_failure, other_waiter };

class strategy {
 public:
  strategy() = default;
  strategy(const strategy&) = delete;
  strategy& operator=(const strategy&) = delete;
  virtual ~strategy() = default;

  virtual void begin() = 0;
  virtual unsigned choose_thread(const scheduling_point& point) = 0;
  /// `age`: of an older value, how many stores back it is; of another waiter, how many are passed over.
  virtual bool choose_data(data_choice kind, unsigned age) = 0;

  /// Whether the running weak exchange, which could succeed, is to fail to see what comes of it (spurious.h). If so,
  /// `probed` says what came of it, in place of a choice: nothing, or the failure has a consequence, and this execution
  /// is one in which it failed.
  virtual bool probes() const { return false; }
  virtual void probed(bool in_vain) { static_cast<void>(in_vain); }

  /// The digest of all values of the execution that ends; before `end`.
  virtual void end_values(std::uint64_t values) { static_cast<void>(values); }

  /// The execution ended without a violation. Returns whether another one is wanted.
  virtual bool end() = 0;

  /// Whether everything that the strategy promises has run.
  virtual bool complete() const = 0;

  /// Whether the execution that just ended is not counted: it repeats one that was, or it was run to measure the
  /// program.
  virtual bool redundant() const { return false; }

  /// Whether the execution that just ended was none of the search: not counted at all.
  virtual bool extra() const { return false; }

  /// Whether a bound has kept an execution out.
  virtual bool cut() const { return false; }

  /// Between two executions: the position of the search, as one word from which an equal strategy goes on; empty where
  /// it can only start over.
  virtual std::string position() const { return {}; }

  /// A rule that the strategy itself watches and that the program broke at this point; nothing for most strategies.
  /// `demand` says what was asked, in place of the steps from `from` on.
  struct refutation {
    violation what;
    std::size_t from = 0;
    choice demand;
  };
  const std::optional<refutation>& refuted() const { return refuted_; }

  /// Why the run is wrong in itself (a program that is not deterministic, a schedule that does not fit), or empty.
  const std::string& broken() const { return broken_; }

 protected:
  std::string broken_;
  std::optional<refutation> refuted_;
};

/// Which part of a tree of executions a search walks. The default is all of it.
struct tree_part {
  schedule below = {};         ///< only the executions that begin with these choices
  std::string position = {};   ///< what `position()` of an equal search said: goes on from there
  std::size_t list_depth = 0;  ///< not 0: one execution for every beginning of that many choices, put into `beginnings`

  /// In the order of the search. The parts below them are disjoint, and together hold what the whole search counts. An
  /// execution that is shorter is a beginning itself.
  std::vector<schedule>* beginnings = nullptr;
};

/// Every execution up to the order of independent operations: source sets with sleep sets.
std::unique_ptr<strategy> make_exhaustive(bool reduction, const tree_part& part = {});

/// Two numbers into one, well spread: neighbouring inputs give unrelated outputs (splitmix64).
constexpr std::uint64_t hashed(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = a * 0x9e37'79b9'7f4a'7c15 + b + 0x9e37'79b9'7f4a'7c15;
  x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9;
  x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11eb;
  return x ^ (x >> 31);
}

/// How many preemptions an execution may have. A search counts the executions with `fewest`, then those with one more,
/// and so on up to `most`.
struct preemption_range {
  unsigned fewest = 0;
  unsigned most = 0;
};

/// Every execution with at most `bound.most` preemptions, fewest first, with happens-before caching. Requires that a
/// part of the tree is searched for one number of preemptions. Has no position.
std::unique_ptr<strategy> make_bounded(const preemption_range& bound, const tree_part& part = {});
inline std::unique_ptr<strategy> make_bounded(unsigned most) { return make_bounded({.fewest = 0, .most = most}); }

// The random strategies run the executions numbered `first` to `first + count - 1`. Each is a function of the seed, its
// number, and what the measuring executions saw. Those are the same in every process and run first; they are
// redundant().

/// How many executions measure how long the threads of a program are.
inline constexpr unsigned measuring_executions = 8;

/// Probabilistic concurrency testing of the given depth, at least 1.
std::unique_ptr<strategy> make_pct(std::uint64_t seed, std::uint64_t first, std::uint64_t count, unsigned depth);

/// Schedules drawn with equal probability, as far as threads have the lengths that were measured.
std::unique_ptr<strategy> make_random(std::uint64_t seed, std::uint64_t first, std::uint64_t count);

/// The kind of violation that make_obstruction asks for, and no other strategy.
inline constexpr const char* obstruction_violation = "obstruction";

/// Whether threads are in each other's way: from every state that the program can reach, each thread that is inside an
/// operation of the cache runs alone, and has to end the operation within `steps` steps without waiting. Every state is
/// reached once, whatever the order of independent operations.
std::unique_ptr<strategy> make_obstruction(unsigned steps, std::optional<unsigned> preemptions = {});

/// `s`, and a sample of its executions a second time: the first, second, fourth, eighth ... and every 4096th. Where the
/// second time differs, in the operations of any thread or in any value, the program is not deterministic.
std::unique_ptr<strategy> make_repeating(std::unique_ptr<strategy> s);

/// Exactly the executions that `s` describes: one.
std::unique_ptr<strategy> make_replay(schedule s);

}  // namespace triecheck::explore
