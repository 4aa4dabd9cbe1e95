#include "checks/scenario/print.h"

#include "checks/scenario/step_forms.h"
#include "checks/subject/policies.h"

namespace triecheck::checks {
namespace {

std::string clauses(const step& s) {
  std::string text = model::show(s.keys);
  if (s.space != 0) text += " in " + std::to_string(s.space);
  if (s.extra_slots != 0) text += " plus " + std::to_string(s.extra_slots);
  text += model::show(s.keep);
  if (s.failing != 0) text += " failing " + std::to_string(s.failing);
  if (s.free_only) text += " without eviction";
  if (s.times != 1) text += " times " + std::to_string(s.times);
  return text + (s.or_stop ? " or stop" : s.or_wait ? " or wait" : "");
}

std::string print_section(const std::string& header, const std::vector<step>& steps) {
  std::string text = "\n" + header + "\nrun = [";
  for (const step& s : steps) text += (&s == &steps.front() ? "" : ", ") + toml_string(print_step(s));
  return text + "]\n";
}

}  // namespace

std::string print_step(const step& s) {
  const scenario_files::step_form& form = scenario_files::form_of(s.kind);
  std::string text = form.opens_lease ? s.lease + " = " : "";
  text += form.keyword;
  if (!s.source.empty())
    text += " " + s.source;
  else if (!form.opens_lease && !s.lease.empty())
    text += " " + s.lease;
  if (s.computed) text += " " + std::to_string(*s.computed);
  using enum scenario_files::operands;
  if (form.rest == count || form.rest == thread || form.rest == subscriber || form.rest == time)
    text += " " + std::to_string(s.count);
  for (const std::uint32_t token : s.tokens) text += " " + std::to_string(token);
  return text + clauses(s);
}

std::string print_scenario(const scenario& s) {
  std::string text;
  if (!s.title.empty()) text += "title = " + toml_string(s.title) + "\n\n";
  text +=
      "[cache]\npages = " + std::to_string(s.pages) + "\ntokens_per_page = " + std::to_string(s.tokens_per_page) + "\n";
  if (s.policy != model::eviction_policy::recency) text += "policy = " + toml_string(name_of(s.policy)) + "\n";
  if (s.thread_indices) text += "thread_indices = " + std::to_string(*s.thread_indices) + "\n";
  if (s.index_buckets != 0) text += "index_buckets = " + std::to_string(s.index_buckets) + "\n";
  if (s.events) text += "events = true\n";
  if (!s.init.empty()) text += print_section("[init]", s.init);
  for (const auto& thread : s.threads) text += print_section("[[thread]]", thread);
  if (!s.final.empty()) text += print_section("[final]", s.final);
  if (!s.bounds.empty()) text += "\n[bounds]\n";
  for (const auto& [variant, preemptions] : s.bounds) text += variant + " = " + std::to_string(preemptions) + "\n";
  if (s.expect_failure) {
    text += "\n[expect]\nverdict = \"fail\"\n";
    if (!s.expect_kind.empty()) text += "kind = " + toml_string(s.expect_kind) + "\n";
  }
  return text;
}

}  // namespace triecheck::checks
