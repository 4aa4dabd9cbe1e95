// The real-time orders of a class, asked of whole explorations: what only another order of steps that commute shows is
// found, and where nothing commutes there is one order.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/coarse.h"
#include "checks/explore/relacy/sync.h"
#include "checks/explore/runner.h"
#include "checks/subject/cache_subject.h"
#include "checks/verify/explore.h"
#include "checks/verify/registry.h"
#include "checks/verify/scenario_program.h"

namespace triecheck::explore {
namespace {

struct judged {
  std::uint64_t executions = 0;
  std::size_t histories = 0;
  std::size_t orders = 0;
};

judged judge_all(const checks::scenario& s, const std::string& variant) {
  scenario_program program(s, explored_variant(variant));
  const auto all = make_exhaustive(true);
  const auto shared = std::make_unique<progress>();
  const run_outcome o = run(program, *all, {}, *shared);
  EXPECT_TRUE(o.complete) << s.name;
  return {o.executions + o.redundant, program.history().histories(), program.history().orders()};
}

checks::scenario shipped(const std::string& name) {
  return checks::load_scenario(std::string(TRIECHECK_SCENARIOS_DIR) + "/" + name + ".toml");
}

TEST(real_time, under_one_mutex_every_execution_has_one_order) {
  for (const char* name :
       {"evictions_from_two_threads", "cascade_of_evictions_stops_below_a_pin", "three_releases_of_one_prefix"}) {
    const judged j = judge_all(shipped(name), "coarse");
    EXPECT_EQ(j.histories, j.executions) << name;
    EXPECT_EQ(j.orders, j.executions) << name;
  }
}

// Two threads of four operations: 70 orders. In some of the 66 executions an allocate or a publish finds nothing to do
// and takes no lock, so that it has no place among the steps of the other thread.
TEST(real_time, an_operation_without_a_step_is_judged_at_every_place_that_it_can_have) {
  const judged j = judge_all(shipped("two_requests_publish_one_prefix"), "coarse");
  EXPECT_EQ(j.executions, 66u);
  EXPECT_EQ(j.orders, 70u);
}

explore_options with(checks::subject_factory make) {
  explore_options o;
  o.make = make;
  return o;
}

/// The shipped cache, but the threads' lookups never look: they miss, and their leases are known to nobody else.
class blind final : public checks::subject {
 public:
  blind(const model::config& c, std::size_t leases) : cache_(c, leases) {}

  model::outcome perform(const model::operation& op) override {
    if (op.kind == model::operation_kind::lookup && session::current().in_threads()) {
      lookups_.add(1, memory_order::relaxed);
      ++missed_;
      own_ = op.subject;
      return {};
    }
    if (op.kind == model::operation_kind::evict || op.subject != own_) return cache_.perform(op);
    return {.result = op.kind == model::operation_kind::release ? model::status::ok : model::status::lease_closed};
  }
  std::vector<model::page> pages_of(model::lease l) const override { return cache_.pages_of(l); }
  model::statistics stats() const override {
    model::statistics s = cache_.stats();
    s.lookups += missed_;
    s.looked_up_pages += missed_;
    return s;
  }
  checks::structure inspect() const override { return cache_.inspect(); }
  std::vector<std::string> shutdown() override { return cache_.shutdown(); }

  static std::unique_ptr<checks::subject> make(const checks::subject_config& c, std::size_t leases) {
    return std::make_unique<blind>(c, leases);
  }

 private:
  checks::cache_subject<coarse_cache<relacy_sync>> cache_;
  relacy_sync::atomic<std::uint32_t> lookups_{0};
  std::size_t missed_ = 0;
  std::optional<model::lease> own_;
};

// The one execution of the only class evicts first, and then it is right that the lookup misses. Nothing orders the
// two.
TEST(real_time, a_lookup_that_misses_what_still_stands_in_another_order_is_found) {
  const auto s = checks::parse_scenario(
      "[cache]\npages = 1\ntokens_per_page = 1\n[init]\nrun = [\"request 1\"]\n[[thread]]\nrun = [\"evict 1\"]\n"
      "[[thread]]\nrun = [\"a = lookup 1\"]\n",
      "blind.toml");
  const checks::result r = explore_scenario(s, "blind", with(&blind::make)).outcome;
  EXPECT_EQ(r.executions, 1u);
  ASSERT_EQ(r.outcome, checks::verdict::fail);
  EXPECT_EQ(r.found->kind, "linearizability");
  EXPECT_NE(r.found->message.find("in another order of steps that commute"), std::string::npos) << r.found->message;
  EXPECT_NE(r.found->message.find("thread 1: lookup"), std::string::npos) << r.found->message;
}

/// Hands out page 0 to everybody who asks; what the threads do shares nothing.
class generous final : public checks::subject {
 public:
  generous() {
    for (auto& counter : asked_) counter.store(0, memory_order::relaxed);
  }

  model::outcome perform(const model::operation& op) override {
    asked_[session::current().thread()].add(1, memory_order::relaxed);
    if (op.kind == model::operation_kind::release)
      closed_[op.subject] = true;
    else if (closed_[op.subject])
      return {.result = model::status::lease_closed};
    return op.kind == model::operation_kind::allocate ? model::outcome{.pages = {0}} : model::outcome{};
  }
  std::vector<model::page> pages_of(model::lease) const override { return {}; }
  model::statistics stats() const override { return {}; }
  checks::structure inspect() const override { return {}; }
  std::vector<std::string> shutdown() override { return {}; }

