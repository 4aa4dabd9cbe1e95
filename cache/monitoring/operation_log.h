// A log of the operations of a cache: which thread did what, from when until when, and with what result. For finding
// out after an incident what the cache did: `triecheck check-log` judges a log, `triecheck replay-log` makes a scenario
// of a part of it.
//
//   operation_log<std_sync> log;
//   observed_cache<lockfree_cache<std_sync>, operation_log<std_sync>> cache(log, config);
//   ...
//   file << log_text(log.read(), cache.config(), "lockfree");          // log_text.h
//
// Each thread writes into its own ring, so it waits for no other; a full ring loses its oldest operations, and says how
// many. The log has the tokens of every lookup and allocation: a person who may not read the prompts may not read the
// log.
//
// An entry is written when its operation has ended. It costs two looks at the clock, some nanoseconds, and one
// word for two tokens or pages, or two for a key. An operation that threw did nothing, and has no entry; nor has a wait
// for pages, or a match.
//
// Invariants.
// L1: a ring has one writer, the thread that has its index.
// L2: an entry is whole where it lies before `end_` and no position that shares its words was reserved since.
// L3: what ended before `under_way_` was found empty lies before `end_`.
//
// Threads and progress: any; `begins` and `ended` are wait-free but for the first of a thread, which asks for memory;
// `read` may run concurrently with them.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "../sync/sync.h"
#include "../types.h"
#include "observed.h"
#include "orders.h"

namespace triecheck::inline v0_1 {

/// An operation that ended. Times are nanoseconds of the layer's clock.
struct logged_operation {
  cache_operation operation = cache_operation::lookup;
  std::uint64_t begin_ns = 0;
  std::uint64_t end_ns = 0;
  status result = status::ok;
  lease_id lease = no_lease;     ///< that it was about; of a lookup the new one
  lease_id forked = no_lease;    ///< of fork: the new one
  key_space space{};             ///< of the lease
  std::vector<token> tokens;     ///< of lookup and allocate: what they were given
  std::vector<block_key> keys;   ///< likewise
  std::uint64_t count = 0;       ///< allocate: extra slots; publish: computed tokens; evict: pages asked for
  std::vector<page_id> pages;    ///< of the lease afterwards (of fork: of the new one), first the cached ones
  std::size_t cached_pages = 0;  ///< how many of them are cached
  std::size_t evicted = 0;       ///< evict, clear, shutdown: pages evicted
};

/// Whether the log has nothing to say of it: a wait, or a look that changes nothing.
constexpr bool is_silent(cache_operation o) noexcept {
  return o == cache_operation::wait || o == cache_operation::match;
}

/// Whether it has an entry. What changes something and has none is counted in `unlogged`.
constexpr bool has_entry(cache_operation o) noexcept { return o <= cache_operation::shutdown; }

/// What one ring held, the oldest first.
struct logged_thread {
  std::size_t thread = 0;  ///< its index
  std::uint64_t lost = 0;  ///< operations before these that were overwritten
  std::vector<logged_operation> operations;
};

/// What a log held.
struct log_contents {
  /// Of what ended before this, nothing is missing but what a ring lost, and `unlogged`.
  std::uint64_t complete_until_ns = 0;
  /// Operations of threads without an index or memory, those larger than half a ring, `shrink` and `forget`.
  std::uint64_t unlogged = 0;
  std::vector<logged_thread> threads;
};

/// The log of one thread. Threads: one writes, any read.
template <sync_layer Sync>
class log_ring {
 public:
  /// `words` is a power of two; nothing that it will log begins before `now_ns`. Null where there is no memory.
  static log_ring* make(std::size_t words, std::uint64_t now_ns) noexcept {
    std::unique_ptr<word[]> memory(new (std::nothrow) word[words]);
    return memory == nullptr ? nullptr : new (std::nothrow) log_ring(std::move(memory), words, now_ns);
  }

  /// Says that an operation is about to begin, when is not known yet.
  void comes() noexcept { under_way_.store(latest_end_, orders::log_publish); }
  void begins(std::uint64_t now_ns) noexcept { under_way_.store(now_ns, orders::log_publish); }
  void is_over() noexcept { under_way_.store(nothing, orders::log_publish); }

