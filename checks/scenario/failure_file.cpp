#include "checks/scenario/failure_file.h"

#include <array>
#include <cstdio>
#include <limits>

#include "checks/report/utf8.h"

namespace triecheck::checks {

std::string toml_string(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : valid_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04X", static_cast<unsigned>(byte));
      quoted += escape.data();
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string failure_file_text(const std::string& scenario_text, const stored_failure& f) {
  std::string text = valid_utf8(scenario_text);
  while (text.ends_with("\n\n")) text.pop_back();
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  const auto add = [&](const char* key, const std::string& value) { text += std::string(key) + " = " + value + "\n"; };
  text += "\n[failure]\n";
  add("kind", toml_string(f.kind));
  add("message", toml_string(f.message));
  add("cache", toml_string(f.cache));
  if (!f.fault.empty()) add("fault", toml_string(f.fault));
  add("strategy", toml_string(f.strategy));
  constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
  if (f.seed && *f.seed <= largest) add("seed", std::to_string(*f.seed));
  add("preemptions", std::to_string(f.preemptions));
  add("schedule", toml_string(f.schedule));
  add("version", toml_string(f.version));
  add("replay", toml_string(f.replay));
  return text;
}

}  // namespace triecheck::checks
