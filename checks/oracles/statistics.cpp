#include "checks/oracles/statistics.h"

#include <algorithm>
#include <array>

namespace triecheck::checks {
namespace {

constexpr std::array<model::named_statistic, 3> gauges{{
    {"free_pages", &model::statistics::free_pages},
    {"private_pages", &model::statistics::private_pages},
    {"cached_pages", &model::statistics::cached_pages},
}};

// A number below zero as what it is: so a wrap-around reads.
std::string show(std::uint64_t number) { return std::to_string(static_cast<std::int64_t>(number)); }

std::optional<std::string> exceeds(const char* part, std::uint64_t a, const char* whole, std::uint64_t b) {
  if (a <= b) return std::nullopt;
  return "I10: reported are " + show(a) + " " + part + ", but " + show(b) + " " + whole + " pages";
}

std::optional<std::string> outside(const char* what, std::uint64_t reported, std::uint64_t least, std::uint64_t most) {
  if (reported >= least && reported <= most) return std::nullopt;
  return std::string("I10: ") + what + " is reported as " + show(reported) + ", but the thread itself had counted " +
         show(least) + ", and with all that had begun it would be " + show(most);
}

}  // namespace

std::string show_gauges(const model::statistics& s) {
  return "free " + show(s.free_pages) + ", private " + show(s.private_pages) + ", cached " + show(s.cached_pages) +
         ", open leases " + show(s.open_leases);
}

std::optional<std::string> check_statistics(const model::statistics& reported, std::size_t pages,
                                            stats_consistency together) {
  for (const model::named_statistic& g : gauges) {
    if (reported.*g.value <= pages) continue;
    return std::string("I5: ") + g.name + " is reported as " + show(reported.*g.value) + " of " +
           std::to_string(pages) + " (" + show_gauges(reported) + ")";
  }
  if (together == stats_consistency::each) return std::nullopt;
  if (reported.free_pages + reported.private_pages + reported.cached_pages != pages) {
    return "I5: free, private and cached pages are " + show(reported.free_pages) + " + " +
           show(reported.private_pages) + " + " + show(reported.cached_pages) + " of " + std::to_string(pages);
  }
  if (auto wrong = exceeds("evicted", reported.evicted_pages, "published", reported.published_pages)) return wrong;
  if (auto wrong = exceeds("forgotten", reported.forgotten_pages, "evicted", reported.evicted_pages)) return wrong;
  const std::uint64_t had = reported.published_pages + reported.duplicate_pages;
  if (auto wrong = exceeds("published or duplicate", had, "allocated", reported.allocated_pages)) return wrong;
  if (auto wrong = exceeds("refused hit", reported.refused_hit_pages, "hit", reported.hit_pages)) return wrong;
  if (together != stats_consistency::pages) {
    if (auto wrong = exceeds("hit", reported.hit_pages, "looked-up", reported.looked_up_pages)) return wrong;
  }
  if (together == stats_consistency::parts ||
      reported.cached_pages == reported.published_pages - reported.evicted_pages)
    return std::nullopt;
  return "I10: cached_pages is reported as " + show(reported.cached_pages) + ", but published less evicted pages are " +
         show(reported.published_pages - reported.evicted_pages);
}

std::optional<std::string> check_available(const model::availability& reported, std::size_t pages,
                                           stats_consistency together) {
  for (const std::uint64_t n :
       {reported.free_pages, reported.evictable_pages, reported.pinned_pages, reported.private_pages}) {
    if (n > pages)
      return "I5: a number of available pages exceeds " + std::to_string(pages) + " (" + model::show(reported) + ")";
  }
  if (together == stats_consistency::each) return std::nullopt;
  const std::uint64_t all =
      reported.free_pages + reported.evictable_pages + reported.pinned_pages + reported.private_pages;
  if (all == pages) return std::nullopt;
  return "I5: the available pages add up to " + show(all) + " of " + std::to_string(pages) + " (" +
         model::show(reported) + ")";
}

// What a number can be in an answer: with what its own thread had done, and with all that had begun.
template <class Answer, class Number>
counted_operations::range counted_operations::bounds(const given<Answer>& a, Number number) const {
  const bool inside = a.when.opened.thread != moment::outside;
  const auto own = [&](std::size_t i) {
    const moment& opened = operations_[i].when.opened;
    return i < a.operations_before &&
           (!inside || opened.thread == moment::outside || opened.thread == a.when.opened.thread);
  };
  // What others began before the answer was there; no answer has what begins after it in this execution.
  const auto others = [&](std::size_t i) {
    const interval& when = operations_[i].when;
    return inside && !own(i) && when.opened.thread != moment::outside && when.opened.thread != a.when.opened.thread &&
           when.called <= a.when.returned;
  };
  std::int64_t least = 0;
  std::int64_t most = 0;
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    const auto n = static_cast<std::int64_t>(number(operations_[i]));
    if (own(i)) least += n;
    if (own(i) || (others(i) && n > 0)) most += n;
  }
  return {static_cast<std::uint64_t>(least), static_cast<std::uint64_t>(most)};
}

std::optional<std::string> counted_operations::check() const {
  for (const given<model::statistics>& a : answers_) {
    const auto of = [](std::uint64_t model::statistics::*n) { return [n](const recorded& r) { return r.counts.*n; }; };
    for (const model::named_statistic& c : answered_counters) {
      const auto [least, most] = bounds(a, of(c.value));
      if (auto wrong = outside(c.name, a.reported.*c.value, least, most)) return wrong;
    }
    const auto [own_leases, all_leases] = bounds(a, of(&model::statistics::open_leases));
    if (auto wrong = outside("open_leases", a.reported.open_leases, own_leases, all_leases)) return wrong;
    const std::uint64_t published = bounds(a, of(&model::statistics::published_pages)).most;
    if (auto wrong = outside("evicted_pages", a.reported.evicted_pages, 0, published)) return wrong;
  }
  for (const given<model::availability>& a : looks_) {
    const std::uint64_t most = bounds(a, [](const recorded& r) { return r.chains; }).most;
    if (a.reported.pinned_pages <= most) continue;
    return "I10: " + show(a.reported.pinned_pages) + " pages are said to be pinned, but the chains of all leases had " +
           show(most) + " at most";
  }
  return std::nullopt;
}

}  // namespace triecheck::checks
