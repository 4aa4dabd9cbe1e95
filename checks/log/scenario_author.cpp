#include "checks/log/scenario_author.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checks/log/cut.h"
#include "checks/log/small_tokens.h"

namespace triecheck::checks {
namespace {

using model::operation_kind;

constexpr std::size_t most_threads = 4;
constexpr std::size_t most_scenario_pages = 64;

// A lease of the window as its steps are written.
struct lease_text {
  std::string name;
  std::size_t thread = 0;
  bool is_open = false;                // in the thread
  std::vector<model::token> tokens;    // that it holds in the log
  std::vector<std::uint32_t> full;     // the small tokens of all that it ever holds, or was looked up for
  std::vector<model::block_key> keys;  // of the blocks of these
  std::size_t wanted = 0;              // small tokens of the lookup that no allocation has taken yet; 0: none are
  std::size_t written = 0;             // small tokens that were written, or found
  std::size_t held = 0;                // small tokens
  std::size_t cached = 0;              // pages, in the log
};

class scenario_author {
 public:
  scenario_author(const logged_run& run, const window_history& h)
      : run_(run), h_(h), small_(run.tokens_per_page, has_partial()) {}

  scenario write() {
    program_.pages = h_.config.pages;
    program_.tokens_per_page = small_.tokens_per_page();
    follow_tokens();
    write_init();
    fill_pool();
    assign_threads();
    for (const model::event& e : h_.events) write_step(e);
    close_leases();
    // Two threads at least: what evicts nothing changes nothing.
    if (program_.threads.size() == 1) program_.threads.push_back({step{.kind = step_kind::evict, .count = 0}});
    if (program_.threads.empty()) throw cut_error("the window has no operation that a scenario could run");
    if (program_.pages > most_scenario_pages) {
      throw cut_error("the window needs " + std::to_string(program_.pages) + " pages, and a scenario has at most " +
                      std::to_string(most_scenario_pages) + " (ask for smaller windows with --operations)");
    }
    return std::move(program_);
  }

 private:
  bool has_partial() const {
    std::map<model::lease, std::size_t> tokens;
    bool partial = false;
    const auto add = [&](const model::event& e) {
      const bool ok = e.observed.result == model::status::ok;
      std::size_t& held = tokens[e.op.subject];
      if (e.op.kind == operation_kind::lookup) held = e.observed.cached * run_.tokens_per_page;
      if (e.op.kind == operation_kind::allocate && ok) held += e.op.tokens.size();
      if (e.op.kind == operation_kind::fork && ok) tokens[e.op.forked] = held;
      partial = partial || held % run_.tokens_per_page != 0 ||
                (e.op.kind == operation_kind::lookup && e.op.tokens.size() % run_.tokens_per_page != 0);
    };
    std::for_each(h_.before.begin(), h_.before.end(), add);
    std::for_each(h_.events.begin(), h_.events.end(), add);
    return partial;
  }

  // What each lease holds in the end, in small tokens. A request that was looked up for more than it then got is
  // known to the end of what it was looked up for.
  void follow_tokens() {
    std::map<model::lease, std::vector<model::token>> held, asked;
    std::map<model::lease, model::held_keys> keys, asked_keys;
    const auto add = [&](const model::event& e) {
      std::vector<model::token>& own = held[e.op.subject];
      const bool ok = e.observed.result == model::status::ok;
      if (e.op.kind == operation_kind::lookup) {
        own = asked[e.op.subject] = e.op.tokens;
        own.resize(std::min(own.size(), e.observed.cached * run_.tokens_per_page));
        keys[e.op.subject].look_up(e.op.keys, e.observed.cached);
        asked_keys[e.op.subject].look_up(e.op.keys, e.op.tokens.size() / run_.tokens_per_page);
      }
      if (e.op.kind == operation_kind::allocate && ok) {
        keys[e.op.subject].append(e.op.keys, own.size(), own.size() + e.op.tokens.size(), run_.tokens_per_page);
        own.insert(own.end(), e.op.tokens.begin(), e.op.tokens.end());
      }
      if (e.op.kind == operation_kind::fork && ok) {
        held[e.op.forked] = own;
        keys[e.op.forked] = keys[e.op.subject];
      }
    };
    std::for_each(h_.before.begin(), h_.before.end(), add);
    std::for_each(h_.events.begin(), h_.events.end(), add);
    for (auto& [lease, tokens] : held) {
      const std::vector<model::token>& wanted = asked[lease];
      const bool is_prefix = wanted.size() > tokens.size() && std::equal(tokens.begin(), tokens.end(), wanted.begin());
      leases_[lease].full = small_.of(is_prefix ? wanted : tokens);
      leases_[lease].keys = (is_prefix ? asked_keys : keys)[lease].list();
    }
  }