  /// Whether the entry was written: one larger than half the ring is not.
  bool write(const operation_start& s, const operation_end& e, std::uint64_t begin_ns, std::uint64_t end_ns) noexcept {
    const auto space = static_cast<std::uint64_t>(e.space);
    const bool has_more = !s.keys.empty() || space >> 32 != 0;
    const std::size_t more_words = has_more ? 1 + 2 * s.keys.size() : 0;
    const std::size_t length = fixed_words + half(s.tokens.size()) + half(e.pages.size()) + more_words;
    if (length > (mask_ + 1) / 2) return false;
    // Before the first word: a thread that reads a word of this entry learns that the old one in its place is gone.
    reserved_.store(next_ + length, orders::log_own);
    const bool forks = s.operation == cache_operation::fork;
    const bool evicts = e.pages.empty() && s.lease == no_lease && e.lease == no_lease;
    std::uint64_t at = next_;  // the stores below publish; a member would have to be in memory before each of them
    put(at, begin_ns);
    put(at, end_ns);
    put(at, static_cast<std::uint64_t>(s.operation == cache_operation::lookup ? e.lease : s.lease));
    put(at, static_cast<std::uint64_t>(s.operation) << 8 | static_cast<std::uint64_t>(e.result) |
                (has_more ? more_follows : 0) | space << 32);
    put(at, forks ? static_cast<std::uint64_t>(e.lease) : s.count);
    put(at, s.tokens.size() << 32 | e.pages.size());
    put_all(at, s.tokens);
    put_all(at, e.pages);
    if (has_more) put(at, space >> 32 << 32 | s.keys.size());
    for (const block_key& k : s.keys) {
      put(at, k.block);
      put(at, k.key);
    }
    put(at, written_);
    put(at, static_cast<std::uint64_t>(length) << 32 | (evicts ? e.count : e.cached_pages));
    next_ = at;
    latest_end_ = end_ns;
    entries_.store(++written_, orders::log_publish);
    end_.store(next_, orders::log_publish);
    return true;
  }

  /// When the operation that is under way began, at the earliest; `nothing` where none is.
  std::uint64_t under_way() const noexcept { return under_way_.load(orders::log_collect); }
  static constexpr std::uint64_t nothing = std::numeric_limits<std::uint64_t>::max();

  /// What it holds; concurrently with a writer, without what is overwritten meanwhile.
  logged_thread read() const {
    const std::uint64_t end = end_.load(orders::log_collect);
    const std::uint64_t size = mask_ + 1;
    const std::uint64_t first = end > size ? end - size : 0;
    std::vector<std::uint64_t> copy;
    copy.reserve(static_cast<std::size_t>(end - first));
    for (std::uint64_t at = first; at != end; ++at) copy.push_back(words_[at & mask_].load(orders::log_collect));
    const std::uint64_t reserved = reserved_.load(orders::log_collect);
    const std::uint64_t whole = std::max(first, reserved > size ? reserved - size : 0);

    logged_thread t;
    t.lost = entries_.load(orders::log_collect);
    for (std::uint64_t at = end; at > whole;) {
      const std::uint64_t length = copy[static_cast<std::size_t>(at - 1 - first)] >> 32;
      if (length > at - whole) break;
      at -= length;
      const std::span<const std::uint64_t> entry =
          std::span(copy).subspan(static_cast<std::size_t>(at - first), static_cast<std::size_t>(length));
      t.operations.push_back(to_operation(entry));
      t.lost = entry[entry.size() - 2];
    }
    std::reverse(t.operations.begin(), t.operations.end());
    return t;
  }

 private:
  using word = typename Sync::template atomic<std::uint64_t>;
  static constexpr std::size_t fixed_words = 8;
  // Behind the pages: the upper half of the namespace, and keys. Most entries have neither.
  static constexpr std::uint64_t more_follows = std::uint64_t{1} << 16;

  log_ring(std::unique_ptr<word[]> words, std::size_t count, std::uint64_t now_ns) noexcept
      : words_(std::move(words)), mask_(count - 1), latest_end_(now_ns) {}

  static constexpr std::size_t half(std::size_t n) noexcept { return (n + 1) / 2; }

  void put(std::uint64_t& at, std::uint64_t value) noexcept { words_[at++ & mask_].store(value, orders::log_publish); }

  template <class Number>
  void put_all(std::uint64_t& at, std::span<const Number> numbers) noexcept {
    static_assert(sizeof(Number) == 4);
    std::size_t i = 0;
    for (; i + 1 < numbers.size(); i += 2) {
      put(at, static_cast<std::uint64_t>(numbers[i]) | static_cast<std::uint64_t>(numbers[i + 1]) << 32);
    }
    if (i < numbers.size()) put(at, static_cast<std::uint64_t>(numbers[i]));
  }

  template <class Number>
  static std::vector<Number> numbers_of(std::span<const std::uint64_t> words, std::size_t count) {
    std::vector<Number> numbers(count);
    for (std::size_t i = 0; i < count; ++i)
      numbers[i] = Number(static_cast<std::uint32_t>(words[i / 2] >> (i % 2 * 32)));
    return numbers;
  }

