// What every object of the layer that explores has: an identity, a life, and a place for the part that Relacy judges.
//
// The program under test is compiled without Relacy's headers and without the engine's: what its operations do is in
// the .cpp files of this folder. So a change of the engine compiles no program under test again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace triecheck::explore {

/// Stable across executions of one program: who created the object and as its how-manieth.
using object_id = std::uint32_t;

/// A place in the source: the default argument of every operation of the layer, so it names the caller's line.
struct location {
  const char* file;
  std::size_t line;  ///< as wide as a pointer: no padding, whose bytes a probe would compare (spurious.h)
  location(const char* f = __builtin_FILE(), unsigned l = __builtin_LINE()) : file(f), line(l) {}  // NOLINT: implicit
};

/// An access to an object: one side of a race.
struct access_side {
  static constexpr std::size_t nobody = static_cast<std::size_t>(-1);
  location where;
  std::size_t thread = nobody;  ///< what `session::thread` answers, or `nobody`: there was none
};

/// Identity and liveness of one object of the layer. An object that is used after its destruction, or that never was
/// one, is seen at any optimisation level.
class tracked {
 public:
  tracked();
  ~tracked() { *const_cast<volatile std::uint32_t*>(&canary_) = dead; }
  tracked(const tracked&) = delete;
  tracked& operator=(const tracked&) = delete;

  object_id id() const { return id_; }

  /// Ends the life of an object that threads meet on. The destruction is a separate operation: both orders of it and of
  /// any other operation on the object are explored.
  void retire() const;

  /// Called before and after every operation: other threads run in between.
  void check(const location& where) const;

 private:
  static constexpr std::uint32_t alive = 0x5a11'fe01;
  static constexpr std::uint32_t dead = 0xdead'dead;
  std::uint32_t canary_ = alive;
  const object_id id_;
};

/// Memory for an object whose type is known to one .cpp file alone, which constructs and destroys it. Requires that it
/// needs no more than `Bytes`, which the compiler checks there.
template <std::size_t Bytes>
class room {
 public:
  template <class T, class... Arguments>
  void construct(Arguments&&... arguments) {
    static_assert(sizeof(T) <= Bytes && alignof(T) <= alignof(std::uint64_t));
    ::new (static_cast<void*>(bytes_)) T(std::forward<Arguments>(arguments)...);
  }
  template <class T>
  T& as() {
    return *std::launder(reinterpret_cast<T*>(bytes_));
  }
  template <class T>
  void destroy() {
    std::destroy_at(&as<T>());
  }

 private:
  alignas(std::uint64_t) std::byte bytes_[Bytes];
};

}  // namespace triecheck::explore
