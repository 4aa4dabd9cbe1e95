#include "tools/catalogue.h"

#include "checks/explore/explore.h"
#include "checks/explore/registry.h"
#include "checks/policies.h"
#include "checks/properties/order_fault.h"

namespace triecheck::tools {

std::vector<listed_strategy> list_strategies() {
  std::vector<listed_strategy> all;
  for (const auto& s : explore::strategy_names()) all.push_back({s.name, s.description});
  return all;
}

std::vector<listed_fault> list_faults() {
  std::vector<listed_fault> all;
  for (const explore::fault& f : explore::faults()) all.push_back({f.name, f.variant, f.description});
  for (const checks::order_fault& f : checks::order_faults()) {
    all.push_back({f.name, f.cache + "/" + checks::name_of(f.policy), f.description});
  }
  return all;
}

std::vector<checks::fuzz_target> list_order_faults() {
  std::vector<checks::fuzz_target> all;
  for (const checks::order_fault& f : checks::order_faults()) {
    all.push_back({.cache = f.cache, .make = f.make, .fault = f.name, .policy = f.policy});
  }
  return all;
}

}  // namespace triecheck::tools
