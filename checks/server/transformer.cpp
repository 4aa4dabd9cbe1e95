#include "checks/server/transformer.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <span>
#include <utility>

namespace triecheck::server {
namespace {

// Steele, Lea, Flood: SplitMix64.
std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

class weights {
 public:
  explicit weights(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() { return mixed(state_ += 0x9e3779b97f4a7c15); }

  template <class Matrix>
  void fill(Matrix& m) {
    for (auto& row : m) {
      for (auto& w : row) w = static_cast<std::int32_t>(next() >> 60) - 8;
    }
  }

 private:
  std::uint64_t state_;
};

// A number from -64 to 63, in the scale of the residual: as large as what a layer adds.
std::int64_t embedded(std::uint64_t seed, std::uint64_t what, std::size_t component) {
  const std::uint64_t drawn = mixed(seed + mixed(what * transformer::width + component));
  return (static_cast<std::int64_t>(drawn >> 57) - 64) * (std::int64_t{1} << 20);
}

template <std::size_t rows, std::size_t columns, class Vector>
auto product(const std::array<std::array<std::int32_t, columns>, rows>& m, const Vector& v) {
  std::array<std::int64_t, rows> result{};
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) result[i] += std::int64_t{m[i][j]} * v[j];
  }
  return result;
}

std::array<std::int32_t, transformer::width> norm(const transformer::state& x) {
  std::int64_t largest = 1;
  for (const std::int64_t component : x) largest = std::max(largest, std::abs(component));
  std::array<std::int32_t, transformer::width> result{};
  for (std::size_t i = 0; i < x.size(); ++i) result[i] = static_cast<std::int32_t>(x[i] * 127 / largest);
  return result;
}

std::int64_t score(const std::int64_t* query, const std::int32_t* key) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < transformer::head_dimension; ++i) sum += query[i] * key[i];
  return sum;
}

// Of a key whose score is `below` less than the highest. Components of queries and keys are less
// than 2^8 and 2^7, so a score is less than 2^18 in size, and `below` less than 2^19.
std::int64_t weight(std::int64_t below) {
  return static_cast<std::int64_t>((std::uint64_t{1} << 24) >> (below >> 13)) + ((std::int64_t{1} << 19) - below);
}

std::int64_t average(std::int64_t sum, std::int64_t weights) {
  const std::int64_t scaled = sum * (std::int64_t{1} << 16);
  const auto remainder = static_cast<std::uint64_t>(scaled % weights);
  const std::uint64_t lower = mixed(remainder + mixed(static_cast<std::uint64_t>(weights)));
  return scaled / weights + static_cast<std::int64_t>(lower >> 48);
}

}  // namespace

transformer::transformer(std::uint64_t seed) : seed_(mixed(seed)) {
  weights drawn(seed_);
  for (layer& l : layers_) {
    for (auto* m : {&l.query, &l.key, &l.value, &l.output}) drawn.fill(*m);
    drawn.fill(l.up);
    drawn.fill(l.down);
  }
  for (auto& row : unembedding_) {
    for (std::uint32_t& w : row) w = static_cast<std::uint32_t>(drawn.next() >> 32) | 1;
  }
}

transformer::state transformer::advance(token t, std::size_t position, const kv_rows& rows) const {
  state x;
  for (std::size_t i = 0; i < width; ++i) {
    x[i] = embedded(seed_, t, i) + embedded(~seed_, position, i);
  }
  for (std::size_t number = 0; number < layers; ++number) {
    const layer& weights = layers_[number];
    attend(weights, number, position, rows, x);
    std::array<std::int64_t, hidden> inner = product(weights.up, norm(x));
    for (std::int64_t& component : inner) component = std::max<std::int64_t>(component, 0) * 256;
    const state added = product(weights.down, inner);
    for (std::size_t i = 0; i < width; ++i) x[i] += added[i];
  }
  return x;
}

void transformer::attend(const layer& weights, std::size_t number, std::size_t position, const kv_rows& rows,
                         state& x) const {
  const auto h = norm(x);
  state query = product(weights.query, h);
  for (std::int64_t& component : query) component = (component >> 7) * 2 + 1;
  std::int32_t* const own = rows.at(position) + number * 2 * width;
  const state key = product(weights.key, h);
  const state value = product(weights.value, h);
  for (std::size_t i = 0; i < width; ++i) {
    own[i] = static_cast<std::int32_t>(key[i] >> 7);
    own[width + i] = static_cast<std::int32_t>(value[i] >> 7);
  }

  std::vector<std::int64_t> scores(position + 1);
  state averages{};
  for (std::size_t first = 0; first < width; first += head_dimension) {
    const auto keys = [&](std::size_t p) { return rows.at(p) + number * 2 * width + first; };
    std::int64_t highest = 0;
    for (std::size_t p = 0; p <= position; ++p) {
      scores[p] = score(&query[first], keys(p));
      highest = std::max(highest, scores[p]);
    }
    std::int64_t all = weight(highest);  // of the sink
    for (std::size_t p = 0; p <= position; ++p) {
      const std::int64_t w = weight(highest - scores[p]);
      all += w;
      for (std::size_t i = 0; i < head_dimension; ++i) averages[first + i] += w * keys(p)[width + i];
    }
    for (std::size_t i = 0; i < head_dimension; ++i) averages[first + i] = average(averages[first + i], all);
  }
  const state added = product(weights.output, averages);
  for (std::size_t i = 0; i < width; ++i) x[i] += added[i];
}

transformer::logits transformer::logits_of(const state& s) const {
  logits row{};
  for (std::size_t t = 0; t < vocabulary; ++t) {
    for (std::size_t i = 0; i < width; ++i) row[t] += unembedding_[t][i] * static_cast<std::uint32_t>(s[i]);
  }
  return row;
}

std::vector<token> transformer::most_likely(const logits& row, std::size_t count) {
  std::vector<token> order(vocabulary);
  std::iota(order.begin(), order.end(), token{0});
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(order.begin(), end, order.end(),
                    [&](token a, token b) { return row[a] != row[b] ? row[a] > row[b] : a < b; });
  order.erase(end, order.end());
  return order;
}

std::vector<token> transformer::continuation(std::vector<token> prompt, std::size_t max_tokens,
                                             std::size_t choice) const {
  const std::size_t all = prompt.size() + max_tokens;
  page_memory memory(1, all, ints_per_token);
  const page_id page{0};
  const kv_rows rows = memory.rows({&page, 1});
  const std::size_t given = prompt.size();
  for (std::size_t position = 0; prompt.size() < all; ++position) {
    const state s = advance(prompt[position], position, rows);
    if (position + 1 < prompt.size()) continue;
    const std::size_t rank = prompt.size() == given ? choice : 0;
    prompt.push_back(most_likely(logits_of(s), rank + 1).back());
  }
  prompt.erase(prompt.begin(), prompt.begin() + static_cast<std::ptrdiff_t>(given));
  return prompt;
}

}  // namespace triecheck::server
