// What a cache notes about its pages, laid out page by page: everything about one page, with its block of tokens behind it,
// stands together on pairs of cache lines of its own, so that an operation waits for memory once per page, and threads that
// work on different pages do not meet. Pairs, because processors fetch the other line of a pair along.
//
// Threads: the layout is constant after construction; each field is guarded as its owner says.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <tuple>

#include "types.h"

namespace triecheck {

/// One field of every page's record. Valid as long as the records.
template <class Field>
class column {
 public:
  column(std::byte* first, std::size_t stride) noexcept : first_(first), stride_(stride) {}

  Field& operator[](std::size_t page) const noexcept { return *std::launder(reinterpret_cast<Field*>(first_ + page * stride_)); }
  Field& operator[](page_id page) const noexcept { return (*this)[index_of(page)]; }

  /// A part of the field, where it is a record itself.
  template <class Part, class Record>
  column<Part> part(Part Record::*which) const noexcept {
    return {reinterpret_cast<std::byte*>(&((*this)[std::size_t{0}].*which)), stride_};
  }

 private:
  std::byte* first_;
  std::size_t stride_;
};

/// A field of each of `Fields`, which are different types, and a row of `Element` for every page. The constructors of both
/// do not throw.
template <class Element, class... Fields>
class page_records {
 public:
  /// Requires pages >= 1 and row_length >= 1. Throws std::bad_alloc.
  page_records(std::size_t pages, std::size_t row_length)
      : pages_(pages),
        row_length_(row_length),
        stride_((row_at + row_length * sizeof(Element) + pair_of_lines - 1) / pair_of_lines * pair_of_lines),
        memory_(static_cast<std::byte*>(::operator new(pages * stride_, std::align_val_t{pair_of_lines}))) {
    for (std::size_t page = 0; page < pages_; ++page) {
      std::byte* const first = memory_.get() + page * stride_;
      new (first) record();
      for (std::size_t i = 0; i < row_length_; ++i) new (first + row_at + i * sizeof(Element)) Element();
    }
  }

  page_records(const page_records&) = delete;
  page_records& operator=(const page_records&) = delete;

  ~page_records() {
    for (std::size_t page = 0; page < pages_; ++page) {
      for (std::size_t i = 0; i < row_length_; ++i) (&rows()[page])[i].~Element();
      record_of(page).~record();
    }
  }

  template <class Field>
  column<Field> fields() const noexcept {
    return {reinterpret_cast<std::byte*>(&std::get<Field>(record_of(0))), stride_};
  }

  /// The first element of each page's row; the others follow it.
  column<Element> rows() const noexcept { return {memory_.get() + row_at, stride_}; }

 private:
  using record = std::tuple<Fields...>;

  static constexpr std::size_t line = 64;
  static constexpr std::size_t pair_of_lines = 2 * line;

  static constexpr std::size_t row_at = (sizeof(record) + line - 1) / line * line;  // in what a page has

  struct freed {
    void operator()(std::byte* p) const noexcept { ::operator delete(p, std::align_val_t{pair_of_lines}); }
  };

  record& record_of(std::size_t page) const noexcept {
    return *std::launder(reinterpret_cast<record*>(memory_.get() + page * stride_));
  }

  const std::size_t pages_;
  const std::size_t row_length_;
  const std::size_t stride_;
  const std::unique_ptr<std::byte[], freed> memory_;
};

}  // namespace triecheck
