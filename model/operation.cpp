#include "operation.h"

#include <algorithm>

namespace triecheck::model {

namespace {

// A request of a real trace has ten thousand tokens; the first few tell requests apart.
constexpr std::size_t shown_numbers = 16;

}  // namespace

std::string show(const std::vector<block_key>& keys) {
  std::string text = keys.empty() ? "" : " keys";
  for (const block_key& k : keys) text += " " + std::to_string(k.block) + ":" + std::to_string(k.key);
  return text;
}

std::string show(const retention& keep) {
  if (keep.priority == 0) return "";
  return " keep " + std::to_string(keep.priority) +
         (keep.expires_at == retention::for_ever ? "" : " until " + std::to_string(keep.expires_at));
}

std::string show(const std::vector<std::uint32_t>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < std::min(numbers.size(), shown_numbers); ++i) {
    if (i != 0) text += ' ';
    text += std::to_string(numbers[i]);
  }
  if (numbers.size() > shown_numbers) text += " ... " + std::to_string(numbers.size()) + " in all";
  return text;
}

std::string show_pages(const std::vector<page>& pages, std::size_t cached) {
  if (pages.empty()) return "no page";
  const auto bar = pages.begin() + static_cast<std::ptrdiff_t>(std::min(cached, pages.size()));
  std::string text = "pages";
  if (bar != pages.begin()) text += " " + show(std::vector<page>(pages.begin(), bar));
  if (bar != pages.end()) text += " | " + show(std::vector<page>(bar, pages.end()));
  return text;
}

std::string show(status s) {
  switch (s) {
    case status::ok:
      return "ok";
    case status::request_too_large:
      return "request_too_large";
    case status::cache_full:
      return "cache_full";
    case status::lease_closed:
      return "lease_closed";
    case status::invalid_argument:
      return "invalid_argument";
  }
  return "unknown status";
}

const char* name_of(operation_kind kind) noexcept {
  switch (kind) {
    case operation_kind::lookup:
      return "lookup";
    case operation_kind::allocate:
      return "allocate";
    case operation_kind::publish:
      return "publish";
    case operation_kind::release:
      return "release";
    case operation_kind::fork:
      return "fork";
    case operation_kind::evict:
      return "evict";
    case operation_kind::clear:
      return "clear";
    case operation_kind::match:
      return "match";
    case operation_kind::shrink:
      return "shrink";
    case operation_kind::forget:
      return "forget";
    case operation_kind::set_time:
      return "set_time";
  }
  return "unknown operation";
}

std::string show(const operation& op) {
  const std::string subject = " #" + std::to_string(op.subject);
  switch (op.kind) {
    case operation_kind::lookup:
      return "lookup" + subject + " [" + show(op.tokens) + "]" + show(op.keys) +
             (op.space == 0 ? "" : " in " + std::to_string(op.space));
    case operation_kind::allocate:
      return "allocate" + subject + " [" + show(op.tokens) + "]" + show(op.keys) +
             (op.extra_slots == 0 ? "" : " +" + std::to_string(op.extra_slots)) +
             (op.free_only ? " without eviction" : "");
    case operation_kind::publish:
      return "publish" + subject + " to " + std::to_string(op.computed_tokens) + show(op.keep);
    case operation_kind::release:
      if (op.dropped) return "drop" + subject;
      return "release" + subject + show(op.keep);
    case operation_kind::fork:
      return "fork" + subject + " as #" + std::to_string(op.forked);
    case operation_kind::evict:
      return "evict " + std::to_string(op.count);
    case operation_kind::clear:
      return op.shuts_down ? "shutdown" : "clear";
    case operation_kind::match:
      return "match [" + show(op.tokens) + "]" + show(op.keys) +
             (op.space == 0 ? "" : " in " + std::to_string(op.space));
    case operation_kind::forget:
      return "forget [" + show(op.tokens) + "]" + show(op.keys) +
             (op.space == 0 ? "" : " in " + std::to_string(op.space));
    case operation_kind::shrink:
      return "shrink" + subject + " to " + std::to_string(op.kept_tokens);
    case operation_kind::set_time:
      return "time " + std::to_string(op.now);
  }
  return "unknown operation";
}

std::string show(const operation& op, const outcome& observed) {
  if (observed.result != status::ok) return show(observed.result);
  switch (op.kind) {
    case operation_kind::evict:
    case operation_kind::clear:
      return std::to_string(observed.evicted) + (observed.evicted == 1 ? " page" : " pages");
    case operation_kind::match:
      return std::to_string(observed.cached) + (observed.cached == 1 ? " page" : " pages");
    case operation_kind::forget:
      return observed.cached == 0 ? "nothing was cached" : "forgotten";
    case operation_kind::set_time:
      return "ok";
    case operation_kind::release:
      if (observed.pages.empty()) return "ok";
      break;
    default:
      break;
  }
  std::string text = "ok, " + show_pages(observed.pages, observed.cached);
  for (std::size_t i = 0; i < observed.copies.size(); ++i) {
    text += i == 0 ? ", copies " : " ";
    text += std::to_string(observed.copies[i].first) + ">" + std::to_string(observed.copies[i].second);
  }
  return text;
}

}  // namespace triecheck::model
