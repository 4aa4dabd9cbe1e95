// Draws workloads for RapidCheck and says how to make one smaller.
//
// The choices are drawn one by one from RapidCheck's random numbers, not composed from its generators: each depends on
// what the commands before it left behind. Shrinking therefore works on the finished workload, by edits that are cheap
// to list and applied only when RapidCheck asks for them.
#include "checks/properties/workload_generator.h"

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <rapidcheck.h>

namespace triecheck::checks {
namespace {

constexpr std::size_t most_drawn_pages = 8;
constexpr std::size_t most_drawn_tokens_per_page = 3;
constexpr std::size_t fewest_drawn_slots = 2;
constexpr std::size_t most_drawn_slots = 6;
constexpr std::size_t documents_drawn = 3;
constexpr std::size_t most_distinct_tokens = 3;

// How far the request in a slot has come, as far as that can be known without running anything.
enum class stage : std::uint8_t { idle, opened, allocated, published };

class workload_author {
 public:
  workload_author(const rc::Random& random, int size, std::size_t max_length, model::eviction_policy policy)
      : random_(random),
        spaces_(rc::Random(random).split()),
        parts_(rc::Random(spaces_).split()),
        ages_(rc::Random(parts_).split()),
        asked_(rc::Random(ages_).split()),
        forgotten_(rc::Random(asked_).split()),
        keys_(rc::Random(forgotten_).split()),
        times_(rc::Random(keys_).split()) {
    drawn_.cache.policy = policy;
    drawn_.cache.pages = between(1, most_drawn_pages);
    drawn_.cache.tokens_per_page = between(1, most_drawn_tokens_per_page);
    capacity_tokens_ = drawn_.cache.pages * drawn_.cache.tokens_per_page;
    grows_old_ = ages_.next() % 6 == 0;
    has_keys_ = keys_.next() % 3 == 0;
    stages_.assign(between(fewest_drawn_slots, most_drawn_slots), stage::idle);
    draw_documents();
    // RapidCheck raises the size beyond its nominal end after discarded cases; the limit stays the limit.
    const std::size_t scale = static_cast<std::size_t>(std::clamp(size, 0, rc::kNominalSize));
    const std::size_t longest = max_length * scale / rc::kNominalSize;
    for (std::size_t left = between(1, std::max<std::size_t>(1, longest)); left != 0; --left) {
      drawn_.commands.push_back(draw_command());
    }
  }

  workload take() && { return std::move(drawn_); }

 private:
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_.next() % end); }
  std::size_t between(std::size_t first, std::size_t last) { return first + below(last - first + 1); }
  bool one_in(std::size_t n) { return below(n) == 0; }

  // Documents are longer than the cache, and each begins with a piece of the first.
  void draw_documents() {
    distinct_tokens_ = between(1, most_distinct_tokens);
    for (std::size_t d = 0; d < documents_drawn; ++d) {
      std::vector<model::token> document;
      if (d != 0) document.assign(documents_[0].begin(), documents_[0].begin() + drawn_length(capacity_tokens_));
      while (document.size() <= capacity_tokens_ + drawn_.cache.tokens_per_page) document.push_back(draw_token());
      documents_.push_back(std::move(document));
    }
  }

  std::ptrdiff_t drawn_length(std::size_t most) { return static_cast<std::ptrdiff_t>(below(most + 1)); }

  model::token draw_token() { return static_cast<model::token>(below(distinct_tokens_)); }

  std::vector<model::token> draw_request() {
    const std::vector<model::token>& document = documents_[below(documents_.size())];
    // Most requests are short, so that several fit into the cache at once.
    const std::size_t short_length = 2 * drawn_.cache.tokens_per_page;
    const std::size_t most = one_in(4) ? document.size() : std::min(document.size(), short_length);
    std::vector<model::token> request(document.begin(), document.begin() + drawn_length(most));
    if (one_in(4)) append_tokens(request, drawn_.cache.tokens_per_page);
    return request;
  }

  void append_tokens(std::vector<model::token>& tokens, std::size_t most) {
    for (std::size_t left = between(1, most); left != 0; --left) tokens.push_back(draw_token());
  }

