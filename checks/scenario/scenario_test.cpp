// Scenario files: what a well-formed one means, and what is said about every way to get one wrong.
//
// Messages are compared whole: their text and the place that they name are what the author of a scenario works with.
#include "checks/scenario/scenario.h"

#include "checks/scenario/print.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace triecheck::checks {
namespace {

const std::string two_pages = "[cache]\npages = 2\ntokens_per_page = 2\n";  // lines 1 to 3
const std::string clear_thread = "[[thread]]\nrun = [\"clear\"]\n";

// A scenario whose first thread runs `steps`, written as in the file: they start in line 5, column 8.
std::string with_steps(const std::string& steps) {
  return two_pages + "[[thread]]\nrun = [" + steps + "]\n" + clear_thread;
}

std::string problem_in(const std::string& text) {
  try {
    static_cast<void>(parse_scenario(text, "s.toml"));
  } catch (const scenario_error& e) {
    return e.what();
  }
  return "accepted";
}

std::string problem_in_steps(const std::string& steps) { return problem_in(with_steps(steps)); }

std::string problem_in_file(const std::filesystem::path& file) {
  try {
    static_cast<void>(load_scenario(file));
  } catch (const scenario_error& e) {
    return e.what();
  }
  return "accepted";
}

std::vector<step> steps_of(const std::string& steps) { return parse_scenario(with_steps(steps), "s.toml").threads[0]; }

// A separate folder for each test, gone when the test ends.
class scratch_directory {
 public:
  scratch_directory()
      : path_(std::filesystem::path(::testing::TempDir()) /
              ("scenario_test_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;

  const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

 private:
  std::filesystem::path path_;
};

// --- What a well-formed file means ---------------------------------------------------------------------------------

TEST(scenario, a_whole_file_is_read) {
  const std::string text =
      "title = \"A page is evicted while it is looked up\"\n[cache]\npages = 64\ntokens_per_page = 1\n"
      "[init]\nrun = [\"request 1\"]\n[[thread]]\nrun = [\"evict 1\"]\n[[thread]]\nrun = [\"a = lookup 1\"]\n"
      "[final]\nrun = [\"clear\", \"request 2\"]\n[expect]\nverdict = \"fail\"\nkind = \"page-contents\"\n";
  const scenario s = parse_scenario(text, "some/where/evicted.toml");
  EXPECT_EQ(s.name, "evicted");
  EXPECT_EQ(s.title, "A page is evicted while it is looked up");
  EXPECT_EQ(s.pages, 64U);
  EXPECT_EQ(s.tokens_per_page, 1U);
  ASSERT_EQ(s.init.size(), 1U);
  EXPECT_EQ(s.init[0].text, "request 1");
  ASSERT_EQ(s.threads.size(), 2U);
  EXPECT_EQ(s.threads[0][0].kind, step_kind::evict);
  EXPECT_EQ(s.threads[1][0].kind, step_kind::lookup);
  ASSERT_EQ(s.final.size(), 2U);
  EXPECT_EQ(s.final[1].text, "request 2");
  EXPECT_TRUE(s.expect_failure);
  EXPECT_EQ(s.expect_kind, "page-contents");
  EXPECT_EQ(s.source_text, text);
  EXPECT_EQ(s.policy, model::eviction_policy::recency);
}

TEST(scenario, a_policy_is_read) {
  const std::string rest = "[[thread]]\nrun = [\"evict 1\"]\n[[thread]]\nrun = [\"clear\"]\n";
  EXPECT_EQ(parse_scenario(two_pages + "policy = \"first-in\"\n" + rest, "s.toml").policy,
            model::eviction_policy::first_in);
}

TEST(scenario, whether_events_are_followed_is_read) {
  const std::string rest = "[[thread]]\nrun = [\"evict 1\"]\n[[thread]]\nrun = [\"clear\"]\n";
  EXPECT_FALSE(parse_scenario(two_pages + rest, "s.toml").events);
  EXPECT_TRUE(parse_scenario(two_pages + "events = true\n" + rest, "s.toml").events);
  EXPECT_EQ(problem_in("[cache]\npages = 2\ntokens_per_page = 2\nevents = 1\n"),
            "s.toml:4:10: \"events\" must be true or false, not an integer");
}

TEST(scenario, how_many_threads_have_an_index_is_read) {
  const std::string rest = "[[thread]]\nrun = [\"evict 1\"]\n[[thread]]\nrun = [\"clear\"]\n";
  EXPECT_EQ(parse_scenario(two_pages + rest, "s.toml").thread_indices, std::nullopt);
  const scenario s = parse_scenario(two_pages + "thread_indices = 0\n" + rest, "s.toml");
  EXPECT_EQ(s.thread_indices, 0U);
  EXPECT_EQ(parse_scenario(print_scenario(s), "s.toml").thread_indices, 0U);
  EXPECT_EQ(problem_in("[cache]\npages = 2\ntokens_per_page = 2\nthread_indices = 5\n"),
            "s.toml:4:18: \"thread_indices\" must be 0 to 4, not 5");
  EXPECT_EQ(problem_in("[cache]\npages = 2\ntokens_per_page = 2\nthread_indices = \"1\"\n"),
            "s.toml:4:18: \"thread_indices\" must be an integer, not a string");
}

TEST(scenario, a_pass_is_expected_unless_said_otherwise) {
  EXPECT_FALSE(parse_scenario(two_pages + clear_thread + clear_thread, "s.toml").expect_failure);
  EXPECT_FALSE(parse_scenario(two_pages + clear_thread + clear_thread + "[expect]\nverdict = \"pass\"\n", "s.toml")
                   .expect_failure);
}

TEST(scenario, every_kind_of_step_is_read) {
  const std::vector<step> steps = steps_of(
      R"("x = lookup 1 4294967295", "allocate x", "extend x 3 4", "write x", "read x", "publish x", "y = fork x",)"
      R"( "release x", "evict 7", "clear", "stats", "request 5 6")");
  const std::vector<step_kind> kinds = {step_kind::lookup, step_kind::allocate, step_kind::extend, step_kind::write,
                                        step_kind::read,   step_kind::publish,  step_kind::fork,   step_kind::release,
                                        step_kind::evict,  step_kind::clear,    step_kind::stats,  step_kind::request};
  ASSERT_EQ(steps.size(), kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    EXPECT_EQ(steps[i].kind, kinds[i]) << steps[i].text;
    EXPECT_FALSE(steps[i].or_stop) << steps[i].text;
  }
  EXPECT_EQ(steps[0].lease, "x");
  EXPECT_EQ(steps[0].tokens, (std::vector<std::uint32_t>{1, 4294967295U}));
  EXPECT_EQ(steps[1].lease, "x");
  EXPECT_EQ(steps[2].lease, "x");
  EXPECT_EQ(steps[2].tokens, (std::vector<std::uint32_t>{3, 4}));
  EXPECT_FALSE(steps[5].computed);
  EXPECT_EQ(steps[6].lease, "y");
  EXPECT_EQ(steps[6].source, "x");
  EXPECT_EQ(steps[7].lease, "x");
  EXPECT_EQ(steps[8].count, 7U);
  EXPECT_EQ(steps[9].text, "clear");
  EXPECT_EQ(steps[10].lease, "");
  EXPECT_EQ(steps[10].text, "stats");
  EXPECT_EQ(steps[11].lease, "");
  EXPECT_EQ(steps[11].tokens, (std::vector<std::uint32_t>{5, 6}));
}

TEST(scenario, a_step_that_can_be_refused_may_end_in_or_stop) {
  const std::vector<step> steps =
      steps_of(R"("x = lookup 1", "allocate x or stop", "extend x 2 or stop", "y = fork x or stop",)"
               R"( "request 3 or stop")");
  ASSERT_EQ(steps.size(), 5U);
  for (std::size_t i = 1; i < steps.size(); ++i) EXPECT_TRUE(steps[i].or_stop) << steps[i].text;
  EXPECT_EQ(steps[2].tokens, (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(steps[2].text, "extend x 2 or stop");
}

TEST(scenario, a_step_that_allocates_may_end_in_or_wait) {
  const std::vector<step> steps = steps_of(R"("x = lookup 1", "allocate x or wait", "extend x 2 or wait")");
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_FALSE(steps[0].or_wait);
  for (std::size_t i = 1; i < steps.size(); ++i) {
    EXPECT_TRUE(steps[i].or_wait) << steps[i].text;
    EXPECT_FALSE(steps[i].or_stop) << steps[i].text;
    EXPECT_EQ(print_step(steps[i]), steps[i].text);
  }
  EXPECT_EQ(problem_in_steps(R"("request 1 or wait")"),
            "s.toml:5:19: \"request\" takes no \"or wait\" (write \"request T... [keys B:K...] [in N] [times N] [or "
            "stop]\")");
  EXPECT_EQ(problem_in_steps(R"("evict 1 or wait")"),
            "s.toml:5:17: \"evict\" is never refused and takes no \"or wait\" (write \"evict N\")");
}

TEST(scenario, a_lookup_and_a_request_may_be_in_a_namespace) {
  const std::vector<step> steps =
      steps_of(R"("x = lookup 1 in 18446744073709551615", "request 2 in 7 or stop", "request 3 in 0", "request 4")");
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_EQ(steps[0].space, 18446744073709551615U);
  EXPECT_EQ(steps[0].tokens, (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(steps[1].space, 7U);
  EXPECT_TRUE(steps[1].or_stop);
  EXPECT_EQ(steps[2].space, 0U);
  EXPECT_EQ(steps[3].space, 0U);
  EXPECT_EQ(print_step(steps[0]), "x = lookup 1 in 18446744073709551615");
  EXPECT_EQ(print_step(steps[1]), "request 2 in 7 or stop");
  EXPECT_EQ(print_step(steps[2]), "request 3");
}

TEST(scenario, a_namespace_stands_at_the_end_of_a_step_that_has_one) {
  const std::string hint =
      "after \"in\" comes one namespace, at the end (an unsigned 64-bit number, 0 to 18446744073709551615)";
  EXPECT_EQ(problem_in_steps(R"("request 1 in")"), "s.toml:5:19: " + hint);
  EXPECT_EQ(problem_in_steps(R"("request 1 in x")"), "s.toml:5:19: " + hint);
  EXPECT_EQ(problem_in_steps(R"("request 1 in 2 3")"), "s.toml:5:19: " + hint);
  EXPECT_EQ(problem_in_steps(R"("request 1 in 18446744073709551616")"), "s.toml:5:19: " + hint);
  EXPECT_EQ(problem_in_steps(R"("x = lookup 1", "extend x 2 in 3")"),
            "s.toml:5:36: \"extend\" takes no namespace: it has that of its lease (write \"extend x T... [keys B:K...] "
            "[plus N] [failing N] [without eviction] [or stop|or wait]\")");
  EXPECT_EQ(problem_in_steps(R"("request in 3")"),
            "s.toml:5:9: \"request\" needs at least one token (write \"request T... [keys B:K...] [in N] [times N] [or "
            "stop]\")");
}

TEST(scenario, a_step_names_the_keys_of_blocks) {
  const std::vector<step> steps = steps_of(
      R"("x = lookup 1 2 keys 0:7 1:18446744073709551615 in 3", "extend x 3 keys 2:9 plus 1 or stop",
         "match 1 keys 0:7", "forget 1 keys 0:7", "request 1 keys 3:5")");
  ASSERT_EQ(steps.size(), 5U);
  EXPECT_EQ(steps[0].keys, (std::vector<model::block_key>{{0, 7}, {1, 18446744073709551615U}}));
  EXPECT_EQ(steps[0].space, 3U);
  EXPECT_EQ(steps[1].keys, (std::vector<model::block_key>{{2, 9}}));
  EXPECT_TRUE(steps[1].or_stop);
  EXPECT_EQ(print_step(steps[0]), "x = lookup 1 2 keys 0:7 1:18446744073709551615 in 3");
  EXPECT_EQ(print_step(steps[1]), "extend x 3 keys 2:9 plus 1 or stop");
  EXPECT_EQ(print_step(steps[4]), "request 1 keys 3:5");
  EXPECT_EQ(problem_in_steps(R"("request 1 keys")"),
            "s.toml:5:19: after \"keys\" comes the key of a block at least, written BLOCK:KEY, such as 0:7");
  EXPECT_EQ(problem_in_steps(R"("request 1 keys 7 or stop")"),
            "s.toml:5:24: \"7\" is no key of a block (write BLOCK:KEY, such as 0:7; no key is 0)");
  EXPECT_EQ(problem_in_steps(R"("request 1 keys 0:0")"),
            "s.toml:5:24: \"0:0\" is no key of a block (write BLOCK:KEY, such as 0:7; no key is 0)");
  EXPECT_EQ(problem_in_steps(R"("request 1 keys 1:2 0:2")"),
            "s.toml:5:28: keys are written in the order of their blocks, each block once");
  EXPECT_EQ(problem_in_steps(R"("evict 1 keys 0:2")"),
            "s.toml:5:17: \"evict\" takes no \"keys\": it names no tokens (write \"evict N\")");
}

TEST(scenario, what_a_scheduler_asks_for_is_written_in_steps) {
  const std::vector<step> steps =
      steps_of(R"("match 1 2 in 3", "x = lookup 1", "allocate x plus 2 without eviction or stop", )"
               R"("extend x 2 without eviction", "shrink x 1", "shrink x", "available")");
  ASSERT_EQ(steps.size(), 7U);
  EXPECT_EQ(steps[0].kind, step_kind::match);
  EXPECT_EQ(steps[0].tokens, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(steps[0].space, 3U);
  EXPECT_TRUE(steps[2].free_only && steps[2].or_stop);
  EXPECT_EQ(steps[2].extra_slots, 2U);
  EXPECT_TRUE(steps[3].free_only && !steps[3].or_stop);
  EXPECT_EQ(steps[4].computed, 1U);
  EXPECT_FALSE(steps[5].computed);
  for (const step& s : steps) EXPECT_EQ(print_step(s), s.text);
  EXPECT_TRUE(asks_as_a_scheduler(parse_scenario(with_steps(R"("match 1")"), "s.toml")));
  EXPECT_FALSE(asks_as_a_scheduler(parse_scenario(with_steps(R"("request 1")"), "s.toml")));
}

TEST(scenario, a_prefix_or_a_whole_namespace_is_forgotten) {
  const std::vector<step> steps = steps_of(R"("forget 1 2 in 3", "forget", "forget in 7", "forget 1 failing 2")");
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_EQ(steps[0].tokens, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(steps[0].space, 3U);
  EXPECT_TRUE(steps[1].tokens.empty() && steps[2].tokens.empty());
  EXPECT_EQ(steps[2].space, 7U);
  EXPECT_EQ(steps[3].failing, 2U);
  for (const step& s : steps) EXPECT_EQ(print_step(s), s.text);
  EXPECT_TRUE(asks_to_forget(parse_scenario(with_steps(R"("forget 1")"), "s.toml")));
  EXPECT_FALSE(asks_to_forget(parse_scenario(with_steps(R"("evict 1")"), "s.toml")));
}

TEST(scenario, what_does_not_evict_takes_no_without_eviction) {
  const std::string only = "\"without\" is only allowed in \"without eviction\", at the end of a step";
  EXPECT_EQ(problem_in_steps(R"("x = lookup 1", "allocate x without")"), "s.toml:5:36: " + only);
  EXPECT_EQ(problem_in_steps(R"("x = lookup 1", "allocate x without pages")"), "s.toml:5:36: " + only);
  EXPECT_EQ(problem_in_steps(R"("request 1 without eviction")"),
            "s.toml:5:19: \"request\" takes no \"without eviction\": that belongs to allocate and extend (write "
            "\"request T... [keys B:K...] [in N] [times N] [or stop]\")");
}

TEST(scenario, blanks_between_words_are_free) {
  const std::vector<step> steps = steps_of("\"  x=lookup  1\t2 \", \"release   x\"");
  EXPECT_EQ(steps[0].lease, "x");
  EXPECT_EQ(steps[0].tokens, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(steps[0].text, "  x=lookup  1\t2 ");
  EXPECT_EQ(steps[1].kind, step_kind::release);
}

TEST(scenario, a_released_name_may_be_opened_again) {
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1", "release a", "a = lookup 2", "read a")"), "accepted");
}

TEST(scenario, sections_may_use_the_same_name_for_their_own_leases) {
  const std::string thread = "[[thread]]\nrun = [\"a = lookup 1\"]\n";
  EXPECT_EQ(problem_in(two_pages + thread + thread + "[final]\nrun = [\"a = lookup 1\"]\n"), "accepted");
}

TEST(scenario, four_threads_are_accepted) {
  EXPECT_EQ(problem_in(two_pages + clear_thread + clear_thread + clear_thread + clear_thread), "accepted");
}

// --- Files that are no scenario ------------------------------------------------------------------------------------

TEST(scenario, an_empty_file_is_named) {
  const std::string message = "s.toml:1:1: the file is empty (write [cache] and two to eight [[thread]])";
  EXPECT_EQ(problem_in(""), message);
  EXPECT_EQ(problem_in("\n \t\r\n"), message);
  const scratch_directory scratch;
  const std::filesystem::path file = scratch.write("nothing.toml", "");
  EXPECT_EQ(problem_in_file(file),
            file.string() + ":1:1: the file is empty (write [cache] and two to eight [[thread]])");
}

TEST(scenario, a_missing_file_is_named) {
  const scratch_directory scratch;
  const std::filesystem::path file = scratch.path() / "absent.toml";
  EXPECT_EQ(problem_in_file(file), file.string() + ":1:1: there is no such file");
  EXPECT_EQ(problem_in_file("absent\n.toml"), "absent?.toml:1:1: there is no such file");
}

TEST(scenario, a_directory_is_named) {
  const scratch_directory scratch;
  EXPECT_EQ(problem_in_file(scratch.path()),
            scratch.path().string() + ":1:1: this is a directory (name a scenario file in it)");
}

TEST(scenario, a_file_that_cannot_be_read_is_named) {
  // Permissions do not stop a superuser; the memory of this process at address 0 stops everybody.
  const std::filesystem::path file = "/proc/self/mem";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "this system has no file whose reading always fails";
  EXPECT_EQ(problem_in_file(file), "/proc/self/mem:1:1: the file cannot be read (check its permissions)");
}

TEST(scenario, what_is_no_regular_file_is_named) {
  EXPECT_EQ(problem_in_file("/dev/null"), "/dev/null:1:1: this is not a regular file");
}

TEST(scenario, a_syntax_error_is_placed) {
  EXPECT_EQ(problem_in("[cache\npages = 2\n"),
            "s.toml:1:7: not valid TOML: while parsing table header: expected ']', saw '\\n'");
  EXPECT_EQ(problem_in("pages = 1\npages = 2\n"),
            "s.toml:2:9: not valid TOML: while parsing key-value pair: cannot redefine existing integer 'pages'");
  EXPECT_EQ(problem_in(two_pages + "[[thread]]\nrun = [\"clear\" \"clear\"]\n"),
            "s.toml:5:16: not valid TOML: while parsing array: expected comma or closing ']', saw '\"'");
  EXPECT_EQ(problem_in("title = \"\xff\"\n"), "s.toml:1:9: not valid TOML: Encountered invalid utf-8 sequence");
}

TEST(scenario, text_that_the_toml_parser_gives_up_on_is_a_syntax_error) {
  const std::string hint = "not valid TOML: unexpected character (check brackets and commas)";
  EXPECT_EQ(problem_in(two_pages + "[[[thread]]]\nrun = [\"clear\"]\n"), "s.toml:4:3: " + hint);
  EXPECT_EQ(problem_in(two_pages + "[[thread]]\nrun = [\"\xc3\xa4\", }\n"), "s.toml:5:13: " + hint);
  EXPECT_EQ(problem_in("[[="), "s.toml:1:3: " + hint);
}

// --- Keys, types and sizes -----------------------------------------------------------------------------------------

TEST(scenario, an_unknown_key_is_named_with_the_nearest_known_one) {
  EXPECT_EQ(problem_in("tilte = \"x\"\n" + two_pages),
            "s.toml:1:1: unknown key \"tilte\" in a scenario (did you mean \"title\"?)");
  EXPECT_EQ(problem_in("[cache]\npages = 2\ntoken_per_page = 2\n"),
            "s.toml:3:1: unknown key \"token_per_page\" in [cache] (did you mean \"tokens_per_page\"?)");
  EXPECT_EQ(problem_in(two_pages + "[init]\n  ran = []\n"),
            "s.toml:5:3: unknown key \"ran\" in [init] (did you mean \"run\"?)");
  EXPECT_EQ(problem_in(two_pages + "[[thread]]\nrun = [\"clear\"]\nname = 1\n"),
            "s.toml:6:1: unknown key \"name\" in [[thread]] (known: \"run\")");
  EXPECT_EQ(problem_in(two_pages + clear_thread + clear_thread + "[final]\nsteps = []\n"),
            "s.toml:9:1: unknown key \"steps\" in [final] (known: \"run\")");
  EXPECT_EQ(problem_in(two_pages + clear_thread + clear_thread + "[expect]\nverdit = \"pass\"\n"),
            "s.toml:9:1: unknown key \"verdit\" in [expect] (did you mean \"verdict\"?)");
}

TEST(scenario, the_first_unknown_key_of_a_table_is_the_one_reported) {
  EXPECT_EQ(problem_in("zzz = 1\naaa = 1\n"),
            "s.toml:1:1: unknown key \"zzz\" in a scenario "
            "(known: \"title\", \"cache\", \"init\", \"thread\", \"final\", \"bounds\", \"expect\", \"failure\")");
}

TEST(scenario, a_missing_cache_is_named) {
  EXPECT_EQ(problem_in(clear_thread + clear_thread),
            "s.toml:1:1: there is no [cache] (write [cache] with pages and tokens_per_page)");
}

TEST(scenario, a_missing_size_is_named) {
  EXPECT_EQ(problem_in("\n[cache]\ntokens_per_page = 2\n"),
            "s.toml:2:1: [cache] has no \"pages\" (write pages = N, 1 to 64)");
  EXPECT_EQ(problem_in("\n[cache]\npages = 2\n"),
            "s.toml:2:1: [cache] has no \"tokens_per_page\" (write tokens_per_page = N, 1 to 64)");
}

TEST(scenario, a_number_of_buckets_is_read_and_printed) {
  const std::string rest = clear_thread + clear_thread;
  EXPECT_EQ(parse_scenario(two_pages + rest, "s.toml").index_buckets, 0U);
  const scenario s = parse_scenario(two_pages + "index_buckets = 1\n" + rest, "s.toml");
  EXPECT_EQ(s.index_buckets, 1U);
  EXPECT_EQ(parse_scenario(print_scenario(s), "s.toml").index_buckets, 1U);
  EXPECT_EQ(problem_in(two_pages + "index_buckets = 65\n" + rest),
            "s.toml:4:17: \"index_buckets\" must be 1 to 64, not 65");
  EXPECT_EQ(problem_in(two_pages + "index_buckets = 0\n" + rest),
            "s.toml:4:17: \"index_buckets\" must be 1 to 64, not 0");
}

TEST(scenario, a_policy_has_the_name_of_the_literature_too) {
  const std::string rest = clear_thread + clear_thread;
  EXPECT_EQ(parse_scenario(two_pages + "policy = \"slru\"\n" + rest, "s.toml").policy,
            model::eviction_policy::segmented);
  EXPECT_EQ(parse_scenario(two_pages + "policy = \"segmented\"\n" + rest, "s.toml").policy,
            model::eviction_policy::segmented);
}

TEST(scenario, an_unknown_policy_is_named) {
  EXPECT_EQ(problem_in("[cache]\npages = 2\ntokens_per_page = 2\npolicy = \"frequenzy\"\n"),
            "s.toml:4:10: unknown policy \"frequenzy\" (did you mean \"frequency\"?)");
  EXPECT_EQ(problem_in("[cache]\npages = 2\ntokens_per_page = 2\npolicy = 1\n"),
            "s.toml:4:10: \"policy\" must be a string, not an integer");
}

TEST(scenario, a_size_outside_1_to_64_is_named) {
  EXPECT_EQ(problem_in("[cache]\npages = 0\ntokens_per_page = 2\n"), "s.toml:2:9: \"pages\" must be 1 to 64, not 0");
  EXPECT_EQ(problem_in("[cache]\npages = -1\ntokens_per_page = 2\n"), "s.toml:2:9: \"pages\" must be 1 to 64, not -1");
  EXPECT_EQ(problem_in("[cache]\npages = 65\ntokens_per_page = 2\n"), "s.toml:2:9: \"pages\" must be 1 to 64, not 65");
  EXPECT_EQ(problem_in("[cache]\npages = 2\ntokens_per_page = 0\n"),
            "s.toml:3:19: \"tokens_per_page\" must be 1 to 64, not 0");
  EXPECT_EQ(problem_in("[cache]\npages = 2\ntokens_per_page = 65\n"),
            "s.toml:3:19: \"tokens_per_page\" must be 1 to 64, not 65");
}

TEST(scenario, a_wrong_type_is_named) {
  EXPECT_EQ(problem_in("title = 1\n" + two_pages), "s.toml:1:9: \"title\" must be a string, not an integer");
  EXPECT_EQ(problem_in("cache = 4\n"), "s.toml:1:9: \"cache\" must be a table, written [cache], not an integer");
  EXPECT_EQ(problem_in("[cache]\npages = \"2\"\ntokens_per_page = 2\n"),
            "s.toml:2:9: \"pages\" must be an integer, not a string");
  EXPECT_EQ(problem_in("[cache]\npages = 2\ntokens_per_page = 2.0\n"),
            "s.toml:3:19: \"tokens_per_page\" must be an integer, not a floating-point number");
  EXPECT_EQ(problem_in(two_pages + "[thread]\nrun = []\n"),
            "s.toml:4:1: \"thread\" must be an array of tables, each written [[thread]], not a table");
  EXPECT_EQ(problem_in("thread = [true]\n" + two_pages),
            "s.toml:1:11: \"thread\" must be an array of tables, each written [[thread]], not a boolean");
  EXPECT_EQ(problem_in(two_pages + "[[thread]]\nrun = \"clear\"\n"),
            "s.toml:5:7: \"run\" must be an array of steps, written [\"step\", ...], not a string");
  EXPECT_EQ(problem_in_steps("\"clear\", 3"), "s.toml:5:17: a step must be a string, not an integer");
  EXPECT_EQ(problem_in("init = []\n" + two_pages),
            "s.toml:1:8: \"init\" must be a table, written [init], not an array");
  EXPECT_EQ(problem_in("expect = \"fail\"\n" + two_pages + clear_thread + clear_thread),
            "s.toml:1:10: \"expect\" must be a table, written [expect], not a string");
}

TEST(scenario, a_title_is_one_line) {
  EXPECT_EQ(problem_in("title = \"a\\nb\"\n" + two_pages),
            "s.toml:1:9: \"title\" must be one line without control characters");
}

TEST(scenario, a_section_without_steps_is_named) {
  EXPECT_EQ(problem_in(two_pages + "[init]\n"), "s.toml:4:1: [init] has no \"run\" (write run = [\"step\", ...])");
  EXPECT_EQ(problem_in(two_pages + "[[thread]]\n"),
            "s.toml:4:1: [[thread]] has no \"run\" (write run = [\"step\", ...])");
  EXPECT_EQ(problem_in(two_pages + clear_thread + "[[thread]]\nrun = []\n"),
            "s.toml:6:1: this [[thread]] runs nothing (write at least one step)");
}

TEST(scenario, the_number_of_threads_is_two_to_eight) {
  EXPECT_EQ(problem_in(two_pages), "s.toml:1:1: there is no [[thread]] (write two to eight)");
  EXPECT_EQ(problem_in("thread = []\n" + two_pages), "s.toml:1:10: there is no [[thread]] (write two to eight)");
  EXPECT_EQ(problem_in(two_pages + clear_thread), "s.toml:4:1: this is the only [[thread]] (write two to eight)");
  std::string eight = two_pages;
  for (int thread = 0; thread < 8; ++thread) eight += clear_thread;
  EXPECT_EQ(problem_in(eight), "accepted");
  EXPECT_EQ(problem_in(eight + clear_thread), "s.toml:20:1: this is a ninth [[thread]] (write two to eight)");
}

TEST(scenario, an_unknown_expected_verdict_is_named) {
  const std::string threads = two_pages + clear_thread + clear_thread;
  EXPECT_EQ(problem_in(threads + "[expect]\nverdict = \"fial\"\n"),
            "s.toml:9:11: unknown verdict \"fial\" (did you mean \"fail\"?)");
  EXPECT_EQ(problem_in(threads + "[expect]\nverdict = \"incomplete\"\n"),
            "s.toml:9:11: unknown verdict \"incomplete\" (known: \"pass\", \"fail\")");
}

TEST(scenario, a_kind_goes_only_with_an_expected_failure) {
  const std::string threads = two_pages + clear_thread + clear_thread;
  EXPECT_EQ(problem_in(threads + "[expect]\nkind = \"data-race\"\n"),
            "s.toml:9:8: \"kind\" only goes with verdict = \"fail\"");
  EXPECT_EQ(problem_in(threads + "[expect]\nverdict = \"fail\"\nkind = \"\"\n"),
            "s.toml:10:8: \"kind\" is empty (leave it out to accept any failure)");
}

TEST(scenario, a_kind_that_no_run_can_report_is_named) {
  const std::string threads = two_pages + clear_thread + clear_thread;
  EXPECT_EQ(problem_in(threads + "[expect]\nverdict = \"fail\"\nkind = \"refusel\"\n"),
            "s.toml:10:8: unknown kind \"refusel\" (did you mean \"refusal\"?)");
}

// --- Steps ---------------------------------------------------------------------------------------------------------

TEST(scenario, a_publish_may_say_how_many_tokens_are_computed) {
  EXPECT_EQ(steps_of(R"("x = lookup 1 2", "publish x 0", "publish x 2")")[1].computed, 0U);
  EXPECT_EQ(print_step(steps_of(R"("x = lookup 1 2", "publish x  2")")[1]), "publish x 2");
  EXPECT_EQ(problem_in_steps(R"("x = lookup 1 2", "publish x y")"),
            "s.toml:5:37: \"y\" is not a number of tokens (write an unsigned 32-bit number, 0 to 4294967295)");
  EXPECT_EQ(problem_in_steps(R"("x = lookup 1 2", "publish x 1 2")"),
            "s.toml:5:39: unexpected \"2\" in \"publish\" (write \"publish x [N] [keep P [until T]]\")");
}

std::string problem_in_threads(const std::string& first, const std::string& second, const std::string& rest = "") {
  return problem_in(two_pages + "[[thread]]\nrun = [" + first + "]\n[[thread]]\nrun = [" + second + "]\n" + rest);
}

TEST(scenario, every_step_is_printed_as_it_is_read) {
  const std::vector<std::string> texts = {"x = lookup 1 2 in 3 failing 1",
                                          "allocate x plus 4 failing 2 or stop",
                                          "extend x 5 plus 1",
                                          "write x",
                                          "read x",
                                          "publish x",
                                          "publish x 1",
                                          "y = fork x failing 1 or stop",
                                          "z = move x",
                                          "release z keep 50 until 2",
                                          "drop y",
                                          "foreign 1 2",
                                          "evict 3",
                                          "clear",
                                          "shutdown",
                                          "stats",
                                          "snapshot",
                                          "subscribe 7",
                                          "unsubscribe 7",
                                          "time 8",
                                          "request 1 in 2 or stop"};
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "\"" : ", \"") + text + "\"";
  const std::vector<step> steps = steps_of(all);
  ASSERT_EQ(steps.size(), texts.size());
  for (std::size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(print_step(steps[i]), texts[i]);
  EXPECT_EQ(steps[0].failing, 1U);
  EXPECT_EQ(steps[1].extra_slots, 4U);
  EXPECT_EQ(steps[9].keep, (model::retention{.priority = 50, .expires_at = 2}));
  const scenario s = parse_scenario(two_pages +
                                        "[[thread]]\nrun = [\"a = lookup 1\", \"give a\", \"cancel "
                                        "1\"]\n[[thread]]\nrun = [\"b = take a\", \"read b\"]\n",
                                    "s.toml");
  EXPECT_EQ(print_step(s.threads[0][1]), "give a");
  EXPECT_EQ(print_step(s.threads[0][2]), "cancel 1");
  EXPECT_EQ(print_step(s.threads[1][0]), "b = take a");
}

TEST(scenario, what_stands_behind_operands_is_a_word_and_a_number) {
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1", "allocate a plus")"),
            "s.toml:5:36: after \"plus\" comes a number of token slots, at the end (an unsigned 32-bit number, 0 to "
            "4294967295)");
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1", "write a plus 1")"),
            "s.toml:5:33: \"write\" allocates nothing and takes no \"plus\" (write \"write x\")");
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1", "release a keep 101")"), "s.toml:5:35: a priority is 1 to 100");
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1", "release a until 2")"),
            "s.toml:5:35: \"until\" comes after \"keep P\"");
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1 failing 0")"), "s.toml:5:22: requests for memory are numbered from 1");
  EXPECT_EQ(problem_in_steps(R"("plus = lookup 1")"),
            "s.toml:5:9: \"plus\" is a word of the step language (choose another name for the lease)");
}

