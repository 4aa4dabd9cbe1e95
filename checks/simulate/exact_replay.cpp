#include "checks/simulate/exact_replay.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "checks/process/isolation.h"
#include "checks/simulate/request_thread.h"
#include "checks/subject/observation.h"
#include "checks/subject/production_caches.h"
#include "checks/subject/production_policies.h"

namespace triecheck::checks {
namespace {

template <class Cache>
class replay {
 public:
  replay(const trace& t, const simulation_options& options)
      : trace_(t),
        options_(options),
        cache_({.pages = options.pages, .tokens_per_page = options.page_tokens}),
        rows_(t.rows.size()) {}

  void step(const noted_operation& o) {
    open_row& r = rows_[o.row];
    my_activity().begin(model::name_of(o.kind));
    switch (o.kind) {
      case model::operation_kind::lookup:
        return look_up_row(o.row);
      case model::operation_kind::allocate:
        return allocate(o.row);
      case model::operation_kind::publish:
        if (r.lease.is_open()) must(cache_.publish(r.lease, r.lease.token_count()));
        return;
      case model::operation_kind::release:
        if (r.lease.is_open()) must(release_with(cache_, r.lease, r.keep));
        return;
      default:
        throw std::logic_error("a simulation neither forks nor evicts nor clears");
    }
  }

  exact_replay counts() const { return {cache_.stats().hit_pages, rejected_}; }

 private:
  struct open_row {
    typename Cache::lease_type lease;
    model::retention keep;
  };

  static void must(status s) {
    if (s != status::ok) throw std::logic_error("the exact cache refused what an open lease may do");
  }

  // Between its lookup and its allocation a row may be overtaken by others, and is expanded once more then.
  std::span<const std::uint32_t> tokens_of(std::size_t row) {
    if (row != expanded_row_) expand(trace_.rows[row], trace_.block_tokens, tokens_);
    expanded_row_ = row;
    return tokens_;
  }

  void look_up_row(std::size_t row) {
    const auto tokens = tokens_of(row);
    open_row& r = rows_[row];
    set_time_of(cache_, row);
    r.lease = look_up(cache_, tokens, trace_.rows[row].space);
    r.keep = keep_of(options_, row, r.lease.pages().size(), tokens.size());
  }

  void allocate(std::size_t row) {
    const auto tokens = tokens_of(row);
    open_row& r = rows_[row];
    if (cache_.allocate(r.lease, tokens.subspan(std::min(r.lease.token_count(), tokens.size()))) == status::ok) return;
    ++rejected_;
    must(release_with(cache_, r.lease, r.keep));
  }

  const trace& trace_;
  const simulation_options& options_;
  Cache cache_;
  std::vector<open_row> rows_;  // after the cache: leases that a broken order left open are released before it goes
  std::vector<std::uint32_t> tokens_;
  std::size_t expanded_row_ = static_cast<std::size_t>(-1);
  std::uint64_t rejected_ = 0;
};

}  // namespace

exact_replay replay_exactly(const trace& t, const simulation_options& options, std::span<const noted_operation> order) {
  exact_replay counts;
  const bool known = visit_policy<coarse_family>(options.policy, [&]<class Policy>(const Policy&) {
    replay<typename cache_with<coarse_family, std_sync, Policy>::type> exact(t, options);
    for (const noted_operation& o : order) exact.step(o);
    counts = exact.counts();
  });
  if (!known) throw std::invalid_argument("there is no such policy");
  return counts;
}

}  // namespace triecheck::checks
