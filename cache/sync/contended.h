// The layer that shows where threads meet: any layer, and for each label how often a lock was acquired, how
// often it had to be waited for and how long, and how often a compare-exchange on a word failed.
//
//   contention_counts counts;                                           // of one cache
//   observed_cache<lockfree_cache<contended_sync<std_sync>>, contention_counts> cache(counts, config);
//
// When to use: in production, where a lock or a word is suspected. When not: for what an operation costs
// alone (measured.h counts loads and stores too).
//
// The counts belong to an object, not to the layer. What a cache constructs while `contention_counts` has
// it constructed counts there, under the names that the cache gives its objects by `Sync::label`. A lock
// remembers its label. A word does not, so it has the size and the layout of the layer below; where an
// exchange fails, its label is looked up by its address among those of the operation that the thread is in.
//
// Cost: an acquisition counts in the stripe of its thread, without a read-modify-write. A wait reads the
// clock twice. A compare-exchange that succeeds costs nothing, nor does any other access to a word. An
// operation sets the pointer of its thread. Memory: 8 bytes for a lock; 8 for each word that is not one of a
// row of words at equal distances; 130 KiB for the counts.
//
// What is not counted: the sleep of a condition variable, which is no contention; retries of a thread that
// works on the cache outside of an observed operation.
//
// Threads: as the layer's; `read` at any time, and exact while nothing runs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../lockfree/striped.h"
#include "std.h"
#include "sync.h"

namespace triecheck::inline v0_1 {

struct operation_start;
struct operation_end;

/// What happened at all objects of one label.
struct label_counts {
  std::string label;
  bool is_lock = false;            ///< else words have it
  std::uint64_t acquisitions = 0;  ///< of locks, in either mode
  std::uint64_t waits = 0;         ///< of these, those that had to wait
  std::uint64_t waited_ns = 0;
  std::uint64_t failed_exchanges = 0;  ///< compare-exchanges that did not take effect: retries
  friend bool operator==(const label_counts&, const label_counts&) = default;
};

/// The counts of one cache, an observer of it (monitoring/observed.h). Outlives the cache.
class contention_counts {
 public:
  static constexpr std::size_t most_labels = 64;

  contention_counts() { labels_.push_back("other"); }
  contention_counts(const contention_counts&) = delete;
  contention_counts& operator=(const contention_counts&) = delete;

  /// The labels in alphabetical order; "other" has what has no label, and labels beyond `most_labels`.
  std::vector<label_counts> read() const {
    const auto c = counts_.collect();
    std::vector<label_counts> all;
    for (std::size_t l = 0; l < labels_.size(); ++l) {
      const auto of = [&](kind k) { return c[l * kinds + k]; };
      all.push_back({labels_[l], is_lock_[l], of(acquisitions), of(waits), of(waited_ns), of(failed_exchanges)});
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.label < b.label; });
    return all;
  }

  // As an observer.

  /// Sets a pointer of the calling thread, and sets it back.
  class scope {
   public:
    scope(contention_counts*& slot, contention_counts* counts) noexcept
        : slot_(slot), before_(std::exchange(slot, counts)) {}
    ~scope() { slot_ = before_; }
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

   private:
    contention_counts*& slot_;
    contention_counts* const before_;
  };

  /// Names what the calling thread constructs meanwhile.
  class naming {
   public:
    explicit naming(contention_counts& counts) noexcept : counts_(counts), named_(naming_, &counts) {}
    ~naming() { counts_.sort_words(); }
    naming(const naming&) = delete;
    naming& operator=(const naming&) = delete;

   private:
    contention_counts& counts_;
    const scope named_;
  };

  naming constructs() noexcept { return naming(*this); }
  scope begins(const operation_start&) noexcept { return scope(operating_, this); }
  void ended(const scope&, const operation_end&) noexcept {}

 private:
  template <sync_layer Base>
  friend struct contended_sync;

  enum kind : std::size_t { acquisitions, waits, waited_ns, failed_exchanges, kinds };
  static constexpr std::size_t other = 0;

  void count(std::size_t label, kind k, std::uint64_t n = 1) { counts_.add(label * kinds + k, n); }

  // What follows is called by the thread that constructs the cache.

  std::size_t number_of(const char* label) {
    const std::string_view wanted(label);
    for (std::size_t l = labels_.size(); l-- > 0;) {  // mostly the same as before
      if (labels_[l] == wanted) return l;
    }
    if (labels_.size() == most_labels) return other;
    labels_.emplace_back(label);
    return labels_.size() - 1;
  }

  std::size_t name_lock(const char* label) {
    const std::size_t l = number_of(label);
    is_lock_[l] = true;
    return l;
  }

  // Words of one label are mostly named in order, and lie at equal distances, those of pages a million times:
  // they are a row.
  void name_word(const void* address, const char* label) {
    const std::size_t l = number_of(label);
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    row& r = rows_[l];
    if (r.count == 0) r.first = at;
    if (r.count == 1) r.stride = at - r.first;
    if (r.count < 2 || at == r.first + r.count * r.stride) {
      ++r.count;
    } else {
      words_.emplace_back(at, l);
    }
  }
  void sort_words() { std::sort(words_.begin(), words_.end()); }

