#include "tools/checkpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <system_error>

#include "tools/commands.h"
#include "tools/output.h"

namespace triecheck::tools {

using nlohmann::json;

// Two builds of one version may differ; what was explored with the one says nothing of the other.
std::string this_build() {
  std::ifstream self("/proc/self/exe", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(self), {}};
  return std::to_string(std::hash<std::string>()(bytes));
}

namespace {

std::string checksum(const json& j) {
  return std::to_string(std::hash<std::string>()(j.dump(-1, ' ', false, json::error_handler_t::replace)));
}

bool is_checkpoint(const json& j) { return j.is_object() && j.contains("is") && j["is"] == "checkpoint"; }

}  // namespace

void check_new_checkpoint(const std::string& file) {
  namespace fs = std::filesystem;
  std::error_code missing;
  const fs::file_status there = fs::status(file, missing);
  if (!fs::exists(there)) return;
  if (!fs::is_regular_file(there)) throw usage_error(file + ": a checkpoint is a file, and this is something else");
  json old;
  try {
    old = read_json(file);
  } catch (const usage_error&) {
  }
  if (!is_checkpoint(old)) throw usage_error(file + ": this is no checkpoint, and is not replaced by one");
  if (old.value("finished", json()) != true) {
    throw usage_error(
        file +
        ": this is the checkpoint of a run that is not finished (--resume goes on with it; remove it to start over)");
  }
}

void save_checkpoint(const std::string& file, const checkpoint& c) {
  static const std::string build = this_build();
  json results = json::array();
  json states = json::array();
  for (const checkpoint::space& s : c.spaces) {
    results.push_back(s.result ? checks::to_json(*s.result) : json());
    states.push_back(s.state);
  }
  json all = {{"tool", "triecheck"}, {"is", "checkpoint"}, {"build", build},  {"finished", c.finished},
              {"plan", c.plan},      {"results", results}, {"states", states}};
  all["checksum"] = checksum(all);
  const std::string text = all.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  std::error_code none;
  const std::filesystem::path target = std::filesystem::weakly_canonical(file, none);  // a link stays one
  const std::string place = none ? file : target.string();
  const std::string next = place + ".next";
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
  if (fsync(out) != 0 || close(out) != 0 || std::rename(next.c_str(), place.c_str()) != 0) fail();
}

checkpoint load_checkpoint(const std::string& file) {
  json all = read_json(file);
  if (!is_checkpoint(all)) throw usage_error(file + ": this is no checkpoint of `triecheck explore`");
  const json sum = all.value("checksum", json());
  all.erase("checksum");
  if (sum != checksum(all)) throw usage_error(file + ": this checkpoint is damaged (its checksum does not fit)");
  if (all.value("build", json()) != this_build()) {
    throw usage_error(file +
                      ": this checkpoint was written by another build of triecheck, which explores another program");
  }
  try {
    checkpoint c{.finished = all.at("finished"), .plan = all.at("plan"), .spaces = {}};
    const json& results = all.at("results");
    for (std::size_t i = 0; i < results.size(); ++i) {
      c.spaces.push_back({.result = {}, .state = all.at("states").at(i)});
      if (!results[i].is_null()) c.spaces.back().result = checks::read_result(results[i]);
    }
    return c;
  } catch (const std::exception& e) {
    throw usage_error(file + ": this checkpoint is damaged (" + e.what() + ")");
  }
}

}  // namespace triecheck::tools
