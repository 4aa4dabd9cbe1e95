// What a cache notes about its pages, laid out page by page: everything about one page is together on cache lines that
// it shares with no other page, so that an operation waits for memory once per page, and threads that work on different
// pages do not meet. Blocks of tokens are in separate rows, because evictions do not read them.
//
// Threads: the layout is constant after construction; each field is guarded as its owner says.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <tuple>

#include "../types.h"

namespace triecheck::inline v0_1 {

/// One field of every page's record. Valid as long as the records.
template <class Field>
class column {
 public:
  column(std::byte* first, std::size_t stride) noexcept : first_(first), stride_(stride) {}

  Field& operator[](std::size_t page) const noexcept {
    return *std::launder(reinterpret_cast<Field*>(first_ + page * stride_));
  }
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

/// A field of each of `Fields`, which are different types, and a row of `Element` for every page. The constructors of
/// both do not throw.
template <class Element, class... Fields>
class page_records {
 public:
  /// Requires pages >= 1 and row_length >= 1. Throws std::bad_alloc.
  page_records(std::size_t pages, std::size_t row_length)
      : pages_(pages),
        row_length_(row_length),
        row_stride_(stride_of(row_length * sizeof(Element))),
        records_(memory(pages * record_stride)),
        rows_(memory(pages * row_stride_)) {
    for (std::size_t page = 0; page < pages_; ++page) {
      new (records_.get() + page * record_stride) record();
      for (std::size_t i = 0; i < row_length_; ++i)
        new (rows_.get() + page * row_stride_ + i * sizeof(Element)) Element();
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
    return {reinterpret_cast<std::byte*>(&std::get<Field>(record_of(0))), record_stride};
  }

  /// The first element of each page's row; the others follow it.
  column<Element> rows() const noexcept { return {rows_.get(), row_stride_}; }

 private:
  using record = std::tuple<Fields...>;

  static constexpr std::size_t line = 64;

  // Whole lines, or a power of two: then no row lies on one line more than it has to.
  static constexpr std::size_t stride_of(std::size_t size) {
    return size < line ? std::bit_ceil(size) : (size + line - 1) / line * line;
  }
  static constexpr std::size_t record_stride = (sizeof(record) + line - 1) / line * line;

  struct freed {
    void operator()(std::byte* p) const noexcept { ::operator delete (p, std::align_val_t{line}); }
  };
  using storage = std::unique_ptr<std::byte[], freed>;
  static storage memory(std::size_t bytes) {
    return storage(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{line})));
  }

  record& record_of(std::size_t page) const noexcept {
    return *std::launder(reinterpret_cast<record*>(records_.get() + page * record_stride));
  }

  const std::size_t pages_;
  const std::size_t row_length_;
  const std::size_t row_stride_;
  const storage records_;
  const storage rows_;
};

}  // namespace triecheck::inline v0_1
