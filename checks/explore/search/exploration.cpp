#include "checks/explore/search/exploration.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "checks/process/interrupts.h"
#include "checks/report/json_number.h"

namespace triecheck::explore {

using checks::whole_number;
using checks::whole_number_at;
using nlohmann::json;

namespace {

// A space of fewer executions is not worth cutting.
constexpr std::uint64_t first_look = 65'536;
constexpr std::size_t none = static_cast<std::size_t>(-1);
constexpr std::size_t enough_samples = 16;
constexpr const char* interrupt = "an interrupt";

std::string dump(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

json to_json(const run_tally& t) { return {t.executions, t.redundant, t.steps}; }

run_tally read_tally(const json& j) {
  return {.executions = whole_number<std::uint64_t>(j.at(0), "executions"),
          .redundant = whole_number<std::uint64_t>(j.at(1), "redundant"),
          .steps = whole_number<std::uint64_t>(j.at(2), "steps")};
}

run_tally& operator+=(run_tally& into, const run_tally& more) {
  into.executions += more.executions;
  into.redundant += more.redundant;
  into.steps += more.steps;
  return into;
}

// In which operation of which thread a process ended.
std::string whereabouts(const checks::place_in_run& p) {
  if (p.kind.empty()) return "";
  const std::string who = p.thread < max_threads ? "thread " + std::to_string(p.thread) : "the setup or the end";
  return ", in operation " + std::to_string(p.operation) + " of " + who + ": " + p.kind;
}

}  // namespace

judgement verdict_of(const findings& f) {
  using checks::verdict;
  if (f.broken) return {verdict::error, f.broken->error_kind, f.broken->error + whereabouts(f.broken->where), ""};
  if (f.found) {
    const bool is_undecided = f.found->kind == "undecided";  // what a check says that cannot judge its execution
    return {is_undecided ? verdict::incomplete : verdict::fail, f.found->kind, f.found->message, ""};
  }
  if (!f.error.empty()) return {verdict::error, f.error_kind, f.error, ""};
  judgement j{f.complete && f.undecided == 0 ? verdict::pass : verdict::incomplete, "", "", ""};
  if (f.undecided != 0) {
    j.scope += "; the linearizability of " + std::to_string(f.undecided) + " histories is undecided";
  }
  if (!f.stopped.empty()) j.scope += "; stopped by " + f.stopped;
  return j;
}

std::uint64_t digest(const std::string& text) {
  std::uint64_t d = 0;
  for (const char c : text) d = hashed(d, static_cast<unsigned char>(c));
  return d;
}

json to_json(const run_outcome& o) {
  json j = {{"tally", to_json(static_cast<const run_tally&>(o))},
            {"complete", o.complete},
            {"stopped", o.stopped},
            {"path", show(o.path)},
            {"preemptions", o.preemptions},
            {"error", o.error},
            {"error_kind", o.error_kind}};
  if (o.found) j["violation"] = {o.found->kind, o.found->message};
  return j;
}

run_outcome read_outcome(const json& j) {
  run_outcome o;
  static_cast<run_tally&>(o) = read_tally(j.at("tally"));
  o.complete = j.at("complete");
  o.stopped = j.at("stopped");
  std::string why;
  o.path = parse_schedule(j.at("path").get<std::string>(), why).value_or(schedule{});
  o.preemptions = j.at("preemptions");
  o.error = j.at("error");
  o.error_kind = j.at("error_kind");
  if (j.contains("violation")) o.found = violation{j["violation"].at(0), j["violation"].at(1)};
  return o;
}

/// What the processes of one run share. Lives in shared memory.
struct exploration::common {
  std::atomic<std::size_t> next{0};          ///< in the order of the pieces: the first one that nobody has taken
  std::atomic<std::size_t> last{none};       ///< pieces behind this one need not run any more: it failed
  std::atomic<std::uint64_t> executions{0};  ///< counted by this round's pieces, earlier processes included
};

exploration::exploration(program_factory make, const search_options& o, std::uint64_t name)
    : make_(std::move(make)), options_(o), strategy_(known_strategy(o.strategy)), space_(name) {}

bool exploration::out_of_budget() const {
  return options_.budget && std::chrono::steady_clock::now() - started_ >= *options_.budget;
}

run_options exploration::options_for(std::uint64_t executions) const {
  return {.by = strategy_.by,
          .bounds = {.stale_depth = options_.stale_depth,
                     .spurious = options_.spurious,
                     .reuses_memory = options_.reuses_memory,
                     .runaway_steps = options_.runaway_steps},
          .context_bound = options_.preemptions,
          .executions = executions,
          .first_iteration = options_.seed,
          .out_of_time = [this](const run_tally&) { return out_of_budget(); }};
}

run_tally exploration::counted() const {
  run_tally all = earlier_;
  for (const piece_state& p : pieces_) all += p.counted;
  return all;
}

std::size_t exploration::undecided() const {
  return std::accumulate(pieces_.begin(), pieces_.end(), earlier_undecided_,
                         [](std::size_t sum, const piece_state& p) { return sum + p.undecided; });
}

std::optional<estimate> exploration::expected() const {
  if (strategy_.draws_at_random) {
    const auto all = static_cast<double>(options_.executions);
    return estimate{.executions = all, .low = all, .high = all};
  }
  if (!strategy_.walks_whole_tree()) return std::nullopt;
  std::vector<double> done;
  std::vector<double> rest;
  for (const piece_state& p : pieces_) (p.done ? done : rest).push_back(static_cast<double>(p.counted.executions));
  if (pieces_.size() > 1 && done.size() >= enough_samples) return estimate_total(done, rest);
  return std::nullopt;
}

exploration_status exploration::status() const {
  exploration_status s;
  s.executions = counted().executions;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  s.seconds = earlier_seconds_ + seconds;
  const std::uint64_t since = s.executions - std::min(s.executions, restored_executions_);
  s.executions_per_second = static_cast<double>(since) / std::max(seconds, 1e-3);
  s.expected = expected();
  return s;
}

// Fills the pieces of this round; false when the program already failed, or a budget ended.
bool exploration::cut_into_pieces() {
  std::vector<piece> all;
  if (strategy_.splits_by == split::numbers) {
    all = cut_numbers(options_.executions);
  } else {
    const isolated_run child = run_isolated(
        [&](progress& shared) {
          const std::unique_ptr<program> made = make_();
          const cut_space space = cut(*made, options_, round_, options_for(0), shared);
          json pieces = json::array();
          for (const piece& p : space.pieces) pieces.push_back(show(p));
          return dump({{"pieces", pieces}, {"cut", space.cut}, {"listing", to_json(space.listing)}});
        },
        options_.patience);
    if (child.answer.empty()) {
      found_.broken = child;
      return false;
    }
    const json answer = json::parse(child.answer);
    const run_outcome listing = read_outcome(answer.at("listing"));
    if (!listing.complete) {
      take_failure(listing);
      return false;
    }
    cut_ = answer.at("cut");
    for (const json& text : answer.at("pieces")) all.push_back(parse_piece(text));
  }
  pieces_.clear();
  for (piece& p : all) {
    for (const char c : show(p)) space_ = hashed(space_, static_cast<unsigned char>(c));
    if (!options_.shard || shard_of(p, options_.shard->count) == options_.shard->index) {
      pieces_.push_back({.what = std::move(p), .counted = {}, .position = {}});
    }
  }
  return true;
}

void exploration::take_failure(const run_outcome& o) {
  found_.found = o.found;
  found_.error = o.error;
  found_.error_kind = o.error_kind;
  found_.path = o.path;
  found_.preemptions = o.preemptions;
  if (!o.stopped.empty()) found_.stopped = o.stopped;
}

// One process: takes pieces until there are none, or one before its next has failed.
std::string exploration::work(progress& shared, const message_sender& send, common& all,
                              const std::vector<std::size_t>& order) {
  const std::string no_more = "{}";
  const bool guided = strategy_.by == search::guided;
  const bool limited = limit_ != 0 && !strategy_.draws_at_random;
  const std::unique_ptr<program> made = make_();
  for (;;) {
    const std::size_t at = all.next.fetch_add(1);
    if (at >= order.size() || at > all.last || (limited && all.executions >= limit_)) return no_more;
    const piece_state& state = pieces_[order[at]];
    const std::size_t undecided_before = made->undecided();
    const auto tell = [&](json j, const run_tally& more) {
      run_tally sum = state.counted;
      sum += more;
      j.update({{"piece", order[at]},
                {"tally", to_json(sum)},
                {"undecided", state.undecided + made->undecided() - undecided_before}});
      send(dump(j));
    };
    const auto chooser = make_strategy(options_, state.what, state.position);
    auto told = std::chrono::steady_clock::now();
    std::uint64_t added = 0;
    const auto add_up = [&](const run_tally& t) {
      all.executions += t.executions - std::exchange(added, t.executions);
    };
    run_options o = options_for(!guided   ? limit_
                                : limited ? limit_ - std::min<std::uint64_t>(all.executions, limit_ - 1)
                                          : 0);
    o.out_of_time = [&](const run_tally& t) {
      add_up(t);
      const auto now = std::chrono::steady_clock::now();
      if (now - told > std::chrono::milliseconds(200)) {
        told = now;
        tell({{"position", chooser->position()}}, t);
      }
      const bool seen_enough = looking_ && t.executions + t.redundant >= first_look;
      return out_of_budget() || at > all.last || seen_enough || (limited && all.executions >= limit_);
    };
    run_outcome out = explore::run(*made, *chooser, o, shared);
    add_up(out);
    const bool failed = out.found || !out.error.empty();
    if (!out.stopped.empty() && !out_of_budget()) {
      out.stopped = at > all.last ? "" : std::to_string(limit_) + " executions";
    }
    json last = to_json(out);
    last.update({{"position", out.complete || failed ? "" : chooser->position()}, {"cut", chooser->cut()}});
    tell(std::move(last), out);
    if (failed) {
      for (std::size_t old = all.last; at < old && !all.last.compare_exchange_weak(old, at);) {
      }
    }
    if (!out.complete) return no_more;
  }
}

void exploration::hear(const json& message, const std::vector<std::size_t>& order) {
  const std::size_t index = message.at("piece");
  piece_state& state = pieces_.at(index);
  state.counted = read_tally(message.at("tally"));
  state.undecided = message.at("undecided");
  state.position = message.at("position");
  if (!message.contains("complete")) return;
  const run_outcome out = read_outcome(message);
  state.done = out.complete;
  cut_ = cut_ || message.at("cut").get<bool>();
  if (out.found || !out.error.empty()) {
    const auto at = static_cast<std::size_t>(std::find(order.begin(), order.end(), index) - order.begin());
    if (at > failed_at_) return;
    failed_at_ = at;
    take_failure(out);
  } else if (!out.stopped.empty() && found_.stopped.empty()) {
    found_.stopped = out.stopped;
  }
}

void exploration::explore_pieces(const std::function<void(const exploration_status&)>& tick) {
  std::vector<std::size_t> order(pieces_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!strategy_.draws_at_random) order = order_of_pieces(pieces_.size());
  std::erase_if(order, [&](std::size_t i) { return pieces_[i].done; });
  void* memory = mmap(nullptr, sizeof(common), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no shared memory for an exploration");
  common& all = *new (memory) common;
  all.executions = counted().executions;
  failed_at_ = none;

  const std::size_t processes = std::clamp<std::size_t>(order.size(), 1, options_.jobs);
  const std::vector<isolated_body> bodies(
      processes, [&](progress& shared, const message_sender& send) { return work(shared, send, all, order); });
  isolation_listener listener;
  listener.heard = [&](std::size_t, const std::string& message) { hear(json::parse(message), order); };
  listener.tick = [&](const std::vector<const progress*>&) {
    if (tick) tick(status());
    if (std::chrono::steady_clock::now() - saved_ >= options_.save_every) save();
  };
  try {
    for (const isolated_run& child : run_isolated(bodies, options_.patience, listener)) {
      if (child.answer.empty() && !found_.broken) found_.broken = child;
    }
  } catch (const checks::interruption&) {
    if (!ended()) found_.stopped = interrupt;
  }
  munmap(memory, sizeof(common));
  save();
}

bool exploration::ended() const {
  return found_.found || !found_.error.empty() || found_.broken || !found_.stopped.empty();
}

findings exploration::result() {
  static_cast<run_tally&>(found_) = counted();
  found_.undecided = undecided();
  found_.space = space_;
  found_.seconds = status().seconds;
  found_.complete =
      !ended() && std::all_of(pieces_.begin(), pieces_.end(), [](const piece_state& p) { return p.done; });
  if (!found_.complete && !found_.found) found_.expected = expected();
  if (found_.found && found_.executions == 0) found_.executions = 1;  // while the pieces were listed
  return found_;
}

bool exploration::to_be_cut() const {
  return strategy_.splits_by != split::none && (options_.shard || options_.jobs > 1 || options_.save);
}

// Explores the space whole; false when it is too large for that, and nothing was found.
bool exploration::take_a_look(const std::function<void(const exploration_status&)>& tick) {
  // Pieces are of use where several processes share them, or where they tell how large the whole is.
  const bool may_be_cut = strategy_.splits_by == split::beginnings && (to_be_cut() || strategy_.walks_whole_tree());
  looking_ = may_be_cut && (limit_ == 0 || limit_ > first_look);
  if (looking_) limit_ = first_look;
  pieces_ = {piece_state{}};
  explore_pieces(tick);
  const bool larger = looking_ && !found_.stopped.empty() && !out_of_budget() && found_.stopped != interrupt;
  looking_ = false;
  if (!larger) return true;
  limit_ = options_.executions;
  found_ = {};
  pieces_.clear();
  return false;
}

findings exploration::run(const std::function<void(const exploration_status&)>& tick) {
  try {
    explore_space(tick);
  } catch (const checks::interruption&) {
    if (!ended()) found_.stopped = interrupt;
  }
  return result();
}

unsigned exploration::last_round() const { return strategy_.counts_preemptions ? options_.preemptions : 0; }

void exploration::explore_space(const std::function<void(const exploration_status&)>& tick) {
  limit_ = options_.executions;
  const bool whole = !to_be_cut() || (!strategy_.draws_at_random && !options_.shard);
  if (pieces_.empty() && whole && take_a_look(tick)) return;
  for (;;) {
    if (pieces_.empty() && !cut_into_pieces()) return;
    explore_pieces(tick);
    // A shard does not know whether the bound kept out something of the others.
    if (ended() || round_ == last_round() || (!cut_ && !options_.shard)) return;
    earlier_ = counted();
    earlier_undecided_ = undecided();
    pieces_.clear();
    ++round_;
  }
}

json exploration::state() const {
  json pieces = json::array();
  for (const piece_state& p : pieces_) {
    pieces.push_back({show(p.what), p.done, to_json(p.counted), p.undecided, p.position});
  }
  json j = {{"round", round_},
            {"cut", cut_},
            {"pieces", pieces},
            {"space", space_},
            {"earlier", to_json(earlier_)},
            {"earlier_undecided", earlier_undecided_},
            {"seconds", status().seconds}};
  return j;
}

void exploration::restore(const json& state) {
  try {
    read_state(state);
  } catch (const std::exception& e) {
    throw restore_error(e.what());
  }
}

exploration::piece_state exploration::read_piece(const json& state) const {
  piece_state p{.what = parse_piece(state.at(0)),
                .done = state.at(1),
                .counted = read_tally(state.at(2)),
                .undecided = whole_number<std::size_t>(state.at(3), "undecided"),
                .position = state.at(4)};
  const bool is_drawn = p.what.is == piece::form::numbers;
  const bool fits =
      p.what.is == piece::form::whole || strategy_.splits_by == (is_drawn ? split::numbers : split::beginnings);
  if (!fits) throw std::runtime_error("'" + show(p.what) + "' is no piece of this strategy");
  if (make_strategy(options_, p.what, p.position)->position() != p.position) {
    throw std::runtime_error("'" + p.position + "' is not a position of this search");
  }
  // Without a position it begins anew, and counts anew.
  if (!p.done && p.position.empty()) p.counted = {};
  if (!p.done && p.position.empty()) p.undecided = 0;
  return p;
}

void exploration::read_state(const json& state) {
  round_ = whole_number_at<unsigned>(state, "round");
  cut_ = state.at("cut");
  space_ = whole_number_at<std::uint64_t>(state, "space");
  earlier_ = read_tally(state.at("earlier"));
  earlier_undecided_ = whole_number_at<std::size_t>(state, "earlier_undecided");
  earlier_seconds_ = state.at("seconds");
  if (round_ > last_round()) throw std::runtime_error("there is no round " + std::to_string(round_));
  for (const json& p : state.at("pieces")) {
    try {
      pieces_.push_back(read_piece(p));
    } catch (const std::exception& e) {
      throw std::runtime_error("piece " + std::to_string(pieces_.size()) + ": " + e.what());
    }
  }
  restored_executions_ = counted().executions;
}

void exploration::save() {
  saved_ = std::chrono::steady_clock::now();
  if (options_.save && !looking_) options_.save(state());
}

}  // namespace triecheck::explore
