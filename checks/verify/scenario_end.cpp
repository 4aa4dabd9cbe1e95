// What is asked of a scenario when its last step is done.
#include "checks/verify/scenario_program.h"

namespace triecheck::explore {

void scenario_program::check_end() {
  const checks::structure end = subject_->inspect();
  const model::statistics reported = subject_->stats();
  std::vector<std::uint64_t> contents;
  for (model::page p = 0; p < end.pages.size(); ++p) contents.push_back(contents_->read(p));

  const checks::final_state state{end, reported};
  std::optional<checks::objection> wrong;
  {
    const outside_simulation heap;
    wrong = oracles_.first([&](auto& one) { return one.at_the_end(state); });
    if (!wrong) wrong = check_contents(end, contents);
  }
  require_none(wrong);
  ask_followers(
      [&](const follower& f, std::size_t) { return f.is_member() ? f.book().check_rest(end) : std::nullopt; });
  shut_down(state);
}

// To the oracles a shutdown is a clear.
void scenario_program::shut_down(const checks::final_state& before) {
  session& s = session::current();
  constexpr std::size_t thread = session::outside_threads;
  {
    const outside_simulation heap;
    oracles_.each([&](auto& one) { one.begins(thread, {.kind = model::operation_kind::clear}); });
  }
  const std::vector<std::string> lost = subject_->shutdown();
  if (!lost.empty()) s.fail("pages-lost", "I5: after shutdown " + lost.front());
  const std::uint64_t evicted = events_ ? subject_->stats().evicted_pages - before.reported.evicted_pages : 0;
  std::optional<checks::objection> wrong;
  {
    const outside_simulation heap;
    wrong = oracles_.first([&](auto& one) { return one.after_shutdown(before, thread, evicted); });
  }
  require_none(wrong);
  check_followers();
}

std::optional<checks::objection> scenario_program::check_contents(const checks::structure& s,
                                                                  const std::vector<std::uint64_t>& contents) const {
  for (model::page p = 0; p < s.pages.size(); ++p) {
    if (s.pages[p].state != model::page_state::cached) continue;
    const std::vector<model::token> path = checks::path_of(s, p);
    const std::vector<model::block_key> keys = checks::path_keys_of(s, p);
    if (contents[p] == checks::digest(path, s.pages[p].space, keys)) continue;
    return checks::objection{"page-contents", "I3: page " + std::to_string(p) + " is cached under " +
                                                  show_prefix(path, s.pages[p].space, keys) + ", but holds " +
                                                  meaning(contents[p])};
  }
  return std::nullopt;
}

}  // namespace triecheck::explore
