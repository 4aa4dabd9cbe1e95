#include "checks/verify/scenario_program.h"

#include <algorithm>
#include <map>
#include <new>

#include "checks/scenario/reductions.h"
#include "checks/subject/observation.h"

namespace triecheck::explore {

using checks::step_kind;
using model::operation;
using model::operation_kind;
using model::outcome;

namespace {

template <class Visit>
void each_action(const scenario_scripts& s, Visit visit) {
  std::for_each(s.init.begin(), s.init.end(), visit);
  for (const script& thread : s.threads) std::for_each(thread.begin(), thread.end(), visit);
  std::for_each(s.final.begin(), s.final.end(), visit);
}

bool asks_stats(const scenario_scripts& s) {
  bool asks = false;
  each_action(s, [&](const action& a) { asks = asks || a.kind == step_kind::stats || a.kind == step_kind::available; });
  return asks;
}

}  // namespace

scenario_program::scenario_program(const checks::scenario& s, checks::subject_factory make, model::refusals rule,
                                   checks::stats_consistency together)
    : config_{.pages = s.pages, .tokens_per_page = s.tokens_per_page, .policy = s.policy},
      index_buckets_(s.index_buckets),
      events_(s.events),
      forgets_(checks::asks_to_forget(s)),
      thread_indices_(s.thread_indices.value_or(max_threads)),
      make_(make),
      rule_(rule),
      together_(together),
      scripts_(scripts_of(s)),
      oracles_({.cache = config_,
                .leases = scripts_.leases,
                .rule = rule,
                .together = together,
                .asks_stats = asks_stats(scripts_),
                .tells_events = events_}) {
  books_.resize(scripts_.leases);
  if (checks::has_subscribers(s)) followers_.resize(checks::most_subscribers, follower(config_));
  each_action(scripts_, [this](const action& a) {
    if (a.kind == step_kind::cancel) cancellable_ |= 1U << a.count;
    uses_foreign_ = uses_foreign_ || a.kind == step_kind::foreign;
    if (a.failing != 0 && !memory_) memory_.emplace();
  });
}

void scenario_program::setup() {
  {
    const outside_simulation heap;
    for (lease_book& book : books_) book.clear();
    oracles_.each([](auto& one) { one.clear(); });
    for (follower& f : followers_) f.clear();
    given_.assign(scripts_.hand_overs, 0);
    taken_.assign(scripts_.hand_overs, 0);
  }
  session::current().limit_thread_indices(thread_indices_);
  // Plain new: what a violation leaves behind belongs to the simulation, and goes with it.
  contents_ = new checks::page_contents<relacy_sync>(config_.pages);
  subject_ = make_({config_, index_buckets_}, scripts_.leases).release();
  hand_overs_ = new hand_over[scripts_.hand_overs];
  cancelled_ = new relacy_sync::atomic<std::uint32_t>[max_threads];
  for (unsigned t = 0; t < max_threads; ++t) {
    cancelled_[t].store(0, memory_order::relaxed);
    relacy_sync::label(cancelled_[t], "cancelled", t);
  }
  if (uses_foreign_) subject_->make_foreign_cache();
  if (memory_) {
    memory_->forget();
    subject_->watch_memory(&*memory_);
  }
  if (events_) told_ = new subscriber(oracles_.get<checks::event_book>());
  if (events_ || !followers_.empty()) {
    const bool tells = followers_.empty() ? subject_->follow_events(*told_) : subject_->open_hub(told_);
    if (!tells) session::current().fail("events", "the cache tells no events");
  }
  if (!scripts_.init.empty()) session::current().title("[init]");
  run(scripts_.init);
  session::current().title("[threads]");
}

void scenario_program::finish() {
  session::current().title("[final]");
  run(scripts_.final);
  check_end();
  delete subject_;
  delete told_;
  told_ = nullptr;
  delete contents_;
  delete[] hand_overs_;
  delete[] cancelled_;
}

template <class Entry>
void scenario_program::subscriber::enter(Entry entry) {
  static_cast<void>(moment_.fetch_add(1, memory_order::relaxed));
  const std::size_t thread = session::current().thread();
  const outside_simulation heap;
  entry(thread);
}

void scenario_program::subscriber::stored(const stored_page& p) noexcept {
  enter([&](std::size_t thread) { book_.stored(thread, p); });
}

void scenario_program::subscriber::removed(page_id page) noexcept {
  enter([&](std::size_t thread) { book_.removed(thread, page); });
}

void scenario_program::subscriber::cleared(std::size_t pages) noexcept {
  enter([&](std::size_t thread) { book_.cleared(thread, pages); });
}

template <class Entry>
void scenario_program::follower::enter(Entry entry) {
  const outside_simulation heap;
  was_told_late_ = was_told_late_ || has_left_;
  entry();
}

void scenario_program::follower::stored(const stored_page& p) noexcept {
  enter([&] { book_.stored(0, p); });
}

void scenario_program::follower::removed(page_id page) noexcept {
  enter([&] { book_.removed(0, page); });
}

void scenario_program::follower::cleared(std::size_t pages) noexcept {
  enter([&] { book_.cleared(0, pages); });
}

std::optional<std::string> scenario_program::follower::violation() const {
  return was_told_late_ ? "was notified of a change after it had left" : book_.violation();
}

void scenario_program::subscribe(std::size_t number) {
  session& s = session::current();
  s.begin_operation();
  subject_->join(followers_[number]);
  s.end_operation();
  followers_[number].has_joined();
  check_followers();
}

void scenario_program::unsubscribe(std::size_t number) {
  session& s = session::current();
  followers_[number].leaves();
  s.begin_operation();
  subject_->leave(followers_[number]);
  s.end_operation();
  followers_[number].has_left();
}

std::uint32_t scenario_program::members() const {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < followers_.size(); ++i) bits |= followers_[i].is_member() ? 1U << i : 0;
  return bits;
}