  // Mostly the one, so that requests meet; now and then another, so that they must not. From a separate stream of
  // numbers: the rest of a workload does not depend on it.
  model::key_space draw_space() {
    static constexpr std::array<model::key_space, 4> others = {1, std::uint64_t{1} << 32, std::uint64_t{1} << 63,
                                                               std::uint64_t{1} << 32 | 1};
    return spaces_.next() % 6 == 0 ? others[spaces_.next() % others.size()] : 0;
  }

  // Of the first blocks. Few numbers, so that requests meet, some of which differ in one half only.
  std::vector<model::block_key> draw_keys() {
    static constexpr std::array<std::uint64_t, 3> some = {1, std::uint64_t{1} << 32, std::uint64_t{1} << 32 | 1};
    std::vector<model::block_key> keys;
    if (!has_keys_ || keys_.next() % 4 == 0) return keys;
    for (std::size_t block = 0; block < 3; ++block) {
      if (keys_.next() % 2 == 0) keys.push_back({block, some[keys_.next() % 8 < 6 ? 0 : 1 + keys_.next() % 2]});
    }
    return keys;
  }

  // Mostly none, sometimes a page or so, rarely more than there is; once in a while more than can be added up.
  std::size_t draw_extra_slots() {
    if (!one_in(6)) return 0;
    if (one_in(50)) return std::numeric_limits<std::size_t>::max();
    return one_in(8) ? between(1, capacity_tokens_ + 1) : between(1, drawn_.cache.tokens_per_page + 1);
  }

  bool has_priorities() const { return drawn_.cache.policy == model::eviction_policy::priority; }

  // Half of the publications and releases ask for something, most of these until a time within the workload. A few
  // priorities suffice, so that pages meet in one, and next to one.
  model::retention draw_retention() {
    if (!has_priorities() || times_.next() % 2 == 0) return {};
    static constexpr std::array<unsigned, 6> some = {1, 2, 50, 51, 100, 101};
    model::retention keep{.priority = some[times_.next() % some.size()]};
    if (times_.next() % 4 != 0) keep.expires_at = now_ + times_.next() % 6;
    return keep;
  }

  // Now and then a step back, which changes nothing.
  command pass_time() {
    if (now_ != 0 && times_.next() % 8 == 0)
      return {.kind = command_kind::set_time, .count = static_cast<std::size_t>(times_.next() % now_)};
    now_ += times_.next() % 4;
    return {.kind = command_kind::set_time, .count = now_};
  }

  // A prompt is asked for again and again, for less and for longer each time, until it has more retentions than are
  // kept; then time passes. Another prompt has some priority meanwhile.
  command descend(std::size_t slot) {
    const std::size_t document = static_cast<std::size_t>(times_.next() % documents_.size());
    cache_prompt(slot, (document + 1) % documents_.size(), 1);
    next_.back().keep.priority = 50 + static_cast<unsigned>(times_.next() % 6);
    cache_prompt(slot, document, 1);
    for (unsigned i = 0; i < 5; ++i) {
      next_.push_back({.kind = command_kind::lookup, .slot = slot, .tokens = leading_pages(document, 1)});
      next_.push_back({.kind = command_kind::release, .slot = slot, .keep = {55 - i, now_ + i + 1}});
    }
    for (std::size_t i = 0; i < 5; ++i) next_.push_back({.kind = command_kind::set_time, .count = ++now_});
    return next_command();
  }

  // Every page of the pool is a prompt with an end, in any order; some ends change; then time passes.
  command end_page_by_page(std::size_t slot) {
    const std::size_t pages = drawn_.cache.pages;
    const auto ask = [&](std::size_t page, unsigned priority) {
      const std::vector<model::token> prompt(drawn_.cache.tokens_per_page, static_cast<model::token>(10 + page));
      next_.push_back({.kind = command_kind::lookup, .slot = slot, .tokens = prompt});
      next_.push_back({.kind = command_kind::allocate_rest, .slot = slot});
      next_.push_back({.kind = command_kind::publish, .slot = slot});
      next_.push_back({.kind = command_kind::release, .slot = slot, .keep = {priority, now_ + 1 + times_.next() % 8}});
    };
    for (std::size_t other = 0; other < stages_.size(); ++other) {
      stages_[other] = stage::idle;
      next_.push_back({.kind = command_kind::release, .slot = other});
    }
    next_.push_back({.kind = command_kind::clear});
    for (std::size_t page = 0; page < pages; ++page) ask(page, 10 + static_cast<unsigned>(times_.next() % 4));
    for (unsigned i = 0; i < 4; ++i) ask(static_cast<std::size_t>(times_.next() % pages), 14 + i);
    for (std::size_t i = 0; i < 8; ++i) next_.push_back({.kind = command_kind::set_time, .count = ++now_});
    return next_command();
  }

