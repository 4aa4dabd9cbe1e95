#include "checks/server/wrong_cache.h"

#include <atomic>
#include <cstddef>
#include <span>
#include <utility>

#include "checks/server/passing_cache.h"

namespace triecheck::server {
namespace {

// One lookup of eight that find something says another page in place of the first one.
class another_page final : public passing_cache {
 public:
  another_page(std::unique_ptr<any_cache> inner, std::uint64_t seed)
      : passing_cache(std::move(inner)), pool_(inner_->counts().pool), calls_(seed) {}

  std::unique_ptr<any_lease> lookup(std::span<const token> tokens) override {
    auto found = passing_cache::lookup(tokens);
    if (found->pages().empty() || calls_.fetch_add(1) % 8 != 0) return found;
    return std::make_unique<lease>(std::move(found), pool_);
  }

 private:
  class lease final : public passing_lease {
   public:
    lease(std::unique_ptr<any_lease> inner, std::size_t pool) : passing_lease(std::move(inner)), pool_(pool) {}

    std::span<const page_id> pages() const override {
      const auto right = inner_->pages();
      shown_.assign(right.begin(), right.end());
      shown_.front() = page_id(static_cast<std::uint32_t>((index_of(right.front()) + 1) % pool_));
      return shown_;
    }

   private:
    const std::size_t pool_;
    mutable std::vector<page_id> shown_;
  };

  const std::size_t pool_;
  std::atomic<std::uint64_t> calls_;
};

// What a lookup finds is not pinned: the pages are named, and may be evicted under the request.
class pins_nothing final : public passing_cache {
 public:
  using passing_cache::passing_cache;

  std::unique_ptr<any_lease> lookup(std::span<const token> tokens) override {
    auto found = passing_cache::lookup(tokens);
    if (found->pages().empty()) return found;
    std::vector<page_id> seen(found->pages().begin(), found->pages().end());
    const std::size_t covered = found->token_count();
    found.reset();
    return std::make_unique<lease>(passing_cache::lookup({}), std::move(seen), covered);
  }

 private:
  class lease final : public passing_lease {
   public:
    lease(std::unique_ptr<any_lease> inner, std::vector<page_id> seen, std::size_t covered)
        : passing_lease(std::move(inner)), seen_(std::move(seen)), covered_(covered) {}

    std::span<const page_id> pages() const override {
      shown_ = seen_;
      shown_.insert(shown_.end(), inner_->pages().begin(), inner_->pages().end());
      return shown_;
    }
    std::size_t token_count() const override { return covered_ + inner_->token_count(); }
    std::size_t cached_token_count() const override { return covered_; }
    status publish(std::size_t) override { return status::ok; }
    any_fork fork() const override {
      any_fork f = inner_->fork();
      if (f.result == status::ok) f.forked = std::make_unique<lease>(std::move(f.forked), seen_, covered_);
      return f;
    }

   private:
    const std::vector<page_id> seen_;
    const std::size_t covered_;
    mutable std::vector<page_id> shown_;
  };
};

// Pages are published when they are allocated: others read them while they are computed.
class published_early final : public passing_cache {
 public:
  using passing_cache::passing_cache;

  std::unique_ptr<any_lease> lookup(std::span<const token> tokens) override {
    return std::make_unique<lease>(passing_cache::lookup(tokens));
  }

 private:
  class lease final : public passing_lease {
   public:
    using passing_lease::passing_lease;

    status allocate(std::span<const token> tokens) override {
      if (const status s = inner_->allocate(tokens); s != status::ok) return s;
      return inner_->publish(inner_->token_count());
    }
    any_fork fork() const override {
      any_fork f = inner_->fork();
      if (f.result == status::ok) f.forked = std::make_unique<lease>(std::move(f.forked));
      return f;
    }
  };
};

}  // namespace

const std::vector<seeded_fault>& seeded_faults() {
  static const std::vector<seeded_fault> all{
      {"lookup_returns_another_page", "one lookup of eight names another page in place of the first one", false},
      {"lookup_pins_nothing", "what a lookup finds may be evicted under the request", true},
      {"publish_before_computed", "pages are published when they are allocated, before they are computed", true},
  };
  return all;
}

std::unique_ptr<any_cache> make_wrong(std::unique_ptr<any_cache> cache, std::string_view fault, std::uint64_t seed) {
  if (fault == "lookup_returns_another_page") return std::make_unique<another_page>(std::move(cache), seed);
  if (fault == "lookup_pins_nothing") return std::make_unique<pins_nothing>(std::move(cache));
  if (fault == "publish_before_computed") return std::make_unique<published_early>(std::move(cache));
  return nullptr;
}

}  // namespace triecheck::server
