// Workloads as words, and back.
#include "checks/properties/workload.h"

#include <algorithm>
#include <charconv>

#include "checks/subject/policies.h"

namespace triecheck::checks {
namespace {

// One letter per kind, in the order of the enumeration.
constexpr std::string_view letters = "laxprfecdhomsgut";

std::string tokens_text(const std::vector<model::token>& tokens) {
  std::string text;
  for (const model::token t : tokens) {
    text += text.empty() ? '-' : '.';
    text += std::to_string(t);
  }
  return text;
}

std::string keys_text(const std::vector<model::block_key>& keys) {
  std::string text;
  for (const model::block_key& k : keys) {
    text += text.empty() ? '=' : '.';
    text += std::to_string(k.block) + ':' + std::to_string(k.key);
  }
  return text;
}

std::string command_text(const command& c) {
  std::string text(1, letters[static_cast<std::size_t>(c.kind)]);
  if (c.kind == command_kind::clear || c.kind == command_kind::foreign) return text;
  if (c.kind == command_kind::evict || c.kind == command_kind::set_time) return text + std::to_string(c.count);
  const bool asks = c.kind == command_kind::match || c.kind == command_kind::forget;
  if (!asks) text += std::to_string(c.slot);
  if (c.kind == command_kind::fork) text += '.' + std::to_string(c.other);
  const bool names_tokens =
      c.kind == command_kind::lookup || asks || c.kind == command_kind::extend || c.kind == command_kind::reuse;
  if (names_tokens) text += tokens_text(c.tokens) + keys_text(c.keys);
  if (c.space != 0) text += '@' + std::to_string(c.space);
  if (c.kind == command_kind::reuse) text += '*' + std::to_string(c.count);
  if (c.computed) text += '.' + std::to_string(*c.computed);
  const bool allocates = c.kind == command_kind::allocate_rest || c.kind == command_kind::extend;
  if (allocates && c.extra_slots != 0) text += '+' + std::to_string(c.extra_slots);
  if (allocates && c.free_only) text += '_';
  const bool asks_to_keep = c.kind == command_kind::release || c.kind == command_kind::publish;
  if (!asks_to_keep || c.keep == model::retention{}) return text;
  text += 'k' + std::to_string(c.keep.priority);
  if (c.keep.expires_at != model::retention::for_ever) text += '.' + std::to_string(c.keep.expires_at);
  return text;
}

// Takes what it recognises off the front of the text; everything else stays.
class reader {
 public:
  explicit reader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }

  bool take(char expected) {
    if (text_.empty() || text_.front() != expected) return false;
    text_.remove_prefix(1);
    return true;
  }

  template <class Number>
  bool take(Number& number) {
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), number);
    if (error != std::errc()) return false;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return true;
  }

  bool take(command_kind& kind) {
    const std::size_t at = text_.empty() ? std::string_view::npos : letters.find(text_.front());
    if (at == std::string_view::npos) return false;
    kind = static_cast<command_kind>(at);
    text_.remove_prefix(1);
    return true;
  }

  bool take(std::vector<model::token>& tokens) {
    if (!take('-')) return true;
    do {
      if (!take(tokens.emplace_back())) return false;
    } while (take('.'));
    return true;
  }

  // In the order of the blocks, each once.
  bool take(std::vector<model::block_key>& keys) {
    if (!take('=')) return true;
    do {
      model::block_key k;
      if (!take(k.block) || !take(':') || !take(k.key) || k.key == 0) return false;
      if (!keys.empty() && keys.back().block >= k.block) return false;
      keys.push_back(k);
    } while (take('.'));
    return true;
  }

  bool take(command& c) {
    if (!take(c.kind)) return false;
    switch (c.kind) {
      case command_kind::clear:
      case command_kind::foreign:
        return true;
      case command_kind::drop:
      case command_kind::hand_over:
        return take(c.slot);
      case command_kind::evict:
      case command_kind::set_time:
        return take(c.count);
      case command_kind::fork:
        return take(c.slot) && take('.') && take(c.other);
      case command_kind::lookup:
        return take(c.slot) && take(c.tokens) && take(c.keys) && (!take('@') || take(c.space));
      case command_kind::reuse:
        return take(c.slot) && take(c.tokens) && take(c.keys) && (!take('@') || take(c.space)) && take('*') &&
               take(c.count);
      case command_kind::forget:
      case command_kind::match:
        return take(c.tokens) && take(c.keys) && (!take('@') || take(c.space));
      case command_kind::extend:
        return take(c.slot) && take(c.tokens) && take(c.keys) && take_slots(c);
      case command_kind::allocate_rest:
        return take(c.slot) && take_slots(c);
      case command_kind::shrink:
        return take(c.slot) && (!take('.') || take(c.computed.emplace()));
      case command_kind::publish:
        return take(c.slot) && (!take('.') || take(c.computed.emplace())) && take(c.keep);
      case command_kind::release:
        return take(c.slot) && take(c.keep);
    }
    return false;
  }

  bool take(model::retention& keep) {
    return !take('k') || (take(keep.priority) && (!take('.') || take(keep.expires_at)));
  }

  bool take_slots(command& c) {
    if (take('+') && !take(c.extra_slots)) return false;
    c.free_only = take('_');
    return true;
  }

  // Up to the end of the word, the name of a policy.
  bool take(model::eviction_policy& p) {
    const std::size_t end = std::min(text_.find(':'), text_.size());
    const policy* found = find_policy(std::string(text_.substr(0, end)));
    if (found == nullptr) return false;
    p = found->value;
    text_.remove_prefix(end);
    return true;
  }

 private:
  std::string_view text_;
};

bool within_limits(const workload& w) {
  return w.cache.pages >= 1 && w.cache.pages <= most_pages && w.cache.tokens_per_page >= 1 &&
         w.cache.tokens_per_page <= most_tokens_per_page &&
         std::all_of(w.commands.begin(), w.commands.end(), [](const command& c) {
           return c.slot < most_slots && c.other < most_slots &&
                  (c.kind != command_kind::reuse || c.count <= most_reuses);
         });
}

}  // namespace

std::string to_token(const workload& w) {
  std::string text = std::to_string(w.cache.pages) + 'x' + std::to_string(w.cache.tokens_per_page);
  if (w.cache.policy != model::eviction_policy::recency) text += '/' + name_of(w.cache.policy);
  text += ':';
  for (std::size_t i = 0; i < w.commands.size(); ++i) {
    if (i != 0) text += ',';
    text += command_text(w.commands[i]);
  }
  return text;
}

std::optional<workload> from_token(std::string_view token) {
  reader in(token);
  workload w;
  if (!in.take(w.cache.pages) || !in.take('x') || !in.take(w.cache.tokens_per_page)) return {};
  if (in.take('/') && !in.take(w.cache.policy)) return {};
  if (!in.take(':')) return {};
  if (!in.at_end()) {
    do {
      if (!in.take(w.commands.emplace_back())) return {};
    } while (in.take(','));
  }
  if (!in.at_end() || !within_limits(w)) return {};
  return w;
}

std::size_t leases_opened(const workload& w) {
  std::size_t leases = 0;
  for (const command& c : w.commands) {
    if (c.kind == command_kind::lookup || c.kind == command_kind::fork) ++leases;
    if (c.kind == command_kind::reuse) leases += c.count;
  }
  return leases;
}

std::size_t slots_named(const workload& w) {
  std::size_t slots = 0;
  for (const command& c : w.commands) slots = std::max({slots, c.slot + 1, c.other + 1});
  return slots;
}

}  // namespace triecheck::checks