  command draw_command() {
    if (!next_.empty()) return next_command();
    const std::size_t slot = below(stages_.size());
    if (grows_old_ && ages_.next() % 2 == 0) return aging_command(slot);
    if (parts_.next() % 24 == 0) return rare_command(slot);
    if (asked_.next() % 10 == 0) return question(slot);
    if (!grows_old_ && forgotten_.next() % 20 == 0) return forget();  // what is forgotten does not grow old
    if (has_priorities() && times_.next() % 10 == 0) return pass_time();
    if (has_priorities() && stages_[slot] == stage::idle && times_.next() % 40 == 0)
      return times_.next() % 2 == 0 ? descend(slot) : end_page_by_page(slot);
    const std::size_t die = below(100);
    if (die < 62) return next_in_life(slot);
    if (die < 70) return extend(slot);
    if (die < 78) return fork(slot);
    if (die < 82) return {.kind = command_kind::evict, .count = below(drawn_.cache.pages + 2)};
    if (die < 83) return {.kind = command_kind::clear};
    if (die < 90) return release(slot);
    if (die < 95) return publish(slot);
    return allocate_rest(slot);
  }

  // Prompts are used again and again, and pages are evicted one by one: those that are not used meanwhile are much
  // older than the others.
  command aging_command(std::size_t slot) {
    if (stages_[slot] != stage::idle) return next_in_life(slot);
    if (ages_.next() % 8 == 0) return leave_behind(slot);
    if (ages_.next() % 2 == 0) return {.kind = command_kind::evict, .count = 1};
    return reuse(slot);
  }

  // One prompt is cached and then not used while another is: its pages become leaves long after their last use.
  command leave_behind(std::size_t slot) {
    const std::size_t document = static_cast<std::size_t>(ages_.next() % documents_.size());
    const std::size_t other = (document + 1) % documents_.size();
    cache_prompt(slot, document, 2);
    cache_prompt(slot, other, 1);
    command used{.kind = command_kind::reuse, .slot = slot, .tokens = leading_pages(other, 1)};
    used.count = 65 + static_cast<std::size_t>(ages_.next() % 100);
    next_.push_back(std::move(used));
    for (int i = 0; i < 3; ++i) next_.push_back({.kind = command_kind::evict, .count = 1});
    return next_command();
  }

  void cache_prompt(std::size_t slot, std::size_t document, std::size_t pages) {
    next_.push_back({.kind = command_kind::lookup, .slot = slot, .tokens = leading_pages(document, pages)});
    next_.push_back({.kind = command_kind::allocate_rest, .slot = slot});
    next_.push_back({.kind = command_kind::publish, .slot = slot});
    next_.push_back({.kind = command_kind::release, .slot = slot});
  }

