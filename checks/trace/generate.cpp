#include "checks/trace/generate.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

namespace triecheck::checks {

/// Between 2^least and 2^most, not including it: every power of two equally likely, and evenly within each.
struct bit_range {
  std::uint32_t least;
  std::uint32_t most;
};

/// How a shape's conversations go. Chances are out of 256; lengths are tokens, times milliseconds.
struct shape_parameters {
  std::uint32_t prompts;  // shared ones; the k-th is chosen with a weight of 1/k
  bit_range prompt;
  std::uint32_t arrival_ms;  // the mean time between the starts of two conversations
  std::uint32_t document;    // the chance that a conversation begins with a document
  bit_range document_length;
  bit_range first_text;
  bit_range text;  // of a user or a tool, from the second turn on
  bit_range answer;
  bit_range pause;        // thinking, or waiting for a tool
  std::uint32_t another;  // the chance that a turn follows
  std::uint32_t retry;    // the chance that the turn goes back to an earlier one and goes on from there
};

namespace {

constexpr std::uint64_t longest_context = 128 * 1024;
constexpr std::uint64_t decoding_ms = 20;  // of a token of an answer
constexpr std::uint64_t highest_id = (std::uint64_t{1} << 32) / trace_block_tokens - 1;
constexpr std::uint32_t farthest_retry = 3;  // turns

constexpr shape_parameters chat = {.prompts = 1,
                                   .prompt = {10, 11},
                                   .arrival_ms = 100,
                                   .document = 48,
                                   .document_length = {12, 15},
                                   .first_text = {5, 10},
                                   .text = {4, 9},
                                   .answer = {6, 10},
                                   .pause = {12, 17},
                                   .another = 208,
                                   .retry = 8};
constexpr shape_parameters zipf = {.prompts = 64,
                                   .prompt = {9, 12},
                                   .arrival_ms = 50,
                                   .document = 0,
                                   .document_length = {0, 1},
                                   .first_text = {6, 10},
                                   .text = {5, 9},
                                   .answer = {6, 10},
                                   .pause = {12, 16},
                                   .another = 200,
                                   .retry = 0};
constexpr shape_parameters agent = {.prompts = 4,
                                    .prompt = {13, 14},
                                    .arrival_ms = 500,
                                    .document = 0,
                                    .document_length = {0, 1},
                                    .first_text = {7, 12},
                                    .text = {6, 11},
                                    .answer = {5, 8},
                                    .pause = {8, 12},
                                    .another = 244,
                                    .retry = 24};

constexpr std::array shapes = {
    trace_shape{"chat", "chats of several turns with time to think; some begin with a long document", &chat},
    trace_shape{"zipf", "64 shared system prompts, chosen by Zipf's law, and conversations that grow", &zipf},
    trace_shape{"agent", "a long shared prompt of tools, many short steps, retries that branch off", &agent},
};

// Numbers from a seed: SplitMix64 (Steele, Lea, Flood 2014).
class numbers {
 public:
  explicit numbers(std::uint64_t seed) : state_(seed) {}

  /// Evenly from 0 .. bound - 1, to within 2^-32.
  std::uint64_t below(std::uint32_t bound) { return (next() >> 32) * bound >> 32; }
  bool happens(std::uint32_t of_256) { return below(256) < of_256; }
  std::uint64_t in(bit_range range) {
    const auto power = static_cast<std::uint32_t>(std::uint64_t{1} << (range.least + below(range.most - range.least)));
    return power + below(power);
  }

 private:
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e37'79b9'7f4a'7c15;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

// What a request sends, as the ids of its blocks.
struct context {
  std::uint64_t length = 0;
  std::vector<std::uint64_t> ids;
};

struct conversation {
  context so_far;
  std::uint32_t space = 0;
  std::uint64_t answer = 0;            // tokens that the latest request was answered with
  std::vector<std::uint64_t> lengths;  // of the context, at each request that the present one grew from
};

class generator {
 public:
  generator(const shape_parameters& p, std::uint64_t seed, std::uint32_t namespaces)
      : p_(p), namespaces_(namespaces), random_(seed), random_spaces_(~seed) {
    std::uint64_t sum = 0;
    for (std::uint32_t k = 1; k <= p_.prompts; ++k) {
      context& prompt = prompts_.emplace_back();
      grow(prompt, random_.in(p_.prompt));
      weight_sums_.push_back(sum += (std::uint64_t{1} << 24) / k);
    }
  }

