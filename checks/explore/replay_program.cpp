#include "checks/explore/replay_program.h"

#include <chrono>

#include <nlohmann/json.hpp>

namespace triecheck::explore {

using nlohmann::json;

replayed replay_program(const program_factory& make, const schedule& choices, const search_options& options, bool all) {
  const auto started = std::chrono::steady_clock::now();
  const auto body = [&](progress& shared) {
    const std::unique_ptr<program> made = make();
    interleaving record;
    // A schedule says how old each loaded value is, so the depth is the largest there is.
    const run_options o{.bounds = {.stale_depth = oldest_age,
                                   .reuses_memory = options.reuses_memory,
                                   .runaway_steps = options.runaway_steps}};
    json answer = to_json(run(*made, *make_replay(choices), o, shared, &record));
    answer["undecided"] = made->undecided();
    answer["story"] = record.table(made->threads(), all);
    return answer.dump(-1, ' ', false, json::error_handler_t::replace);
  };
  const isolated_run child = run_isolated(body, options.patience);
  replayed r;
  if (child.answer.empty()) {
    r.broken = child;
  } else {
    const json answer = json::parse(child.answer);
    static_cast<run_outcome&>(r) = read_outcome(answer);
    r.undecided = answer.at("undecided");
    r.story = answer.at("story");
  }
  r.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return r;
}

}  // namespace triecheck::explore
