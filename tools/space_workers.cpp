#include "tools/space_workers.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/process/isolation.h"
#include "checks/report/verdict.h"

namespace triecheck::tools {
namespace {

using nlohmann::json;

// `explore` has its own patience, and steps while it waits.
constexpr std::chrono::minutes patience_with_a_worker{10};

// The next space that nobody has taken. Processes that were forked since share it.
class shared_counter {
 public:
  shared_counter() {
    void* memory =
        mmap(nullptr, sizeof(std::atomic<std::size_t>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("no shared memory for other processes");
    next_ = new (memory) std::atomic<std::size_t>(0);
  }
  ~shared_counter() { munmap(next_, sizeof *next_); }
  shared_counter(const shared_counter&) = delete;
  shared_counter& operator=(const shared_counter&) = delete;

  std::size_t take() const { return next_->fetch_add(1); }

 private:
  std::atomic<std::size_t>* next_;
};

json to_json(const explore::exploration_status& s) {
  json j = {{"executions", s.executions}, {"seconds", s.seconds}, {"rate", s.executions_per_second}};
  if (s.expected) j["expected"] = {s.expected->executions, s.expected->low, s.expected->high};
  return j;
}

explore::exploration_status read_status(const json& j) {
  explore::exploration_status s{.executions = j.at("executions"),
                                .seconds = j.at("seconds"),
                                .executions_per_second = j.at("rate"),
                                .expected = {}};
  if (j.contains("expected")) {
    const json& e = j["expected"];
    s.expected = explore::estimate{.executions = e.at(0), .low = e.at(1), .high = e.at(2)};
  }
  return s;
}

std::string in_one_line(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

void explore_at_once(std::size_t spaces, std::size_t processes,
                     const std::function<explore::explored(std::size_t, const space_tick&)>& explore,
                     const space_listener& listener) {
  const shared_counter next;
  const checks::isolated_body work = [&](checks::progress& shown, const checks::message_sender& send) {
    for (std::size_t space = next.take(); space < spaces; space = next.take()) {
      const explore::explored e = explore(space, [&](const explore::exploration_status& s) {
        shown.heartbeat.fetch_add(1, std::memory_order_relaxed);
        send(in_one_line({{"space", space}, {"status", to_json(s)}}));
      });
      send(in_one_line({{"space", space},
                        {"result", checks::to_json(e.outcome)},
                        {"story", e.interleaving},
                        {"out_of_budget", e.out_of_budget}}));
    }
    return std::string("done");
  };
  const auto heard = [&](std::size_t, const std::string& message) {
    const json j = json::parse(message);
    const std::size_t space = j.at("space");
    if (j.contains("status")) return listener.tick(space, read_status(j["status"]));
    listener.ended(space, {.outcome = checks::read_result(j.at("result")),
                           .interleaving = j.at("story"),
                           .out_of_budget = j.at("out_of_budget")});
  };
  const std::vector<checks::isolated_body> bodies(std::min(spaces, processes), work);
  for (const checks::isolated_run& run :
       checks::run_isolated(bodies, patience_with_a_worker, {.heard = heard, .tick = {}})) {
    if (run.answer.empty()) throw std::runtime_error("a process that explores ended: " + run.error);
  }
}

}  // namespace triecheck::tools
