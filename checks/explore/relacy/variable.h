// A plain variable of the layer that explores, apart from the type of its values: Relacy judges whether accesses race.
#pragma once

#include <cstdint>

#include "checks/explore/relacy/object.h"

namespace triecheck::explore {

/// Up to 64 bits, told as an unsigned number. No access is a scheduling point: a race shows in every order.
class plain_object {
 public:
  plain_object();
  ~plain_object();
  plain_object(const plain_object&) = delete;
  plain_object& operator=(const plain_object&) = delete;

  std::uint64_t get(const location& where) const;
  void set(std::uint64_t value, const location& where);

  object_id id() const { return tracked_.id(); }

 private:
  void begin(const location& where, bool store) const;

  tracked tracked_;
  mutable room<32> word_;
  mutable access_side stored_;  // the last accesses: the report of a race names both sides
  mutable access_side loaded_;
};

}  // namespace triecheck::explore
