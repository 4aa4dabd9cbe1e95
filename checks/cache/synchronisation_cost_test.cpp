// What the operations of the variants cost in synchronisation and in memory, counted by the measuring layer and by a
// counting heap. Counts do not depend on the machine, so these are tests and not benchmarks.
#include <gtest/gtest.h>
#include <malloc.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#include "cache/lockfree.h"
#include "cache/sync/measured.h"
#include "checks/cache/variant_suite.h"

namespace {

thread_local std::size_t allocations = 0;
thread_local std::size_t bytes_held = 0;  // less those that other threads gave back
thread_local std::size_t granted = 0;     // the request of that number fails; 0: none does

void* counted(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
  ++allocations;
  if (granted != 0 && --granted == 0) throw std::bad_alloc();
  const std::size_t whole = (bytes + alignment - 1) / alignment * alignment;
  if (void* memory = std::aligned_alloc(alignment, whole == 0 ? alignment : whole)) {
    bytes_held += malloc_usable_size(memory);
    return memory;
  }
  throw std::bad_alloc();
}

// Not inlined: the compiler would see a free of what operator new returned, and warn of a mismatch.
[[gnu::noinline]] void give_back(void* memory) {
  bytes_held -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t bytes) { return counted(bytes); }
void* operator new[](std::size_t bytes) { return counted(bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }

namespace triecheck::unit {
namespace {

using measured = measured_sync<std_sync>;

template <class Call>
sync_counts cost(Call call) {
  const sync_counts before = measured::measured_here();
  call();
  return measured::measured_here() - before;
}

// Prompts of `pages` pages that share no block.
tokens prompt(std::size_t pages, token salt) {
  tokens t(2 * pages);
  for (std::size_t i = 0; i < t.size(); ++i) t[i] = salt * 1000 + static_cast<token>(i);
  return t;
}

class lockfree_cost : public testing::Test {
 protected:
  using cache_type = lockfree_cache<measured>;

  void SetUp() override {
    for (const std::size_t depth : depths) {
      const tokens t = prompt(depth, static_cast<token>(depth));
      auto l = cache.lookup(t);
      ASSERT_EQ(cache.allocate(l, t), status::ok);
      ASSERT_EQ(cache.publish(l, l.token_count()), status::ok);
    }
  }

  static constexpr std::array<std::size_t, 3> depths = {1, 8, 64};
  cache_type cache{{.pages = 128, .tokens_per_page = 2}};
};

TEST_F(lockfree_cost, a_lookup_is_one_read_modify_write_whatever_the_depth) {
  for (const std::size_t depth : depths) {
    const tokens t = prompt(depth, static_cast<token>(depth));
    lockfree_cache<measured>::lease_type l;
    EXPECT_EQ(cost([&] { l = cache.lookup(t); }).read_modify_writes, 1u) << depth;
    EXPECT_EQ(l.cached_pages().size(), depth);
  }
}

TEST_F(lockfree_cost, a_lookup_that_finds_nothing_is_none) {
  lockfree_cache<measured>::lease_type l;
  EXPECT_EQ(cost([&] { l = cache.lookup(prompt(8, 99)); }).read_modify_writes, 0u);
}

TEST_F(lockfree_cost, the_release_of_a_resident_prefix_is_one) {
  for (const std::size_t depth : depths) {
    auto l = cache.lookup(prompt(depth, static_cast<token>(depth)));
    EXPECT_EQ(cost([&] { EXPECT_EQ(cache.release(l), status::ok); }).read_modify_writes, 1u) << depth;
  }
}

TEST_F(lockfree_cost, a_release_that_lists_its_node_again_is_three) {
  auto l = cache.lookup(prompt(8, 8));
  EXPECT_EQ(cache.evict(1), 1u) << "another prompt's page; the inbox is empty then";
  EXPECT_EQ(cost([&] { EXPECT_EQ(cache.release(l), status::ok); }).read_modify_writes, 3u);
}

TEST_F(lockfree_cost, publishing_a_run_is_one_whatever_its_length) {
  for (const std::size_t pages : {std::size_t{1}, std::size_t{16}}) {
    const tokens t = prompt(pages, static_cast<token>(100 + pages));
    auto l = cache.lookup(t);
    EXPECT_EQ(cost([&] { EXPECT_EQ(cache.allocate(l, t), status::ok); }).read_modify_writes, 1u) << "all pages at once";
    EXPECT_EQ(cost([&] { EXPECT_EQ(cache.publish(l, l.token_count()), status::ok); }).read_modify_writes, 1u);
  }
}

TEST_F(lockfree_cost, an_evicted_page_is_one_and_a_run_two_more_and_the_eviction_three) {
  // The costs: the turn, the inbox and the pool; of each page the claim, which also gives back its reference on the
  // parent if that is evicted with it; of the first page of a run the mark and the link; and the reference on the
  // parent that stays. Here a run of one page is evicted, and seven pages of the next. That a thread keeps free pages
  // is noted once, which is one more.
  auto cancelled = cache.lookup({});
  ASSERT_EQ(cache.allocate(cancelled, prompt(1, 900)), status::ok);
  ASSERT_EQ(cache.release(cancelled), status::ok);
  EXPECT_EQ(cost([&] { EXPECT_EQ(cache.evict(8), 8u); }).read_modify_writes, 3 + 8 + 2 + 1u);
}

TEST_F(lockfree_cost, a_refusal_beside_pages_that_all_are_held_is_none) {
  auto rest = cache.lookup({});
  ASSERT_EQ(cache.allocate(rest, prompt(128 - 1 - 8 - 64, 900)), status::ok);
  std::vector<lockfree_cache<measured>::lease_type> held;
  for (const std::size_t depth : depths) held.push_back(cache.lookup(prompt(depth, static_cast<token>(depth))));
  auto l = cache.lookup({});
  EXPECT_EQ(cache.allocate(l, prompt(2, 901)), status::cache_full) << "the nodes that are held go off the lists";
  EXPECT_EQ(cache.evict(1), 0u);
  for (const std::size_t pages : {1, 2, 100}) {
    EXPECT_EQ(cost([&] { EXPECT_EQ(cache.allocate(l, prompt(pages, 901)), status::cache_full); }).read_modify_writes,
              0u)
        << pages;
  }
}

TEST_F(lockfree_cost, nothing_takes_a_lock) {
  const sync_counts all = cost([&] {
    auto l = cache.lookup(prompt(8, 8));
    EXPECT_EQ(cache.allocate(l, prompt(2, 7)), status::ok);
    EXPECT_EQ(cache.publish(l, l.token_count()), status::ok);
    auto f = cache.fork(l);
    static_cast<void>(cache.stats());
    cache.clear();
  });
  EXPECT_EQ(all.acquisitions, 0u);
  EXPECT_EQ(all.failed_exchanges, 0u) << "nobody interferes";
}

// Every variant: requests of one size, most of them evicting, allocate nothing once the first few have run.
template <class P>
class steady_state : public testing::Test {};
TYPED_TEST_SUITE(steady_state, all_variants, name_of_variant);

TYPED_TEST(steady_state, a_request_allocates_nothing) {
  typename TypeParam::cache_type cache({.pages = 16, .tokens_per_page = 2});
  std::vector<tokens> prompts;
  for (token salt = 0; salt < 40; ++salt) prompts.push_back(prompt(4, salt % 7));
  const auto request = [&](const tokens& t) {
    auto l = cache.lookup(t);
    EXPECT_EQ(cache.allocate(l, std::span(t).subspan(l.token_count())), status::ok);
    EXPECT_EQ(cache.publish(l, l.token_count()), status::ok);
  };
  for (std::size_t i = 0; i < 10; ++i) request(prompts[i]);
  const std::size_t before = allocations;
  for (std::size_t i = 10; i < 40; ++i) request(prompts[i]);
  EXPECT_EQ(allocations, before);
}

TYPED_TEST(steady_state, a_fork_allocates_the_list_of_its_copies_alone) {
  typename TypeParam::cache_type cache({.pages = 16, .tokens_per_page = 2});
  const tokens written(5, 1);  // three pages, one of them in part
  for (const bool is_published : {false, true}) {
    std::size_t before = 0;
    for (int i = 0; i < 10; ++i) {
      if (i == 5) before = allocations;
      auto l = cache.lookup(written);
      ASSERT_EQ(cache.allocate(l, std::span(written).subspan(l.token_count())), status::ok);
      if (is_published) {
        ASSERT_EQ(cache.publish(l, l.token_count()), status::ok);
      }
      auto f = cache.fork(l);
      EXPECT_EQ(f.result, status::ok);
      EXPECT_EQ(f.copies.size(), is_published ? 1u : 3u);
    }
    EXPECT_EQ(allocations - before, 5u) << "one for each fork";
  }
}

TYPED_TEST(steady_state, a_lease_that_another_thread_releases_costs_its_own_thread_its_memory_and_that_one_none) {
  typename TypeParam::cache_type cache({.pages = 16, .tokens_per_page = 2});
  const tokens t = prompt(4, 1);
  const auto opened = [&] {
    auto l = cache.lookup(t);
    EXPECT_EQ(cache.allocate(l, std::span(t).subspan(l.token_count())), status::ok);
    EXPECT_EQ(cache.publish(l, l.token_count()), status::ok);
    return l;
  };
  { const auto first = opened(); }
  std::size_t of_releases = 0;
  for (int i = 0; i < 5; ++i) {
    const std::size_t before = allocations;
    auto l = opened();
    EXPECT_EQ(allocations - before, i == 0 ? 0u : 1u) << "the pages; there are no tokens to publish";
    std::thread([&] {
      const std::size_t until = allocations;
      EXPECT_EQ(cache.release(l), status::ok);
      of_releases += allocations - until;
    }).join();
  }
  EXPECT_EQ(of_releases, 0u);
}

// Every variant: a request that cannot be served takes nobody's pages.
template <class P>
class refusal : public testing::Test {
 protected:
  using cache_type = typename P::cache_type;

  // Serves the request; whether it found its pages, all of them.
  bool finds(const tokens& t) {
    auto l = cache.lookup(t);
    const bool found = l.token_count() == t.size();
    EXPECT_EQ(cache.allocate(l, std::span(t).subspan(l.token_count())), status::ok);
    EXPECT_EQ(cache.publish(l, l.token_count()), status::ok);
    return found;
  }
  status asks_for(std::size_t pages) {
    auto l = cache.lookup({});
    return cache.allocate(l, prompt(pages, 99));
  }

  cache_type cache{{.pages = 64, .tokens_per_page = 2}};
};
TYPED_TEST_SUITE(refusal, all_variants, name_of_variant);

TYPED_TEST(refusal, keeps_every_cached_page) {
  auto held = this->cache.lookup({});
  ASSERT_EQ(this->cache.allocate(held, prompt(32, 50)), status::ok);
  for (token salt = 0; salt < 32; ++salt) this->finds(prompt(1, salt));
  EXPECT_EQ(this->asks_for(33), status::cache_full);
  EXPECT_EQ(this->cache.stats().evicted_pages, 0u);
  for (token salt = 0; salt < 32; ++salt) EXPECT_TRUE(this->finds(prompt(1, salt)));
  EXPECT_EQ(this->asks_for(32), status::ok);
}

TYPED_TEST(refusal, counts_what_falls_with_its_last_child_and_nothing_above_a_pin) {
  // Each of eight branches of a prompt has two more, of a page each: 1 + 8 x 3 pages.
  const auto branch = [](token i, token k) { return tokens{1, 1, 10 + i, 0, 30 + k, i}; };
  for (token i = 0; i < 8; ++i) {
    for (token k = 0; k < 2; ++k) this->finds(branch(i, k));
  }
  auto held = this->cache.lookup({});
  ASSERT_EQ(this->cache.allocate(held, prompt(39, 50)), status::ok);
  {
    const auto reader = this->cache.lookup(branch(3, 1));
    EXPECT_EQ(this->asks_for(23), status::cache_full) << "three pages are read: 22 can fall";
    EXPECT_EQ(this->cache.stats().evicted_pages, 0u);
    EXPECT_EQ(this->asks_for(22), status::ok);
    EXPECT_EQ(this->cache.stats().evicted_pages, 22u);
  }
  for (token i = 0; i < 7; ++i) {
    for (token k = 0; k < 2; ++k) this->finds(branch(i, k));
  }
  EXPECT_EQ(this->asks_for(26), status::cache_full);
  EXPECT_EQ(this->asks_for(25), status::ok) << "all branches, and then what they share";
}

// Every variant: memory is in proportion to what is found and taken, not to what is asked for.
template <class P>
class memory_in_proportion : public testing::Test {
 protected:
  typename P::cache_type cache{{.pages = 1024, .tokens_per_page = 2}};
  static constexpr std::size_t bytes_kept = 64 << 10;  // as lease_buffers.h says of a cache of this size
  static constexpr std::size_t alignment = 1 << 10;    // what a heap adds to a few vectors, at most
};
TYPED_TEST_SUITE(memory_in_proportion, all_variants, name_of_variant);

TYPED_TEST(memory_in_proportion, a_lookup_asks_for_what_it_finds_and_a_few_pages) {
  const tokens stored = prompt(300, 1);
  {
    auto l = this->cache.lookup(stored);
    ASSERT_EQ(this->cache.allocate(l, stored), status::ok);
    ASSERT_EQ(this->cache.publish(l, l.token_count()), status::ok);
  }
  for (const std::size_t found : {0, 1, 300}) {
    tokens longer(stored.begin(), stored.begin() + static_cast<std::ptrdiff_t>(2 * found));
    longer.resize(std::size_t{1} << 21, 7);
    typename TypeParam::cache_type::lease_type first, l;
    first = this->cache.lookup(stored);  // has what is kept of the lease above
    const std::size_t before = bytes_held;
    l = this->cache.lookup(longer);
    EXPECT_EQ(l.cached_pages().size(), found);
    EXPECT_LE(bytes_held - before, (64 + 2 * found) * sizeof(page_id) + this->alignment);
  }
}

TYPED_TEST(memory_in_proportion, closed_leases_leave_no_more_than_is_stated) {
  const tokens longest(std::size_t{1} << 21, 7);
  const std::size_t before = bytes_held;
  {
    std::vector<typename TypeParam::cache_type::lease_type> open;
    for (int i = 0; i < 16; ++i) open.push_back(this->cache.lookup(longest));
    ASSERT_EQ(this->cache.allocate(open[0], std::span(longest).first(2000)), status::ok);
    for (auto& l : open) static_cast<void>(this->cache.allocate(l, std::span(longest).first(2000)));
  }
  EXPECT_LE(bytes_held - before, this->bytes_kept + this->alignment);
}

TYPED_TEST(memory_in_proportion, a_lookup_without_memory_pins_nothing) {
  const tokens stored = prompt(300, 1);
  {
    auto l = this->cache.lookup(stored);
    ASSERT_EQ(this->cache.allocate(l, stored), status::ok);
    ASSERT_EQ(this->cache.publish(l, l.token_count()), status::ok);
  }
  auto first = this->cache.lookup(stored);  // has the memory that is kept
  const cache_stats before = this->cache.stats();
  std::size_t refused = 0;
  for (;; ++refused) {
    granted = refused + 1;
    try {
      const auto l = this->cache.lookup(stored);
      granted = 0;
      break;
    } catch (const std::bad_alloc&) {
      EXPECT_EQ(this->cache.stats().open_leases, before.open_leases);
    }
  }
  EXPECT_GT(refused, 1u) << "the list of pages grew on the way";
  ASSERT_EQ(this->cache.release(first), status::ok);
  EXPECT_EQ(this->cache.evict(300), 300u) << "no pin is left";
}

TEST(counting_heap, sees_an_allocation) {
  const std::size_t before = allocations;
  ::operator delete(::operator new(1));  // not a new expression: that the compiler may leave out
  ::operator delete (::operator new (1, std::align_val_t{64}), std::align_val_t{64});
  EXPECT_EQ(allocations, before + 2);
}

// The measuring layer over one whose locks are never free at the first try.
struct contended_sync : std_sync {
  struct mutex {
    void lock() {}
    bool try_lock() { return false; }
    void unlock() {}
  };
  struct condition_variable {
    void wait(mutex&) {}
    void notify_one() {}
    void notify_all() {}
  };
  static std::uint64_t now_ns() {
    static std::uint64_t now = 0;
    return now += 5;
  }
};

TEST(measured_sync, a_lock_that_is_waited_for_is_counted_with_its_time) {
  using layer = measured_sync<contended_sync>;
  layer::mutex m;
  const sync_counts before = layer::measured();
  { const layer::exclusive_guard<layer::mutex> guard(m); }
  const sync_counts after = layer::measured();
  EXPECT_EQ(after.acquisitions - before.acquisitions, 1u);
  EXPECT_EQ(after.waits - before.waits, 1u);
  EXPECT_EQ(after.waited_ns - before.waited_ns, 5u);
}

TEST(measured_sync, a_failed_exchange_is_a_retry_and_no_read_modify_write) {
  measured::atomic<std::uint64_t> word(1);
  std::uint64_t expected = 2;
  const sync_counts failed = cost(
      [&] { EXPECT_FALSE(word.compare_exchange_strong(expected, 3, memory_order::relaxed, memory_order::relaxed)); });
  EXPECT_EQ(failed.failed_exchanges, 1u);
  EXPECT_EQ(failed.read_modify_writes, 0u);
  const sync_counts done = cost([&] {
    EXPECT_TRUE(word.compare_exchange_strong(expected, 3, memory_order::relaxed, memory_order::relaxed));
    word.add(1, memory_order::relaxed);
  });
  EXPECT_EQ(done.failed_exchanges, 0u);
  EXPECT_EQ(done.read_modify_writes, 2u);
}

}  // namespace
}  // namespace triecheck::unit