  // ---- [init]

  void write_init() {
    for (std::size_t i = 0; i < h_.before.size(); ++i) {
      const model::event& e = h_.before[i];
      if (e.op.kind == operation_kind::publish)
        program_.init.push_back({.kind = step_kind::request,
                                 .tokens = leases_[e.op.subject].full,
                                 .space = space_of(e.op.subject),
                                 .keys = leases_[e.op.subject].keys});
      if (e.op.kind == operation_kind::lookup) spaces_[e.op.subject] = e.op.space;
      if (!h_.held.contains(e.op.subject)) continue;
      lease_text& l = leases_[e.op.subject];
      if (e.op.kind == operation_kind::lookup) {
        l.name = new_name();
        l.tokens = e.op.tokens;
        l.held = l.written = small_.count(e.op.tokens.size());
        l.cached = e.observed.cached;
        std::vector<std::uint32_t> tokens(l.full.begin(), l.full.begin() + static_cast<std::ptrdiff_t>(l.held));
        if (tokens.empty()) tokens.push_back(small_.unused());
        program_.init.push_back(
            {.kind = step_kind::lookup, .lease = l.name, .tokens = tokens, .space = e.op.space, .keys = l.keys});
      } else {
        allocate(program_.init, l, e.op, e.observed, false);
        write_pages(program_.init, l);
      }
    }
    for (const model::lease number : h_.held)
      program_.init.push_back({.kind = step_kind::give, .lease = leases_[number].name});
  }

  // A lease that was given a page twice touches fewer pages than it asked for. The pool has room for the largest
  // request, and another one holds the rest, so that pages are as scarce as they were.
  void fill_pool() {
    std::size_t largest = 0;
    for (const auto& [number, l] : leases_)
      largest = std::max(largest, (l.full.size() + small_.tokens_per_page() - 1) / small_.tokens_per_page());
    if (largest <= program_.pages) return;
    const std::size_t rest = largest - program_.pages;
    program_.pages = largest;
    const std::string name = new_name();
    program_.init.push_back({.kind = step_kind::lookup, .lease = name, .tokens = {small_.unused()}});
    step more{.kind = step_kind::extend, .lease = name};
    for (std::size_t i = 0; i < rest * small_.tokens_per_page(); ++i) more.tokens.push_back(small_.unused());
    program_.init.push_back(more);
    program_.init.push_back({.kind = step_kind::give, .lease = name});
    program_.final.push_back({.kind = step_kind::take, .lease = name, .source = name});
    program_.final.push_back({.kind = step_kind::release, .lease = name});
  }

  std::string new_name() { return "r" + std::to_string(++names_); }
  model::key_space space_of(model::lease l) { return spaces_[l]; }

  // ---- Threads

  struct request_life {
    std::vector<const model::event*> events;
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  // The lease that a fork comes from, over all forks.
  model::lease root_of(model::lease l) const {
    for (auto found = forked_from_.find(l); found != forked_from_.end(); found = forked_from_.find(l))
      l = found->second;
    return l;
  }

  void assign_threads() {
    for (const model::event& e : h_.events) {
      if (e.op.kind == operation_kind::fork) forked_from_[e.op.forked] = e.op.subject;
    }
    std::vector<request_life> lives;
    std::map<model::lease, std::size_t> life_of;
    for (std::size_t i = 0; i < h_.events.size(); ++i) {
      const model::event& e = h_.events[i];
      const bool has_lease = e.op.kind != operation_kind::evict && e.op.kind != operation_kind::clear;
      std::size_t at = lives.size();
      if (has_lease) at = life_of.try_emplace(root_of(e.op.subject), at).first->second;
      if (at == lives.size()) lives.push_back({.begin = e.called});
      lives[at].events.push_back(&e);
      lives[at].end = std::max(lives[at].end, e.returned);
    }
    std::vector<request_life> threads;
    for (const request_life& life : lives) {
      const std::size_t t = thread_for(life, threads);
      if (t == threads.size()) threads.push_back({});
      for (const model::event* e : life.events) thread_of_[e] = t;
      threads[t].events.insert(threads[t].events.end(), life.events.begin(), life.events.end());
      threads[t].end = std::max(threads[t].end, life.end);
    }
    program_.threads.resize(threads.size());
  }

