#include "checks/bench/load.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace triecheck::checks {

void request_list::add(std::span<const token> request) {
  tokens.insert(tokens.end(), request.begin(), request.end());
  starts.push_back(tokens.size());
}

request_list request_list::share(std::size_t first, std::size_t step) const {
  request_list l;
  for (std::size_t i = first; i < requests(); i += step) l.add(request(i));
  return l;
}

load make_load(std::string name, std::string description, const trace& t, std::size_t page_tokens,
               std::size_t most_tokens) {
  load l;
  l.name = std::move(name);
  l.description = std::move(description);
  l.page_tokens = page_tokens;
  std::vector<token> tokens;
  std::unordered_set<token> first_tokens;  // a full page is known by its first token: blocks share none
  for (const trace_row& row : t.rows) {
    expand(row, t.block_tokens, tokens);
    if (tokens.empty()) continue;
    if (row.space != 0) {
      throw trace_error("line " + std::to_string(&row - t.rows.data() + 1) + " of the trace is in namespace " +
                        std::to_string(row.space) + ", and the baselines know none: take a trace without");
    }
    if (l.requests() != 0 && l.tokens.size() + tokens.size() > most_tokens) break;
    l.add(tokens);
    for (std::size_t at = 0; at + page_tokens <= tokens.size(); at += page_tokens) first_tokens.insert(tokens[at]);
    const std::size_t pages = l.pages_of(l.requests() - 1);
    l.pages += pages;
    l.unused = std::max(l.unused, *std::max_element(tokens.begin(), tokens.end()) + 1);
    l.longest_pages = std::max(l.longest_pages, pages);
  }
  l.distinct_pages = first_tokens.size();
  return l;
}

}  // namespace triecheck::checks
