#include "checks/explore/search/piece.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "checks/explore/search/strategy_table.h"

namespace triecheck::explore {
namespace {

// Enough that sixteen processes share them evenly though some are a hundred times larger than others, and few enough
// that listing them takes a fraction of a second.
constexpr std::size_t wanted_pieces = 512;

std::runtime_error no_piece(const std::string& text) {
  return std::runtime_error("'" + text + "' is no piece of a space");
}

template <class T>
T number_in(const std::string& digits, const std::string& text) {
  T value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) throw no_piece(text);
  return value;
}

}  // namespace

// Words of one token each: "all", "<schedule>", "2:<schedule>", "#first+count".
std::string show(const piece& p) {
  if (p.is == piece::form::whole) return "all";
  if (p.is == piece::form::numbers) return '#' + std::to_string(p.first) + '+' + std::to_string(p.count);
  return std::to_string(p.preemptions) + ':' + show(p.below);
}

piece parse_piece(const std::string& text) {
  if (text == "all") return {};
  piece p;
  std::string why;
  const bool numbers = !text.empty() && text.front() == '#';
  const std::size_t middle = text.find(numbers ? '+' : ':');
  if (middle == std::string::npos) throw no_piece(text);
  if (numbers) {
    p = {.is = piece::form::numbers, .below = {}};
    p.first = number_in<std::uint64_t>(text.substr(1, middle - 1), text);
    p.count = number_in<std::uint64_t>(text.substr(middle + 1), text);
    if (p.count > std::numeric_limits<std::uint64_t>::max() - p.first) throw no_piece(text);
    return p;
  }
  p.is = piece::form::beginning;
  p.preemptions = number_in<unsigned>(text.substr(0, middle), text);
  const auto below = parse_schedule(text.substr(middle + 1), why);
  if (!below) throw std::runtime_error("'" + text + "' is no piece of a space: " + why);
  p.below = *below;
  return p;
}

std::uint64_t shard_of(const piece& p, std::uint64_t shards) {
  std::uint64_t hash = hashed(0, p.first);
  for (const choice& c : p.below) hash = hashed(hash, c.thread * 8U + c.age * 2U + (c.spurious ? 1 : 0));
  return hash % shards;
}

std::unique_ptr<strategy> make_strategy(const search_options& o, const piece& p, const std::string& position) {
  const search_part everything = {
      .bound = {.fewest = 0, .most = o.preemptions}, .tree = {.position = position}, .count = o.executions};
  const search_part some = {.bound = {.fewest = p.preemptions, .most = p.preemptions},
                            .tree = {.below = p.below, .position = position},
                            .first = p.first,
                            .count = p.count};
  return make_repeating(known_strategy(o.strategy).make(o, p.is == piece::form::whole ? everything : some));
}

// Deepens until the beginnings are enough, or are whole executions.
cut_space cut(program& p, const search_options& o, unsigned preemptions, const run_options& run_with,
              progress& shared) {
  cut_space space;
  for (std::size_t depth = 4;; ++depth) {
    std::vector<schedule> all;
    const auto lister = known_strategy(o.strategy)
                            .make(o, {.bound = {.fewest = preemptions, .most = preemptions},
                                      .tree = {.list_depth = depth, .beginnings = &all}});
    space.listing = run(p, *lister, run_with, shared);
    if (!space.listing.complete) return space;
    const bool ends = std::all_of(all.begin(), all.end(), [&](const schedule& s) { return s.size() < depth; });
    if (!ends && all.size() < wanted_pieces) continue;
    space.cut = lister->cut();
    for (const schedule& below : all) {
      space.pieces.push_back({.is = piece::form::beginning, .preemptions = preemptions, .below = below});
    }
    return space;
  }
}

std::vector<std::size_t> order_of_pieces(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [](std::size_t a, std::size_t b) { return hashed(0, a) < hashed(0, b); });
  return order;
}

std::vector<piece> cut_numbers(std::uint64_t executions) {
  constexpr std::uint64_t worth_measuring = 256;  // every piece measures the program first
  const std::uint64_t each =
      std::max<std::uint64_t>(worth_measuring, executions / wanted_pieces + (executions % wanted_pieces != 0));
  std::vector<piece> pieces;
  for (std::uint64_t left = executions; left != 0;) {
    const std::uint64_t count = std::min(each, left);
    pieces.push_back({.is = piece::form::numbers, .below = {}, .first = executions - left, .count = count});
    left -= count;
  }
  return pieces;
}

}  // namespace triecheck::explore
