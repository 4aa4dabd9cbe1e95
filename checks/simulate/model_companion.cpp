#include "checks/simulate/model_companion.h"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "checks/subject/subject.h"

namespace triecheck::checks {
namespace {

// Which counter differs first, or nothing.
std::optional<std::string> difference(const model::statistics& cache, const model::statistics& reference) {
  for (const auto& [name, member] : model::named_statistics) {
    if (cache.*member == reference.*member) continue;
    return std::string(name) + " is " + std::to_string(cache.*member) + " in the cache and " +
           std::to_string(reference.*member) + " in the model";
  }
  return std::nullopt;
}

std::string show(const model::page_view& p) {
  if (p.state == model::page_state::free) return "free";
  if (p.state == model::page_state::leased) return "private";
  return "a node below " + (p.parent ? "page " + std::to_string(*p.parent) : std::string("the root")) +
         (p.pinned ? ", pinned" : "");
}

bool is_number(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

void model_companion::compare(std::size_t row, const model::operation& op, const model::outcome& observed,
                              const model::statistics& stats) {
  if (first_.any()) return;
  // What a refused operation evicted on the way shows in the counters alone.
  const std::uint64_t evicted_before = state_.stats().evicted_pages;
  const std::uint64_t evicted = stats.evicted_pages - std::min(stats.evicted_pages, evicted_before);
  const auto rejected = state_.step(op, observed, observed.result == model::status::ok ? 0 : evicted);
  if (rejected)
    return first_.report(row, "model-mismatch",
                         std::string(model::name_of(op.kind)) + ": " + shorten_numbers(*rejected));
  const auto wrong = difference(stats, schedules_ ? state_.stats() : without_refused_lookups(state_.stats()));
  if (wrong) first_.report(row, "statistics", std::string("after ") + model::name_of(op.kind) + ", " + *wrong);
}

void model_companion::compare_structure(std::size_t row, const structure& seen) {
  if (first_.any()) return;
  const std::vector<model::page_view> expected = state_.view();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (seen.pages[i] == expected[i]) continue;
    const std::string in_cache = show(seen.pages[i]), in_model = show(expected[i]);
    first_.report(row, "page-states",
                  "page " + std::to_string(i) +
                      (in_cache == in_model ? " holds another block than in the model"
                                            : " is " + in_cache + " in the cache and " + in_model + " in the model"));
    return;
  }
  const std::vector<model::page> order = state_.eviction_order();
  if (seen.eviction_order == order) return;
  const auto [a, b] = std::mismatch(seen.eviction_order.begin(), seen.eviction_order.end(), order.begin(), order.end());
  first_.report(row, "eviction-order",
                "the eviction order differs at place " + std::to_string(b - order.begin()) + ": " +
                    (a == seen.eviction_order.end() ? "its end" : "page " + std::to_string(*a)) + " in the cache and " +
                    (b == order.end() ? "its end" : "page " + std::to_string(*b)) + " in the model");
}

std::string shorten_numbers(const std::string& text) {
  constexpr std::size_t longest_run = 12, kept = 8;
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ' ');) words.push_back(std::move(word));
  std::string result;
  const auto add = [&result](const std::string& word) { result += (result.empty() ? "" : " ") + word; };
  for (std::size_t i = 0; i < words.size();) {
    std::size_t end = i;
    while (end < words.size() && is_number(words[end])) ++end;
    if (end - i > longest_run) {
      for (std::size_t k = 0; k < kept; ++k) add(words[i + k]);
      add("... (" + std::to_string(end - i - kept) + " more)");
      i = end;
    } else {
      add(words[i++]);
    }
  }
  return result;
}

}  // namespace triecheck::checks
