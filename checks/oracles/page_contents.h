// Oracle: page contents.
//
// What it proves: a thread that reads the pages of a lease reads what belongs to the lease's tokens. The content of a
// page is a digest of its namespace and all tokens and keys from the start of the sequence up to and including the
// page. So a page that was recycled, written by two leases or attached under a wrong prefix shows as a wrong digest,
// the way it shows in a server as a wrong generation. Contents go through the layer's plain variables: a page read
// while it is written is a data race.
//
// Threads: as the pages themselves; `Sync` judges.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "cache/sync/sync.h"
#include "model/operation.h"

namespace triecheck::checks {

/// The content of the page that ends with the last of `prefix`, whose blocks have the keys `keys`. Never 0, which is
/// what an unwritten page holds.
inline std::uint64_t digest(std::span<const model::token> prefix, model::key_space space = 0,
                            std::span<const model::block_key> keys = {}) {
  std::uint64_t hash = (0xcbf2'9ce4'8422'2325 ^ space) * 0x0000'0100'0000'01b3;
  for (const model::token t : prefix) hash = (hash ^ (t + 1ULL)) * 0x0000'0100'0000'01b3;
  for (const model::block_key& k : keys) {
    hash = (hash ^ ~std::uint64_t{k.block}) * 0x0000'0100'0000'01b3;
    hash = (hash ^ (k.key * 0x9e37'79b9'7f4a'7c15)) * 0x0000'0100'0000'01b3;
  }
  return hash | 1;
}

template <sync_layer Sync>
class page_contents {
 public:
  explicit page_contents(std::size_t pages) : contents_(std::make_unique<content[]>(pages)) {
    for (std::size_t i = 0; i < pages; ++i) {
      contents_[i].set(0);
      Sync::label(contents_[i], "contents of page", i);
    }
  }

  void write(model::page page, std::uint64_t value) { contents_[page].set(value); }
  std::uint64_t read(model::page page) const { return contents_[page].get(); }

 private:
  using content = typename Sync::template var<std::uint64_t>;
  const std::unique_ptr<content[]> contents_;
};

}  // namespace triecheck::checks
