// What the stories and messages of executions say: names of objects, places in the source, kinds of stray accesses.
#include "checks/explore/interleaving.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <regex>
#include <set>
#include <string>

#include "checks/explore/relacy/sync.h"
#include "checks/subject/variants.h"
#include "checks/verify/explore.h"
#include "checks/verify/misbehaving.h"
#include "checks/verify/registry.h"

namespace triecheck::explore {
namespace {

checks::scenario shipped(const std::string& name) {
  return checks::load_scenario(std::string(TRIECHECK_SCENARIOS_DIR) + "/" + name + ".toml");
}

checks::scenario two_requests() {
  return checks::parse_scenario(
      "[cache]\npages = 2\ntokens_per_page = 1\n[[thread]]\nrun = [\"request 1\"]\n[[thread]]\nrun = [\"request 2\"]\n",
      "two_requests.toml");
}

// A whole execution: where a schedule ends, it goes on without preemptions.
std::string story_of(const checks::scenario& s, const std::string& cache, const std::string& fault = "") {
  return replay_scenario(s, {.scenario = s.name, .cache = cache, .fault = fault, .choices = {}}, true).interleaving;
}

TEST(interleaving, every_object_of_the_caches_has_a_name) {
  const std::regex nameless("object \\d+ of [^\\n]*");
  for (const checks::variant& v : checks::variants()) {
    std::set<std::string> found;
    for (const char* name :
         {"four_requests_on_a_three_page_pool", "fork_on_a_full_pool", "page_is_told_before_it_is_found",
          "statistics_of_a_page_that_changes_hands", "tails_of_two_requests_of_one_prompt"}) {
      const std::string story = story_of(shipped(name), v.name);
      EXPECT_NE(story.find("release"), std::string::npos) << story;
      for (std::sregex_iterator m(story.begin(), story.end(), nameless), end; m != end; ++m) found.insert(m->str());
    }
    EXPECT_TRUE(found.empty()) << v.name << ": " << found.size() << " such as " << *found.begin();
  }
}

TEST(interleaving, places_are_files_of_the_source_tree_and_of_the_text_with_the_fault) {
  const location here;
  EXPECT_EQ(show(here), "checks/verify/interleaving_test.cpp:" + std::to_string(here.line));
  const std::regex place("(\\S+\\.h):\\d+");
  for (const std::string fault : {"", "release_without_the_mutex"}) {
    const std::string story = story_of(shipped("three_releases_of_one_prefix"), "coarse", fault);
    std::set<std::string> files;
    for (std::sregex_iterator m(story.begin(), story.end(), place), end; m != end; ++m) files.insert((*m)[1]);
    EXPECT_GE(files.size(), 3U) << story;
    for (const std::string& file : files) {
      EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(TRIECHECK_SOURCE_DIR) / file)) << file;
    }
  }
}

// ---- Accesses that go astray

using word = relacy_sync::atomic<std::uint32_t>;

void reads_past_an_array() {
  const std::unique_ptr<word[]> words(new word[2]);
  for (std::size_t i = 0; i < 2; ++i) words[i].store(0, memory_order::relaxed);
  for (std::size_t i = 0; i < 2; ++i) relacy_sync::label(words[i], "mine", i);
  static_cast<void>(words.get()[2].load(memory_order::relaxed));
}

void reads_what_was_destroyed() {
  alignas(word) std::byte memory[sizeof(word)];
  word* const destroyed = new (memory) word(0);
  relacy_sync::label(*destroyed, "mine.gone");
  destroyed->~word();
  static_cast<void>(destroyed->load(memory_order::relaxed));
}

void reads_before_a_write() {
  const relacy_sync::var<std::uint32_t> variable;
  relacy_sync::label(variable, "mine.empty");
  static_cast<void>(variable.get());
}

checks::result of(checks::subject_factory make) {
  explore_options o;
  o.make = make;
  return explore_scenario(two_requests(), "two_requests", o).outcome;
}

TEST(stray_access, one_past_an_array_is_out_of_bounds_and_names_what_is_near) {
  const checks::result r = of(&misbehaving<reads_past_an_array>::make);
  ASSERT_EQ(r.outcome, checks::verdict::fail);
  EXPECT_EQ(r.found->kind, "out-of-bounds");
  EXPECT_NE(r.found->message.find("the nearest is mine[1], which begins " + std::to_string(sizeof(word)) +
                                  " bytes before it"),
            std::string::npos)
      << r.found->message;
  EXPECT_NE(r.found->message.find("interleaving_test.cpp:"), std::string::npos) << r.found->message;
}

TEST(stray_access, one_of_a_destroyed_object_is_use_after_free_and_names_it) {
  const checks::result r = of(&misbehaving<reads_what_was_destroyed>::make);
  ASSERT_EQ(r.outcome, checks::verdict::fail);
  EXPECT_EQ(r.found->kind, "use-after-free");
  EXPECT_TRUE(r.found->message.starts_with("mine.gone is used after its destruction, at ")) << r.found->message;
}

TEST(stray_access, one_before_the_first_write_names_the_variable) {
  const checks::result r = of(&misbehaving<reads_before_a_write>::make);
  ASSERT_EQ(r.outcome, checks::verdict::fail);
  EXPECT_EQ(r.found->kind, "uninitialised-read");
  EXPECT_TRUE(r.found->message.starts_with("mine.empty is read before it was written, at ")) << r.found->message;
}

// Two threads write a variable that has a name.
class race final : public program {
 public:
  unsigned threads() const override { return 2; }
  void setup() override {
    shared_ = new relacy_sync::var<std::uint32_t>(0);
    relacy_sync::label(*shared_, "mine.shared");
  }
  void thread(unsigned index) override { shared_->set(index); }
  void finish() override { delete shared_; }

 private:
  relacy_sync::var<std::uint32_t>* shared_ = nullptr;
};

TEST(stray_access, a_race_names_the_variable_though_nobody_reads_the_story) {
  const isolated_run child = run_isolated(
      [](progress& shared) {
        race program;
        const run_outcome o = run(program, *make_exhaustive(true), {}, shared);
        return o.found ? o.found->kind + ": " + o.found->message : std::string("nothing");
      },
      std::chrono::milliseconds(10'000));
  EXPECT_TRUE(child.answer.starts_with("data-race: mine.shared: thread ")) << child.answer << child.error;
}

}  // namespace
}  // namespace triecheck::explore
