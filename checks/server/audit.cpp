#include "checks/server/audit.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "checks/oracles/structure.h"

namespace triecheck::server {
namespace {

using checks::structure;

bool is_cached(const structure& s, std::size_t page) { return s.pages[page].state == model::page_state::cached; }

std::vector<model::page> leaves_of(const structure& s) {
  std::vector<bool> has_children(s.pages.size());
  for (std::size_t i = 0; i < s.pages.size(); ++i) {
    if (is_cached(s, i) && s.pages[i].parent) has_children[*s.pages[i].parent] = true;
  }
  std::vector<model::page> leaves;
  for (std::size_t i = 0; i < s.pages.size(); ++i) {
    if (is_cached(s, i) && !has_children[i]) leaves.push_back(static_cast<model::page>(i));
  }
  return leaves;
}

// Computes what lies on the chain of each leaf again, and compares each page once.
class comparison {
 public:
  comparison(const structure& s, page_memory& memory, const transformer& model)
      : structure_(s), memory_(memory), model_(model), compared_(s.pages.size()) {}

  std::size_t compare(std::vector<std::string>& wrong) {
    for (const model::page leaf : leaves_of(structure_)) compare_chain(leaf, wrong);
    return static_cast<std::size_t>(std::count(compared_.begin(), compared_.end(), true));
  }

 private:
  void compare_chain(model::page leaf, std::vector<std::string>& wrong) {
    const std::vector<token> prefix = checks::path_of(structure_, leaf);
    const std::size_t blocks = prefix.size() / structure_.tokens_per_page;
    page_memory again(blocks, structure_.tokens_per_page, transformer::ints_per_token);
    std::vector<page_id> own(blocks);
    for (std::size_t i = 0; i < blocks; ++i) own[i] = page_id(static_cast<std::uint32_t>(i));
    const kv_rows rows = again.rows(own);
    for (std::size_t i = 0; i < prefix.size(); ++i) model_.advance(prefix[i], i, rows);
    std::optional<model::page> page = leaf;
    for (std::size_t i = blocks; i-- > 0; page = structure_.pages[*page].parent) {
      if (compared_[*page]) continue;
      compared_[*page] = true;
      if (std::ranges::equal(again.contents(own[i]), memory_.contents(page_id(*page)))) continue;
      wrong.push_back("page " + std::to_string(*page) + " does not hold the keys and values of its prefix of " +
                      std::to_string((i + 1) * structure_.tokens_per_page) + " tokens");
    }
  }

  const structure& structure_;
  page_memory& memory_;
  const transformer& model_;
  std::vector<bool> compared_;
};

void expect_none(std::vector<std::string>& wrong, std::size_t count, const std::string& of_what) {
  if (count != 0) wrong.push_back(std::to_string(count) + " " + of_what);
}

}  // namespace

audit_report audit_at_rest(any_cache& cache, page_memory& memory, const transformer& model) {
  audit_report report;
  report.pages = cache.counts();
  const page_counts& pages = report.pages;
  if (pages.free + pages.cached != pages.pool) {
    report.wrong.push_back(std::to_string(pages.free) + " free and " + std::to_string(pages.cached) +
                           " cached pages are not the pool of " + std::to_string(pages.pool));
  }
  expect_none(report.wrong, pages.leased, "pages are still private to a lease");
  expect_none(report.wrong, pages.open_leases, "leases are still open");
  const structure s = cache.inspect();
  const auto pinned = std::count_if(s.pins.begin(), s.pins.end(), [](std::size_t pins) { return pins != 0; });
  expect_none(report.wrong, static_cast<std::size_t>(pinned), "cached pages are still pinned");
  std::size_t free = 0;
  for (std::size_t i = 0; i < s.pages.size(); ++i) free += s.pages[i].state == model::page_state::free ? 1 : 0;
  if (free != pages.free) {
    report.wrong.push_back(std::to_string(free) + " pages are free, " + std::to_string(pages.free) + " are counted");
  }
  if (const auto violation = checks::check_structure(s)) {
    report.wrong.push_back(*violation);
  } else {
    report.compared_pages = comparison(s, memory, model).compare(report.wrong);
  }
  return report;
}

audit_report audit(engine& e, std::chrono::milliseconds limit) {
  if (!e.schedule().close(limit)) {
    return {.pages = e.cache().counts(),
            .wrong = {"a sequence still runs after " + std::to_string(limit.count()) + " ms"}};
  }
  audit_report report = audit_at_rest(e.cache(), e.memory(), e.model());
  e.schedule().open();
  return report;
}

}  // namespace triecheck::server