  // Called where an exchange failed.
  std::size_t label_of(const void* address) const {
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    for (std::size_t l = 0; l < labels_.size(); ++l) {
      if (rows_[l].has(at)) return l;
    }
    const auto w = std::lower_bound(words_.begin(), words_.end(), std::pair(at, std::size_t{0}));
    return w != words_.end() && w->first == at ? w->second : other;
  }

  struct row {
    std::uintptr_t first = 0;
    std::uintptr_t stride = 0;  // modulo 2^64: a row may go down
    std::size_t count = 0;

    bool has(std::uintptr_t at) const noexcept {
      if (count < 2) return count == 1 && at == first;
      const bool down = stride > UINTPTR_MAX / 2;
      const std::uintptr_t distance = down ? first - at : at - first;
      const std::uintptr_t step = down ? 0 - stride : stride;
      return step != 0 && distance % step == 0 && distance / step < count;
    }
  };

  // Of the calling thread: what counts the objects that it constructs, and the operation that it is in.
  static inline constinit thread_local contention_counts* naming_ = nullptr;
  static inline constinit thread_local contention_counts* operating_ = nullptr;

  // Constant once the cache is constructed.
  std::vector<std::string> labels_;
  std::array<bool, most_labels> is_lock_{};
  std::array<row, most_labels> rows_{};
  std::vector<std::pair<std::uintptr_t, std::size_t>> words_;

  // Of the standard layer, whatever is observed: the counts are no part of the program.
  const std_sync::thread_indices threads_;
  striped_counts<std_sync, most_labels * kinds> counts_{threads_};
};

template <sync_layer Base>
struct contended_sync : Base {
  template <class T>
  class atomic : public Base::template atomic<T> {
   public:
    using Base::template atomic<T>::atomic;

    bool compare_exchange_weak(T& expected, T desired, memory_order success, memory_order failure) {
      return exchanged(Base::template atomic<T>::compare_exchange_weak(expected, desired, success, failure));
    }
    bool compare_exchange_strong(T& expected, T desired, memory_order success, memory_order failure) {
      return exchanged(Base::template atomic<T>::compare_exchange_strong(expected, desired, success, failure));
    }

   private:
    bool exchanged(bool done) const {
      if (!done) failed(this);
      return done;
    }
  };

  template <class Mutex>
  class counted_mutex {
   public:
    counted_mutex() : counts_(contention_counts::naming_) {}

    void lock() {
      if (!mutex_.try_lock()) wait([&] { mutex_.lock(); });
      acquired();
    }
    bool try_lock() {
      const bool locked = mutex_.try_lock();
      if (locked) acquired();
      return locked;
    }
    void unlock() { mutex_.unlock(); }

    void lock_shared() requires shared_lockable<Mutex> {
      if (!mutex_.try_lock_shared()) wait([&] { mutex_.lock_shared(); });
      acquired();
    }
    bool try_lock_shared() requires shared_lockable<Mutex> {
      const bool locked = mutex_.try_lock_shared();
      if (locked) acquired();
      return locked;
    }
    void unlock_shared() requires shared_lockable<Mutex> { mutex_.unlock_shared(); }

   private:
    friend struct contended_sync;
    using counts = contention_counts;

    void acquired() {
      if (counts_ != nullptr) counts_->count(label_, counts::acquisitions);
    }
    template <class Lock>
    [[gnu::noinline]] void wait(Lock lock) {
      const std::uint64_t before = Base::now_ns();
      lock();
      if (counts_ == nullptr) return;
      counts_->count(label_, counts::waits);
      counts_->count(label_, counts::waited_ns, Base::now_ns() - before);
    }

    Mutex mutex_;
    counts* counts_;  // constant after construction, as is the label; null: nobody counts
    mutable std::uint32_t label_ = counts::other;
  };

  using mutex = counted_mutex<typename Base::mutex>;
  using shared_mutex = counted_mutex<typename Base::shared_mutex>;

  class condition_variable {
   public:
    void wait(mutex& m) {
      condition_.wait(m.mutex_);
      m.acquired();
    }
    void notify_one() { condition_.notify_one(); }
    void notify_all() { condition_.notify_all(); }

   private:
    typename Base::condition_variable condition_;
  };

  template <class M>
  using exclusive_guard = typename Base::template exclusive_guard<M>;
  template <class M>
  using shared_guard = typename Base::template shared_guard<M>;

  template <class Object>
  static void label(const Object&, const char*, std::size_t = 0) {}
  template <class Mutex>
  static void label(const counted_mutex<Mutex>& m, const char* name, std::size_t = 0) {
    if (m.counts_ != nullptr) m.label_ = static_cast<std::uint32_t>(m.counts_->name_lock(name));
  }
  template <class T>
  static void label(const atomic<T>& word, const char* name, std::size_t = 0) {
    if (contention_counts::naming_ != nullptr) contention_counts::naming_->name_word(&word, name);
  }

 private:
  [[gnu::noinline, gnu::cold]] static void failed(const void* word) {
    contention_counts* const counts = contention_counts::operating_;
    if (counts != nullptr) counts->count(counts->label_of(word), contention_counts::failed_exchanges);
  }
};

static_assert(sync_layer<contended_sync<std_sync>>);
static_assert(same_layout<contended_sync<std_sync>::atomic<std::uint64_t>, std_sync::atomic<std::uint64_t>>);

}  // namespace triecheck::inline v0_1