TEST(scenario, a_lease_that_is_given_is_taken_by_another_section) {
  const std::string opens = "\"a = lookup 1\", \"give a\"";
  EXPECT_EQ(problem_in_threads(opens, "\"b = take a\", \"read b\""), "accepted");
  EXPECT_EQ(problem_in_threads(opens, "\"clear\""),
            "s.toml:5:30: lease \"a\" is taken by no section (write \"y = take a\" in another one)");
  EXPECT_EQ(problem_in_threads("\"clear\"", "\"b = take a\""),
            "s.toml:7:18: lease \"a\" is given by no section (write \"give a\" in another one)");
  EXPECT_EQ(problem_in_threads(opens + ", \"b = take a\"", "\"clear\""),
            "s.toml:5:44: lease \"a\" is given by the same section");
  EXPECT_EQ(problem_in_threads(opens, opens + ", \"b = take a\""),
            "s.toml:7:30: lease \"a\" is given twice (give one of them another name: \"y = move x\")");
  EXPECT_EQ(problem_in_threads(opens, "\"b = take a\", \"c = take a\""), "s.toml:7:32: lease \"a\" is taken twice");
  EXPECT_EQ(problem_in_threads("\"b = take a\"", "\"clear\"", "[final]\nrun = [" + opens + "]\n"),
            "s.toml:5:18: lease \"a\" is given by a section that runs later");
  EXPECT_EQ(problem_in_threads(opens, "\"clear\"", "[final]\nrun = [\"b = take a\"]\n"), "accepted");
  EXPECT_EQ(problem_in_threads(opens + ", \"read a\"", "\"b = take a\""),
            "s.toml:5:40: lease \"a\" was given away by an earlier step (open it again first)");
}