  std::vector<model::token> leading_pages(std::size_t document, std::size_t pages) const {
    const std::vector<model::token>& all = documents_[document];
    const std::size_t tokens = std::min(all.size(), pages * drawn_.cache.tokens_per_page);
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(tokens)};
  }

  command next_command() {
    command next = std::move(next_.front());
    next_.pop_front();
    return next;
  }

  command rare_command(std::size_t slot) {
    switch (parts_.next() % 8) {
      case 0:
        return {.kind = command_kind::foreign};
      case 2:
      case 3:
        if (stages_[slot] == stage::idle) return reuse(slot);
        [[fallthrough]];
      case 1:
        stages_[slot] = stage::idle;
        return {.kind = command_kind::drop, .slot = slot};
      default:
        return {.kind = command_kind::hand_over, .slot = slot};
    }
  }

  // What a scheduler asks for.
  command question(std::size_t slot) {
    if (asked_.next() % 2 == 0)
      return {.kind = command_kind::match, .tokens = draw_request(), .space = draw_space(), .keys = draw_keys()};
    command c{.kind = command_kind::shrink, .slot = slot};
    if (asked_.next() % 3 != 0) c.computed = static_cast<std::size_t>(asked_.next() % (capacity_tokens_ + 1));
    return c;
  }

  // Mostly a page or two, where requests meet; now and then a whole namespace.
  command forget() {
    command c{.kind = command_kind::forget, .space = draw_space(), .keys = draw_keys()};
    const std::vector<model::token>& document = documents_[forgotten_.next() % documents_.size()];
    const std::size_t length = forgotten_.next() % 8 == 0
                                   ? 0
                                   : (1 + forgotten_.next() % 3) * drawn_.cache.tokens_per_page + forgotten_.next() % 2;
    c.tokens.assign(document.begin(),
                    document.begin() + static_cast<std::ptrdiff_t>(std::min(length, document.size())));
    return c;
  }

  bool draw_free_only() { return asked_.next() % 6 == 0; }

  // Half of the time more often than the clocks of two threads can differ by, so that what lies still meanwhile is old.
  command reuse(std::size_t slot) {
    command c{.kind = command_kind::reuse,
              .slot = slot,
              .tokens = draw_request(),
              .space = draw_space(),
              .keys = draw_keys()};
    c.count = parts_.next() % 2 == 0 ? 65 + parts_.next() % 100 : 1 + parts_.next() % 8;
    return c;
  }

  command next_in_life(std::size_t slot) {
    switch (stages_[slot]) {
      case stage::idle:
        stages_[slot] = stage::opened;
        return {.kind = command_kind::lookup,
                .slot = slot,
                .tokens = draw_request(),
                .space = draw_space(),
                .keys = draw_keys()};
      case stage::opened:
        return allocate_rest(slot);
      case stage::allocated:
        stages_[slot] = stage::published;
        return publish(slot);
      case stage::published:
        return one_in(3) ? extend(slot) : release(slot);
    }
    return {};
  }

  // Mostly all; now and then what was computed so far, which may be less than the last time.
  command publish(std::size_t slot) {
    command c{.kind = command_kind::publish, .slot = slot};
    if (parts_.next() % 5 == 0) c.computed = static_cast<std::size_t>(parts_.next() % (capacity_tokens_ + 1));
    c.keep = draw_retention();
    return c;
  }

  command allocate_rest(std::size_t slot) {
    if (stages_[slot] != stage::idle) stages_[slot] = stage::allocated;
    return {.kind = command_kind::allocate_rest,
            .slot = slot,
            .extra_slots = draw_extra_slots(),
            .free_only = draw_free_only()};
  }

  command extend(std::size_t slot) {
    if (stages_[slot] != stage::idle) stages_[slot] = stage::allocated;
    command c{.kind = command_kind::extend,
              .slot = slot,
              .keys = draw_keys(),
              .extra_slots = draw_extra_slots(),
              .free_only = draw_free_only()};
    append_tokens(c.tokens, one_in(20) ? capacity_tokens_ + 1 : drawn_.cache.tokens_per_page);
    return c;
  }

  command fork(std::size_t slot) {
    // Into the next slot that is free; where none seems to be, an earlier refusal may have left one free after all.
    std::size_t other = (slot + 1) % stages_.size();
    while (other != slot && stages_[other] != stage::idle) other = (other + 1) % stages_.size();
    if (other == slot) other = (slot + 1 + below(stages_.size() - 1)) % stages_.size();
    if (stages_[other] == stage::idle) stages_[other] = stages_[slot];
    return {.kind = command_kind::fork, .slot = slot, .other = other};
  }

  command release(std::size_t slot) {
    stages_[slot] = stage::idle;
    return {.kind = command_kind::release, .slot = slot, .keep = draw_retention()};
  }

  rc::Random random_;
  rc::Random spaces_;
  rc::Random parts_;
  rc::Random ages_;
  rc::Random asked_;
  rc::Random forgotten_;
  rc::Random keys_;
  rc::Random times_;
  bool grows_old_ = false;
  bool has_keys_ = false;
  workload drawn_;
  std::size_t capacity_tokens_ = 0;
  std::size_t distinct_tokens_ = 0;
  std::vector<std::vector<model::token>> documents_;
  std::vector<stage> stages_;
  std::deque<command> next_;  // what was begun and comes before anything is drawn
  std::size_t now_ = 0;       // the clock of the caller
};