// The events that they received are possible.
void scenario_program::check_followers() const {
  ask_followers([](const follower& f, std::size_t) { return f.violation(); });
}

// And those that were members throughout know the pages that the operation returned as published. Where some step
// forgets, such a page may be gone for the followers.
void scenario_program::check_followers(std::uint32_t members, const operation& op, const outcome& o) const {
  ask_followers([&](const follower& f, std::size_t number) {
    auto wrong = f.violation();
    const bool knows_all = f.is_member() && (members & (1U << number)) != 0 && !forgets_;
    if (!wrong && knows_all) wrong = f.book().wrong_chain(op, o);
    return wrong;
  });
}

void scenario_program::run(const script& actions) {
  std::size_t done = 0;
  while (done < actions.size() && !is_cancelled() && run_action(actions[done])) ++done;
  // A thread that waits for a lease which this one will not give goes on without it. A lease that this one would have
  // taken finds another owner.
  for (; done < actions.size(); ++done) {
    const action& a = actions[done];
    if (a.kind == step_kind::give && given_[a.hand_over] == 0) give(a, false);
    if (a.kind == step_kind::take && taken_[a.hand_over] == 0) decline(a);
  }
  for (model::lease l = 0; l < books_.size(); ++l) {
    if (books_[l].open && books_[l].owner == session::current().thread())
      release({.kind = operation_kind::release, .subject = l});
  }
}

// Asked between any two steps, where some thread cancels this one. No memory order: whatever brings the news need not
// synchronize.
bool scenario_program::is_cancelled() const {
  const session& s = session::current();
  if (!s.in_threads() || (cancellable_ & (1U << s.thread())) == 0) return false;
  return cancelled_[s.thread()].fetch_or(0, memory_order::relaxed) != 0;  // unlike a load it is never stale
}

// Says so first, and then wakes it wherever it can wait: for a lease, or for pages.
void scenario_program::cancel(std::size_t thread) {
  static_cast<void>(cancelled_[thread].fetch_or(1, memory_order::relaxed));
  const script& its = scripts_.threads[thread];
  for (const action& a : its) {
    if (a.kind == step_kind::take) hand_overs_[a.hand_over].wake();
  }
  if (std::any_of(its.begin(), its.end(), [](const action& a) { return a.or_wait; })) subject_->wake_waiting();
}