  static std::size_t thread_for(const request_life& life, const std::vector<request_life>& threads) {
    for (std::size_t t = 0; t < threads.size(); ++t) {
      if (threads[t].end < life.begin && threads.size() >= 2) return t;
    }
    if (threads.size() < most_threads) return threads.size();
    std::vector<std::size_t> overlaps;
    for (const request_life& t : threads) {
      std::size_t count = 0;
      for (const model::event* a : t.events) {
        for (const model::event* b : life.events) count += a->called <= b->returned && b->called <= a->returned;
      }
      overlaps.push_back(count);
    }
    return static_cast<std::size_t>(std::min_element(overlaps.begin(), overlaps.end()) - overlaps.begin());
  }

  // ---- Steps

  void write_step(const model::event& e) {
    steps_of& steps = program_.threads[thread_of_.at(&e)];
    const bool ok = e.observed.result == model::status::ok;
    if (e.op.kind == operation_kind::evict) return steps.push_back({.kind = step_kind::evict, .count = e.op.count});
    if (e.op.kind == operation_kind::clear) return steps.push_back({.kind = step_kind::clear});
    lease_text& l = leases_[e.op.subject];
    if (e.op.kind != operation_kind::lookup && !open(steps, l, e.op.subject)) return;
    l.thread = thread_of_.at(&e);
    switch (e.op.kind) {
      case operation_kind::lookup:
        look_up(steps, l, e);
        break;
      case operation_kind::allocate:
        allocate(steps, l, e.op, e.observed, true);
        break;
      case operation_kind::publish:
        publish(steps, l, e);
        break;
      case operation_kind::release:
        close(steps, l);
        break;
      case operation_kind::fork:
        if (!ok) break;
        write_pages(steps, l);
        fork(steps, l, e);
        break;
      default:
        break;
    }
  }

  using steps_of = std::vector<step>;

  // A lease of [init] is taken where it is used first. False where the lease is not open.
  bool open(steps_of& steps, lease_text& l, model::lease number) {
    if (l.is_open) return true;
    if (!h_.held.contains(number) || taken_.contains(number)) return false;
    taken_.insert(number);
    l.is_open = true;
    steps.push_back({.kind = step_kind::take, .lease = l.name, .source = l.name});
    return true;
  }

  // The server looks up what it is going to allocate for, but for the last token, perhaps. Where the last token
  // fills no block the scenario looks up all, so that one step allocates the rest, whatever the lookup found.
  void look_up(steps_of& steps, lease_text& l, const model::event& e) {
    l = {.name = new_name(), .thread = l.thread, .is_open = true, .full = l.full, .keys = l.keys};
    l.tokens = e.op.tokens;
    l.tokens.resize(std::min(l.tokens.size(), e.observed.cached * run_.tokens_per_page));
    l.held = l.written = small_.count(l.tokens.size());
    l.cached = e.observed.cached;
    std::size_t looked_up = std::min(small_.count(e.op.tokens.size()), l.full.size());
    const std::size_t next = first_allocation(e);
    const std::size_t per_page = small_.tokens_per_page();
    if (next > looked_up && next / per_page == looked_up / per_page) looked_up = next;
    l.wanted = next >= looked_up ? looked_up : 0;
    std::vector<std::uint32_t> tokens(l.full.begin(), l.full.begin() + static_cast<std::ptrdiff_t>(looked_up));
    if (tokens.empty()) tokens.push_back(small_.unused());
    steps.push_back(
        {.kind = step_kind::lookup, .lease = l.name, .tokens = tokens, .space = e.op.space, .keys = l.keys});
  }

  // How many small tokens the lease holds after its first allocation; none where it has none.
  std::size_t first_allocation(const model::event& lookup) const {
    for (const model::event& e : h_.events) {
      if (e.op.kind == operation_kind::allocate && e.op.subject == lookup.op.subject) {
        return small_.count(lookup.observed.cached * run_.tokens_per_page + e.op.tokens.size());
      }
    }
    return 0;
  }

