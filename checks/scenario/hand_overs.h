// What the sections of a scenario mean of each other: leases that one gives and another takes, threads that one
// cancels, and subscribers that join in one and leave in another.
//
// Threads: used by the reader of one file.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checks/scenario/scenario.h"
#include "checks/scenario/scenario_error.h"

namespace triecheck::checks::scenario_files {

/// [init] is section 0, the threads are 1, 2, ..., and [final] is the last.
inline constexpr std::size_t final_section = 100;

class hand_overs {
 public:
  void gives(const std::string& lease, std::size_t section, place at, const std::string& file) {
    end_of& given = given_[lease].giver;
    if (given)
      reject(file, at, "lease " + in_quotes(lease) + " is given twice (give one of them another name: \"y = move x\")");
    given = {section, at};
  }
  void takes(const std::string& lease, std::size_t section, place at, const std::string& file) {
    end_of& taken = given_[lease].taker;
    if (taken) reject(file, at, "lease " + in_quotes(lease) + " is taken twice");
    taken = {section, at};
  }
  void cancels(std::size_t thread, std::size_t section, place at) { cancels_.push_back({thread, {section, at}}); }

  void joins(std::size_t subscriber, std::size_t section, place at, const std::string& file) {
    const std::string name = "subscriber " + std::to_string(subscriber);
    if (subscriber >= most_subscribers)
      reject(file, at, "there is no " + name + " (0 to " + std::to_string(most_subscribers - 1) + ")");
    if (!joined_.try_emplace(subscriber, section).second)
      reject(file, at, name + " joins twice (give one of them another number)");
  }
  void leaves(std::size_t subscriber, std::size_t section, place at, const std::string& file) const {
    const auto found = joined_.find(subscriber);
    const bool is_member =
        found != joined_.end() && (found->second == section || found->second == 0 || section == final_section);
    if (is_member) return;
    const std::string number = std::to_string(subscriber);
    reject(
        file, at,
        "subscriber " + number + " has not joined here (write \"subscribe " + number + "\" before it, or in [init])");
  }

  /// Throws scenario_error where a lease is not given and taken by two sections that can, or a thread is cancelled that
  /// there is not.
  void check(std::size_t threads, const std::string& file) const {
    for (const auto& [lease, way] : given_) {
      const std::string name = "lease " + in_quotes(lease);
      if (!way.giver)
        reject(file, way.taker->at, name + " is given by no section (write \"give " + lease + "\" in another one)");
      if (!way.taker)
        reject(file, way.giver->at, name + " is taken by no section (write \"y = take " + lease + "\" in another one)");
      const std::size_t from = way.giver->section;
      const std::size_t to = way.taker->section;
      if (from == to) reject(file, way.taker->at, name + " is given by the same section");
      const bool both_run_at_once = from != 0 && from != final_section && to != 0 && to != final_section;
      if (!both_run_at_once && to < from) reject(file, way.taker->at, name + " is given by a section that runs later");
    }
    for (const cancelled& c : cancels_) {
      if (c.by.section == 0 || c.by.section == final_section)
        reject(file, c.by.at, "only a [[thread]] cancels another");
      if (c.thread >= threads)
        reject(file, c.by.at, "there is no thread " + std::to_string(c.thread) + " (the first [[thread]] is 0)");
      if (c.thread + 1 == c.by.section) reject(file, c.by.at, "a thread does not cancel itself");
    }
  }

 private:
  struct end {
    std::size_t section;
    place at;
  };
  using end_of = std::optional<end>;
  struct journey {
    end_of giver;
    end_of taker;
  };
  struct cancelled {
    std::size_t thread;
    end by;
  };

  std::map<std::string, journey> given_;
  std::vector<cancelled> cancels_;
  std::map<std::size_t, std::size_t> joined_;  // the sections of the subscribers
};

}  // namespace triecheck::checks::scenario_files