void scenario_program::give(const action& a, bool is_there) {
  given_[a.hand_over] = 1;
  const unsigned giver = session::current().thread();
  if (is_there) books_[a.lease].owner = nobody;
  if (!hand_overs_[a.hand_over].give(is_there) && is_there) books_[a.lease].owner = giver;
}

bool scenario_program::take(const action& a) {
  if (!hand_overs_[a.hand_over].take([this] { return is_cancelled(); })) return false;
  taken_[a.hand_over] = 1;
  books_[a.lease].owner = session::current().thread();
  return true;
}

void scenario_program::decline(const action& a) {
  taken_[a.hand_over] = 1;
  if (hand_overs_[a.hand_over].decline()) books_[a.lease].owner = session::current().thread();
}

// False when the thread ends here: a refusal that the scenario allows, or a lease that does not come.
bool scenario_program::run_action(const action& a) {
  session::current().title(a.text);
  switch (a.kind) {
    case step_kind::lookup:
      lookup(a);
      return true;
    case step_kind::allocate: {
      const lease_book& book = books_[a.lease];
      const std::size_t held = std::min(book.held.size(), book.wanted.size());
      return grow(a, {book.wanted.begin() + static_cast<std::ptrdiff_t>(held), book.wanted.end()}, book.wanted_keys);
    }
    case step_kind::extend:
      return grow(a, a.tokens, a.keys);
    case step_kind::fork:
      return fork(a);
    case step_kind::publish:
      perform({.kind = operation_kind::publish,
               .subject = a.lease,
               .computed_tokens = a.computed.value_or(static_cast<std::uint32_t>(books_[a.lease].computed)),
               .keep = a.keep});
      return true;
    case step_kind::move:
      subject_->move(a.lease);
      return true;
    case step_kind::give:
      give(a, true);
      return true;
    case step_kind::take:
      return take(a);
    case step_kind::cancel:
      cancel(a.count);
      return true;
    case step_kind::foreign:
      foreign(a);
      return true;
    case step_kind::evict:
      perform({.kind = operation_kind::evict, .count = a.count});
      return true;
    case step_kind::clear:
      perform({.kind = operation_kind::clear});
      return true;
    case step_kind::shutdown:
      if (looks_beside_others()) perform({.kind = operation_kind::clear, .shuts_down = true});
      return true;
    case step_kind::stats:
      stats();
      return true;
    case step_kind::available:
      available();
      return true;
    case step_kind::match:
      perform({.kind = operation_kind::match, .tokens = a.tokens, .keys = a.keys, .space = a.space});
      return true;
    case step_kind::forget:
      perform({.kind = operation_kind::forget, .tokens = a.tokens, .keys = a.keys, .space = a.space}, a.failing);
      return true;
    case step_kind::shrink:
      shrink(a);
      return true;
    case step_kind::snapshot:
      snapshot();
      return true;
    case step_kind::subscribe:
      subscribe(a.count);
      return true;
    case step_kind::unsubscribe:
      unsubscribe(a.count);
      return true;
    case step_kind::time:
      perform({.kind = operation_kind::set_time, .now = a.count});
      return true;
    case step_kind::write:
      write(a.lease);
      return true;
    case step_kind::read:
      read(a);
      return true;
    case step_kind::release:
      release({.kind = operation_kind::release, .subject = a.lease, .keep = a.keep});
      return true;
    case step_kind::drop:
      release({.kind = operation_kind::release, .subject = a.lease, .dropped = true});
      return true;
    case step_kind::request:
      break;  // split by scripts_of
  }
  return true;
}

