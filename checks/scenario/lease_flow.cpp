#include "checks/scenario/lease_flow.h"

#include <algorithm>
#include <utility>

#include "checks/scenario/step_forms.h"

namespace triecheck::checks {

std::vector<const steps*> sections(const scenario& s) {
  std::vector<const steps*> all = {&s.init};
  for (const steps& thread : s.threads) all.push_back(&thread);
  all.push_back(&s.final);
  return all;
}

std::vector<steps*> sections(scenario& s) {
  std::vector<steps*> all = {&s.init};
  for (steps& thread : s.threads) all.push_back(&thread);
  all.push_back(&s.final);
  return all;
}

bool opens_lease(const step& s) { return scenario_files::form_of(s.kind).opens_lease; }

const std::string& needed_by(const step& s) {
  static const std::string none;
  if (!scenario_files::form_of(s.kind).takes_lease) return none;
  return opens_lease(s) ? s.source : s.lease;
}

void follow(std::set<std::string>& open, const step& s) {
  if (scenario_files::form_of(s.kind).ends_lease) open.erase(needed_by(s));
  if (opens_lease(s)) open.insert(s.lease);
}

void follow(lease_notes& leases, const step& s) {
  lease_note& l = leases[s.lease];
  switch (s.kind) {
    case step_kind::lookup:
      l = {s.tokens.size(), false};
      break;
    case step_kind::allocate:
      l.unwritten = true;
      break;
    case step_kind::extend:
      l = {l.tokens + s.tokens.size(), true};
      break;
    case step_kind::write:
      l.unwritten = false;
      break;
    case step_kind::shrink:
      l.tokens = std::min<std::size_t>(l.tokens, s.computed.value_or(l.tokens));
      break;
    case step_kind::fork:
    case step_kind::move:
      l = leases[s.source];
      break;
    case step_kind::take:
      l = {SIZE_MAX, false};
      break;  // what the other section did to it is not followed
    default:
      break;
  }
}

steps without_orphans(const steps& section) {
  steps kept;
  std::set<std::string> open;
  for (const step& s : section) {
    const std::string& needed = needed_by(s);
    if (!needed.empty() && !open.contains(needed)) continue;
    follow(open, s);
    kept.push_back(s);
  }
  return kept;
}

void rename_lease(steps& section, std::size_t first, const std::string& from, const std::string& to) {
  for (std::size_t i = first; i < section.size(); ++i) {
    if (section[i].lease == from) section[i].lease = to;
    if (section[i].source == from && section[i].kind != step_kind::take) section[i].source = to;
  }
}

void renumber_cancels(scenario& s, std::size_t gone, std::optional<std::size_t> now) {
  for (steps* section : sections(s)) {
    std::erase_if(*section,
                  [&](const step& one) { return one.kind == step_kind::cancel && one.count == gone && !now; });
    for (step& one : *section) {
      if (one.kind != step_kind::cancel) continue;
      if (one.count == gone)
        one.count = *now;
      else if (one.count > gone)
        --one.count;
    }
  }
}

scenario with_hand_overs_that_meet(scenario s) {
  for (bool changed = true; changed;) {
    std::map<std::string, const steps*> givers;
    std::map<std::string, const steps*> takers;
    for (const steps* section : sections(std::as_const(s))) {
      for (const step& one : *section) {
        if (one.kind == step_kind::give) givers[one.lease] = section;
        if (one.kind == step_kind::take) takers[one.source] = section;
      }
    }
    changed = false;
    for (steps* section : sections(s)) {
      const std::size_t before = section->size();
      std::erase_if(*section, [&](const step& one) {
        return (one.kind == step_kind::give && (!takers.contains(one.lease) || takers.at(one.lease) == section)) ||
               (one.kind == step_kind::take && !givers.contains(one.source));
      });
      for (step& one : *section) {
        if (one.kind == step_kind::take && givers.at(one.source) == section) one.kind = step_kind::move;
      }
      *section = without_orphans(*section);
      changed = changed || section->size() != before;
    }
  }
  return s;
}

scenario with_computed_tokens_held(scenario s) {
  for (steps* section : sections(s)) {
    lease_notes leases;
    for (step& one : *section) {
      if (one.computed && *one.computed > leases[one.lease].tokens) {
        one.computed = static_cast<std::uint32_t>(leases[one.lease].tokens);
      }
      follow(leases, one);
    }
  }
  return s;
}

}  // namespace triecheck::checks
