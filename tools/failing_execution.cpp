#include "tools/failing_execution.h"

#include <fstream>
#include <iostream>
#include <system_error>

#include <nlohmann/json.hpp>

#include "checks/verify/registry.h"
#include "tools/catalogue.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace triecheck::tools {
namespace {

// The token of the first failure in a file that `explore --json` wrote.
std::string token_from(const std::string& file) {
  std::ifstream in(file);
  const nlohmann::json report = nlohmann::json::parse(in, nullptr, false);
  if (!report.is_object() || !report.contains("results") || !report["results"].is_array()) {
    throw usage_error(file + ": this is neither a failure file nor a result of `triecheck explore --json`");
  }
  for (const auto& result : report["results"]) {
    const nlohmann::json token = result.value("/failure/token"_json_pointer, nlohmann::json());
    if (token.is_string() && !token.get<std::string>().empty()) return token;
  }
  throw usage_error(file + ": there is no failure to replay in this result");
}

failing_execution read_failure_file(const std::string& file) {
  failing_execution e;
  e.scenario = {checks::load_scenario(file), file};
  e.stored = e.scenario.program.failure;
  if (!e.stored) {
    throw usage_error(file +
                      ": this scenario has no [failure], so there is no execution in it (triecheck explore runs it)");
  }
  std::string why;
  e.token = {.scenario = file,
             .cache = e.stored->cache,
             .fault = e.stored->fault,
             .choices = explore::parse_schedule(e.stored->schedule, why).value_or(explore::schedule{})};
  if (!e.stored->version.empty() && e.stored->version != TRIECHECK_VERSION) {
    std::cerr << "triecheck: " << file << " was stored by version " << e.stored->version << ", and this is "
              << TRIECHECK_VERSION << ": its schedule may not fit\n";
  }
  return e;
}

}  // namespace

failing_execution find_execution(const std::string& file_or_token, const std::filesystem::path& directory) {
  std::error_code no_file;  // a long token is no possible name of a file, which is no error
  const bool is_file = std::filesystem::is_regular_file(file_or_token, no_file);
  failing_execution e;
  if (is_file && file_or_token.ends_with(".toml")) {
    e = read_failure_file(file_or_token);
  } else {
    std::string why;
    const auto token = explore::parse_token(is_file ? token_from(file_or_token) : file_or_token, why);
    if (!token) throw usage_error("'" + file_or_token + "' is neither a file nor a replay token: " + why);
    e.token = *token;
  }
  static_cast<void>(known_variant(e.token.cache));
  const auto* fault = e.token.fault.empty() ? nullptr : &known_fault(e.token.fault);
  if (fault != nullptr && fault->variant != e.token.cache) {
    throw usage_error("the fault '" + e.token.fault + "' applies to --cache " + fault->variant + " only");
  }
  if (!e.stored) e.scenario = find_scenario(e.token.scenario, directory);
  check_fits(e.scenario.program, e.token.cache, e.token.fault);
  return e;
}

}  // namespace triecheck::tools