TEST(scenario, a_thread_cancels_another_one) {
  EXPECT_EQ(problem_in_threads("\"clear\"", "\"cancel 0\""), "accepted");
  EXPECT_EQ(problem_in_threads("\"clear\"", "\"cancel 1\""), "s.toml:7:16: a thread does not cancel itself");
  EXPECT_EQ(problem_in_threads("\"clear\"", "\"cancel 2\""),
            "s.toml:7:16: there is no thread 2 (the first [[thread]] is 0)");
  EXPECT_EQ(problem_in_threads("\"clear\"", "\"clear\"", "[final]\nrun = [\"cancel 0\"]\n"),
            "s.toml:9:16: only a [[thread]] cancels another");
}

TEST(scenario, a_subscriber_joins_once_and_leaves_where_it_has_joined) {
  EXPECT_EQ(problem_in_threads("\"subscribe 0\", \"unsubscribe 0\"", "\"subscribe 1\"",
                               "[final]\nrun = [\"unsubscribe 1\"]\n"),
            "accepted");
  EXPECT_EQ(problem_in_threads("\"subscribe 0\"", "\"subscribe 0\""),
            "s.toml:7:19: subscriber 0 joins twice (give one of them another number)");
  EXPECT_EQ(problem_in_threads("\"subscribe 0\"", "\"unsubscribe 0\""),
            "s.toml:7:21: subscriber 0 has not joined here (write \"subscribe 0\" before it, or in [init])");
  EXPECT_EQ(problem_in_threads("\"clear\"", "\"subscribe 8\""), "s.toml:7:19: there is no subscriber 8 (0 to 7)");
}

