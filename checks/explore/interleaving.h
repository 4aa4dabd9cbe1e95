// The story of one execution for people: a column per thread, operations of the cache as the scenario names them,
// objects by their names, and the violated rule last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "checks/explore/announcement.h"

namespace triecheck::explore {

/// A place in the source: the default argument of every operation of the layer, so it names the caller's line.
struct location {
  const char* file;
  unsigned line;
  location(const char* f = __builtin_FILE(), unsigned l = __builtin_LINE()) : file(f), line(l) {}  // NOLINT: implicit
};

std::string show(const location& where);

class interleaving {
 public:
  static constexpr std::size_t no_index = static_cast<std::size_t>(-1);  ///< of an object that is no array element

  void clear();
  void label(object_id object, const char* name, std::size_t index) { labels_[object] = {name, index}; }

  /// "trie.pins[3]", or "object 0.17" where nobody gave a name.
  std::string name(object_id object) const;

  /// One operation of the layer: `column` is the thread, or max_threads outside of all threads; `step` counts from 1,
  /// 0 where the operation is no step.
  void add(unsigned column, std::size_t step, std::string text, const location& where);

  /// The beginning or the end of an operation of the cache.
  void add_title(unsigned column, std::string text);

  /// The table. Plain accesses are left out unless `all`.
  std::string table(unsigned threads, bool all) const;

 private:
  struct line {
    unsigned column;
    std::size_t step;
    std::string text;
    std::string where;
    bool title;
  };

  std::vector<line> lines_;
  std::map<object_id, std::pair<const char*, std::size_t>> labels_;
};

}  // namespace triecheck::explore
