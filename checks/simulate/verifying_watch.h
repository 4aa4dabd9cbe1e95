// What --verify adds to a simulation: the contents of every page of every request, with any number of threads, and the
// model beside the cache where there is one thread.
//
// Threads: any, unless it has a model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "checks/simulate/first_failure.h"
#include "checks/simulate/model_companion.h"
#include "checks/simulate/page_contents.h"
#include "checks/simulate/request_thread.h"
#include "checks/subject/observation.h"

namespace triecheck::checks {

template <class Cache>
class verifying_watch {
 public:
  using request = open_request<Cache>;

  /// `companion` may be null. All outlive the watch.
  verifying_watch(const Cache& cache, const model::config& c, model_companion* companion, first_failure& first)
      : cache_(cache), config_(c), companion_(companion), first_(first), contents_(c.pages) {}

  void time_is(std::size_t row) {
    if (companion_ == nullptr) return;
    const model::operation op{.kind = model::operation_kind::set_time, .now = row};
    companion_->compare(row, op, {}, to_model_statistics(cache_.stats()));
  }

  void looked_up(request& r, std::span<const std::uint32_t> tokens) {
    r.digests = prefix_digests(tokens, config_.tokens_per_page, static_cast<model::key_space>(r.lease.space()));
    read(r, "after lookup");
    compare(r, model::operation_kind::lookup, model::status::ok, tokens);
  }

  void allocated(request& r, std::span<const std::uint32_t> rest, model::status s) {
    compare(r, model::operation_kind::allocate, s, rest);
    if (s != model::status::ok) return;
    const auto pages = r.lease.pages();
    if (pages.size() != r.digests.size()) {
      first_.report(r.row, "page-contents",
                    "the lease has " + std::to_string(pages.size()) + " pages for tokens that fill " +
                        std::to_string(r.digests.size()));
      return;
    }
    for (std::size_t i = r.lease.cached_pages().size(); i < pages.size(); ++i)
      contents_.write(number(pages[i]), r.digests[i]);
  }

  void before_publish(const request& r) { read(r, "before publish"); }

  void published(const request& r) {
    compare(r, model::operation_kind::publish, model::status::ok);
    read(r, "after publish");
  }

  void released(const request& r) { compare(r, model::operation_kind::release, model::status::ok); }

  void finished(std::size_t row) {
    if ((row + 1) % model_companion::structure_interval == 0) compare_structure(row);
  }

  void compare_structure(std::size_t row) {
    if (companion_ != nullptr) companion_->compare_structure(row, to_structure(cache_.snapshot()));
  }

 private:
  template <class Page>
  static std::size_t number(Page page) {
    return static_cast<std::size_t>(page);
  }

  void read(const request& r, const char* when) {
    const auto pages = r.lease.pages();
    for (std::size_t i = 0; i < pages.size(); ++i) {
      if (i < r.digests.size() && contents_.read(number(pages[i])) == r.digests[i]) continue;
      first_.report(r.row, "page-contents",
                    "page " + std::to_string(number(pages[i])) + " (place " + std::to_string(i) +
                        " of the lease) does not hold this request's prefix " + when);
      return;
    }
  }

  void compare(const request& r, model::operation_kind kind, model::status s,
               std::span<const std::uint32_t> tokens = {}) {
    if (companion_ == nullptr) return;
    model::operation op;
    op.kind = kind;
    op.subject = static_cast<model::lease>(r.row);
    if (kind == model::operation_kind::release) op.keep = r.keep;
    if (kind == model::operation_kind::lookup) op.space = static_cast<model::key_space>(r.lease.space());
    if (kind == model::operation_kind::publish) op.computed_tokens = r.lease.token_count();
    op.tokens.assign(tokens.begin(), tokens.end());
    companion_->compare(r.row, op, observed_outcome(r.lease, s), to_model_statistics(cache_.stats()));
  }

  const Cache& cache_;
  const model::config config_;
  model_companion* const companion_;
  first_failure& first_;
  page_contents contents_;
};

}  // namespace triecheck::checks
