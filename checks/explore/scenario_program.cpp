#include "checks/explore/scenario_program.h"

#include <algorithm>
#include <map>

#include "checks/oracles/events.h"
#include "checks/oracles/structure.h"

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

scenario_program::scenario_program(const checks::scenario& s, checks::subject_factory make, model::refusals rule,
                                   checks::at_one_instant together)
    : config_{.pages = s.pages, .tokens_per_page = s.tokens_per_page, .policy = s.policy},
      events_(s.events),
      make_(make),
      rule_(rule),
      together_(together),
      ownership_(0, 0),
      history_(config_, rule) {
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
    action a{.kind = s.kind, .tokens = s.tokens, .space = s.space, .count = s.count, .or_stop = s.or_stop, .text = s.text};
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
    clears_ = pages_cleared_ = 0;
  }
  // Plain new: what a violation leaves behind belongs to the simulation, and goes with it.
  contents_ = new checks::page_contents<relacy_sync>(config_.pages);
  subject_ = make_(config_, leases_).release();
  if (events_ && !subject_->follow_events()) session::current().fail("events", "the cache tells no events");
  if (!init_.empty()) session::current().title("[init]");
  run(init_);
  session::current().title("[threads]");
}

void scenario_program::finish() {
  session::current().title("[final]");
  run(final_);
  check_end();
  delete subject_;
  delete contents_;
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
    case step_kind::publish: perform({.kind = operation_kind::publish, .subject = a.lease}); return true;
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
  outcome o = subject_->perform(op);
  const checks::interval when = s.end_operation();
  std::optional<std::string> wrong;
  {
    const outside_simulation heap;
    history_.record(op, o, when);
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
  if (events_) check_events(op, o);
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

void scenario_program::check_events(const operation& op, const outcome& o) {
  if (op.kind == operation_kind::clear) {
    ++clears_;
    pages_cleared_ += o.evicted;
  }
  const checks::event_book& book = *subject_->events();
  std::optional<std::string> wrong;
  {
    const outside_simulation heap;
    wrong = book.violation();
    const bool holds_pages = op.kind != operation_kind::release && o.result == model::status::ok;
    if (!wrong && holds_pages) wrong = book.check_chain(std::span(o.pages).first(o.cached));
  }
  if (wrong) session::current().fail("events", *wrong);
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
  books_[a.lease].held.assign(a.tokens.begin(), a.tokens.begin() + static_cast<std::ptrdiff_t>(matched));
}

bool scenario_program::grow(const action& a, const std::vector<model::token>& tokens) {
  const outcome o = perform({.kind = operation_kind::allocate, .subject = a.lease, .tokens = tokens});
  if (o.result != model::status::ok) {
    if (!may_refuse(a, o)) session::current().fail("refusal", a.text + " was refused: " + model::show(o.result));
    return false;
  }
  const outside_simulation heap;
  lease_book& book = books_[a.lease];
  book.held.insert(book.held.end(), tokens.begin(), tokens.end());
  return true;
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
  const lease_book& book = books_[l];
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
  const checks::event_book* book = events_ ? subject_->events() : nullptr;
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
    if (book != nullptr) first("events", book->check_rest(end, clears_, pages_cleared_));
    if (!wrong) wrong = check_contents(end, contents);
  }
  if (wrong) s.fail(wrong->kind.c_str(), wrong->message);
  const std::vector<std::string> lost = subject_->shutdown();
  if (!lost.empty()) s.fail("pages-lost", "I5: after shutdown " + lost.front());
  {
    const outside_simulation heap;
    if (auto found = history_.check(end.pages)) wrong = violation{"linearizability", *std::move(found)};
  }
  if (wrong) s.fail(wrong->kind.c_str(), wrong->message);
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
