// Subjects that wear a fault over a shipped cache: each passes operations on and breaks exactly one rule. For tests.
//
// Threads: a subject is used by one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "checks/oracles/structure.h"
#include "checks/subject/subject.h"
#include "checks/subject/variants.h"

namespace triecheck::checks {

// Passes everything on. One lease slot more than asked for lets a fault use the cache behind the caller's back; what
// that does to the counters is taken out again, so that only the fault itself can show.
class worn_subject : public subject {
 public:
  worn_subject(const model::config& c, std::size_t leases)
      : cache_(variants().front().make(c, leases + 1)), hidden_(static_cast<model::lease>(leases)) {}

  model::outcome perform(const model::operation& op) override { return cache_->perform(op); }
  std::vector<model::page> pages_of(model::lease l) const override {
    const auto claimed = claimed_.find(l);
    return claimed == claimed_.end() ? cache_->pages_of(l) : claimed->second;
  }
  model::statistics stats() const override {
    model::statistics s = without_refused_lookups(cache_->stats());
    s.lookups -= hidden_work_.lookups;
    s.looked_up_pages -= hidden_work_.looked_up_pages;
    s.hit_pages -= hidden_work_.hit_pages;
    s.allocated_pages -= hidden_work_.allocated_pages;
    s.open_leases -= hidden_work_.open_leases;
    return s;
  }
  structure inspect() const override { return cache_->inspect(); }
  std::vector<std::string> shutdown() override { return cache_->shutdown(); }

 protected:
  static model::operation an_operation(model::operation_kind kind, model::lease l) {
    model::operation op;
    op.kind = kind;
    op.subject = l;
    return op;
  }

  std::size_t private_pages(model::lease l) const {
    const structure seen = cache_->inspect();
    std::size_t count = 0;
    for (const model::page p : cache_->pages_of(l)) count += seen.pages[p].state == model::page_state::leased;
    return count;
  }

  // Requires a free page; the hidden lease keeps it.
  void keep_a_page() {
    cache_->perform(an_operation(model::operation_kind::lookup, hidden_));
    model::operation take = an_operation(model::operation_kind::allocate, hidden_);
    take.extra_slots = 1;
    cache_->perform(take);
    ++hidden_work_.lookups;
    ++hidden_work_.open_leases;
    ++hidden_work_.allocated_pages;
  }

  // Makes the chain of a cached page the most recent one.
  void touch(model::page p) {
    const structure seen = cache_->inspect();
    model::operation open = an_operation(model::operation_kind::lookup, hidden_);
    open.space = seen.pages[p].space;
    std::size_t chain = 0;
    for (std::optional<model::page> at = p; at; at = seen.pages[*at].parent, ++chain) {
      const std::vector<model::token>& block = seen.pages[*at].block;
      open.tokens.insert(open.tokens.begin(), block.begin(), block.end());
    }
    open.keys = path_keys_of(seen, p);
    cache_->perform(open);
    cache_->perform(an_operation(model::operation_kind::release, hidden_));
    ++hidden_work_.lookups;
    hidden_work_.looked_up_pages += chain;
    hidden_work_.hit_pages += chain;
  }

