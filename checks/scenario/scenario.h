// A scenario: a small concurrent program over one cache, and the verdict that it must get.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "checks/scenario/failure_file.h"
#include "model/eviction.h"
#include "model/operation.h"

namespace triecheck::checks {

enum class step_kind : std::uint8_t {
  lookup,
  allocate,
  extend,
  write,
  read,
  publish,
  release,
  drop,
  fork,
  move,
  give,
  take,
  foreign,
  evict,
  clear,
  shutdown,
  stats,
  snapshot,
  cancel,
  request,
  match,
  shrink,
  available,
  forget,
  subscribe,
  unsubscribe,
  time
};

/// One step of a scenario's thread. `text` is what the author wrote: reports quote it.
struct step {
  step_kind kind = step_kind::clear;
  std::string lease;   ///< the lease it works on; of fork, move and take: the new name; empty where there is none
  std::string source;  ///< of fork, move and take: the lease that is forked, moved or taken
  std::vector<std::uint32_t> tokens;        ///< of lookup, match, forget, extend, foreign, request
  std::uint64_t space = 0;                  ///< of lookup, match, forget, request: the namespace
  std::vector<model::block_key> keys = {};  ///< of the same and extend; blocks count from the lease's first
  std::size_t count = 0;  ///< of evict; of cancel: which thread; of subscribe, unsubscribe: which subscriber; of time:
                          ///< what the clock says
  std::optional<std::uint32_t> computed = {};  ///< of publish: the tokens computed; nothing: what was written so far;
                                               ///< of shrink: the tokens kept; nothing: all
  std::uint32_t extra_slots = 0;               ///< of allocate, extend
  bool free_only = false;                      ///< of allocate, extend: nothing is evicted for it
  model::retention keep = {};                  ///< of publish, release
  std::uint32_t failing = 0;  ///< of lookup, allocate, extend, fork: which request for memory fails; 0: none
  std::uint32_t times = 1;    ///< of request: how often it runs, one after the other
  bool or_stop = false;       ///< a refusal ends the thread instead of failing
  bool or_wait = false;       ///< of allocate, extend: a refusal waits for pages and tries again
  std::string text;
};

struct scenario {
  std::string name;  ///< the file's name without its ending
  std::string title;
  std::size_t pages = 0;
  std::size_t tokens_per_page = 0;
  model::eviction_policy policy = model::eviction_policy::recency;
  std::optional<unsigned> thread_indices;  ///< how many threads, the first, have a thread index; all without
  std::size_t index_buckets = 0;           ///< of the cache's index; 0: as many as the cache takes by itself
  bool events = false;                     ///< whether the events of the cache are followed, and judged
  std::vector<step> init;
  std::vector<std::vector<step>> threads;  ///< two to eight
  std::vector<step> final;
  std::map<std::string, unsigned>
      bounds;  ///< by variant: the preemptions to which its exploration is bounded by default
  bool expect_failure = false;
  std::string expect_kind;                ///< with expect_failure: the kind that must be found; empty accepts any
  std::string source_text;                ///< the file as read, up to its [failure]: a stored failure carries it
  std::optional<stored_failure> failure;  ///< of a failure file: what this scenario once showed
};

/// Whether some step waits for pages: then the cache blocks, whatever the variant.
bool waits_for_pages(const scenario& s);

/// Whether some step asks for what not every cache has: a match, a shrink, an allocation that evicts nothing, what is
/// available.
bool asks_as_a_scheduler(const scenario& s);

/// How many subscribers there may be that join and leave.
inline constexpr std::size_t most_subscribers = 8;

/// Whether some step has a subscriber join, which needs a cache that reports events. The hub blocks.
bool has_subscribers(const scenario& s);

/// Whether some step forgets a prefix, which not every cache can.
bool asks_to_forget(const scenario& s);

/// Whether some step names keys of blocks, which not every cache knows.
bool has_keys(const scenario& s);

/// What is wrong with a scenario file: "file:line:column: what is wrong".
class scenario_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads a scenario. `name` is what error messages call the file. Throws scenario_error.
scenario parse_scenario(const std::string& text, const std::string& name);
scenario load_scenario(const std::filesystem::path& file);

/// All *.toml of a directory, regressions/ first, then by name. Throws scenario_error for a missing directory.
std::vector<std::filesystem::path> find_scenarios(const std::filesystem::path& directory);

}  // namespace triecheck::checks
