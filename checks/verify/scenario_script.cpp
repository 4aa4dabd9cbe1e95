#include "checks/verify/scenario_script.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "checks/process/isolation.h"
#include "checks/scenario/reductions.h"
#include "checks/scenario/step_forms.h"

namespace triecheck::explore {

using checks::step_kind;

namespace {

constexpr std::array<std::pair<step_kind, std::string_view>, 6> parts_of_a_request{{
    {step_kind::lookup, "lookup"},
    {step_kind::allocate, "allocate"},
    {step_kind::write, "write"},
    {step_kind::publish, "publish"},
    {step_kind::read, "read"},
    {step_kind::release, "release"},
}};

std::size_t operations_in(const std::vector<checks::step>& steps) {
  std::size_t count = 0;
  for (const checks::step& s : steps) count += checks::scenario_files::operations_of(s);
  return count;
}

// One section, as far as it is written.
struct section {
  const std::vector<checks::step>* steps;
  script* actions;
  std::size_t next = 0;
  std::map<std::string, model::lease> numbers{};  // of the leases by the names that this section has for them
};

class author {
 public:
  // Each section is written up to a lease that is not given yet. Where none gets further, all of them wait for each
  // other: then any number will do, as the lease is never there.
  void write(std::vector<section> sections) {
    for (bool stuck = false;;) {
      bool moved = false;
      bool done = true;
      for (section& s : sections) {
        moved = write(s, stuck) || moved;
        done = done && s.next == s.steps->size();
      }
      if (done) return;
      stuck = !moved;
    }
  }

  std::size_t leases() const { return next_; }
  std::size_t hand_overs() const { return hand_overs_.size(); }

 private:
  // Returns whether it got further.
  bool write(section& s, bool stuck) {
    const std::size_t before = s.next;
    for (; s.next < s.steps->size(); ++s.next) {
      const checks::step& one = (*s.steps)[s.next];
      if (one.kind == step_kind::take && !given_.contains(one.source) && !stuck) break;
      write(s, one);
      stuck = false;
    }
    return s.next != before;
  }

  void write(section& s, const checks::step& one) {
    action a{.kind = one.kind,
             .tokens = one.tokens,
             .keys = one.keys,
             .space = one.space,
             .count = one.count,
             .computed = one.computed,
             .extra_slots = one.extra_slots,
             .free_only = one.free_only,
             .keep = one.keep,
             .failing = one.failing,
             .or_stop = one.or_stop,
             .or_wait = one.or_wait,
             .text = one.text};
    switch (one.kind) {
      case step_kind::request:
        for (std::uint32_t i = 0; i < one.times; ++i) {
          a.lease = opened();
          for (const auto& [part, word] : parts_of_a_request) {
            a.kind = part;
            a.text = one.text + ": " + std::string(word);
            s.actions->push_back(a);
          }
        }
        return;
      case step_kind::lookup:
        a.lease = s.numbers[one.lease] = opened();
        break;
      case step_kind::fork:
        a.source = s.numbers[one.source];
        a.lease = s.numbers[one.lease] = opened();
        break;
      case step_kind::move:
        a.lease = s.numbers[one.lease] = s.numbers[one.source];
        break;
      case step_kind::give:
        a.lease = given_[one.lease] = s.numbers[one.lease];
        a.hand_over = hand_over_of(one.lease);
        break;
      case step_kind::take:
        if (!given_.contains(one.source)) given_[one.source] = opened();
        a.lease = s.numbers[one.lease] = given_[one.source];
        a.hand_over = hand_over_of(one.source);
        break;
      default:
        if (!one.lease.empty()) a.lease = s.numbers[one.lease];
    }
    s.actions->push_back(std::move(a));
  }

  model::lease opened() { return static_cast<model::lease>(next_++); }

  std::size_t hand_over_of(const std::string& name) {
    return hand_overs_.try_emplace(name, hand_overs_.size()).first->second;
  }

  std::size_t next_ = 0;
  std::map<std::string, std::size_t> hand_overs_;
  std::map<std::string, model::lease> given_;  // by the name that the lease is given under
};

}  // namespace

scenario_scripts scripts_of(const checks::scenario& s) {
  scenario_scripts all;
  all.threads.resize(s.threads.size());
  std::vector<section> sections{{&s.init, &all.init}};
  for (std::size_t t = 0; t < s.threads.size(); ++t) sections.push_back({&s.threads[t], &all.threads[t]});
  sections.push_back({&s.final, &all.final});
  author a;
  a.write(std::move(sections));
  all.leases = a.leases();
  all.hand_overs = a.hand_overs();
  return all;
}

std::string show_prefix(std::span<const model::token> tokens, model::key_space space,
                        const std::vector<model::block_key>& keys) {
  std::string text;
  for (const model::token t : tokens) text += (text.empty() ? "" : " ") + std::to_string(t);
  return text + model::show(keys) + (space == 0 ? "" : " in " + std::to_string(space));
}

std::size_t count_operations(const checks::scenario& s) {
  std::size_t count = operations_in(s.init) + operations_in(s.final);
  for (const auto& thread : s.threads) count += operations_in(thread);
  return count;
}

namespace {

// `least`, and `each` for every page and token.
unsigned in_proportion(const checks::scenario& s, std::size_t least, std::size_t each, std::size_t most) {
  const checks::scenario_size size = checks::size_of(s);
  return static_cast<unsigned>(std::min(least + each * (size.pages + size.tokens), most));
}

}  // namespace

unsigned runaway_steps_of(const checks::scenario& s) {
  return in_proportion(s, 20'000, 1'000, checks::progress::longest_path - 1);
}
unsigned solo_steps_of(const checks::scenario& s) { return in_proportion(s, 300, 50, 65'535); }

}  // namespace triecheck::explore
