// The log of a cache as a file: one line for each operation, in the words that reports use.
//
//   triecheck-log 1
//   cache pages 4 tokens_per_page 2 variant coarse
//   complete until 90800
//   thread 0 lost 17
//   # thread, begin and end in nanoseconds, operation on a lease, = what came of it: cached pages | private pages
//   0 1200 1350 lookup 3 in 0 of 1 2 3 4 = ok 0 |
//   0 1400 1420 allocate 3 of 3 4 plus 0 = ok 0 | 2
//   0 1430 1435 allocate 3 of 5 6 keys 2:77 plus 0 = ok 0 | 2 3
//   1 1400 1440 publish 3 to 4 = ok 0 2 |
//   1 1500 1540 fork 3 as 4 = ok 0 2 |
//   0 1600 1610 release 3 = ok |
//   0 1700 1710 evict 2 = ok 1
//   0 1800 1810 clear = ok 0
//
// `keys 2:77` says that block 2 of the sequence, from 0, has the key 77; without keys the word is not there.
// Version 1: a reader of it refuses any other. Blank lines, and lines that begin with #, say nothing.
// Threads: plain functions of values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../types.h"
#include "observed.h"
#include "operation_log.h"

namespace triecheck::inline v0_1 {

inline constexpr unsigned log_text_version = 1;

/// The line of an operation, with its end.
inline std::string log_line(std::size_t thread, const logged_operation& o) {
  std::string line = std::to_string(thread) + ' ' + std::to_string(o.begin_ns) + ' ' + std::to_string(o.end_ns) + ' ' +
                     name_of(o.operation);
  const auto number = [&](const char* word, std::uint64_t n) { line += word + std::to_string(n); };
  const auto tokens = [&] {
    line += " of";
    for (const token t : o.tokens) number(" ", t);
    if (!o.keys.empty()) line += " keys";
    for (const block_key& k : o.keys) {
      number(" ", k.block);
      number(":", k.key);
    }
  };
  bool has_lease = true;
  switch (o.operation) {
    case cache_operation::lookup:
      number(" ", static_cast<std::uint64_t>(o.lease));
      number(" in ", static_cast<std::uint64_t>(o.space));
      tokens();
      break;
    case cache_operation::allocate:
      number(" ", static_cast<std::uint64_t>(o.lease));
      tokens();
      number(" plus ", o.count);
      break;
    case cache_operation::publish:
      number(" ", static_cast<std::uint64_t>(o.lease));
      number(" to ", o.count);
      break;
    case cache_operation::fork:
      number(" ", static_cast<std::uint64_t>(o.lease));
      number(" as ", static_cast<std::uint64_t>(o.forked));
      break;
    case cache_operation::release:
      number(" ", static_cast<std::uint64_t>(o.lease));
      break;
    case cache_operation::evict:
      number(" ", o.count);
      has_lease = false;
      break;
    default:  // clear and shutdown: the others have no entry
      has_lease = false;
      break;
  }
  line += std::string(" = ") + name_of(o.result);
  if (!has_lease) {
    number(" ", o.evicted);
    return line + '\n';
  }
  for (std::size_t i = 0; i < o.pages.size(); ++i) {
    if (i == o.cached_pages) line += " |";
    number(" ", index_of(o.pages[i]));
  }
  if (o.cached_pages >= o.pages.size()) line += " |";
  return line + '\n';
}

/// The whole file. `variant` is the name of the cache's class, by which the log is judged (`triecheck list` shows those
/// that are known), without blanks; empty where it has none.
inline std::string log_text(const log_contents& log, const cache_config& config, std::string_view variant = {}) {
  std::string text = "triecheck-log " + std::to_string(log_text_version) + "\ncache pages " +
                     std::to_string(config.pages) + " tokens_per_page " + std::to_string(config.tokens_per_page);
  if (!variant.empty()) text += " variant " + std::string(variant);
  text += "\ncomplete until " + std::to_string(log.complete_until_ns) + '\n';
  if (log.unlogged != 0) text += "unlogged " + std::to_string(log.unlogged) + '\n';
  for (const logged_thread& t : log.threads)
    text += "thread " + std::to_string(t.thread) + " lost " + std::to_string(t.lost) + '\n';
  for (const logged_thread& t : log.threads) {
    for (const logged_operation& o : t.operations) text += log_line(t.thread, o);
  }
  return text;
}

}  // namespace triecheck::inline v0_1