TEST(scenario, a_misspelt_step_is_named_with_the_nearest_known_one) {
  EXPECT_EQ(problem_in_steps(R"("a = lokup 1")"), "s.toml:5:13: unknown step \"lokup\" (did you mean \"lookup\"?)");
  EXPECT_EQ(problem_in_steps(R"("clear", "evic 1")"), "s.toml:5:18: unknown step \"evic\" (did you mean \"evict\"?)");
  EXPECT_EQ(problem_in_steps(R"("sleep 1")"),
            "s.toml:5:9: unknown step \"sleep\" (known: \"lookup\", \"allocate\", \"extend\", \"write\", \"read\", "
            "\"publish\", \"shrink\", \"match\", \"forget\", \"available\", \"release\", \"drop\", \"fork\", \"move\", "
            "\"give\", \"take\", \"foreign\", \"evict\", \"clear\", "
            "\"shutdown\", \"stats\", \"snapshot\", \"subscribe\", \"unsubscribe\", \"time\", \"cancel\", "
            "\"request\")");
}

TEST(scenario, an_empty_step_is_named) {
  EXPECT_EQ(problem_in_steps(R"("clear", " ")"),
            "s.toml:5:17: a step is empty (write a step such as \"x = lookup 1 2\")");
}

TEST(scenario, a_missing_argument_is_named) {
  EXPECT_EQ(
      problem_in_steps(R"("a = lookup")"),
      "s.toml:5:13: \"lookup\" needs at least one token (write \"x = lookup T... [keys B:K...] [in N] [failing N]\")");
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1", "extend a or stop")"),
            "s.toml:5:25: \"extend\" needs at least one token (write \"extend x T... [keys B:K...] [plus N] [failing "
            "N] [without eviction] [or stop|or wait]\")");
  EXPECT_EQ(problem_in_steps(R"("request")"),
            "s.toml:5:9: \"request\" needs at least one token (write \"request T... [keys B:K...] [in N] [times N] [or "
            "stop]\")");
  EXPECT_EQ(problem_in_steps(R"("evict")"), "s.toml:5:9: \"evict\" needs a number of pages (write \"evict N\")");
  EXPECT_EQ(problem_in_steps(R"("write")"), "s.toml:5:9: \"write\" needs the name of a lease (write \"write x\")");
  EXPECT_EQ(problem_in_steps(R"("b = fork")"),
            "s.toml:5:13: \"fork\" needs the name of a lease (write \"y = fork x [failing N] [or stop]\")");
  EXPECT_EQ(problem_in_steps(R"("a =")"),
            "s.toml:5:11: nothing after \"=\" (write \"x = lookup T...\" or \"y = fork x\")");
}

