#include "checks/server/logged_cache.h"

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cache/monitoring/observed.h"

namespace triecheck::server {
namespace {

using seen = observation<server_log>;

operation_start start_of(cache_operation o, const any_lease& l, std::size_t count = 0) {
  return {.operation = o, .lease = l.id(), .pages = l.pages(), .count = count};
}

class logged_lease final : public any_lease {
 public:
  logged_lease(std::unique_ptr<any_lease> inner, server_log& log, std::size_t page_tokens)
      : inner_(std::move(inner)), log_(log), page_tokens_(page_tokens) {}

  ~logged_lease() override {
    const operation_start start = start_of(cache_operation::release, *inner_);
    seen release(log_, start);
    inner_.reset();
    release.ends({.operation = start.operation, .lease = start.lease});
  }

  lease_id id() const override { return inner_->id(); }
  std::span<const page_id> pages() const override { return inner_->pages(); }
  std::size_t token_count() const override { return inner_->token_count(); }
  std::size_t cached_token_count() const override { return inner_->cached_token_count(); }

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
  std::unique_ptr<any_lease> inner_;
  server_log& log_;
  const std::size_t page_tokens_;
};

class logged_cache final : public any_cache {
 public:
  logged_cache(std::unique_ptr<any_cache> inner, server_log& log)
      : inner_(std::move(inner)), log_(log), page_tokens_(inner_->inspect().tokens_per_page) {}

  std::unique_ptr<any_lease> lookup(std::span<const token> tokens) override {
    seen look(log_, {.operation = cache_operation::lookup, .tokens = tokens});
    auto l = std::make_unique<logged_lease>(inner_->lookup(tokens), log_, page_tokens_);
    look.ends(l->end_of(cache_operation::lookup, status::ok));
    return l;
  }

  std::unique_ptr<any_place> queue_for_pages() override { return inner_->queue_for_pages(); }
  void wake_waiting() override { inner_->wake_waiting(); }
  page_counts counts() const override { return inner_->counts(); }
  std::optional<cache_reading> reading() override { return inner_->reading(); }
  checks::structure inspect() const override { return inner_->inspect(); }
  std::vector<std::string> shutdown() override { return inner_->shutdown(); }

 private:
  std::unique_ptr<any_cache> inner_;
  server_log& log_;
  const std::size_t page_tokens_;
};

}  // namespace

std::unique_ptr<any_cache> make_logged(std::unique_ptr<any_cache> cache, server_log& log) {
  return std::make_unique<logged_cache>(std::move(cache), log);
}

}  // namespace triecheck::server
