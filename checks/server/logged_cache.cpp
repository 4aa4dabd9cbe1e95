#include "checks/server/logged_cache.h"

#include <span>
#include <utility>

#include "cache/monitoring/observed.h"
#include "checks/server/passing_cache.h"

namespace triecheck::server {
namespace {

using seen = observation<server_log>;

operation_start start_of(cache_operation o, const any_lease& l, std::size_t count = 0) {
  return {.operation = o, .lease = l.id(), .pages = l.pages(), .count = count};
}

class logged_lease final : public passing_lease {
 public:
  logged_lease(std::unique_ptr<any_lease> inner, server_log& log, std::size_t page_tokens)
      : passing_lease(std::move(inner)), log_(log), page_tokens_(page_tokens) {}

  ~logged_lease() override {
    const operation_start start = start_of(cache_operation::release, *inner_);
    seen release(log_, start);
    inner_.reset();
    release.ends({.operation = start.operation, .lease = start.lease});
  }

  status allocate(std::span<const token> tokens) override {
    operation_start start = start_of(cache_operation::allocate, *inner_);
    start.tokens = tokens;
    seen allocation(log_, start);
    const status s = inner_->allocate(tokens);
    allocation.ends(end_of(start.operation, s));
    return s;
  }

  status publish(std::size_t computed_tokens) override {
    const operation_start start = start_of(cache_operation::publish, *inner_, computed_tokens);
    seen publication(log_, start);
    const status s = inner_->publish(computed_tokens);
    publication.ends(end_of(start.operation, s));
    return s;
  }

  any_fork fork() const override {
    seen forking(log_, start_of(cache_operation::fork, *inner_));
    any_fork f = inner_->fork();
    if (f.result != status::ok) {
      forking.ends({.operation = cache_operation::fork, .result = f.result});
      return f;
    }
    auto forked = std::make_unique<logged_lease>(std::move(f.forked), log_, page_tokens_);
    forking.ends(forked->end_of(cache_operation::fork, f.result));
    f.forked = std::move(forked);
    return f;
  }

  operation_end end_of(cache_operation o, status s) const {
    return {.operation = o,
            .result = s,
            .lease = id(),
            .pages = pages(),
            .cached_pages = cached_token_count() / page_tokens_,
            .cached_tokens = cached_token_count()};
  }

 private:
  server_log& log_;
  const std::size_t page_tokens_;
};

class logged_cache final : public passing_cache {
 public:
  logged_cache(std::unique_ptr<any_cache> inner, server_log& log)
      : passing_cache(std::move(inner)), log_(log), page_tokens_(inner_->inspect().tokens_per_page) {}

  std::unique_ptr<any_lease> lookup(std::span<const token> tokens) override {
    seen look(log_, {.operation = cache_operation::lookup, .tokens = tokens});
    auto l = std::make_unique<logged_lease>(inner_->lookup(tokens), log_, page_tokens_);
    look.ends(l->end_of(cache_operation::lookup, status::ok));
    return l;
  }

 private:
  server_log& log_;
  const std::size_t page_tokens_;
};

}  // namespace

std::unique_ptr<any_cache> make_logged(std::unique_ptr<any_cache> cache, server_log& log) {
  return std::make_unique<logged_cache>(std::move(cache), log);
}

}  // namespace triecheck::server