TEST(scenario, an_extra_argument_is_named) {
  EXPECT_EQ(problem_in_steps(R"("clear 1")"), "s.toml:5:15: unexpected \"1\" in \"clear\" (write \"clear\")");
  EXPECT_EQ(problem_in_steps(R"("stats 1")"), "s.toml:5:15: unexpected \"1\" in \"stats\" (write \"stats\")");
  EXPECT_EQ(problem_in_steps(R"("evict 1 2")"), "s.toml:5:17: unexpected \"2\" in \"evict\" (write \"evict N\")");
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1", "allocate a 2")"),
            "s.toml:5:36: unexpected \"2\" in \"allocate\" (write \"allocate x [plus N] [failing N] [without eviction] "
            "[or stop|or wait]\")");
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1", "b = fork a 2")"),
            "s.toml:5:36: unexpected \"2\" in \"fork\" (write \"y = fork x [failing N] [or stop]\")");
}

TEST(scenario, a_step_that_opens_a_lease_has_a_name_for_it_and_no_other_step_has) {
  EXPECT_EQ(problem_in_steps(R"("lookup 1 2")"),
            "s.toml:5:9: \"lookup\" needs a name for the lease that it opens (write \"x = lookup T... [keys B:K...] "
            "[in N] [failing N]\")");
  EXPECT_EQ(
      problem_in_steps(R"("a = lookup 1", "fork a")"),
      "s.toml:5:25: \"fork\" needs a name for the lease that it opens (write \"y = fork x [failing N] [or stop]\")");
  EXPECT_EQ(problem_in_steps(R"("a = request 1")"),
            "s.toml:5:9: \"request\" opens no lease (write \"request T... [keys B:K...] [in N] [times N] [or stop]\")");
}