// One way to make a workload smaller. What `first` and `second` are depends on the kind.
struct edit {
  enum class kind_type : std::uint8_t {
    drop_range,       ///< commands first .. second - 1
    drop_two,         ///< the commands first and second
    lookup_for_fork,  ///< the command first, a fork, becomes a lookup of its source's request
    source_for_fork,  ///< the command first, a fork, goes; its source is used in place of its target from then on
    fewer_pages,      ///< first pages are left
    page_of_request,  ///< one page less, and a page's tokens less in the command first
    page_of_extra,    ///< one page less, and a page's extra slots less in the command first
    fewer_per_page,   ///< first tokens per page are left; requests lose the same share of each block
    rename_token,     ///< every token first becomes second
    keep_tokens,      ///< the command first keeps its leading second tokens
    zero_token,       ///< the command first, its token second
    lower_extra,      ///< the command first gets second extra slots
    lower_count,      ///< the command first evicts second pages, reuses second times, or says that it is second
    publish_all,      ///< the command first, a publication or a shrink, takes all tokens
    lower_computed,   ///< the command first publishes what second tokens fill, or keeps second tokens
    evict_too,        ///< the command first, an allocation, may evict
    one_space,        ///< every lookup asks in the namespace 0
    zero_space,       ///< the command first, a lookup, asks in the namespace 0
    one_space_more,   ///< every lookup in the namespace first asks in the namespace 1
    no_keys,          ///< no command names a key
    drop_key,         ///< the command first loses its key number second
    key_one,          ///< the command first, its key number second, is 1
    drop_retention,   ///< the command first, a publication or a release, asks for nothing
    lower_priority,   ///< the command first, likewise, asks for priority second
    lower_expiry,     ///< the command first, likewise, asks until second
    renumber_slots,   ///< slots are numbered in the order of their first use
  };
  kind_type kind;
  std::size_t first = 0;
  std::size_t second = 0;
};

// A block keeps its leading tokens, so that what matched before still matches and the trie keeps its shape.
void keep_share_of_blocks(std::vector<model::token>& tokens, std::size_t from_per_page, std::size_t to_per_page) {
  std::vector<model::token> kept;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i % from_per_page < to_per_page) kept.push_back(tokens[i]);
  }
  tokens = std::move(kept);
}

command lookup_like_fork(const std::vector<command>& commands, std::size_t fork) {
  command like{.kind = command_kind::lookup, .slot = commands[fork].other};
  for (std::size_t i = 0; i < fork; ++i) {
    const bool of_source = commands[i].kind == command_kind::lookup && commands[i].slot == commands[fork].slot;
    if (!of_source) continue;
    like.tokens = commands[i].tokens;
    like.space = commands[i].space;
    like.keys = commands[i].keys;
  }
  return like;
}

void use_source_for_fork(std::vector<command>& commands, std::size_t fork) {
  const command gone = commands[fork];
  commands.erase(commands.begin() + static_cast<std::ptrdiff_t>(fork));
  for (std::size_t i = fork; i < commands.size(); ++i) {
    if (commands[i].slot == gone.other) commands[i].slot = gone.slot;
    if (commands[i].other == gone.other) commands[i].other = gone.slot;
  }
}

void renumber_slots_of(workload& w) {
  std::map<std::size_t, std::size_t> number;
  const auto renumber = [&](std::size_t& slot) { slot = number.emplace(slot, number.size()).first->second; };
  for (command& c : w.commands) {
    if (c.kind == command_kind::evict || c.kind == command_kind::clear || c.kind == command_kind::foreign ||
        c.kind == command_kind::match || c.kind == command_kind::forget || c.kind == command_kind::set_time)
      continue;
    renumber(c.slot);
    if (c.kind == command_kind::fork) renumber(c.other);
  }
}

