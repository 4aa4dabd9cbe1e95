// Pages that wait for a time, the one that comes first in front: a binary heap whose pages know their place in it.
//
// Invariants: place i of the heap is due no later than places 2i + 1 and 2i + 2; the page at place i knows i, and one
// that does not wait knows `nowhere`.
// Cost: O(log pages) for `wait` and `stop`, O(1) for `first_due`; 20 bytes per page.
// Threads: not synchronised; the owner serialises every call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../pages/page_records.h"
#include "../sync/sync.h"
#include "../types.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class expiries {
  using shared_page = typename Sync::template var<page_id>;
  using shared_time = typename Sync::template var<std::uint64_t>;

 public:
  /// What is noted of a page.
  struct per_page {
    typename Sync::template var<std::uint32_t> place;
  };

  expiries(column<per_page> places, std::size_t pages)
      : places_(places),
        pages_(std::make_unique<shared_page[]>(pages)),
        times_(std::make_unique<shared_time[]>(pages)) {
    Sync::label(waiting_, "expiries.waiting");
    for (std::size_t i = 0; i < pages; ++i) {
      places_[i].place.set(nowhere);
      Sync::label(places_[i].place, "expiries.place", i);
      Sync::label(pages_[i], "expiries.page", i);
      Sync::label(times_[i], "expiries.time", i);
    }
  }

  /// The page whose time comes first, if that is `now` or earlier; else `no_page`.
  page_id first_due(std::uint64_t now) const {
    return waiting_.get() != 0 && times_[0].get() <= now ? pages_[0].get() : no_page;
  }

  /// From now on `page` waits for `time`, and for nothing else.
  void wait(page_id page, std::uint64_t time) {
    stop(page);
    const std::uint32_t last = waiting_.get();
    waiting_.set(last + 1);
    rise(last, page, time);
  }

  /// `page` waits no more; it need not have waited.
  void stop(page_id page) {
    const std::uint32_t place = places_[page].place.get();
    if (place == nowhere) return;
    places_[page].place.set(nowhere);
    const std::uint32_t last = waiting_.get() - 1;
    waiting_.set(last);
    if (place == last) return;
    // The last one fills the gap, and may belong above it or below.
    const page_id moved = pages_[last].get();
    const std::uint64_t time = times_[last].get();
    rise(sink(place, time), moved, time);
  }

 private:
  static constexpr std::uint32_t nowhere = static_cast<std::uint32_t>(-1);

  void put(std::uint32_t place, page_id page, std::uint64_t time) {
    pages_[place].set(page);
    times_[place].set(time);
    places_[page].place.set(place);
  }

  // Puts `page` at the gap `place`, or above it where it is due earlier than the page there.
  void rise(std::uint32_t place, page_id page, std::uint64_t time) {
    while (place != 0) {
      const std::uint32_t above = (place - 1) / 2;
      if (times_[above].get() <= time) break;
      put(place, pages_[above].get(), times_[above].get());
      place = above;
    }
    put(place, page, time);
  }

  // Moves the gap `place` down until nothing below it is due earlier than `time`; returns where it is then.
  std::uint32_t sink(std::uint32_t place, std::uint64_t time) {
    const std::uint32_t end = waiting_.get();
    for (std::uint64_t below = 2 * std::uint64_t{place} + 1; below < end; below = 2 * std::uint64_t{place} + 1) {
      std::uint32_t earlier = static_cast<std::uint32_t>(below);
      if (below + 1 < end && times_[below + 1].get() < times_[below].get()) ++earlier;
      if (times_[earlier].get() >= time) break;
      put(place, pages_[earlier].get(), times_[earlier].get());
      place = earlier;
    }
    return place;
  }

  const column<per_page> places_;

  const std::unique_ptr<shared_page[]> pages_;  // by place
  const std::unique_ptr<shared_time[]> times_;
  typename Sync::template var<std::uint32_t> waiting_{0};  // how many places are taken
};

}  // namespace triecheck::inline v0_1