// Runs one operation of the cache and tells the oracles that watch every operation.
outcome scenario_program::perform(const operation& op, std::size_t failing) {
  session& s = session::current();
  const bool gives_up =
      op.kind == operation_kind::publish || op.kind == operation_kind::release || op.kind == operation_kind::shrink;
  if (gives_up) {
    s.begin_operation([this, l = op.subject](const checks::moment& first_step) {
      oracles_.each([&](auto& one) { one.gives_up(l, first_step); });
    });
  } else {
    s.begin_operation();
  }
  const unsigned thread = s.thread();
  {
    const outside_simulation heap;
    oracles_.each([&](auto& one) { one.begins(thread, op); });
  }
  checks::show_beginning(checks::my_activity(), op);
  const std::uint32_t told_before = members();
  std::optional<outcome> answer = attempt(op, failing);
  if (events_) told_->look();
  checks::my_activity().end();
  const checks::interval when = s.end_operation();
  if (!answer) {
    check_unchanged(op);
    return perform(op);
  }
  outcome& o = *answer;
  const bool opens =
      o.result == model::status::ok && (op.kind == operation_kind::lookup || op.kind == operation_kind::fork);
  const auto opened =
      opens ? subject_->view_of(op.kind == operation_kind::fork ? op.forked : op.subject) : std::nullopt;
  std::optional<checks::objection> wrong;
  {
    const outside_simulation heap;
    const bool forked = op.kind == operation_kind::fork;
    lease_book* const book = model::has_lease(op.kind) ? &books_[forked ? op.forked : op.subject] : nullptr;
    const checks::returned_operation told = {
        thread, op, o, book != nullptr ? book->last : nothing_before_, when, opened, subject_->schedules()};
    wrong = oracles_.first([&](auto& one) { return one.returned(told); });
    if (book != nullptr && (!forked || o.result == model::status::ok)) {
      book->open = op.kind != operation_kind::release;
      if (op.kind == operation_kind::lookup || forked) book->owner = thread;
      book->last = o;
    }
  }
  if (s.recording()) s.title("  = " + model::show(op, o));
  require_none(wrong);
  check_followers(told_before, op, o);
  return o;
}

void scenario_program::require_none(const std::optional<checks::objection>& wrong) {
  if (wrong) session::current().fail(wrong->kind, wrong->message);
}

// Nothing where it had no memory.
std::optional<outcome> scenario_program::attempt(const operation& op, std::size_t failing) {
  if (!memory_) return subject_->perform(op);
  memory_->fail(failing);
  try {
    return subject_->perform(op);
  } catch (const std::bad_alloc&) {
  }
  if (failing == 0) session::current().fail("lease-state", model::show(op) + " had no memory though there was some");
  session::current().title("  = no memory: nothing may have changed, and it is tried again");
  return std::nullopt;
}

// What others can see of it shows in the end; here, what the caller sees of the lease.
void scenario_program::check_unchanged(const operation& op) {
  const bool opens = op.kind == operation_kind::lookup || op.kind == operation_kind::fork;
  const model::lease l = op.kind == operation_kind::fork ? op.forked : op.subject;
  const std::vector<model::page> now = subject_->pages_of(l);
  if (now == (opens ? std::vector<model::page>{} : books_[l].last.pages)) return;
  session::current().fail("lease-state",
                          model::show(op) + " had no memory, but left the lease " + model::show_pages(now, 0));
}

void scenario_program::foreign(const action& a) {
  session& s = session::current();
  s.begin_operation();
  const std::optional<std::string> wrong = subject_->use_foreign_lease(a.tokens);
  s.end_operation();
  if (wrong) s.fail("lease-state", *wrong);
}

// Concurrently with other calls a shutdown and a snapshot are allowed only where the variant promises that all pages
// are of one instant.
bool scenario_program::looks_beside_others() const {
  if (may_look_beside_others(together_) || !session::current().in_threads()) return true;
  session::current().title("  = left out: under this variant nothing else may run meanwhile");
  return false;
}

void scenario_program::snapshot() {
  if (!looks_beside_others()) return;
  session& s = session::current();
  s.begin_operation();
  const checks::structure seen = subject_->inspect();
  const checks::interval when = s.end_operation();
  std::optional<checks::objection> wrong;
  {
    const outside_simulation heap;
    wrong = oracles_.first([&](auto& one) { return one.snapshot_taken(seen, when); });
  }
  require_none(wrong);
}

// No operation of the model, whose steps know one state: each number is a separate step.
void scenario_program::stats() {
  session& s = session::current();
  s.begin_operation();
  const model::statistics reported = subject_->stats();
  const checks::interval when = s.end_operation();
  std::optional<checks::objection> wrong;
  {
    const outside_simulation heap;
    wrong = oracles_.first([&](auto& one) { return one.stats_answered(reported, when); });
  }
  if (s.recording()) s.title("  = " + checks::show_gauges(reported));
  require_none(wrong);
}