TEST(scenario, what_is_no_token_is_named) {
  const std::string hint = " (write an unsigned 32-bit number, 0 to 4294967295)";
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1 x")"), "s.toml:5:22: \"x\" is not a token" + hint);
  EXPECT_EQ(problem_in_steps(R"("request 4294967296")"), "s.toml:5:17: \"4294967296\" is not a token" + hint);
  EXPECT_EQ(problem_in_steps(R"("request -1")"), "s.toml:5:17: \"-1\" is not a token" + hint);
  EXPECT_EQ(problem_in_steps(R"("request 1 +2")"), "s.toml:5:19: \"+2\" is not a token" + hint);
  EXPECT_EQ(problem_in_steps(R"("request 1 2.5")"), "s.toml:5:19: \"2.5\" is not a token" + hint);
  EXPECT_EQ(problem_in_steps(R"("request 1, 2")"), "s.toml:5:17: \"1,\" is not a token" + hint);
  EXPECT_EQ(problem_in_steps(R"("evict many")"), "s.toml:5:15: \"many\" is not a number of pages" + hint);
}

TEST(scenario, or_stop_stands_at_the_end_of_a_step_that_can_be_refused) {
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1 or stop")"),
            "s.toml:5:22: \"lookup\" is never refused and takes no \"or stop\" (write \"x = lookup T... [keys B:K...] "
            "[in N] [failing N]\")");
  EXPECT_EQ(problem_in_steps(R"("evict 1 or stop")"),
            "s.toml:5:17: \"evict\" is never refused and takes no \"or stop\" (write \"evict N\")");
  EXPECT_EQ(problem_in_steps(R"("request 1 or")"),
            "s.toml:5:19: \"or\" is only allowed in \"or stop\" or \"or wait\", at the end of a step");
  EXPECT_EQ(problem_in_steps(R"("request 1 or stop 2")"),
            "s.toml:5:19: \"or\" is only allowed in \"or stop\" or \"or wait\", at the end of a step");
  EXPECT_EQ(problem_in_steps(R"("request 1 or skip")"),
            "s.toml:5:19: \"or\" is only allowed in \"or stop\" or \"or wait\", at the end of a step");
}