workload edited(workload w, const edit& e) {
  using enum edit::kind_type;
  const auto at = [&](std::size_t i) { return w.commands.begin() + static_cast<std::ptrdiff_t>(i); };
  switch (e.kind) {
    case drop_range:
      w.commands.erase(at(e.first), at(e.second));
      break;
    case drop_two:
      w.commands.erase(at(e.second));  // the later one first: the index of the earlier one stays true
      w.commands.erase(at(e.first));
      break;
    case lookup_for_fork:
      w.commands[e.first] = lookup_like_fork(w.commands, e.first);
      break;
    case source_for_fork:
      use_source_for_fork(w.commands, e.first);
      break;
    case fewer_pages:
      w.cache.pages = e.first;
      break;
    case page_of_request: {
      std::vector<model::token>& tokens = w.commands[e.first].tokens;
      tokens.resize(tokens.size() - std::min(tokens.size(), w.cache.tokens_per_page));
      --w.cache.pages;
      break;
    }
    case page_of_extra:
      w.commands[e.first].extra_slots -= std::min(w.commands[e.first].extra_slots, w.cache.tokens_per_page);
      --w.cache.pages;
      break;
    case fewer_per_page:
      for (command& c : w.commands) keep_share_of_blocks(c.tokens, w.cache.tokens_per_page, e.first);
      w.cache.tokens_per_page = e.first;
      break;
    case rename_token:
      for (command& c : w.commands) {
        for (model::token& t : c.tokens) {
          if (t == e.first) t = static_cast<model::token>(e.second);
        }
      }
      break;
    case keep_tokens:
      w.commands[e.first].tokens.resize(e.second);
      break;
    case zero_token:
      w.commands[e.first].tokens[e.second] = 0;
      break;
    case lower_extra:
      w.commands[e.first].extra_slots = e.second;
      break;
    case lower_count:
      w.commands[e.first].count = e.second;
      break;
    case publish_all:
      w.commands[e.first].computed.reset();
      break;
    case lower_computed:
      w.commands[e.first].computed = e.second;
      break;
    case one_space:
      for (command& c : w.commands) c.space = 0;
      break;
    case zero_space:
      w.commands[e.first].space = 0;
      break;
    case one_space_more:
      for (command& c : w.commands) {
        if (c.space == e.first) c.space = 1;
      }
      break;
    case no_keys:
      for (command& c : w.commands) c.keys.clear();
      break;
    case drop_key:
      w.commands[e.first].keys.erase(w.commands[e.first].keys.begin() + static_cast<std::ptrdiff_t>(e.second));
      break;
    case key_one:
      w.commands[e.first].keys[e.second].key = 1;
      break;
    case evict_too:
      w.commands[e.first].free_only = false;
      break;
    case drop_retention:
      w.commands[e.first].keep = {};
      break;
    case lower_priority:
      w.commands[e.first].keep.priority = static_cast<unsigned>(e.second);
      break;
    case lower_expiry:
      w.commands[e.first].keep.expires_at = e.second;
      break;
    case renumber_slots:
      renumber_slots_of(w);
      break;
  }
  return w;
}

// Long workloads lose aligned halves, quarters, ..: about two attempts per command. Short ones lose any range and any
// two commands, because what is left of a lookup and its release is often far apart.
void list_drops(const workload& w, std::vector<edit>& edits) {
  using enum edit::kind_type;
  constexpr std::size_t short_enough_for_ranges = 32;
  constexpr std::size_t short_enough_for_pairs = 20;
  const std::size_t count = w.commands.size();
  if (count > short_enough_for_ranges) {
    for (std::size_t length = count; length != 0; length /= 2) {
      // From the end: what comes behind the failing operation is the first to go.
      for (std::size_t end = count; end >= length; end -= length) edits.push_back({drop_range, end - length, end});
    }
    return;
  }
  for (std::size_t length = count; length != 0; --length) {
    for (std::size_t end = count; end >= length; --end) edits.push_back({drop_range, end - length, end});
  }
  if (count > short_enough_for_pairs) return;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = i + 2; j < count; ++j) edits.push_back({drop_two, i, j});
  }
}

