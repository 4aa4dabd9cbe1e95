// The hits of the recent past, from readings of counters: what is counted is no dearer for it.
//
// The window reaches from the newest reading back to the latest one that is at least `span` older, or to the
// first. So it is as long as the readings allow, and says how long that is; with one reading there is none.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace triecheck::inline v0_1 {

struct hit_counts {
  std::uint64_t looked_up_pages = 0;
  std::uint64_t hit_pages = 0;
  std::uint64_t looked_up_tokens = 0;
  std::uint64_t hit_tokens = 0;
};

/// What was counted within the window.
struct hit_window_reading {
  double seconds = 0;
  hit_counts counts;
};

class hit_window {
 public:
  static constexpr std::uint64_t usual_span_ns = 60'000'000'000;

  explicit hit_window(std::uint64_t span_ns = usual_span_ns) noexcept : span_ns_(span_ns) {}

  /// Requires that neither the time nor a count is below that of the call before.
  hit_window_reading add(std::uint64_t now_ns, const hit_counts& c) {
    // Readings that follow each other closely need not all be kept.
    const bool is_near = points_.size() > 1 && now_ns - points_[points_.size() - 2].at_ns < span_ns_ / most_points;
    if (is_near) points_.pop_back();
    points_.push_back({now_ns, c});
    std::size_t first = 0;
    while (first + 1 < points_.size() && now_ns - points_[first + 1].at_ns >= span_ns_) ++first;
    points_.erase(points_.begin(), points_.begin() + static_cast<std::ptrdiff_t>(first));
    const point& from = points_.front();
    return {static_cast<double>(now_ns - from.at_ns) / 1e9,
            {c.looked_up_pages - from.counts.looked_up_pages, c.hit_pages - from.counts.hit_pages,
             c.looked_up_tokens - from.counts.looked_up_tokens, c.hit_tokens - from.counts.hit_tokens}};
  }

 private:
  static constexpr std::size_t most_points = 64;
  struct point {
    std::uint64_t at_ns;
    hit_counts counts;
  };

  const std::uint64_t span_ns_;
  std::vector<point> points_;  // the oldest first
};

}  // namespace triecheck::inline v0_1