  void allocate(steps_of& steps, lease_text& l, const model::operation& op, const model::outcome& o, bool may_stop) {
    const std::size_t before = l.held;
    const std::size_t tokens = l.tokens.size() + op.tokens.size();
    const std::size_t now = std::min(small_.count(tokens), l.full.size());
    const std::size_t per_page = small_.tokens_per_page();
    const std::size_t wanted_pages = (tokens + op.extra_slots + run_.tokens_per_page - 1) / run_.tokens_per_page;
    const std::size_t extra = op.extra_slots != 0 && wanted_pages * per_page > now ? wanted_pages * per_page - now : 0;
    const std::size_t rest = l.wanted;
    step s{.kind = step_kind::allocate,
           .lease = l.name,
           .extra_slots = static_cast<std::uint32_t>(extra),
           .or_stop = may_stop};
    if (rest > before || (now == before && extra != 0)) steps.push_back(s);
    const std::size_t from = std::max(before, rest);
    if (now > from) {
      s.kind = step_kind::extend;
      s.keys = l.keys;
      s.tokens.assign(l.full.begin() + static_cast<std::ptrdiff_t>(from),
                      l.full.begin() + static_cast<std::ptrdiff_t>(now));
      steps.push_back(s);
    }
    // Where the log has a refusal the scenario goes on as if there were none, or its thread ends.
    l.held = now;
    l.wanted = 0;
    if (o.result == model::status::ok) l.tokens.insert(l.tokens.end(), op.tokens.begin(), op.tokens.end());
  }

  void write_pages(steps_of& steps, lease_text& l) {
    if (l.written == l.held) return;
    steps.push_back({.kind = step_kind::write, .lease = l.name});
    l.written = l.held;
  }

  void publish(steps_of& steps, lease_text& l, const model::event& e) {
    // Decoding publishes after each token; what fills no page publishes nothing.
    const std::size_t full = small_.count(e.op.computed_tokens / run_.tokens_per_page * run_.tokens_per_page);
    if (e.op.computed_tokens / run_.tokens_per_page <= l.cached) return;
    l.cached = e.observed.cached;
    write_pages(steps, l);
    step s{.kind = step_kind::publish, .lease = l.name};
    if (full / small_.tokens_per_page() < l.held / small_.tokens_per_page())
      s.computed = static_cast<std::uint32_t>(full);
    steps.push_back(s);
  }

  void fork(steps_of& steps, const lease_text& l, const model::event& e) {
    lease_text& other = leases_[e.op.forked];
    other = {.name = new_name(),
             .thread = l.thread,
             .is_open = true,
             .tokens = l.tokens,
             .full = other.full,
             .keys = other.keys,
             .wanted = 0,
             .written = l.written,
             .held = l.held,
             .cached = l.cached};
    steps.push_back({.kind = step_kind::fork, .lease = other.name, .source = l.name, .or_stop = true});
  }

  void close(steps_of& steps, lease_text& l) {
    write_pages(steps, l);
    if (l.held != 0) steps.push_back({.kind = step_kind::read, .lease = l.name});
    steps.push_back({.kind = step_kind::release, .lease = l.name});
    l.is_open = false;
  }

  // What is open when the window ends is read and released by its thread; what nobody used, behind all threads.
  void close_leases() {
    for (auto& [number, l] : leases_) {
      if (l.is_open) close(program_.threads[l.thread], l);
    }
    for (const model::lease number : h_.held) {
      if (taken_.contains(number)) continue;
      lease_text& l = leases_[number];
      program_.final.push_back({.kind = step_kind::take, .lease = l.name, .source = l.name});
      close(program_.final, l);
    }
  }

  const logged_run& run_;
  const window_history& h_;
  small_tokens small_;
  scenario program_;
  std::map<model::lease, lease_text> leases_;
  std::map<model::lease, model::key_space> spaces_;
  std::map<model::lease, model::lease> forked_from_;
  std::map<const model::event*, std::size_t> thread_of_;
  std::set<model::lease> taken_;
  std::size_t names_ = 0;
};

}  // namespace

scenario scenario_of(const logged_run& run, const window_history& h) { return scenario_author(run, h).write(); }

}  // namespace triecheck::checks
