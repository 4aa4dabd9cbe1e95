// Spaces in pieces: the pieces are the space, whatever stops on the way, and however many processes share them.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <set>
#include <string>

#include "checks/explore/runner.h"
#include "checks/explore/search/estimate.h"
#include "checks/explore/search/piece.h"
#include "checks/explore/strategies/depth_first.h"
#include "checks/litmus/litmus.h"
#include "checks/process/isolation.h"
#include "checks/verify/explore.h"
#include "checks/verify/known_counts.h"
#include "checks/verify/registry.h"
#include "checks/verify/scenario_program.h"

namespace triecheck::explore {
namespace {

using checks::result;
using checks::verdict;
using litmus::program_over;

/// Another strategy, and the happens-before order of every execution that it counts.
class watching final : public strategy {
 public:
  explicit watching(strategy& s) : strategy_(s) {}

  void begin() override {
    operations_.clear();
    strategy_.begin();
  }
  unsigned choose_thread(const scheduling_point& point) override {
    if (!operations_.empty()) order_last(operations_);
    ordered_operation o;
    std::copy(point.next.begin(), point.next.end(), o.next.begin());
    o.thread = strategy_.choose_thread(point);
    operations_.push_back(std::move(o));
    return operations_.back().thread;
  }
  bool choose_data(data_choice kind, unsigned age) override {
    const bool chosen = strategy_.choose_data(kind, age);
    if (!operations_.empty()) operations_.back().data.take(kind, age, chosen);
    return chosen;
  }
  bool probes() const override { return strategy_.probes(); }
  void probed(bool in_vain) override {
    strategy_.probed(in_vain);
    if (!in_vain) operations_.back().data.take(data_choice::spurious_failure, 0, true);
  }
  bool end() override {
    order_last(operations_);
    const bool more = strategy_.end();
    if (!strategy_.redundant()) orders.insert(operations_.back().order);
    return more;
  }
  bool complete() const override { return strategy_.complete(); }
  bool redundant() const override { return strategy_.redundant(); }

  std::multiset<std::uint64_t> orders;

