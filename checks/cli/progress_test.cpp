// How far a run is, as people and logs see it: on a terminal of any width the line never wraps, elsewhere lines come
// now and then. The program is run with a pseudo-terminal for its stderr.
#include "checks/cli/command_line.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "checks/report/progress_text.h"

namespace triecheck::checks {
namespace {

constexpr const char* clear_line = "\r\033[K";

class progress : public command_line {
 protected:
  // What the program wrote to a terminal of `columns`, which becomes one of `later` once a line on it is longer than
  // that.
  std::string on_terminal(const std::string& arguments, unsigned short columns, unsigned short later = 0) const {
    int terminal = -1;
    int inside = -1;
    winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    EXPECT_EQ(openpty(&terminal, &inside, nullptr, nullptr, &size), 0);
    const pid_t child = fork();
    if (child == 0) {
      if (chdir(directory_.c_str()) != 0 || dup2(inside, STDERR_FILENO) < 0 || freopen("out", "w", stdout) == nullptr)
        _exit(9);
      execl("/bin/sh", "sh", "-c", ("exec '" TRIECHECK_BINARY "' " + arguments).c_str(), nullptr);
      _exit(9);
    }
    close(inside);
    std::string seen;
    char buffer[4096];
    for (ssize_t n; (n = read(terminal, buffer, sizeof buffer)) > 0;) {
      seen.append(buffer, static_cast<std::size_t>(n));
      if (later == 0 || size.ws_col == later || longest(lines_of(seen)) <= later) continue;
      size.ws_col = later;
      ioctl(terminal, TIOCSWINSZ, &size);
    }
    waitpid(child, nullptr, 0);
    close(terminal);
    return seen;
  }

  // The lines that were shown, each over the one before.
  static std::vector<std::string> lines_of(const std::string& seen) {
    std::vector<std::string> lines;
    for (std::size_t at = seen.find(clear_line); at != std::string::npos;) {
      const std::size_t start = at + std::string(clear_line).size();
      at = seen.find(clear_line, start);
      const std::string line = seen.substr(start, at == std::string::npos ? at : at - start);
      if (!line.empty()) lines.push_back(line);
    }
    return lines;
  }

  static std::size_t longest(const std::vector<std::string>& lines) {
    std::size_t columns = 0;
    for (const std::string& line : lines) columns = std::max<std::size_t>(columns, columns_of(line));
    return columns;
  }

  // Longer than any terminal, with characters of one, two and no columns.
  static std::string long_name() {
    return "two_requests_that_pub\u00e9lish_\u4f60\u597d_be\u0301low_a_cached_prefix_which_goes_on_for_longer_than_a_"
           "terminal_is_wide";
  }

  void write_large(const std::string& name) const {
    std::string text = "[cache]\npages = 4\ntokens_per_page = 1\n";
    for (int i = 0; i < 4; ++i) text += "[[thread]]\nrun = [\"request 1 2\"]\n";
    write(name, text);
  }
};

TEST_F(progress, line_of_every_long_command_fits_the_terminal) {
  write_large(long_name() + ".toml");
  ASSERT_EQ(run("generate --shape chat --requests 3000 --output " + long_name() + ".jsonl").status, 0);
  const std::string commands[] = {
      "explore '" + long_name() + ".toml' --cache coarse --budget 500ms",
      "explore '" + long_name() + ".toml' --cache coarse --budget 500ms --jobs 2",
      "fuzz --cases 2000 --cache coarse",
      "hit-rates " + long_name() + ".jsonl --pages 1024,4096",
      "bench-search page_comes_back_to_the_top_of_the_pool --limit 300ms --executions 500",
  };
  for (const std::string& command : commands) {
    for (const unsigned short columns : std::initializer_list<unsigned short>{40, 140}) {
      const std::string seen = on_terminal(command, columns);
      const std::vector<std::string> lines = lines_of(seen);
      EXPECT_FALSE(lines.empty()) << command << ": " << seen;
      EXPECT_EQ(seen.find('\n'), std::string::npos) << command << ": " << seen;
      for (const std::string& line : lines) EXPECT_LT(columns_of(line), columns) << command << ": " << line;
    }
  }
}

TEST_F(progress, line_follows_the_size_of_the_window) {
  write_large(long_name() + ".toml");
  const std::vector<std::string> lines =
      lines_of(on_terminal("explore '" + long_name() + ".toml' --cache coarse --budget 2s", 200, 50));
  ASSERT_GE(lines.size(), 3U);
  EXPECT_GT(longest(lines), 50U);
  EXPECT_LT(columns_of(lines.back()), 50U);
}

TEST_F(progress, without_a_terminal_lines_come_now_and_then) {
  write_large("huge.toml");
  const std::string explore = "explore huge.toml --cache coarse --budget 2s --json -";
  setenv("TRIECHECK_PROGRESS", "0.1", 1);
  const ended alive = run(explore);
  setenv("TRIECHECK_PROGRESS", "0", 1);
  const ended silent = run(explore);
  unsetenv("TRIECHECK_PROGRESS");
  const ended usual = run(explore);
  EXPECT_GE(std::count(alive.err.begin(), alive.err.end(), '\n'), 2) << alive.err;
  EXPECT_TRUE(alive.err.starts_with("[0/1 done] huge, coarse: ")) << alive.err;
  EXPECT_EQ(alive.err.find('\033'), std::string::npos) << alive.err;
  EXPECT_EQ(silent.err, "");
  EXPECT_EQ(usual.err, "") << "a short run needs no sign of life";
}

// ---- The text alone

const std::vector<progress_part> line = {{"[7/212] ", 0},         {"two_requests_publish_below_a_cached_prefix", 0},
                                         {", lockfree", 1},       {": 123456", 0},
                                         {" of about 456000", 1}, {" (400000 to 500000)", 4},
                                         {" executions", 2},      {", 4000/s", 3},
                                         {", 83 s left", 1}};

TEST(progress_text, parts_of_the_highest_rank_go_first_and_the_name_is_shortened) {
  EXPECT_EQ(fitted(line, 200), in_full(line));
  EXPECT_EQ(fitted(line, 120),
            "[7/212] two_requests_publish_below_a_cached_prefix, lockfree: 123456 of about 456000 executions, 4000/s, "
            "83 s left");
  EXPECT_EQ(fitted(line, 79), "[7/212] two_requests...ched_prefix, lockfree: 123456 of about 456000, 83 s left");
  EXPECT_EQ(fitted(line, 39), "[7/212] two_reque...d_prefix: 123456");
}

TEST(progress_text, any_width_is_kept) {
  for (std::size_t columns = 0; columns <= 200; ++columns)
    EXPECT_LE(columns_of(fitted(line, columns)), columns) << columns;
}

TEST(progress_text, columns_are_those_of_a_terminal) {
  EXPECT_EQ(columns_of("prefix"), 6U);
  EXPECT_EQ(columns_of("pr\u00e9fix"), 6U);
  EXPECT_EQ(columns_of("\u4f60\u597d"), 4U);
  EXPECT_EQ(columns_of("e\u0301"), 1U);
  EXPECT_EQ(columns_of("\xff"), 1U) << "not UTF-8";
  EXPECT_EQ(fitted({{"a\nb\033[2Jc", 0}}, 80), "a?b?[2Jc");
  EXPECT_EQ(columns_of(fitted({{"\u4f60\u597d\u4f60\u597d\u4f60\u597d", 0}}, 7)), 7U);
}

}  // namespace
}  // namespace triecheck::checks