  trace_row next() {
    if (waiting_.empty() || next_arrival_ms_ <= waiting_.begin()->first.first) start();
    auto node = waiting_.extract(waiting_.begin());
    conversation& c = node.mapped();
    const auto [now_ms, number] = node.key();
    trace_row row;
    row.timestamp_ms = static_cast<double>(now_ms);
    row.input_length = c.so_far.length;
    row.hash_ids = c.so_far.ids;
    row.space = c.space;
    row.output_length = c.answer = random_.in(p_.answer);
    c.lengths.push_back(c.so_far.length);
    if (random_.happens(p_.another) && go_on(c)) {
      node.key().first = now_ms + row.output_length * decoding_ms + random_.in(p_.pause);
      waiting_.insert(std::move(node));
    }
    return row;
  }

 private:
  // Appends `tokens` of new text. A partial block becomes another one with it.
  void grow(context& c, std::uint64_t tokens) {
    c.length += tokens;
    c.ids.resize((c.length - tokens) / trace_block_tokens);
    while (c.ids.size() * trace_block_tokens < c.length) {
      if (next_id_ > highest_id) throw std::length_error("the trace needs more hash ids than the format has");
      c.ids.push_back(next_id_++);
    }
  }

  void start() {
    conversation c;
    c.space = static_cast<std::uint32_t>(random_spaces_.below(namespaces_));
    const auto all = static_cast<std::uint32_t>(weight_sums_.back());
    const auto chosen = std::upper_bound(weight_sums_.begin(), weight_sums_.end(), random_.below(all));
    c.so_far = prompts_[static_cast<std::size_t>(chosen - weight_sums_.begin())];
    grow(c.so_far, random_.in(random_.happens(p_.document) ? p_.document_length : p_.first_text));
    waiting_.emplace(std::pair(next_arrival_ms_, started_++), std::move(c));
    next_arrival_ms_ += random_.below(2 * p_.arrival_ms + 1);
  }

  // The context of the next turn; false where it would be too long. A retry forgets what came behind an earlier
  // request, and that request's answer is another one then.
  bool go_on(conversation& c) {
    if (random_.happens(p_.retry)) {
      const std::size_t back = std::min<std::size_t>(random_.below(farthest_retry), c.lengths.size() - 1);
      c.lengths.resize(c.lengths.size() - back);
      c.so_far.length = c.lengths.back();
      c.so_far.ids.resize(c.so_far.length / trace_block_tokens);
      c.answer = random_.in(p_.answer);
    }
    grow(c.so_far, c.answer + random_.in(p_.text));
    return c.so_far.length <= longest_context;
  }

  const shape_parameters& p_;
  const std::uint32_t namespaces_;
  numbers random_;
  numbers random_spaces_;
  std::uint64_t next_id_ = 0;
  std::vector<context> prompts_;
  std::vector<std::uint64_t> weight_sums_;
  std::uint64_t started_ = 0;
  std::uint64_t next_arrival_ms_ = 0;
  std::map<std::pair<std::uint64_t, std::uint64_t>, conversation> waiting_;  // by time, then by number
};

}  // namespace

std::span<const trace_shape> trace_shapes() { return shapes; }

const trace_shape* find_shape(const std::string& name) {
  const auto found = std::find_if(shapes.begin(), shapes.end(), [&](const trace_shape& s) { return s.name == name; });
  return found == shapes.end() ? nullptr : &*found;
}

trace generate_trace(const trace_shape& shape, std::uint64_t requests, std::uint64_t seed, std::uint32_t namespaces) {
  generator g(*shape.parameters, seed, namespaces);
  trace t;
  t.rows.reserve(requests);
  while (t.rows.size() < requests) t.rows.push_back(g.next());
  return t;
}

std::string to_json_line(const trace_row& row) {
  std::string line = "{\"timestamp\": " + std::to_string(static_cast<std::uint64_t>(row.timestamp_ms)) +
                     ", \"input_length\": " + std::to_string(row.input_length) +
                     ", \"output_length\": " + std::to_string(row.output_length) + ", \"hash_ids\": [";
  for (std::size_t i = 0; i < row.hash_ids.size(); ++i) line += (i == 0 ? "" : ", ") + std::to_string(row.hash_ids[i]);
  return line + "]" + (row.space == 0 ? "" : ", \"namespace\": " + std::to_string(row.space)) + "}\n";
}

trace_summary summarize(const trace& t) {
  trace_summary s;
  std::set<std::pair<std::uint32_t, std::uint64_t>> seen;
  for (const trace_row& row : t.rows) {
    ++s.requests;
    s.input_tokens += row.input_length;
    s.output_tokens += row.output_length;
    s.full_blocks += row.input_length / trace_block_tokens;
    for (std::uint64_t i = 0; i < row.input_length / trace_block_tokens; ++i) {
      s.reused_blocks += seen.emplace(row.space, row.hash_ids[i]).second ? 0 : 1;
    }
  }
  return s;
}

}  // namespace triecheck::checks
