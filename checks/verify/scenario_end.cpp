// What is asked of a scenario when its last step is done.
#include "checks/oracles/structure.h"
#include "checks/verify/scenario_program.h"

namespace triecheck::explore {

void scenario_program::check_end() {
  session& s = session::current();
  const checks::structure end = subject_->inspect();
  const model::statistics reported = subject_->stats();
  std::vector<std::uint64_t> contents;
  for (model::page p = 0; p < end.pages.size(); ++p) contents.push_back(contents_->read(p));

  std::optional<violation> wrong;
  {
    const outside_simulation heap;
    const auto first = [&](const char* kind, std::optional<std::string> found) {
      if (!wrong && found) wrong = violation{kind, *std::move(found)};
    };
    first("structure", checks::check_structure(end));
    first("pins", checks::check_pins(end, {}));
    first("conservation", checks::check_conservation(end, reported, counted_));
    first("conservation", answers_.check());
    if (events_) first("events", book_.check_rest(end));
    if (events_) first("events", book_.check_evictions(reported.evicted_pages, end));
    if (!wrong) wrong = check_contents(end, contents);
  }
  if (wrong) s.fail(wrong->kind.c_str(), wrong->message);
  shut_down(reported.evicted_pages);
  {
    const outside_simulation heap;
    if (auto found = history_.check(end.pages, end.eviction_order)) wrong = violation{"linearizability", *std::move(found)};
  }
  if (wrong) s.fail(wrong->kind.c_str(), wrong->message);
}

// To the events a shutdown is a clear.
void scenario_program::shut_down(std::uint64_t evicted_before) {
  session& s = session::current();
  if (events_) {
    const outside_simulation heap;
    book_.begins(session::outside_threads, {.kind = model::operation_kind::clear});
  }
  const std::vector<std::string> lost = subject_->shutdown();
  if (!lost.empty()) s.fail("pages-lost", "I5: after shutdown " + lost.front());
  if (!events_) return;
  const std::uint64_t evicted = subject_->stats().evicted_pages - evicted_before;
  std::optional<std::string> wrong;
  {
    const outside_simulation heap;
    model::outcome cleared;
    cleared.evicted = static_cast<std::size_t>(evicted);
    book_.returned(session::outside_threads, cleared);
    wrong = book_.violation();
  }
  if (wrong) s.fail("events", *wrong);
}

std::optional<violation> scenario_program::check_contents(const checks::structure& s,
                                                          const std::vector<std::uint64_t>& contents) const {
  for (model::page p = 0; p < s.pages.size(); ++p) {
    if (s.pages[p].state != model::page_state::cached) continue;
    const std::vector<model::token> path = checks::path_of(s, p);
    if (contents[p] == checks::digest(path, s.pages[p].space)) continue;
    return violation{"page-contents", "I3: page " + std::to_string(p) + " stands under " + show_prefix(path, s.pages[p].space) + ", but holds " +
                                          meaning(contents[p])};
  }
  return std::nullopt;
}

}  // namespace triecheck::explore