TEST(scenario, a_request_may_run_many_times) {
  const std::vector<step> steps = steps_of(R"("request 1 2", "request 5 6 in 3 times 70 or stop")");
  EXPECT_EQ(steps[0].times, 1U);
  EXPECT_EQ(steps[1].times, 70U);
  EXPECT_EQ(print_step(steps[1]), steps[1].text);
  EXPECT_EQ(problem_in_steps(R"("request 1 times 0")"), "s.toml:5:19: a step runs 1 to 1000 times");
  EXPECT_EQ(problem_in_steps(R"("request 1 times 1001")"), "s.toml:5:19: a step runs 1 to 1000 times");
  EXPECT_EQ(problem_in_steps(R"("clear times 2")"),
            "s.toml:5:15: \"clear\" runs once and takes no \"times\" (write \"clear\")");
}

TEST(scenario, a_malformed_name_is_named) {
  const std::string hint = " is no name for a lease (write a small letter, then small letters, digits or underscores)";
  EXPECT_EQ(problem_in_steps(R"("A = lookup 1")"), "s.toml:5:9: \"A\"" + hint);
  EXPECT_EQ(problem_in_steps(R"("1a = lookup 1")"), "s.toml:5:9: \"1a\"" + hint);
  EXPECT_EQ(problem_in_steps(R"("a-b = lookup 1")"), "s.toml:5:9: \"a-b\"" + hint);
  EXPECT_EQ(problem_in_steps(R"("release _a")"), "s.toml:5:17: \"_a\"" + hint);
  EXPECT_EQ(problem_in_steps(R"("a_1 = lookup 1", "read a_1")"), "accepted");
}