  std::unique_ptr<subject> cache_;
  const model::lease hidden_;
  model::statistics hidden_work_;
  std::map<model::lease, std::vector<model::page>> claimed_;  // leases that show other pages than they have
};

// A lookup answers with pages that it does not pin, where nobody else pins them.
class forgets_the_pin final : public worn_subject {
 public:
  using worn_subject::worn_subject;
  model::outcome perform(const model::operation& op) override {
    const structure before = cache_->inspect();
    const model::outcome answer = cache_->perform(op);
    if (op.kind == model::operation_kind::lookup && answer.cached != 0 && !before.pages[answer.pages.back()].pinned) {
      claimed_[op.subject] = answer.pages;
      cache_->perform(an_operation(model::operation_kind::release, op.subject));
      --hidden_work_.open_leases;
    } else if (op.kind == model::operation_kind::release && claimed_.erase(op.subject) != 0) {
      ++hidden_work_.open_leases;
    }
    return answer;
  }
};

class keeps_a_private_page_of_a_released_lease final : public worn_subject {
 public:
  using worn_subject::worn_subject;
  model::outcome perform(const model::operation& op) override {
    const bool frees = op.kind == model::operation_kind::release && private_pages(op.subject) != 0;
    const model::outcome answer = cache_->perform(op);
    if (frees && hidden_work_.open_leases == 0) keep_a_page();
    return answer;
  }
};

class evicts_the_oldest_last final : public worn_subject {
 public:
  using worn_subject::worn_subject;
  model::outcome perform(const model::operation& op) override {
    const std::vector<model::page> order = cache_->inspect().eviction_order;
    if (op.kind == model::operation_kind::evict && op.count != 0 && !order.empty()) touch(order.front());
    return cache_->perform(op);
  }
};

class counts_one_refusal_too_many final : public worn_subject {
 public:
  using worn_subject::worn_subject;
  model::statistics stats() const override {
    model::statistics s = worn_subject::stats();
    s.refused_full += s.refused_full != 0;
    return s;
  }
};

class keeps_its_duplicate final : public worn_subject {
 public:
  using worn_subject::worn_subject;
  model::outcome perform(const model::operation& op) override {
    const std::uint64_t before = cache_->stats().duplicate_pages;
    const model::outcome answer = cache_->perform(op);
    if (cache_->stats().duplicate_pages != before && hidden_work_.open_leases == 0) keep_a_page();
    return answer;
  }
};

// A fork hands out the first lease's own page and asks for no copy of it.
class shares_a_private_page_in_a_fork final : public worn_subject {
 public:
  using worn_subject::worn_subject;
  model::outcome perform(const model::operation& op) override {
    model::outcome answer = cache_->perform(op);
    if (op.kind == model::operation_kind::fork && !answer.copies.empty()) {
      answer.pages[answer.cached] = answer.copies.front().first;
      answer.copies.erase(answer.copies.begin());
      claimed_[op.forked] = answer.pages;
    }
    return answer;
  }
};

// A refused allocate appends its first token all the same, where that needs no page: nothing shows until later.
class changes_a_refused_lease final : public worn_subject {
 public:
  changes_a_refused_lease(const model::config& c, std::size_t leases)
      : worn_subject(c, leases), tokens_per_page_(c.tokens_per_page) {}

  model::outcome perform(const model::operation& op) override {
    model::outcome answer = cache_->perform(op);
    if (op.kind == model::operation_kind::lookup) held_tokens_[op.subject] = answer.cached * tokens_per_page_;
    if (op.kind == model::operation_kind::fork) held_tokens_[op.forked] = held_tokens_[op.subject];
    if (op.kind != model::operation_kind::allocate) return answer;
    if (answer.result == model::status::ok) held_tokens_[op.subject] += op.tokens.size();
    const bool fits = held_tokens_[op.subject] < answer.pages.size() * tokens_per_page_;
    if (answer.result == model::status::cache_full && fits && !op.tokens.empty()) {
      model::operation partly = op;
      partly.tokens.resize(1);
      partly.extra_slots = 0;
      cache_->perform(partly);
      ++held_tokens_[op.subject];
    }
    return answer;
  }

 private:
  const std::size_t tokens_per_page_;
  std::map<model::lease, std::size_t> held_tokens_;
};

class hands_out_a_page_twice final : public worn_subject {
 public:
  using worn_subject::worn_subject;
  model::outcome perform(const model::operation& op) override {
    const std::size_t before = op.kind == model::operation_kind::allocate ? cache_->pages_of(op.subject).size() : 0;
    model::outcome answer = cache_->perform(op);
    if (op.kind != model::operation_kind::allocate || answer.pages.size() == before) return answer;
    const structure seen = cache_->inspect();
    for (model::page p = 0; p < seen.pages.size(); ++p) {
      if (seen.pages[p].state != model::page_state::leased) continue;
      if (std::find(answer.pages.begin(), answer.pages.end(), p) != answer.pages.end()) continue;
      answer.pages.back() = p;
      claimed_[op.subject] = answer.pages;
      break;
    }
    return answer;
  }
};

class throws_when_cleared final : public worn_subject {
 public:
  using worn_subject::worn_subject;
  model::outcome perform(const model::operation& op) override {
    if (op.kind == model::operation_kind::clear) throw std::runtime_error("the pool is gone");
    return cache_->perform(op);
  }
};

class fails_once final : public worn_subject {
 public:
  using worn_subject::worn_subject;
  model::outcome perform(const model::operation& op) override {
    static bool failed = false;
    model::outcome answer = cache_->perform(op);
    if (op.kind == model::operation_kind::evict && !failed) {
      failed = true;
      ++answer.evicted;
    }
    return answer;
  }
};

template <class Subject>
std::unique_ptr<subject> make_worn(const subject_config& c, std::size_t leases) {
  return std::make_unique<Subject>(c, leases);
}

}  // namespace triecheck::checks
