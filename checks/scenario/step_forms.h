// The vocabulary of the step language: how each step is written, as tables for the reader and the printer of steps.
//
// Threads: constant.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "checks/scenario/scenario.h"

namespace triecheck::checks::scenario_files {

enum class operands : std::uint8_t { none, tokens, count, computed, thread, some_tokens, subscriber, time };

/// What is allowed as a step's operands, and how messages call it.
struct operand_rule {
  std::size_t least;
  std::size_t most;
  std::string_view missing;
  std::string_view what;
};
inline constexpr std::array<operand_rule, 8> operand_rules{{
    {0, 0, "", ""},
    {1, SIZE_MAX, "at least one token", "a token"},
    {1, 1, "a number of pages", "a number of pages"},
    {0, 1, "", "a number of tokens"},
    {1, 1, "the number of a thread", "the number of a thread"},
    {0, SIZE_MAX, "", "a token"},
    {1, 1, "the number of a subscriber", "the number of a subscriber"},
    {1, 1, "a time", "a time"},
}};

/// What may end a step: a word and a number, but for "keys B:K ...", "without eviction" and, at the end, "or stop" or,
/// where it may wait, "or wait".
enum clause : std::uint16_t {
  no_clause = 0,
  space = 1,
  slots = 2,
  priority = 4,
  expiry = 8,
  memory = 16,
  refusal = 32,
  waiting = 64,
  repeated = 128,
  eviction = 256,
  block_keys = 512
};

struct clause_form {
  clause kind;
  std::string_view word;
  std::string_view what;    ///< follows the word
  std::string_view misfit;  ///< why a step does not take it
};
inline constexpr std::array<clause_form, 9> clause_forms{{
    {block_keys, "keys", "the key of a block, written BLOCK:KEY,", "takes no \"keys\": it names no tokens"},
    {space, "in", "one namespace", "takes no namespace: it has that of its lease"},
    {slots, "plus", "a number of token slots", "allocates nothing and takes no \"plus\""},
    {priority, "keep", "a priority", "neither publishes nor ends a lease and takes no \"keep\""},
    {expiry, "until", "a time", "neither publishes nor ends a lease and takes no \"until\""},
    {memory, "failing", "which request for memory fails", "takes no \"failing\": it asks for no memory"},
    {repeated, "times", "how often", "runs once and takes no \"times\""},
    {eviction, "without", "\"eviction\"", "takes no \"without eviction\": that belongs to allocate and extend"},
    {refusal, "or", "\"stop\"", "is never refused and takes no \"or "},
}};

/// How a step is written; messages show `usage`.
struct step_form {
  step_kind kind;
  std::string_view keyword;
  std::string_view usage;
  bool opens_lease;  ///< written "x = ..."
  bool takes_lease;  ///< names an open lease after the keyword
  bool ends_lease;   ///< that lease is not open in this section any more
  operands rest;
  unsigned clauses = no_clause;
};

inline constexpr std::array<step_form, 27> step_forms{{
    {step_kind::lookup, "lookup", "x = lookup T... [keys B:K...] [in N] [failing N]", true, false, false,
     operands::tokens, block_keys | space | memory},
    {step_kind::allocate, "allocate", "allocate x [plus N] [failing N] [without eviction] [or stop|or wait]", false,
     true, false, operands::none, slots | memory | eviction | refusal | waiting},
    {step_kind::extend, "extend",
     "extend x T... [keys B:K...] [plus N] [failing N] [without eviction] [or stop|or wait]", false, true, false,
     operands::tokens, block_keys | slots | memory | eviction | refusal | waiting},
    {step_kind::write, "write", "write x", false, true, false, operands::none},
    {step_kind::read, "read", "read x", false, true, false, operands::none},
    {step_kind::publish, "publish", "publish x [N] [keep P [until T]]", false, true, false, operands::computed,
     priority | expiry},
    {step_kind::shrink, "shrink", "shrink x [N]", false, true, false, operands::computed},
    {step_kind::match, "match", "match T... [keys B:K...] [in N]", false, false, false, operands::tokens,
     block_keys | space},
    {step_kind::forget, "forget", "forget [T...] [keys B:K...] [in N]", false, false, false, operands::some_tokens,
     block_keys | space | memory},
    {step_kind::available, "available", "available", false, false, false, operands::none},
    {step_kind::release, "release", "release x [keep P [until T]]", false, true, true, operands::none,
     priority | expiry},
    {step_kind::drop, "drop", "drop x", false, true, true, operands::none},
    {step_kind::fork, "fork", "y = fork x [failing N] [or stop]", true, true, false, operands::none, memory | refusal},
    {step_kind::move, "move", "y = move x", true, true, true, operands::none},
    {step_kind::give, "give", "give x", false, true, true, operands::none},
    {step_kind::take, "take", "y = take x", true, false, false, operands::none},
    {step_kind::foreign, "foreign", "foreign T...", false, false, false, operands::tokens},
    {step_kind::evict, "evict", "evict N", false, false, false, operands::count},
    {step_kind::clear, "clear", "clear", false, false, false, operands::none},
    {step_kind::shutdown, "shutdown", "shutdown", false, false, false, operands::none},
    {step_kind::stats, "stats", "stats", false, false, false, operands::none},
    {step_kind::snapshot, "snapshot", "snapshot", false, false, false, operands::none},
    {step_kind::subscribe, "subscribe", "subscribe N", false, false, false, operands::subscriber},
    {step_kind::unsubscribe, "unsubscribe", "unsubscribe N", false, false, false, operands::subscriber},
    {step_kind::time, "time", "time T", false, false, false, operands::time},
    {step_kind::cancel, "cancel", "cancel N", false, false, false, operands::thread},
    {step_kind::request, "request", "request T... [keys B:K...] [in N] [times N] [or stop]", false, false, false,
     operands::tokens, block_keys | space | repeated | refusal},
}};

inline const step_form* form_of(std::string_view keyword) {
  const auto found = std::find_if(step_forms.begin(), step_forms.end(),
                                  [&](const step_form& form) { return form.keyword == keyword; });
  return found == step_forms.end() ? nullptr : &*found;
}

inline const step_form& form_of(step_kind kind) {
  return *std::find_if(step_forms.begin(), step_forms.end(),
                       [kind](const step_form& form) { return form.kind == kind; });
}

/// How many operations of the cache the step is, as far as the model knows them.
inline std::size_t operations_of(const step& s) {
  switch (s.kind) {
    case step_kind::request:
      return 4 * std::size_t{s.times};
    case step_kind::write:
    case step_kind::read:
    case step_kind::move:
    case step_kind::give:
    case step_kind::take:
    case step_kind::available:
    case step_kind::subscribe:
    case step_kind::unsubscribe:
    case step_kind::cancel:
      return 0;
    default:
      return 1;
  }
}

inline const clause_form* clause_of(std::string_view word) {
  const auto found =
      std::find_if(clause_forms.begin(), clause_forms.end(), [&](const clause_form& c) { return c.word == word; });
  return found == clause_forms.end() ? nullptr : &*found;
}

}  // namespace triecheck::checks::scenario_files
