#include "tools/checkpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <system_error>

#include "tools/commands.h"
#include "tools/output.h"

namespace triecheck::tools {

using nlohmann::json;

namespace {

// Two builds of one version may differ; what was explored with the one says nothing of the other.
std::string this_build() {
  std::ifstream self("/proc/self/exe", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(self), {}};
  return std::to_string(std::hash<std::string>()(bytes));
}

}  // namespace

void save_checkpoint(const std::string& file, const checkpoint& c) {
  static const std::string build = this_build();
  json results = json::array();
  for (const checks::result& r : c.results) results.push_back(checks::to_json(r));
  const json all = {{"tool", "triecheck"}, {"is", "checkpoint"}, {"build", build}, {"plan", c.plan},
                    {"results", results},  {"current", c.current}};
  const std::string text = all.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  const std::string next = file + ".next";
  const auto fail = [&] {
    throw usage_error(file + ": the checkpoint cannot be written (" + std::generic_category().message(errno) + ")");
  };
  const int out = open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (out < 0) fail();
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = write(out, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) {
      const int reason = errno;
      close(out);
      unlink(next.c_str());
      errno = reason;
      fail();
    }
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  if (fsync(out) != 0 || close(out) != 0 || std::rename(next.c_str(), file.c_str()) != 0) fail();
}

checkpoint load_checkpoint(const std::string& file) {
  const json all = read_json(file);
  if (!all.is_object() || all.value("is", "") != "checkpoint") throw usage_error(file + ": this is no checkpoint of `triecheck explore`");
  if (all.value("build", "") != this_build()) {
    throw usage_error(file + ": this checkpoint was written by another build of triecheck, which explores another program");
  }
  try {
    checkpoint c{.plan = all.at("plan"), .results = {}, .current = all.at("current")};
    for (const json& r : all.at("results")) c.results.push_back(checks::read_result(r));
    return c;
  } catch (const std::exception& e) {
    throw usage_error(file + ": this checkpoint is damaged (" + e.what() + ")");
  }
}

}  // namespace triecheck::tools
