// The file of execution counts: what is refused, and that an update changes only what it has a number for.
#include "checks/verify/known_counts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace triecheck::explore {
namespace {

class counts_file : public testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(file_) << text; }
  std::string text() const {
    std::stringstream all;
    all << std::ifstream(file_).rdbuf();
    return all.str();
  }
  std::string problem() const {
    try {
      read_counts(file_);
    } catch (const std::runtime_error& e) {
      return std::string(e.what()).substr(file_.string().size());
    }
    return "accepted";
  }

  const std::filesystem::path file_ =
      std::filesystem::path(testing::TempDir()) / ("counts_" + std::to_string(getpid()) + ".txt");
};

TEST_F(counts_file, an_update_changes_what_it_has_a_number_for) {
  write("# About.\nb coarse=2 lockfree=20\na coarse=1  # why\n");
  update_counts(file_, {{"b", {{"lockfree", 21}}}, {"c", {{"coarse", 3}}}});
  EXPECT_EQ(text(), "# About.\na coarse=1\nb coarse=2 lockfree=21\nc coarse=3\n");
  EXPECT_EQ(read_counts(file_).at("b").at("lockfree"), 21U);
}

TEST_F(counts_file, is_made_where_there_is_none) {
  std::filesystem::remove(file_);
  EXPECT_EQ(problem(), ": cannot be read");
  update_counts(file_, {{"a", {{"coarse", 1}}}});
  EXPECT_EQ(text(), "a coarse=1\n");
}

TEST_F(counts_file, what_is_wrong_is_told_with_its_line) {
  for (const auto& [row, what] :
       {std::pair{"a coarse", "expected CACHE=NUMBER, not 'coarse'"},
        {"a =1", "expected CACHE=NUMBER, not '=1'"},
        {"a coarse=-1", "expected CACHE=NUMBER, not 'coarse=-1'"},
        {"a coarse=99999999999999999999", "expected CACHE=NUMBER, not 'coarse=99999999999999999999'"},
        {"a coarse=1 coarse=2", "the second number of coarse"},
        {"b", "the second row of b"}}) {
    write("# About.\nb coarse=2\n" + std::string(row) + "\n");
    EXPECT_EQ(problem(), ":3: " + std::string(what));
    EXPECT_THROW(update_counts(file_, {}), std::runtime_error);
    EXPECT_EQ(text(), "# About.\nb coarse=2\n" + std::string(row) + "\n") << "nothing is lost";
  }
}

}  // namespace
}  // namespace triecheck::explore
