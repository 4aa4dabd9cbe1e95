// The decisions of the scheduler, one call at a time, without threads or a cache.
#include "checks/server/scheduler.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

namespace triecheck::server {
namespace {

using namespace std::chrono_literals;
using what = scheduler::refusal;

// A lease that is never used.
class no_cache final : public any_lease {
 public:
  lease_id id() const override { return lease_id{1}; }
  std::span<const page_id> pages() const override { return {}; }
  std::size_t token_count() const override { return 0; }
  std::size_t cached_token_count() const override { return 0; }
  status allocate(std::span<const token>) override { return status::ok; }
  status publish(std::size_t) override { return status::ok; }
  any_fork fork() const override { return {status::cache_full, nullptr, {}}; }
};

sequence_ptr numbered(std::uint64_t order) {
  auto s = std::make_shared<sequence>();
  s->owner = std::make_shared<request>(completion_job{.prompt = {1}});
  s->order = order;
  s->tokens = {1};
  return s;
}

class scheduling : public testing::Test {
 protected:
  // Submitted and admitted, the caller has it.
  sequence_ptr stepping(std::uint64_t order) {
    EXPECT_TRUE(scheduler_.submit(numbered(order)));
    const sequence_ptr s = scheduler_.next();
    EXPECT_EQ(s->order, order);
    s->lease = std::make_unique<no_cache>();
    return s;
  }
  sequence_ptr ready(std::uint64_t order) {
    const sequence_ptr s = stepping(order);
    EXPECT_TRUE(scheduler_.admitted(s));
    return s;
  }
  void yield(const sequence_ptr& s) {
    s->lease.reset();
    EXPECT_FALSE(scheduler_.yielded(s));
  }
  bool end(const sequence_ptr& s) {
    s->lease.reset();
    return scheduler_.ended(s);
  }

  scheduler scheduler_{4, 3};
};

TEST_F(scheduling, a_request_is_refused_where_the_queue_is_full) {
  for (std::uint64_t order = 1; order <= 3; ++order) EXPECT_TRUE(scheduler_.submit(numbered(order)));
  EXPECT_FALSE(scheduler_.submit(numbered(4)));
  EXPECT_EQ(scheduler_.next()->order, 1U);
  EXPECT_TRUE(scheduler_.submit(numbered(5)));
}

TEST_F(scheduling, admission_goes_before_steps_and_ends_at_the_batch) {
  for (std::uint64_t order = 1; order <= 4; ++order) ready(order);
  EXPECT_TRUE(scheduler_.submit(numbered(5)));
  EXPECT_EQ(scheduler_.next()->order, 1U) << "a batch of four is full";
}

TEST_F(scheduling, the_youngest_yields_to_an_older_one) {
  const sequence_ptr old = stepping(1);
  const sequence_ptr middle = ready(2);
  const sequence_ptr young = ready(3);
  const auto r = scheduler_.refused(old, scheduler_.returns());
  EXPECT_EQ(r.what, what::preempt);
  ASSERT_EQ(r.victim, young);
  yield(young);
  EXPECT_EQ(scheduler_.preemptions(), 1U);
  EXPECT_EQ(scheduler_.next(), middle);
  EXPECT_EQ(scheduler_.next(), old) << "it tries again when the pages are there";
}

TEST_F(scheduling, one_in_the_middle_of_a_step_yields_after_it) {
  const sequence_ptr old = stepping(1);
  const sequence_ptr young = stepping(2);
  EXPECT_EQ(scheduler_.refused(old, scheduler_.returns()).what, what::retry);
  EXPECT_EQ(old->now, phase::stalled);
  EXPECT_FALSE(scheduler_.more(young));
  yield(young);
  EXPECT_EQ(scheduler_.next(), old);
}

TEST_F(scheduling, the_youngest_itself_yields_where_it_is_refused) {
  ready(1);
  const sequence_ptr young = stepping(2);
  EXPECT_EQ(scheduler_.refused(young, scheduler_.returns()).what, what::yield);
}

TEST_F(scheduling, pages_that_came_back_meanwhile_are_tried_first) {
  const sequence_ptr old = stepping(1);
  const sequence_ptr young = stepping(2);
  const std::uint64_t before = scheduler_.returns();
  EXPECT_FALSE(end(young));
  EXPECT_EQ(scheduler_.refused(old, before).what, what::retry);
  EXPECT_EQ(scheduler_.next(), old);
}

TEST_F(scheduling, a_refusal_of_the_only_one_is_final) {
  const sequence_ptr growing = stepping(1);
  EXPECT_EQ(scheduler_.refused(growing, scheduler_.returns()).what, what::lost);
  EXPECT_FALSE(end(growing));
  EXPECT_TRUE(scheduler_.submit(numbered(2)));
  EXPECT_FALSE(scheduler_.not_admitted(scheduler_.next(), scheduler_.returns()));
}

TEST_F(scheduling, nobody_is_admitted_between_a_yield_and_the_next_end) {
  const sequence_ptr old = ready(1);
  yield(stepping(2));
  EXPECT_EQ(scheduler_.next(), old);
  EXPECT_TRUE(scheduler_.more(old));
  EXPECT_EQ(scheduler_.next(), old) << "and not the one that waits";
  EXPECT_FALSE(end(old));
  EXPECT_EQ(scheduler_.next()->order, 2U);
}

TEST_F(scheduling, a_refused_admission_lets_nobody_overtake) {
  const sequence_ptr running = ready(1);
  EXPECT_TRUE(scheduler_.submit(numbered(2)));
  EXPECT_TRUE(scheduler_.not_admitted(scheduler_.next(), scheduler_.returns()));
  EXPECT_TRUE(scheduler_.submit(numbered(3)));
  EXPECT_EQ(scheduler_.next(), running);
  EXPECT_TRUE(scheduler_.wait_until_queueing());
  const sequence_ptr first = scheduler_.next_queued();
  EXPECT_EQ(first->order, 2U);
  first->lease = std::make_unique<no_cache>();
  EXPECT_TRUE(scheduler_.admitted(first));
  EXPECT_EQ(scheduler_.next()->order, 3U) << "nobody has to queue now";
}

TEST_F(scheduling, who_waits_for_pages_is_woken_when_nobody_is_left_to_give_any_back) {
  const sequence_ptr first = stepping(1);
  const sequence_ptr second = stepping(2);
  EXPECT_TRUE(scheduler_.submit(numbered(3)));
  EXPECT_TRUE(scheduler_.not_admitted(scheduler_.next(), scheduler_.returns()));
  EXPECT_FALSE(end(first));
  EXPECT_TRUE(end(second));
  EXPECT_FALSE(scheduler_.not_admitted(scheduler_.next_queued(), scheduler_.returns()));
}

TEST_F(scheduling, a_cancelled_request_leaves_the_queue_at_once) {
  const sequence_ptr waiting = numbered(1);
  EXPECT_TRUE(scheduler_.submit(waiting));
  EXPECT_EQ(scheduler_.take_out(*waiting->owner), (std::vector<sequence_ptr>{waiting}));
  EXPECT_EQ(scheduler_.waiting(), 0U);
}

TEST_F(scheduling, it_is_closed_when_nobody_runs) {
  const sequence_ptr s = stepping(1);
  EXPECT_FALSE(scheduler_.close(0ms));
  EXPECT_FALSE(end(s));
  EXPECT_TRUE(scheduler_.close(0ms));
  scheduler_.open();
}

}  // namespace
}  // namespace triecheck::server
