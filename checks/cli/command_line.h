// Runs the program as its users do: each test has a separate directory, and reads output and exit status.
//
// TRIECHECK_BINARY is the program, TRIECHECK_SOURCE_DIR the top of the source tree.
#pragma once

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

namespace triecheck::checks {

struct ended {
  int status = -1;
  std::string out;
  std::string err;
};

inline std::string contents(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// Every test has a separate directory, which is the current one of the programs that it runs.
class command_line : public testing::Test {
 protected:
  command_line() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = std::filesystem::temp_directory_path() /
                 ("triecheck-" + std::string(test->name()) + "-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  ~command_line() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  ended run(const std::string& arguments) const {
    const std::string command =
        "cd '" + directory_.string() + "' && '" TRIECHECK_BINARY "' " + arguments + " >out 2>err";
    const int raw = std::system(command.c_str());
    return {WIFEXITED(raw) ? WEXITSTATUS(raw) : -1, contents(directory_ / "out"), contents(directory_ / "err")};
  }

  nlohmann::json run_json(const std::string& arguments) const {
    const ended e = run(arguments + " --json -");
    EXPECT_EQ(e.status, 0) << e.err;
    return nlohmann::json::parse(e.out, nullptr, false);
  }

  // What a person does with a printed command: pastes it into a shell, in the folder where the first one ran.
  ended paste(const std::string& command) const {
    write("pasted", command + "\n");
    const int raw = std::system(("cd '" + directory_.string() + "' && sh ./pasted >out 2>err").c_str());
    return {WIFEXITED(raw) ? WEXITSTATUS(raw) : -1, contents(directory_ / "out"), contents(directory_ / "err")};
  }

  // How the program prints one of its commands here, where it is called by its full path.
  static std::string typed(const std::string& arguments) { return TRIECHECK_BINARY " " + arguments; }

  void write(const std::string& name, const std::string& text) const { std::ofstream(directory_ / name) << text; }

  // The arguments are refused with this one line, and nothing else is printed.
  void expect_usage_error(const std::string& arguments, const std::string& line) const {
    const ended e = run(arguments);
    EXPECT_EQ(e.status, 2) << arguments;
    EXPECT_EQ(e.err, line + "\n") << arguments;
    EXPECT_EQ(e.out, "") << arguments;
  }

  std::filesystem::path directory_;
};

}  // namespace triecheck::checks