// No operation of the model either. Where all pages are of one instant, the numbers are judged with the whole history.
void scenario_program::available() {
  session& s = session::current();
  s.begin_operation();
  const std::optional<model::availability> reported = subject_->available();
  const checks::interval when = s.end_operation();
  if (!reported) s.fail("conservation", "the cache does not say what is available");
  std::optional<checks::objection> wrong;
  {
    const outside_simulation heap;
    wrong = oracles_.first([&](auto& one) { return one.available_answered(*reported, when); });
  }
  if (s.recording()) s.title("  = " + model::show(*reported));
  require_none(wrong);
}

void scenario_program::shrink(const action& a) {
  lease_book& book = books_[a.lease];
  const std::size_t kept = a.computed.value_or(static_cast<std::uint32_t>(book.held.size()));
  const outcome o = perform({.kind = operation_kind::shrink, .subject = a.lease, .kept_tokens = kept});
  if (o.result != model::status::ok) return;
  const outside_simulation heap;
  book.held.resize(std::max(kept, o.cached * config_.tokens_per_page));
  book.keys.shrink(book.held.size(), config_.tokens_per_page);
  book.computed = std::min(book.computed, book.held.size());
}

void scenario_program::lookup(const action& a) {
  {
    const outside_simulation heap;
    books_[a.lease].wanted = a.tokens;
    books_[a.lease].wanted_keys = a.keys;
    books_[a.lease].space = a.space;
  }
  const outcome o = perform(
      {.kind = operation_kind::lookup, .subject = a.lease, .tokens = a.tokens, .keys = a.keys, .space = a.space},
      a.failing);
  const outside_simulation heap;
  const std::size_t matched = std::min(a.tokens.size(), o.cached * config_.tokens_per_page);
  books_[a.lease].computed = matched;
  books_[a.lease].keys.look_up(a.keys, o.cached);
  books_[a.lease].held.assign(a.tokens.begin(), a.tokens.begin() + static_cast<std::ptrdiff_t>(matched));
}

bool scenario_program::grow(const action& a, const std::vector<model::token>& tokens,
                            const std::vector<model::block_key>& keys) {
  const operation op = {.kind = operation_kind::allocate,
                        .subject = a.lease,
                        .tokens = tokens,
                        .keys = keys,
                        .extra_slots = a.extra_slots,
                        .free_only = a.free_only};
  const std::optional<outcome> answer = a.or_wait ? allocate_in_turn(op) : perform(op, a.failing);
  if (!answer) return false;
  const outcome& o = *answer;
  if (o.result != model::status::ok) {
    if (!may_refuse(a, o)) session::current().fail("refusal", a.text + " was refused: " + model::show(o.result));
    return false;
  }
  const outside_simulation heap;
  lease_book& book = books_[a.lease];
  book.keys.append(keys, book.held.size(), book.held.size() + tokens.size(), config_.tokens_per_page);
  book.held.insert(book.held.end(), tokens.begin(), tokens.end());
  return true;
}

// Each attempt is a separate operation, so its refusal is judged like any other. Between two of them the thread is in
// no operation: that it is blocked there is what it asked for. Nothing where it was cancelled there.
std::optional<outcome> scenario_program::allocate_in_turn(const operation& op) {
  const std::unique_ptr<checks::waiting_place> place = subject_->queue_for_pages(op.subject);
  if (place == nullptr) session::current().fail("refusal", "the cache has no queue for pages");
  for (;;) {
    const bool is_turn = place->wait();
    if (is_cancelled()) return std::nullopt;
    if (!is_turn) continue;  // another thread was cancelled
    outcome o = perform(op);
    if (o.result != model::status::cache_full) return o;
  }
}

// Whether the scenario has the thread end here, or the rule does: what others were doing may have cost a crowded
// variant its pages. The linearizability oracle judges whether they were.
bool scenario_program::may_refuse(const action& a, const outcome& o) const {
  return a.or_stop || (rule_ == model::refusals::crowded && o.result == model::status::cache_full);
}