// What needs a full cache stays full when the cache loses a page only if a request loses one too.
void list_smaller_caches(const workload& w, std::vector<edit>& edits) {
  using enum edit::kind_type;
  for (std::size_t p = 1; p < w.cache.pages; ++p) edits.push_back({fewer_pages, p});
  for (std::size_t b = 1; b < w.cache.tokens_per_page; ++b) edits.push_back({fewer_per_page, b});
  for (std::size_t i = 0; i < w.commands.size() && w.cache.pages > 1; ++i) {
    if (!w.commands[i].tokens.empty()) edits.push_back({page_of_request, i});
    if (w.commands[i].extra_slots != 0) edits.push_back({page_of_extra, i});
  }
  const auto asks_elsewhere = [](const command& c) { return c.space != 0; };
  if (std::any_of(w.commands.begin(), w.commands.end(), asks_elsewhere)) edits.push_back({one_space});
  std::set<model::key_space> wide;
  for (const command& c : w.commands) {
    if (c.space > 1) wide.insert(c.space);
  }
  for (const model::key_space space : wide) edits.push_back({one_space_more, static_cast<std::size_t>(space)});
  const auto names_keys = [](const command& c) { return !c.keys.empty(); };
  if (std::any_of(w.commands.begin(), w.commands.end(), names_keys)) edits.push_back({no_keys});
  std::set<model::token> tokens;
  for (const command& c : w.commands) tokens.insert(c.tokens.begin(), c.tokens.end());
  for (const model::token from : tokens) {
    for (model::token to = 0; to < std::min<model::token>(from, most_distinct_tokens); ++to) {
      edits.push_back({rename_token, from, to});
    }
  }
}

void list_smaller_commands(const workload& w, std::vector<edit>& edits) {
  using enum edit::kind_type;
  for (std::size_t i = 0; i < w.commands.size(); ++i) {
    const command& c = w.commands[i];
    if (c.kind == command_kind::fork) {
      edits.push_back({source_for_fork, i});
      edits.push_back({lookup_for_fork, i});
    }
    for (std::size_t length = 0; length < c.tokens.size(); ++length) edits.push_back({keep_tokens, i, length});
    for (std::size_t t = 0; t < c.tokens.size(); ++t) {
      if (c.tokens[t] != 0) edits.push_back({zero_token, i, t});
    }
    if (c.space != 0) edits.push_back({zero_space, i});
    for (std::size_t k = 0; k < c.keys.size(); ++k) {
      edits.push_back({drop_key, i, k});
      if (c.keys[k].key != 1) edits.push_back({key_one, i, k});
    }
    for (std::size_t n = c.extra_slots; n != 0; n /= 2) edits.push_back({lower_extra, i, c.extra_slots - n});
    for (std::size_t n = c.count; n != 0; n /= 2) edits.push_back({lower_count, i, c.count - n});
    if (c.computed) edits.push_back({publish_all, i});
    if (c.free_only) edits.push_back({evict_too, i});
    for (std::size_t n = c.computed.value_or(0); n != 0; n /= 2) edits.push_back({lower_computed, i, *c.computed - n});
    if (c.keep == model::retention{}) continue;
    edits.push_back({drop_retention, i});
    for (unsigned n = c.keep.priority / 2; n != 0; n /= 2) edits.push_back({lower_priority, i, c.keep.priority - n});
    if (c.keep.expires_at == model::retention::for_ever) continue;
    for (std::size_t n = c.keep.expires_at; n != 0; n /= 2) edits.push_back({lower_expiry, i, c.keep.expires_at - n});
  }
}

}  // namespace

rc::Seq<workload> smaller_workloads(const workload& w) {
  std::vector<edit> edits;
  list_drops(w, edits);
  list_smaller_caches(w, edits);
  list_smaller_commands(w, edits);
  workload renumbered = w;
  renumber_slots_of(renumbered);
  if (renumbered.commands != w.commands) edits.push_back({edit::kind_type::renumber_slots});
  return rc::seq::map(rc::seq::fromContainer(std::move(edits)), [w](const edit& e) { return edited(w, e); });
}

rc::Gen<workload> workloads(std::size_t max_length, model::eviction_policy policy) {
  return [max_length, policy](const rc::Random& random, int size) {
    return rc::shrinkable::shrinkRecur(workload_author(random, size, max_length, policy).take(),
                                       [](const workload& w) { return smaller_workloads(w); });
  };
}

}  // namespace triecheck::checks
