#include "checks/bench/contestant.h"

#include <tuple>
#include <type_traits>

#include "checks/bench/baselines/bare_walk.h"
#include "checks/bench/baselines/hash_chain.h"
#include "checks/bench/baselines/trie_of_pages.h"
#include "checks/bench/course.h"
#include "checks/subject/production_caches.h"

namespace triecheck::checks {

const char* to_string(bench_mode m) {
  switch (m) {
    case bench_mode::full_cycle:
      return "full cycle";
    case bench_mode::warm_lookup:
      return "warm lookup";
    case bench_mode::cold_lookup:
      break;
  }
  return "cold lookup";
}

const std::vector<contestant>& contestants() {
  static const std::vector<contestant> all = [] {
    std::vector<contestant> c;
    std::apply(
        [&](const auto&... p) {
          (c.push_back({p.name, false, &prepare_course<typename std::decay_t<decltype(p)>::cache_type>}), ...);
        },
        production_caches);
    c.push_back({"hash-chain", true, &prepare_course<hash_chain_cache>});
    c.push_back({"page-trie", true, &prepare_course<page_trie_cache>});
    return c;
  }();
  return all;
}

const contestant& walk_hop_by_hop() {
  static const contestant walk = {
      "bare-walk", true, [](const load& l, bench_mode mode, std::size_t pages) -> std::unique_ptr<prepared_cache> {
        return std::make_unique<lookup_course<bare_walk>>(l, mode, pages);
      }};
  return walk;
}

}  // namespace triecheck::checks