bool scenario_program::fork(const action& a) {
  const outcome o = perform({.kind = operation_kind::fork, .subject = a.source, .forked = a.lease}, a.failing);
  if (o.result != model::status::ok) {
    if (!may_refuse(a, o)) session::current().fail("refusal", a.text + " was refused: " + model::show(o.result));
    return false;
  }
  {
    const outside_simulation heap;
    books_[a.lease].space = books_[a.source].space;
    books_[a.lease].wanted = books_[a.source].wanted;
    books_[a.lease].wanted_keys = books_[a.source].wanted_keys;
    books_[a.lease].held = books_[a.source].held;
    books_[a.lease].keys = books_[a.source].keys;
    books_[a.lease].computed = books_[a.source].computed;
  }
  for (const auto& [from, to] : o.copies) contents_->write(to, contents_->read(from));
  return true;
}

std::size_t scenario_program::written_pages(const lease_book& book) const {
  const std::size_t full = (book.held.size() + config_.tokens_per_page - 1) / config_.tokens_per_page;
  return std::min(full, book.last.pages.size());
}

std::uint64_t scenario_program::digest_of_page(const lease_book& book, std::size_t index) const {
  const std::size_t end = std::min(book.held.size(), (index + 1) * config_.tokens_per_page);
  return checks::digest(std::span(book.held).first(end), book.space, keys_up_to(book, end));
}

// Of the blocks that the first `end` tokens begin.
std::vector<model::block_key> scenario_program::keys_up_to(const lease_book& book, std::size_t end) const {
  return book.keys.list(0, (end + config_.tokens_per_page - 1) / config_.tokens_per_page);
}

void scenario_program::write(model::lease l) {
  lease_book& book = books_[l];
  for (std::size_t i = book.last.cached; i < written_pages(book); ++i) {
    const std::uint64_t value = digest_of_page(book, i);
    {
      const outside_simulation heap;
      const auto [meant, is_new] = written_.try_emplace(value);
      const std::size_t end = std::min(book.held.size(), (i + 1) * config_.tokens_per_page);
      if (is_new) meant->second = show_prefix(std::span(book.held).first(end), book.space, keys_up_to(book, end));
    }
    contents_->write(book.last.pages[i], value);
  }
  book.computed = book.held.size();
}

void scenario_program::read(const action& a) {
  const lease_book& book = books_[a.lease];
  for (std::size_t i = 0; i < written_pages(book); ++i) {
    const std::uint64_t found = contents_->read(book.last.pages[i]);
    if (found == digest_of_page(book, i)) continue;
    session::current().fail("page-contents", a.text + ": page " + std::to_string(book.last.pages[i]) + " holds " +
                                                 meaning(found) + " where the lease has " +
                                                 show_prefix(book.held, book.space, book.keys.list()));
  }
}

std::string scenario_program::meaning(std::uint64_t content) const {
  if (content == 0) return "nothing";
  const auto found = written_.find(content);
  return found == written_.end() ? "what nobody wrote" : "the content of " + found->second;
}

// Every release is followed by what a confused caller might do (I9): neither may do anything.
void scenario_program::release(const operation& op) {
  session& s = session::current();
  const model::lease l = op.subject;
  perform(op);
  const outcome again = subject_->perform({.kind = operation_kind::release, .subject = l});
  if (again.result != model::status::ok)
    s.fail("lease-state", "I9: a second release was refused: " + model::show(again.result));
  const outcome late = subject_->perform({.kind = operation_kind::publish, .subject = l});
  if (late.result != model::status::lease_closed) s.fail("lease-state", "I9: a released lease could publish");
  const outcome more = subject_->perform({.kind = operation_kind::allocate, .subject = l, .tokens = {1}});
  if (more.result != model::status::lease_closed) s.fail("lease-state", "I9: a released lease could allocate");
  if (!subject_->schedules()) return;
  const outcome less = subject_->perform({.kind = operation_kind::shrink, .subject = l});
  if (less.result != model::status::lease_closed) s.fail("lease-state", "I9: a released lease could shrink");
}

}  // namespace triecheck::explore
