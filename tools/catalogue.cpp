#include "tools/catalogue.h"

#include "checks/explore/explore.h"
#include "checks/explore/registry.h"

namespace triecheck::tools {

std::vector<listed_strategy> list_strategies() {
  std::vector<listed_strategy> all;
  for (const auto& s : explore::strategy_names()) all.push_back({s.name, s.description});
  return all;
}

std::vector<listed_fault> list_faults() {
  std::vector<listed_fault> all;
  for (const explore::fault& f : explore::faults()) all.push_back({f.name, f.variant, f.description});
  return all;
}

}  // namespace triecheck::tools
