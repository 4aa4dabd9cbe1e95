// The story of one execution for people: a column per thread, operations of the cache as the scenario names them,
// objects by their names, and the violated rule last.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "checks/explore/pending_operation.h"
#include "checks/explore/relacy/object.h"

namespace triecheck::explore {

/// "cache/locked/locked.h:72", below the top of the source tree; the full path of a file that is not in it.
std::string show(const location& where);

/// The objects of the sync layer in one execution: what the program under test calls them, and where they are.
class object_names {
 public:
  static constexpr std::size_t no_index = static_cast<std::size_t>(-1);  ///< of an object that is not an array element

  /// A new execution begins: there is no object.
  void clear() { counts_ = {}; }
  /// Objects are entered in the order of their ids, by creator.
  void enter(object_id object, const void* address);
  void label(object_id object, const char* name, std::size_t index);

  /// "trie.pins[3]", or "object 17 of setup" where nobody gave a name.
  std::string name(object_id object) const;
  /// The object that was entered last at this address; 0 where there was none.
  object_id at(const void* address) const;
  /// The nearest labelled object, and how far it is: "trie.pins[3], 96 bytes before it". Empty where nothing is
  /// labelled.
  std::string nearest(const void* address) const;

 private:
  struct entry {
    const char* name = nullptr;
    std::size_t index = no_index;
    const void* address = nullptr;
  };

  const entry* find(object_id object) const;

  std::array<std::vector<entry>, max_threads + 1> entries_;  // by creator; they keep their memory
  std::array<std::size_t, max_threads + 1> counts_{};
};

class interleaving {
 public:
  void clear() { lines_.clear(); }

  /// The object in a line: its name may come later than its first use, so `write_names` puts it in.
  static std::string name(object_id object) { return name_mark + std::to_string(object) + name_mark; }
  void write_names(const object_names& names);

  /// One operation of the layer: `column` is the thread, or max_threads outside of all threads; `step` counts from 1,
  /// 0 where the operation is no step.
  void add(unsigned column, std::size_t step, std::string text, const location& where);

  /// The beginning or the end of an operation of the cache.
  void add_title(unsigned column, std::string text);

  /// The table. Plain accesses are left out unless `all`; rows that repeat are shown once, with how often.
  std::string table(unsigned threads, bool all) const;

 private:
  struct line {
    unsigned column;
    std::size_t step;
    std::string text;
    std::string where;
    bool title;

    /// Whether this is the same line again, but for its step.
    bool repeats(const line& other) const {
      return column == other.column && title == other.title && text == other.text && where == other.where;
    }
  };
  using lines = std::vector<const line*>;

  struct repetition {
    std::size_t rows = 0;   ///< of the part that comes again
    std::size_t times = 0;  ///< after the first time
  };
  static constexpr char name_mark = '\x1a';
  static repetition repetition_at(const lines& shown, std::size_t from);
  static void add_rows(std::string& out, const line& l, unsigned threads);

  std::vector<line> lines_;
};

}  // namespace triecheck::explore
