#include "checks/scenario/print.h"

#include "checks/policies.h"
#include "checks/scenario/step_reader.h"

namespace triecheck::checks {
namespace {

std::string_view keyword(step_kind kind) {
  const auto form = std::find_if(scenario_files::step_forms.begin(), scenario_files::step_forms.end(),
                                 [kind](const scenario_files::step_form& f) { return f.kind == kind; });
  return form->keyword;
}

std::string print_section(const std::string& header, const std::vector<step>& steps) {
  std::string text = "\n" + header + "\nrun = [";
  for (const step& s : steps) text += (&s == &steps.front() ? "" : ", ") + toml_string(print_step(s));
  return text + "]\n";
}

}  // namespace

std::string print_step(const step& s) {
  const bool opens = s.kind == step_kind::lookup || s.kind == step_kind::fork;
  std::string text = opens ? s.lease + " = " : "";
  text += keyword(s.kind);
  if (s.kind == step_kind::fork) text += " " + s.source;
  else if (!opens && !s.lease.empty()) text += " " + s.lease;
  if (s.kind == step_kind::evict) text += " " + std::to_string(s.count);
  for (const std::uint32_t token : s.tokens) text += " " + std::to_string(token);
  if (s.space != 0) text += " in " + std::to_string(s.space);
  return text + (s.or_stop ? " or stop" : "");
}

std::string print_scenario(const scenario& s) {
  std::string text;
  if (!s.title.empty()) text += "title = " + toml_string(s.title) + "\n\n";
  text += "[cache]\npages = " + std::to_string(s.pages) + "\ntokens_per_page = " + std::to_string(s.tokens_per_page) + "\n";
  if (s.policy != model::eviction_policy::recency) text += "policy = " + toml_string(name_of(s.policy)) + "\n";
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