  static logged_operation to_operation(std::span<const std::uint64_t> entry) {
    logged_operation o;
    o.begin_ns = entry[0];
    o.end_ns = entry[1];
    o.lease = lease_id(entry[2]);
    o.operation = static_cast<cache_operation>(entry[3] >> 8 & 0xff);
    o.result = static_cast<status>(entry[3] & 0xff);
    (o.operation == cache_operation::fork ? o.forked = lease_id(entry[4]), o.count : o.count = entry[4]);
    const std::size_t tokens = entry[5] >> 32;
    const std::size_t pages = entry[5] & 0xffff'ffff;
    o.tokens = numbers_of<token>(entry.subspan(6), tokens);
    o.pages = numbers_of<page_id>(entry.subspan(6 + half(tokens)), pages);
    std::uint64_t space = entry[3] >> 32;
    if ((entry[3] & more_follows) != 0) {
      auto words = entry.subspan(6 + half(tokens) + half(pages));
      space |= words[0] >> 32 << 32;
      o.keys.resize(words[0] & 0xffff'ffff);
      words = words.subspan(1);
      for (block_key& k : o.keys) {
        k = {static_cast<std::size_t>(words[0]), words[1]};
        words = words.subspan(2);
      }
    }
    o.space = key_space(space);
    const std::size_t last = entry.back() & 0xffff'ffff;
    const bool evicts = o.operation == cache_operation::evict || o.operation == cache_operation::clear ||
                        o.operation == cache_operation::shutdown;
    (evicts ? o.evicted : o.cached_pages) = last;
    return o;
  }

  // Constant.
  const std::unique_ptr<word[]> words_;
  const std::size_t mask_;

  // Of the writer alone.
  std::uint64_t next_ = 0;  // the position of its next word
  std::uint64_t written_ = 0;
  std::uint64_t latest_end_;

  // Written by it.
  word reserved_{0};  // positions below are, or are being, written
  word end_{0};       // entries below are whole
  word entries_{0};   // how many these were
  word under_way_{nothing};
};

/// A cache_observer that logs. Outlives the cache.
template <sync_layer Sync>
class operation_log {
 public:
  /// How many words the ring of each thread has: the next power of two. 2^16 words are 512 KiB, some 5,000
  /// operations on leases of a few pages. Rings are made for threads that have operations.
  explicit operation_log(std::size_t words_per_thread = std::size_t{1} << 16)
      : words_(std::bit_ceil(std::max<std::size_t>(words_per_thread, 16))) {
    for (auto& r : rings_) r.store(nullptr, orders::log_publish);
  }
  operation_log(const operation_log&) = delete;
  operation_log& operator=(const operation_log&) = delete;
  ~operation_log() {
    for (auto& r : rings_) delete r.load(orders::log_collect);
  }

  /// Of an operation that is under way.
  struct begun {
    operation_start start;  // its tokens stay as long as the operation, whose caller passed them
    log_ring<Sync>* ring;   // null: not logged
    std::uint64_t begin_ns;
  };

  begun begins(const operation_start& s) noexcept {
    if (is_silent(s.operation)) return {s, nullptr, 0};
    log_ring<Sync>* const ring = own_ring();
    if (ring == nullptr) return {s, nullptr, 0};
    ring->comes();
    const std::uint64_t now = Sync::now_ns();
    ring->begins(now);
    return {s, ring, now};
  }

  void ended(const begun& b, const operation_end& e) noexcept {
    const bool counts = !is_silent(b.start.operation) && !e.threw;
    const bool is_written = counts && has_entry(b.start.operation) && b.ring != nullptr &&
                            b.ring->write(b.start, e, b.begin_ns, Sync::now_ns());
    if (counts && !is_written) unlogged_.add(1, orders::log_own);
    if (b.ring != nullptr) b.ring->is_over();
  }

  /// What the log holds; operations may run meanwhile. O(words of all rings).
  log_contents read() const {
    // What a thread has stored since it looked at its clock may take a moment until others see it.
    constexpr std::uint64_t moment_ns = 1000;
    const std::uint64_t now = Sync::now_ns();
    return read_until(now - std::min(now, moment_ns));
  }

  /// The same, all of it. Requires that no operation runs, and that all that ran happened before.
  log_contents read_at_rest() const { return read_until(Sync::now_ns()); }

 private:
  log_contents read_until(std::uint64_t complete_ns) const {
    log_contents all;
    all.complete_until_ns = complete_ns;
    for (std::size_t i = 0; i < rings_.size(); ++i) {
      const log_ring<Sync>* const ring = rings_[i].load(orders::log_collect);
      if (ring == nullptr) continue;
      all.complete_until_ns = std::min(all.complete_until_ns, ring->under_way());
      all.threads.push_back(ring->read());
      all.threads.back().thread = i;
    }
    all.unlogged = unlogged_.load(orders::log_own);
    return all;
  }

  log_ring<Sync>* own_ring() noexcept {
    const std::size_t i = threads_.own();
    if (i == rings_.size()) return nullptr;
    log_ring<Sync>* ring = rings_[i].load(orders::log_own);
    if (ring != nullptr) return ring;
    ring = log_ring<Sync>::make(words_, Sync::now_ns());
    if (ring != nullptr) rings_[i].store(ring, orders::log_publish);
    return ring;
  }

  const std::size_t words_;
  const typename Sync::thread_indices threads_;
  std::array<typename Sync::template atomic<log_ring<Sync>*>, Sync::thread_indices::count> rings_;
  typename Sync::template atomic<std::uint64_t> unlogged_{0};
};

}  // namespace triecheck::inline v0_1
