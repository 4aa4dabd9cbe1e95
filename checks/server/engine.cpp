#include "checks/server/engine.h"

#include <algorithm>
#include <span>
#include <utility>

namespace triecheck::server {

engine::engine(std::unique_ptr<any_cache> cache, const engine_options& options)
    : options_(options),
      model_(options.seed),
      memory_(options.pages, options.page_tokens, transformer::ints_per_token),
      cache_(std::move(cache)),
      scheduler_(options.batch, options.queue) {
  for (std::size_t i = 0; i < options.threads; ++i) threads_.emplace_back([this] { work(); });
  threads_.emplace_back([this] { wait_for_pages(); });
}

engine::~engine() { stop(); }

std::shared_ptr<request> engine::submit(completion_job job) {
  const std::uint64_t number = requests_.fetch_add(1, std::memory_order_relaxed);
  auto r = std::make_shared<request>(std::move(job));
  auto s = std::make_shared<sequence>();
  s->owner = r;
  s->order = number * most_choices;
  s->tokens = r->job().prompt;
  if (scheduler_.submit(std::move(s))) return r;
  refused_requests_.fetch_add(1, std::memory_order_relaxed);
  return nullptr;
}

void engine::cancel(request& r) {
  r.give_up();
  for (const sequence_ptr& s : scheduler_.take_out(r)) s->owner->end_choice(request_end::cancelled);
  cache_->wake_waiting();
}

void engine::stop() {
  std::call_once(stopped_, [this] {
    scheduler_.stop();
    cache_->wake_waiting();
    for (std::thread& t : threads_) t.join();
    for (const sequence_ptr& s : scheduler_.left()) {
      s->lease.reset();
      s->owner->end_choice(request_end::stopped);
    }
  });
}

engine_counts engine::counts() const {
  const auto now = [](const std::atomic<std::uint64_t>& c) { return c.load(std::memory_order_relaxed); };
  return {.requests = now(requests_),
          .refused_requests = now(refused_requests_),
          .prompt_tokens = now(prompt_tokens_),
          .hit_tokens = now(hit_tokens_),
          .produced_tokens = now(produced_tokens_),
          .preemptions = scheduler_.preemptions(),
          .refused_forks = now(refused_forks_),
          .waiting = scheduler_.waiting(),
          .running = scheduler_.running()};
}

void engine::work() {
  while (const sequence_ptr s = scheduler_.next()) {
    if (s->lease == nullptr) {
      static_cast<void>(admit(s));
    } else {
      step(s);
    }
  }
}

// With a place in the cache's queue, and no page, as page_queue.h asks for.
void engine::wait_for_pages() {
  while (scheduler_.wait_until_queueing()) {
    const std::unique_ptr<any_place> place = cache_->queue_for_pages();
    attempt last{admission::refused};
    std::uint64_t returns = scheduler_.returns();
    for (bool first = true; last.what == admission::refused; first = false) {
      if (place != nullptr) {
        // where it is not its turn, next_queued says whether anybody waits
        static_cast<void>(place->wait(last.tried));
      } else if (!first) {
        scheduler_.wait_for_returns(returns);
      }
      returns = scheduler_.returns();
      const sequence_ptr s = scheduler_.next_queued();
      if (s == nullptr) break;
      last = admit(s);
    }
  }
}

engine::attempt engine::admit(const sequence_ptr& s) {
  if (s->owner->is_given_up()) {
    end(s, request_end::cancelled);
    return {admission::over};
  }
  const std::uint64_t returns = scheduler_.returns();
  const std::span<const token> all(s->tokens);
  std::unique_ptr<any_lease> lease = cache_->lookup(all.first(all.size() - 1));
  const lease_id tried = lease->id();
  const std::size_t found = lease->token_count();
  if (lease->allocate(all.subspan(found)) != status::ok) {
    lease.reset();
    if (scheduler_.not_admitted(s, returns)) return {admission::refused, tried};
    end(s, request_end::failed);
    return {admission::over};
  }
  s->lease = std::move(lease);
  s->computed = found;
  if (!std::exchange(s->was_admitted, true)) {
    prompt_tokens_.fetch_add(s->tokens.size(), std::memory_order_relaxed);
    hit_tokens_.fetch_add(found, std::memory_order_relaxed);
  }
  if (!scheduler_.admitted(s)) yield(s);
  return {admission::admitted};
}

void engine::step(const sequence_ptr& s) {
  if (s->owner->is_given_up()) return end(s, request_end::cancelled);
  if (!grow(s)) return;
  const std::optional<transformer::state> last = compute(*s);
  if (s->lease->publish(s->computed) != status::ok) return end(s, request_end::failed);
  if (last) choose(*s, *last);
  if (s->produced() == s->owner->job().max_tokens) return end(s, request_end::done);
  go_on(s);
}

// Pages for all tokens of the sequence. Where they are refused the sequence is somebody else's.
bool engine::grow(const sequence_ptr& s) {
  const std::size_t held = s->lease->token_count();
  if (held == s->tokens.size()) return true;
  const std::uint64_t returns = scheduler_.returns();
  if (s->lease->allocate(std::span<const token>(s->tokens).subspan(held)) == status::ok) return true;
  const scheduler::refusal r = scheduler_.refused(s, returns);
  if (r.what == scheduler::refusal::yield) yield(s);
  if (r.what == scheduler::refusal::preempt) yield(r.victim);
  if (r.what == scheduler::refusal::lost) end(s, request_end::failed);
  return false;
}

// A chunk of the tokens; the state of the last one where that is computed now.
std::optional<transformer::state> engine::compute(sequence& s) {
  const std::size_t end = std::min(s.tokens.size(), s.computed + options_.chunk_tokens);
  const kv_rows rows = memory_.rows(s.lease->pages());
  transformer::state last{};
  for (; s.computed < end; ++s.computed) last = model_.advance(s.tokens[s.computed], s.computed, rows);
  if (s.computed < s.tokens.size()) return {};
  return last;
}

void engine::choose(sequence& s, const transformer::state& last) {
  const transformer::logits row = model_.logits_of(last);
  const std::size_t choices = s.owner->job().choices;
  const bool branches = s.choice == 0 && s.produced() == 0 && choices > 1;
  const std::vector<token> best = transformer::most_likely(row, branches ? choices : 1);
  if (branches) branch(s, best);
  append(s, best.front());
}

void engine::branch(sequence& s, const std::vector<token>& first_tokens) {
  for (std::size_t choice = 1; choice < first_tokens.size(); ++choice) {
    auto other = std::make_shared<sequence>();
    other->owner = s.owner;
    other->choice = choice;
    other->order = s.order + choice;
    other->tokens = s.tokens;
    other->was_admitted = true;
    append(*other, first_tokens[choice]);
    if (s.owner->job().max_tokens == 1) {
      s.owner->end_choice(request_end::done);
      continue;
    }
    any_fork f = s.lease->fork();
    if (f.result == status::ok) {
      for (const page_copy& copy : f.copies) memory_.copy(copy);
      other->lease = std::move(f.forked);
      other->computed = s.computed;
    } else {
      refused_forks_.fetch_add(1, std::memory_order_relaxed);
    }
    scheduler_.add(std::move(other));
  }
}

void engine::append(sequence& s, token t) {
  s.tokens.push_back(t);
  produced_tokens_.fetch_add(1, std::memory_order_relaxed);
  s.owner->produce({s.choice, t, s.produced() == s.owner->job().max_tokens});
}

void engine::go_on(const sequence_ptr& s) {
  if (!scheduler_.more(s)) yield(s);
}

void engine::yield(const sequence_ptr& s) {
  s->lease.reset();
  if (scheduler_.yielded(s)) cache_->wake_waiting();
}

void engine::end(const sequence_ptr& s, request_end how) {
  s->lease.reset();
  if (how != request_end::done) s->owner->give_up();  // its other choices end, too
  if (scheduler_.ended(s)) cache_->wake_waiting();
  s->owner->end_choice(how);
}

}  // namespace triecheck::server