 private:
  strategy& strategy_;
  std::vector<ordered_operation> operations_;
};

struct shared_state {
  litmus::word x{0}, y{0};
  litmus::sync::mutex m;
};

void mixed(shared_state& s) {
  s.x.fetch_add(1, litmus::relaxed);
  const litmus::sync::exclusive_guard<litmus::sync::mutex> hold(s.m);
  s.y.store(s.x.load(litmus::acquire) + 1, litmus::release);
}
void reads(shared_state& s) {
  s.y.load(litmus::acquire);
  s.x.load(litmus::acquire);
}

program_over<shared_state> three_threads() { return {{mixed, mixed, reads}}; }

std::multiset<std::uint64_t> orders_of(program_over<shared_state>& p, const tree_part& part) {
  const auto all = make_exhaustive(true, part);
  watching w(*all);
  EXPECT_TRUE(litmus::run(p, w).complete);
  return w.orders;
}

TEST(pieces, are_disjoint_and_together_the_whole_wherever_the_tree_is_cut) {
  auto p = three_threads();
  const auto whole = orders_of(p, {});
  ASSERT_GT(whole.size(), 20u);
  EXPECT_EQ(std::set(whole.begin(), whole.end()).size(), whole.size()) << "one execution for each order";
  for (const std::size_t depth : {1u, 2u, 3u, 5u, 8u, 100u}) {
    std::vector<schedule> beginnings;
    const auto lister = make_exhaustive(true, {.list_depth = depth, .beginnings = &beginnings});
    ASSERT_TRUE(litmus::run(p, *lister).complete);
    std::multiset<std::uint64_t> together;
    for (const schedule& below : beginnings) together.merge(orders_of(p, {.below = below}));
    EXPECT_EQ(together, whole) << "cut after " << depth << " choices";
  }
}

TEST(pieces, of_the_unreduced_tree_hold_every_execution_once) {
  auto p = three_threads();
  const auto whole = litmus::explore_all(p, false);
  std::vector<schedule> beginnings;
  const auto lister = make_exhaustive(false, {.list_depth = 6, .beginnings = &beginnings});
  litmus::run(p, *lister);
  std::uint64_t together = 0;
  for (const schedule& below : beginnings) {
    const auto part = make_exhaustive(false, {.below = below});
    together += litmus::run(p, *part).executions;
  }
  EXPECT_EQ(together, whole.executions);
}

// An order of operations is counted in the round of the fewest preemptions that show it, and perhaps again later on.
TEST(pieces, of_a_bounded_search_hold_every_order_within_the_bound) {
  auto p = three_threads();
  std::set<std::uint64_t> together;
  std::size_t last = 0;
  for (const unsigned preemptions : {0u, 1u, 2u}) {
    std::vector<schedule> beginnings;
    const auto lister =
        make_bounded({.fewest = preemptions, .most = preemptions}, {.list_depth = 4, .beginnings = &beginnings});
    litmus::run(p, *lister);
    for (const schedule& below : beginnings) {
      const auto part = make_bounded({.fewest = preemptions, .most = preemptions}, {.below = below});
      watching w(*part);
      EXPECT_TRUE(litmus::run(p, w).complete);
      together.insert(w.orders.begin(), w.orders.end());
    }
    const auto all = make_bounded(preemptions);
    watching whole(*all);
    litmus::run(p, whole);
    EXPECT_EQ(together, std::set(whole.orders.begin(), whole.orders.end())) << preemptions;
    EXPECT_GT(together.size(), last);
    last = together.size();
  }
}

TEST(pieces, are_words_that_read_back) {
  std::string why;
  const piece some{.is = piece::form::beginning, .preemptions = 2, .below = *parse_schedule("0x3.1s1.2w", why)};
  EXPECT_EQ(show(some), "2:0x3.1s1.2w");
  EXPECT_EQ(show(parse_piece(show(some))), show(some));
  EXPECT_EQ(show(parse_piece("#40+20")), "#40+20");
  EXPECT_EQ(show(parse_piece("all")), "all");
  for (const char* wrong : {"", "x", "1", "1:9", "#1"})
    EXPECT_ANY_THROW(static_cast<void>(parse_piece(wrong))) << wrong;
}

TEST(pieces, of_random_executions_cover_every_number_once) {
  for (const std::uint64_t executions : {1u, 5u, 511u, 512u, 10'000u}) {
    std::uint64_t next = 0;
    for (const piece& p : cut_numbers(executions)) {
      EXPECT_EQ(p.first, next);
      next += p.count;
    }
    EXPECT_EQ(next, executions);
  }
}

// 28,560 executions: more than a first look takes.
checks::scenario large() {
  return checks::parse_scenario(
      "[cache]\npages = 4\ntokens_per_page = 1\n[[thread]]\nrun = [\"request 1 2\"]\n[[thread]]\nrun = "
      "[\"request 1\"]\n[[thread]]\nrun = [\"request 1\"]\n",
      "large.toml");
}
constexpr std::uint64_t executions_of_large = 28'560;

result explored_large(const explore_options& o) { return explore_scenario(large(), "large", o).outcome; }

TEST(pieces, a_large_space_has_its_executions_under_any_number_of_processes) {
  for (const unsigned jobs : {1u, 3u}) {
    explore_options o;
    o.jobs = jobs;
    const result r = explored_large(o);
    EXPECT_EQ(r.outcome, verdict::pass);
    EXPECT_TRUE(r.complete);
    EXPECT_EQ(r.executions, executions_of_large) << jobs;
  }
}

TEST(pieces, the_shards_of_a_space_add_up_and_none_claims_the_whole) {
  std::uint64_t together = 0;
  std::set<std::string> spaces;
  for (std::uint64_t index = 0; index < 4; ++index) {
    explore_options o;
    o.shard = checks::share{.index = index, .count = 4};
    const result r = explored_large(o);
    EXPECT_EQ(r.outcome, verdict::pass);
    EXPECT_FALSE(r.complete);
    together += r.executions;
    spaces.insert(r.space);
  }
  EXPECT_EQ(together, executions_of_large);
  EXPECT_EQ(spaces.size(), 1u);
}

TEST(pieces, which_failure_is_reported_does_not_depend_on_the_number_of_processes) {
  explore_options o;
  o.fault = "release_without_the_mutex";
  o.shard = checks::share{};  // one of one: in pieces, without a first look
  o.jobs = 1;
  const result one = explored_large(o);
  o.jobs = 3;
  const result three = explored_large(o);
  ASSERT_TRUE(one.found && three.found);
  EXPECT_EQ(one.found->schedule, three.found->schedule);
}

TEST(pieces, a_limit_leaves_a_run_incomplete_with_an_estimate) {
  explore_options o;
  o.executions = 10'000;
  o.shard = checks::share{};  // one of one: in pieces, without a first look
  const result few = explored_large(o);
  EXPECT_EQ(few.outcome, verdict::incomplete);
  EXPECT_EQ(few.executions, 10'000u);
  ASSERT_TRUE(few.expected.has_value());
  EXPECT_LT(few.expected->low, executions_of_large * 1.2);
  EXPECT_GT(few.expected->high, executions_of_large * 0.8);
}

// Large enough that a run saves several times: a process looks at its clock every tenth of a second.
checks::scenario larger() {
  return checks::parse_scenario(
      "[cache]\npages = 4\ntokens_per_page = 1\n[[thread]]\nrun = [\"request 1 2\"]\n[[thread]]\nrun = "
      "[\"request 1\", \"evict 1\"]\n[[thread]]\nrun = [\"request 1\"]\n",
      "larger.toml");
}
constexpr std::uint64_t executions_of_larger = 73'881;

// A process that saves its state and dies with the third save; shared memory tells what it saved last.
struct last_save {
  std::size_t bytes = 0;
  char text[4 << 20];
};

TEST(pieces, a_run_that_is_killed_again_and_again_goes_on_to_the_same_counts) {
  auto* saved =
      new (mmap(nullptr, sizeof(last_save), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) last_save;
  unsigned kills = 0;
  for (;;) {
    nlohmann::json from;
    if (saved->bytes != 0) from = nlohmann::json::parse(std::string(saved->text, saved->bytes));
    const pid_t child = fork();
    if (child == 0) {
      explore_options o;
      o.jobs = 2;
      o.save_every = std::chrono::milliseconds(50);
      if (!from.is_null()) o.resume = &from;
      unsigned saves = 0;
      o.save = [&](const nlohmann::json& state) {
        const std::string text = state.dump();
        if (text.size() > sizeof saved->text) _exit(9);
        std::memcpy(saved->text, text.data(), text.size());
        saved->bytes = text.size();
        if (++saves == 3) raise(SIGKILL);
      };
      const result r = explore_scenario(larger(), "larger", o).outcome;
      _exit(r.outcome == verdict::pass && r.complete && r.executions == executions_of_larger ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ASSERT_LT(++kills, 500u);
  }
  EXPECT_GT(kills, 1u);
  munmap(saved, sizeof(last_save));
}

// The pieces of a space in the order in which they are taken, by how many executions each has.
std::vector<double> pieces_of(const std::string& scenario, const std::string& cache) {
  explore_options o;
  o.cache = cache;
  o.shard = checks::share{};
  nlohmann::json last;
  o.save = [&](const nlohmann::json& state) { last = state; };
  const checks::scenario s = checks::load_scenario(std::string(TRIECHECK_SCENARIOS_DIR) + "/" + scenario + ".toml");
  explore_scenario(s, scenario, o);
  const auto& pieces = last.at("pieces");
  std::vector<double> sizes(pieces.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = pieces[order_of_pieces(sizes.size())[i]].at(2).at(0);
  return sizes;
}

// Of shipped spaces of two to three thousand executions, after every eighth of their pieces. A spread is that of 19 in
// 20, so a dozen spaces are the least that can tell. TRIECHECK_ESTIMATE_MOST=20000 takes larger ones, too.
TEST(estimate, of_shipped_spaces_has_the_truth_within_its_spread) {
  const char* asked = std::getenv("TRIECHECK_ESTIMATE_MOST");
  const std::uint64_t most = asked == nullptr ? 3'000 : std::strtoull(asked, nullptr, 10);
  unsigned told = 0, wrong = 0;
  std::string which;
  for (const auto& [scenario, counts] : read_counts(TRIECHECK_SCENARIOS_DIR "/executions.txt")) {
    for (const auto& [cache, truth] : counts) {
      const bool is_bounded =
          checks::load_scenario(std::string(TRIECHECK_SCENARIOS_DIR) + "/" + scenario + ".toml").bounds.contains(cache);
      if (truth < 2'000 || truth > most || is_bounded) continue;
      const std::vector<double> sizes = pieces_of(scenario, cache);
      const double all = std::accumulate(sizes.begin(), sizes.end(), 0.0);
      for (std::size_t eighth = 1; eighth < 8; ++eighth) {
        const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() * eighth / 8);
        if (middle - sizes.begin() < 16) continue;
        const std::vector<double> done(sizes.begin(), middle);
        const estimate e = estimate_total(done, std::vector<double>(sizes.size() - done.size()));
        ++told;
        if (e.low <= all && all <= e.high) continue;
        ++wrong;
        which += scenario + ", " + cache + ", after " + std::to_string(eighth) + "/8: " + std::to_string(e.low) +
                 " to " + std::to_string(e.high) + ", is " + std::to_string(all) + "\n";
      }
    }
  }
  EXPECT_GT(told, 50u);
  EXPECT_LE(10 * wrong, told) << which;
  RecordProperty("told", static_cast<int>(told));
  RecordProperty("wrong", static_cast<int>(wrong));
}

TEST(estimate, of_what_is_known_in_full_is_exact) {
  const estimate e = estimate_total({3, 5, 10}, {});
  EXPECT_EQ(e.executions, 18);
  EXPECT_EQ(e.low, 18);
  EXPECT_EQ(e.high, 18);
  EXPECT_EQ(estimate_total({4, 4}, std::vector<double>(8)).executions, 40);
}

TEST(estimate, heeds_pieces_that_are_large_already) {
  EXPECT_EQ(estimate_total({4, 4}, {10, 0, 0}).executions, 4 + 4 + 10 + 2 * 6);
  EXPECT_EQ(estimate_total({4, 4}, {3, 0, 0}).executions, 5 * 4);
}

TEST(estimate, of_a_program_that_fails_is_none) {
  explore_options o;
  o.fault = "release_without_the_mutex";
  EXPECT_FALSE(estimate_scenario(large(), o, std::chrono::seconds(1)).has_value());
}

}  // namespace
}  // namespace triecheck::explore
