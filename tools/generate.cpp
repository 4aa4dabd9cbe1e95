// `triecheck generate`: a synthetic request trace, for `simulate` and other readers of the format.
#include "checks/trace/generate.h"

#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "checks/process/interrupts.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"

namespace triecheck::tools {
namespace {

struct generate_arguments {
  std::string shape;
  std::string output = "-";
  std::string json;
  std::uint64_t requests = 10'000;
  std::uint64_t seed = 0;
  std::uint64_t namespaces = 1;
};

double reused_share(const checks::trace_summary& s) {
  return s.full_blocks == 0 ? 0 : static_cast<double>(s.reused_blocks) / static_cast<double>(s.full_blocks);
}

nlohmann::ordered_json to_json(const generate_arguments& a, const checks::trace_summary& s) {
  return {{"shape", a.shape},
          {"requests", s.requests},
          {"seed", a.seed},
          {"namespaces", a.namespaces},
          {"input_tokens", s.input_tokens},
          {"output_tokens", s.output_tokens},
          {"full_blocks", s.full_blocks},
          {"reused_blocks", s.reused_blocks},
          {"reused_share", reused_share(s)}};
}

int generate(const generate_arguments& a) {
  const checks::trace_shape& shape = known_shape(a.shape);
  check_outputs({a.output, a.json});
  const checks::trace t = checks::generate_trace(shape, a.requests, a.seed, static_cast<std::uint32_t>(a.namespaces));
  std::string lines;
  for (const checks::trace_row& row : t.rows) lines += checks::to_json_line(row);
  write_text(a.output, lines);
  const checks::trace_summary s = checks::summarize(t);
  if (a.output != "-" && a.json != "-") {
    std::cout << s.requests << " requests, " << s.input_tokens << " tokens; " << s.reused_blocks << " of "
              << s.full_blocks << " full blocks are those of an earlier request ("
              << static_cast<int>(100 * reused_share(s) + 0.5) << " %)\n";
  }
  if (!a.json.empty()) write_json(a.json, to_json(a, s));
  return 0;
}

}  // namespace

void add_generate(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("generate", "Writes a synthetic request trace, the same one for the same seed");
  const auto a = std::make_shared<generate_arguments>();
  std::string shapes;
  for (const checks::trace_shape& s : checks::trace_shapes()) {
    shapes += (shapes.empty() ? "" : "; ") + std::string(s.name) + ": " + s.description;
  }
  command->add_option("--shape", a->shape, shapes)->required()->type_name("SHAPE");
  add_number(*command, "--requests", a->requests, "Lines of the trace", 1, checks::most_generated_requests);
  add_number(*command, "--seed", a->seed, "Which trace of that shape", 0);
  add_number(*command, "--namespaces", a->namespaces, "Among how many namespaces its conversations are spread", 1,
             0xffff'ffff);
  command->add_option("--output", a->output, "Where the trace goes; - is standard output")
      ->type_name("FILE|-")
      ->capture_default_str();
  command->add_option("--json", a->json, "Writes what the trace holds, as JSON")->type_name("FILE|-");
  command->callback([a, &exit_code] {
    checks::end_at_interrupts();
    exit_code = generate(*a);
  });
}

}  // namespace triecheck::tools
