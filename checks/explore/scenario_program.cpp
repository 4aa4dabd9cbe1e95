#include "checks/explore/scenario_program.h"

#include <algorithm>
#include <map>

#include "checks/oracles/structure.h"
#include "checks/scenario/reductions.h"

namespace triecheck::explore {

using checks::step_kind;
using model::operation;
using model::operation_kind;
using model::outcome;

namespace {

std::string join(std::span<const model::token> tokens, model::key_space space) {
  std::string text;
  for (const model::token t : tokens) text += (text.empty() ? "" : " ") + std::to_string(t);
  return text + (space == 0 ? "" : " in " + std::to_string(space));
}

bool uses_the_cache(step_kind kind) { return kind != step_kind::write && kind != step_kind::read; }

std::size_t operations_in(const std::vector<checks::step>& steps) {
  std::size_t count = 0;
  for (const checks::step& s : steps) count += s.kind == step_kind::request ? 4 : uses_the_cache(s.kind) ? 1 : 0;
  return count;
}

}  // namespace

std::size_t count_operations(const checks::scenario& s) {
  std::size_t count = operations_in(s.init) + operations_in(s.final);
  for (const auto& thread : s.threads) count += operations_in(thread);
  return count;
}

namespace {

// `least`, and `each` for every page and token.
unsigned in_proportion(const checks::scenario& s, std::size_t least, std::size_t each, std::size_t most) {
  const checks::scenario_size size = checks::size_of(s);
  return static_cast<unsigned>(std::min(least + each * (size.pages + size.tokens), most));
}

}  // namespace

unsigned runaway_steps_of(const checks::scenario& s) { return in_proportion(s, 20'000, 1'000, progress::longest_path - 1); }
unsigned solo_steps_of(const checks::scenario& s) { return in_proportion(s, 300, 50, 65'535); }

scenario_program::scenario_program(const checks::scenario& s, checks::subject_factory make, model::refusals rule,
                                   checks::at_one_instant together)
    : config_{.pages = s.pages, .tokens_per_page = s.tokens_per_page, .policy = s.policy},
      index_buckets_(s.index_buckets),
      events_(s.events),
      thread_indices_(s.thread_indices.value_or(max_threads)),
      make_(make),
      rule_(rule),
      together_(together),
      ownership_(0, 0),
      history_(config_, rule),
      book_(s.pages, s.tokens_per_page) {
  init_ = prepare(s.init);
  for (const auto& thread : s.threads) threads_.push_back(prepare(thread));
  final_ = prepare(s.final);
  books_.resize(leases_);
  ownership_ = checks::page_ownership(s.pages, leases_);
}

// Gives every lease that a section opens a number of its own, and splits requests.
scenario_program::script scenario_program::prepare(const std::vector<checks::step>& steps) {
  script actions;
  std::map<std::string, model::lease> numbers;
  const auto opened = [&](const std::string& name) { return numbers[name] = static_cast<model::lease>(leases_++); };
  for (const checks::step& s : steps) {
    action a{.kind = s.kind, .tokens = s.tokens, .space = s.space, .count = s.count, .computed = s.computed,
             .or_stop = s.or_stop, .or_wait = s.or_wait, .text = s.text};
    switch (s.kind) {
      case step_kind::request:
        a.lease = opened("");
        for (const step_kind part : {step_kind::lookup, step_kind::allocate, step_kind::write, step_kind::publish,
                                     step_kind::read, step_kind::release}) {
          a.kind = part;
          a.text = s.text + (part == step_kind::lookup     ? ": lookup"
                             : part == step_kind::allocate ? ": allocate"
                             : part == step_kind::write    ? ": write"
                             : part == step_kind::publish  ? ": publish"
                             : part == step_kind::read     ? ": read"
                                                           : ": release");
          actions.push_back(a);
        }
        continue;
      case step_kind::lookup: a.lease = opened(s.lease); break;
      case step_kind::fork:
        a.source = numbers[s.source];
        a.lease = opened(s.lease);
        break;
      case step_kind::evict:
      case step_kind::clear: break;
      case step_kind::stats: asks_stats_ = true; break;
      default: a.lease = numbers[s.lease];
    }
    actions.push_back(std::move(a));
  }
  return actions;
}

void scenario_program::setup() {
  {
    const outside_simulation heap;
    for (lease_book& book : books_) book.clear();
    ownership_.clear();
    history_.clear();
    counted_ = {};
    answers_.clear();
    if (events_) book_.clear();
    ids_.clear();
  }
  session::current().limit_thread_indices(thread_indices_);
  // Plain new: what a violation leaves behind belongs to the simulation, and goes with it.
  contents_ = new checks::page_contents<relacy_sync>(config_.pages);
  subject_ = make_({config_, index_buckets_}, leases_).release();
  if (events_) {
    told_ = new subscriber(book_);
    if (!subject_->follow_events(*told_)) session::current().fail("events", "the cache tells no events");
  }
  if (!init_.empty()) session::current().title("[init]");
  run(init_);
  session::current().title("[threads]");
}

void scenario_program::finish() {
  session::current().title("[final]");
  run(final_);
  check_end();
  delete subject_;
  delete told_;
  told_ = nullptr;
  delete contents_;
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

void scenario_program::run(const script& actions) {
  for (const action& a : actions) {
    if (!run_action(a)) break;
  }
  for (const action& a : actions) {
    const bool opens = a.kind == step_kind::lookup || a.kind == step_kind::fork;
    if (opens && books_[a.lease].open) release(a.lease);
  }
}

// False when the thread ends here: a refusal that the scenario allows.
bool scenario_program::run_action(const action& a) {
  session::current().title(a.text);
  switch (a.kind) {
    case step_kind::lookup: lookup(a); return true;
    case step_kind::allocate: {
      const lease_book& book = books_[a.lease];
      const std::size_t held = std::min(book.held.size(), book.wanted.size());
      return grow(a, {book.wanted.begin() + static_cast<std::ptrdiff_t>(held), book.wanted.end()});
    }
    case step_kind::extend: return grow(a, a.tokens);
    case step_kind::fork: return fork(a);
    case step_kind::publish:
      perform({.kind = operation_kind::publish, .subject = a.lease,
               .computed_tokens = a.computed.value_or(static_cast<std::uint32_t>(books_[a.lease].computed))});
      return true;
    case step_kind::evict: perform({.kind = operation_kind::evict, .count = a.count}); return true;
    case step_kind::clear: perform({.kind = operation_kind::clear}); return true;
    case step_kind::stats: stats(); return true;
    case step_kind::write: write(a.lease); return true;
    case step_kind::read: read(a); return true;
    case step_kind::release: release(a.lease); return true;
    case step_kind::request: break;  // split by prepare
  }
  return true;
}

// Runs one operation of the cache and tells the oracles that watch every operation.
outcome scenario_program::perform(const operation& op) {
  session& s = session::current();
  const bool gives_up = op.kind == operation_kind::publish || op.kind == operation_kind::release;
  if (gives_up) {
    s.begin_operation([this, l = op.subject](const checks::moment& first_step) { ownership_.strike(l, first_step); });
  } else {
    s.begin_operation();
  }
  const std::size_t thread = s.thread();
  if (events_) {
    const outside_simulation heap;
    book_.begins(thread, op);
  }
  checks::my_activity().begin(op.kind, op.subject);
  outcome o = subject_->perform(op);
  checks::my_activity().end();
  const checks::interval when = s.end_operation();
  const bool opens = o.result == model::status::ok && (op.kind == operation_kind::lookup || op.kind == operation_kind::fork);
  const auto opened = opens ? subject_->view_of(op.kind == operation_kind::fork ? op.forked : op.subject) : std::nullopt;
  std::optional<std::string> wrong, wrong_event, wrong_id;
  {
    const outside_simulation heap;
    history_.record(op, o, when);
    if (opened) wrong_id = ids_.opened(thread, opened->id);
    if (events_) {
      book_.returned(thread, o);
      wrong_event = book_.violation();
    }
    const bool forked = op.kind == operation_kind::fork;
    const model::lease l = forked ? op.forked : op.subject;
    const bool has_lease = op.kind != operation_kind::evict && op.kind != operation_kind::clear;
    if (has_lease) checks::tally(counted_, op, o, books_[l].last, config_.tokens_per_page);
    if (has_lease && asks_stats_) {
      model::statistics counts;
      checks::tally(counts, op, o, books_[l].last, config_.tokens_per_page);
      answers_.record(counts, when);
    }
    if (has_lease && (!forked || o.result == model::status::ok)) {
      books_[l].open = op.kind != operation_kind::release;
      books_[l].last = o;
      wrong = ownership_.enter(l, o.pages, o.cached, when.closed);
    }
  }
  if (s.recording()) s.title("  = " + model::show(op, o));
  if (wrong) s.fail("page-ownership", *wrong);
  if (wrong_event) s.fail("events", *wrong_event);
  if (wrong_id) s.fail("lease-state", *wrong_id);
  return o;
}

// No operation of the model, whose steps know one state: each number is a step of its own.
void scenario_program::stats() {
  session& s = session::current();
  s.begin_operation();
  const model::statistics reported = subject_->stats();
  const checks::interval when = s.end_operation();
  std::optional<std::string> wrong;
  {
    const outside_simulation heap;
    answers_.answer(reported, when);
    wrong = checks::check_statistics(reported, config_.pages, together_);
  }
  if (s.recording()) s.title("  = " + checks::show_gauges(reported));
  if (wrong) s.fail("conservation", *wrong);
}

void scenario_program::lookup(const action& a) {
  {
    const outside_simulation heap;
    books_[a.lease].wanted = a.tokens;
    books_[a.lease].space = a.space;
  }
  const outcome o = perform({.kind = operation_kind::lookup, .subject = a.lease, .tokens = a.tokens, .space = a.space});
  const outside_simulation heap;
  const std::size_t matched = std::min(a.tokens.size(), o.cached * config_.tokens_per_page);
  books_[a.lease].computed = matched;
  books_[a.lease].held.assign(a.tokens.begin(), a.tokens.begin() + static_cast<std::ptrdiff_t>(matched));
}

bool scenario_program::grow(const action& a, const std::vector<model::token>& tokens) {
  const operation op = {.kind = operation_kind::allocate, .subject = a.lease, .tokens = tokens};
  const outcome o = a.or_wait ? allocate_in_turn(op) : perform(op);
  if (o.result != model::status::ok) {
    if (!may_refuse(a, o)) session::current().fail("refusal", a.text + " was refused: " + model::show(o.result));
    return false;
  }
  const outside_simulation heap;
  lease_book& book = books_[a.lease];
  book.held.insert(book.held.end(), tokens.begin(), tokens.end());
  return true;
}

// Each attempt is an operation of its own, so its refusal is judged like any other. Between two of them the thread is in no
// operation: that it is blocked there is what it asked for.
outcome scenario_program::allocate_in_turn(const operation& op) {
  const std::unique_ptr<checks::waiting_place> place = subject_->queue_for_pages(op.subject);
  if (place == nullptr) session::current().fail("refusal", "the cache has no queue for pages");
  for (;;) {
    place->wait();
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
  const outcome o = perform({.kind = operation_kind::fork, .subject = a.source, .forked = a.lease});
  if (o.result != model::status::ok) {
    if (!may_refuse(a, o)) session::current().fail("refusal", a.text + " was refused: " + model::show(o.result));
    return false;
  }
  {
    const outside_simulation heap;
    books_[a.lease].space = books_[a.source].space;
    books_[a.lease].wanted = books_[a.source].wanted;
    books_[a.lease].held = books_[a.source].held;
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
  return checks::digest(std::span(book.held).first(end), book.space);
}

void scenario_program::write(model::lease l) {
  lease_book& book = books_[l];
  for (std::size_t i = book.last.cached; i < written_pages(book); ++i) {
    const std::uint64_t value = digest_of_page(book, i);
    {
      const outside_simulation heap;
      const auto [meant, is_new] = written_.try_emplace(value);
      const std::size_t end = std::min(book.held.size(), (i + 1) * config_.tokens_per_page);
      if (is_new) meant->second = join(std::span(book.held).first(end), book.space);
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
                                                 meaning(found) + " where the lease has " + join(book.held, book.space));
  }
}

std::string scenario_program::meaning(std::uint64_t content) const {
  if (content == 0) return "nothing";
  const auto found = written_.find(content);
  return found == written_.end() ? "what nobody wrote" : "the content of " + found->second;
}

// Every release is followed by what a confused caller might do (I9): neither may do anything.
void scenario_program::release(model::lease l) {
  session& s = session::current();
  perform({.kind = operation_kind::release, .subject = l});
  const outcome again = subject_->perform({.kind = operation_kind::release, .subject = l});
  if (again.result != model::status::ok) s.fail("lease-state", "I9: a second release was refused: " + model::show(again.result));
  const outcome late = subject_->perform({.kind = operation_kind::publish, .subject = l});
  if (late.result != model::status::lease_closed) s.fail("lease-state", "I9: a released lease could publish");
  const outcome more = subject_->perform({.kind = operation_kind::allocate, .subject = l, .tokens = {1}});
  if (more.result != model::status::lease_closed) s.fail("lease-state", "I9: a released lease could allocate");
}

void scenario_program::check_end() {
  session& s = session::current();
  const checks::structure end = subject_->inspect();
  const model::statistics reported = subject_->stats();
  std::vector<std::uint64_t> contents;
  for (model::page p = 0; p < end.pages.size(); ++p) contents.push_back(contents_->read(p));

  std::optional<violation> wrong;
  {
    const outside_simulation heap;
    const auto first = [&](const char* kind, std::optional<std::string> found) {
      if (!wrong && found) wrong = violation{kind, *std::move(found)};
    };
    first("structure", checks::check_structure(end));
    first("pins", checks::check_pins(end, {}));
    first("conservation", checks::check_conservation(end, reported, counted_));
    first("conservation", answers_.check());
    if (events_) first("events", book_.check_rest(end));
    if (events_) first("events", book_.check_evictions(reported.evicted_pages));
    if (!wrong) wrong = check_contents(end, contents);
  }
  if (wrong) s.fail(wrong->kind.c_str(), wrong->message);
  shut_down(reported.evicted_pages);
  {
    const outside_simulation heap;
    if (auto found = history_.check(end.pages, end.eviction_order)) wrong = violation{"linearizability", *std::move(found)};
  }
  if (wrong) s.fail(wrong->kind.c_str(), wrong->message);
}

// To the events a shutdown is a clear.
void scenario_program::shut_down(std::uint64_t evicted_before) {
  session& s = session::current();
  if (events_) {
    const outside_simulation heap;
    book_.begins(session::outside_threads, {.kind = operation_kind::clear});
  }
  const std::vector<std::string> lost = subject_->shutdown();
  if (!lost.empty()) s.fail("pages-lost", "I5: after shutdown " + lost.front());
  if (!events_) return;
  const std::uint64_t evicted = subject_->stats().evicted_pages - evicted_before;
  std::optional<std::string> wrong;
  {
    const outside_simulation heap;
    outcome cleared;
    cleared.evicted = static_cast<std::size_t>(evicted);
    book_.returned(session::outside_threads, cleared);
    wrong = book_.violation();
  }
  if (wrong) s.fail("events", *wrong);
}

std::optional<violation> scenario_program::check_contents(const checks::structure& s,
                                                          const std::vector<std::uint64_t>& contents) const {
  for (model::page p = 0; p < s.pages.size(); ++p) {
    if (s.pages[p].state != model::page_state::cached) continue;
    const std::vector<model::token> path = checks::path_of(s, p);
    if (contents[p] == checks::digest(path, s.pages[p].space)) continue;
    return violation{"page-contents", "I3: page " + std::to_string(p) + " stands under " + join(path, s.pages[p].space) + ", but holds " +
                                          meaning(contents[p])};
  }
  return std::nullopt;
}

}  // namespace triecheck::explore