  static std::unique_ptr<checks::subject> make(const checks::subject_config&, std::size_t) {
    return std::make_unique<generous>();
  }

 private:
  relacy_sync::atomic<std::uint32_t> asked_[max_threads + 1];
  std::array<bool, 2> closed_{};  // by lease
};

// In the execution that runs thread 0 has given the page up, by a publish that takes it away, before thread 1 asks for
// one.
TEST(real_time, a_page_that_another_lease_still_holds_in_another_order_is_found) {
  const auto s = checks::parse_scenario(
      "[cache]\npages = 1\ntokens_per_page = 1\n[init]\nrun = [\"request 2\"]\n[[thread]]\nrun = [\"a = lookup 1\", "
      "\"allocate a\", \"publish a\"]\n"
      "[[thread]]\nrun = [\"b = lookup 2\", \"allocate b\"]\n",
      "generous.toml");
  const checks::result r = explore_scenario(s, "generous", with(&generous::make)).outcome;
  ASSERT_EQ(r.outcome, checks::verdict::fail);
  EXPECT_EQ(r.found->kind, "page-ownership");
  EXPECT_NE(r.found->message.find("in another order of steps that commute that lease still holds it"),
            std::string::npos)
      << r.found->message;
}

/// The shipped cache, but it refuses the threads as if it were full: while an eviction is under way, or always.
template <bool Always>
class refusing final : public checks::subject {
 public:
  refusing(const model::config& c, std::size_t leases) : cache_(c, leases) {
    evictions_.store(0, memory_order::relaxed);
  }

  model::outcome perform(const model::operation& op) override {
    if (op.kind == model::operation_kind::evict) {
      evictions_.fetch_add(1, memory_order::relaxed);
      const model::outcome o = cache_.perform(op);
      evictions_.fetch_sub(1, memory_order::relaxed);
      return o;
    }
    const bool of_a_thread = op.subject == last_lease;
    closed_ = closed_ || (of_a_thread && op.kind == model::operation_kind::release);
    if (op.kind == model::operation_kind::allocate && of_a_thread && !closed_ &&
        (Always || evictions_.fetch_add(0, memory_order::relaxed) != 0)) {
      ++refused_;
      return {.result = model::status::cache_full};
    }
    return cache_.perform(op);
  }
  std::vector<model::page> pages_of(model::lease l) const override { return cache_.pages_of(l); }
  model::statistics stats() const override {
    model::statistics s = cache_.stats();
    s.refused_full += refused_;
    return s;
  }
  checks::structure inspect() const override { return cache_.inspect(); }
  std::vector<std::string> shutdown() override { return cache_.shutdown(); }

  static std::unique_ptr<checks::subject> make(const checks::subject_config& c, std::size_t leases) {
    return std::make_unique<refusing>(c, leases);
  }

 private:
  checks::cache_subject<coarse_cache<relacy_sync>> cache_;
  relacy_sync::atomic<std::uint32_t> evictions_;  // under way
  static constexpr model::lease last_lease = 1;   // the first is the one of [init]
  std::size_t refused_ = 0;
  bool closed_ = false;  // the last lease
};

checks::result refused(checks::subject_factory make, model::refusals rule) {
  const auto s = checks::parse_scenario(
      "[cache]\npages = 1\ntokens_per_page = 1\n[init]\nrun = [\"request 2\"]\n"
      "[[thread]]\nrun = [\"a = lookup 1\", \"allocate a or stop\"]\n"
      "[[thread]]\nrun = [\"evict 1\"]\n",
      "refusing.toml");
  explore_options o = with(make);
  o.refusals = rule;
  return explore_scenario(s, "refusing", o).outcome;
}

TEST(real_time, a_refusal_beside_another_operation_is_right_under_the_relaxed_rule_only) {
  const checks::result exact = refused(&refusing<false>::make, model::refusals::exact);
  ASSERT_EQ(exact.outcome, checks::verdict::fail);
  EXPECT_EQ(exact.found->kind, "linearizability") << exact.found->message;
  EXPECT_EQ(exact.scope.find("refusals"), std::string::npos) << exact.scope;
  const checks::result crowded = refused(&refusing<false>::make, model::refusals::crowded);
  EXPECT_EQ(crowded.outcome, checks::verdict::pass) << (crowded.found ? crowded.found->message : "");
  EXPECT_NE(crowded.scope.find("refusals: crowded"), std::string::npos) << crowded.scope;
}

// Nothing orders the refusal with what thread 1 does, so it may be alone.
TEST(real_time, a_refusal_that_may_be_alone_is_wrong_under_the_relaxed_rule_too) {
  const checks::result r = refused(&refusing<true>::make, model::refusals::crowded);
  ASSERT_EQ(r.outcome, checks::verdict::fail);
  EXPECT_EQ(r.found->kind, "linearizability") << r.found->message;
}

}  // namespace
}  // namespace triecheck::explore