TEST(scenario, a_word_of_the_language_names_no_lease) {
  const std::string hint = " is a word of the step language (choose another name for the lease)";
  EXPECT_EQ(problem_in_steps(R"("clear = lookup 1")"), "s.toml:5:9: \"clear\"" + hint);
  EXPECT_EQ(problem_in_steps(R"("stop = lookup 1")"), "s.toml:5:9: \"stop\"" + hint);
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1", "b = fork read")"), "s.toml:5:34: \"read\"" + hint);
}

TEST(scenario, a_lease_that_was_not_opened_in_its_section_is_named) {
  const std::string hint = " is not open here (open it earlier in the same section)";
  EXPECT_EQ(problem_in_steps(R"("read a", "a = lookup 1")"), "s.toml:5:14: lease \"a\"" + hint);
  EXPECT_EQ(problem_in_steps(R"("a = fork b")"), "s.toml:5:18: lease \"b\"" + hint);
  EXPECT_EQ(problem_in(two_pages + "[init]\nrun = [\"a = lookup 1\"]\n[[thread]]\nrun = [\"read a\"]\n" + clear_thread),
            "s.toml:7:14: lease \"a\"" + hint);
  EXPECT_EQ(problem_in(two_pages + "[[thread]]\nrun = [\"a = lookup 1\"]\n[[thread]]\nrun = [\"read a\"]\n"),
            "s.toml:7:14: lease \"a\"" + hint);
}

TEST(scenario, a_released_lease_is_not_used_again) {
  const std::string hint = " was released by an earlier step (open it again first)";
  const std::string before = R"("a = lookup 1", "release a", ")";
  for (const std::string& use : std::vector<std::string>{"read a", "write a", "allocate a", "publish a", "release a"}) {
    const std::size_t column = 8 + before.size() + use.size() - 1;  // of the last letter
    EXPECT_EQ(problem_in_steps(before + use + "\""), "s.toml:5:" + std::to_string(column) + ": lease \"a\"" + hint);
  }
}

TEST(scenario, a_lease_that_is_open_is_not_opened_again) {
  const std::string hint = " is already open (release it first or choose another name)";
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1", "a = lookup 2")"), "s.toml:5:25: lease \"a\"" + hint);
  EXPECT_EQ(problem_in_steps(R"("a = lookup 1", "a = fork a")"), "s.toml:5:25: lease \"a\"" + hint);
}

TEST(scenario, columns_count_characters_and_not_bytes) {
  EXPECT_EQ(problem_in_steps("\"request \xc3\xa4 2\""),
            "s.toml:5:17: \"\xc3\xa4\" is not a token (write an unsigned 32-bit number, 0 to 4294967295)");
  EXPECT_EQ(problem_in_steps("\"clear \xc3\xa4 2\""),
            "s.toml:5:15: unexpected \"\xc3\xa4\" in \"clear\" (write \"clear\")");
  EXPECT_EQ(problem_in_steps("\"\xc3\xa4\xc3\xa4 = lokup 2\""),
            "s.toml:5:14: unknown step \"lokup\" (did you mean \"lookup\"?)");
}

TEST(scenario, a_step_with_escapes_or_several_lines_is_placed_at_its_quote) {
  EXPECT_EQ(problem_in_steps(R"("clear", "a \u003d lokup 1")"),
            "s.toml:5:17: unknown step \"lokup\" (did you mean \"lookup\"?)");
  EXPECT_EQ(problem_in_steps("\"\"\"\na = lokup 1\"\"\""),
            "s.toml:5:8: unknown step \"lokup\" (did you mean \"lookup\"?)");
  EXPECT_EQ(problem_in_steps("'a = lokup 1'"), "s.toml:5:13: unknown step \"lokup\" (did you mean \"lookup\"?)");
}

TEST(scenario, a_message_is_one_line_whatever_the_file_holds) {
  EXPECT_EQ(problem_in_steps(R"("clear\n")"), "s.toml:5:8: unknown step \"clear?\" (did you mean \"clear\"?)");
}

// --- The shipped scenarios -----------------------------------------------------------------------------------------

TEST(scenario, regressions_come_first_and_then_names_in_order) {
  const scratch_directory scratch;
  scratch.write("b.toml", "");
  scratch.write("a.toml", "");
  scratch.write("notes.txt", "");
  scratch.write("regressions/z.toml", "");
  scratch.write("regressions/c.toml", "");
  scratch.write("other/x.toml", "");
  std::filesystem::create_directories(scratch.path() / "folder.toml");
  const std::filesystem::path regressions = scratch.path() / "regressions";
  EXPECT_EQ(find_scenarios(scratch.path()),
            (std::vector<std::filesystem::path>{regressions / "c.toml", regressions / "z.toml",
                                                scratch.path() / "a.toml", scratch.path() / "b.toml"}));
}

TEST(scenario, a_missing_directory_of_scenarios_is_named) {
  try {
    static_cast<void>(find_scenarios("no/such/directory"));
    FAIL() << "accepted";
  } catch (const scenario_error& e) {
    EXPECT_STREQ(e.what(), "no/such/directory:1:1: there is no such directory");
  }
}

TEST(scenario, every_shipped_scenario_is_small_and_says_what_it_asks) {
  const std::vector<std::filesystem::path> files = find_scenarios(TRIECHECK_SCENARIOS_DIR);
  EXPECT_GE(files.size(), 18U);
  std::set<std::string> names;
  std::set<std::string> titles;
  std::size_t with_three_threads = 0;
  std::size_t with_four_threads = 0;
  // What they ask is whether an operation may be long.
  const std::set<std::string> long_operations{"long_prompt_beside_statistics",
                                              "many_pages_are_cleared_beside_a_lookup"};
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file.filename().string());
    scenario s;
    ASSERT_NO_THROW(s = load_scenario(file));
    EXPECT_TRUE(names.insert(s.name).second) << "two files have this name";
    EXPECT_TRUE(titles.insert(s.title).second) << "two scenarios have this title";
    EXPECT_GE(std::count(s.title.begin(), s.title.end(), ' '), 4) << "the title is not a sentence";
    EXPECT_TRUE(s.source_text.starts_with("# ")) << "a comment says first why the question matters";
    if (!long_operations.contains(s.name)) {
      EXPECT_LE(s.pages, 8U);
    }
    EXPECT_LE(s.tokens_per_page, 2U);
    if (s.threads.size() == 3) ++with_three_threads;
    if (s.threads.size() == 4) ++with_four_threads;
  }
  EXPECT_GE(with_three_threads, 3U);
  EXPECT_GE(with_four_threads, 1U);
}

}  // namespace
}  // namespace triecheck::checks
