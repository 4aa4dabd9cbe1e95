// Says whether something was forgotten while a lookup ran: then the lookup makes sure that what it found is not
// forgotten.
//
// A lookup goes down a chain while others change it. A prefix is forgotten by one step, and what is below it one page
// after the other, so a lookup that is below by then could find what was published there since. So it asks, at the cost
// of two loads of a word that only a forget writes: if no forget ran meanwhile, all that it found was there.
//
// Threads and progress: any; wait-free.
#pragma once

#include <cstdint>

#include "../lockfree/orders.h"
#include "../sync/sync.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class forgetting {
 public:
  forgetting() { Sync::label(word_, "cache.forgetting"); }

  /// Runs from before the first page is forgotten to behind the last one.
  class scope {
   public:
    explicit scope(forgetting& f) : word_(f.word_) { word_.fetch_add(one_begun + one_runs, orders::forget_change); }
    ~scope() { word_.fetch_sub(one_runs, orders::forget_change); }
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

   private:
    typename Sync::template atomic<std::uint64_t>& word_;
  };

  /// What `is_quiet_since` takes.
  std::uint64_t now() const { return word_.load(orders::forget_look); }

  /// Whether no forget ran between the call of `now` that answered `before` and this call.
  bool is_quiet_since(std::uint64_t before) const { return !runs(before) && now() == before; }

  static bool runs(std::uint64_t seen) noexcept { return seen % one_begun != 0; }

 private:
  static constexpr std::uint64_t one_runs = 1;
  static constexpr std::uint64_t one_begun = std::uint64_t{1} << 32;

  typename Sync::template atomic<std::uint64_t> word_{0};  // how many have begun, and how many run
};

}  // namespace triecheck::inline v0_1
