// `triecheck generate` as its users meet it: arguments, and a trace that `simulate` takes.
#include "checks/cli/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace triecheck::checks {
namespace {

class generate_command : public command_line {};

TEST_F(generate_command, arguments_that_cannot_be_are_usage_errors) {
  expect_usage_error("generate", "triecheck: --shape is required");
  expect_usage_error("generate --shape", "triecheck: --shape needs a value");
  expect_usage_error("generate --shape round",
                     "triecheck: there is no shape called 'round'; the known ones are: chat, zipf, agent");
  for (const std::string number : {"0", "-1", "1e3", "1000001"}) {
    expect_usage_error("generate --shape zipf --requests " + number,
                       "triecheck: --requests: must be a whole number from 1 to 1000000, not '" + number + "'");
  }
  expect_usage_error("generate --shape zipf --seed x", "triecheck: --seed: must be a whole number, not 'x'");
  expect_usage_error("generate --shape zipf --json -", "triecheck: standard output cannot hold two results");
  expect_usage_error("generate --shape zipf --output nowhere/t",
                     "triecheck: nowhere/t cannot be written (No such file or directory)");
  expect_usage_error("generate --shape zipf --json nowhere/t",
                     "triecheck: nowhere/t cannot be written (No such file or directory)");
  expect_usage_error("generate zipf", "triecheck: --shape is required");
}

TEST_F(generate_command, standard_output_and_a_file_get_the_same_trace) {
  const ended printed = run("generate --shape chat --requests 50 --seed 3");
  EXPECT_EQ(printed.status, 0) << printed.err;
  EXPECT_EQ(std::count(printed.out.begin(), printed.out.end(), '\n'), 50);
  const nlohmann::json json = run_json("generate --shape chat --requests 50 --seed 3 --output t.jsonl");
  EXPECT_EQ(contents(directory_ / "t.jsonl"), printed.out);
  EXPECT_EQ(json["shape"], "chat");
  EXPECT_EQ(json["requests"], 50);
  EXPECT_EQ(json["seed"], 3);
  EXPECT_LE(json["reused_blocks"], json["full_blocks"]);
}

TEST_F(generate_command, simulate_takes_every_shape_verifies_it_and_hits_what_the_summary_says) {
  for (const std::string shape : {"chat", "zipf", "agent"}) {
    const nlohmann::json made = run_json("generate --shape " + shape + " --requests 300 --output t.jsonl");
    // With room for everything, what is hit is what an earlier request brought.
    const nlohmann::json all = run_json("simulate t.jsonl --pages 20000 --page-tokens 512 --verify");
    EXPECT_EQ(all["verdict"], "pass");
    EXPECT_EQ(all["rejected"], 0);
    EXPECT_EQ(all["looked_up_pages"], made["full_blocks"]);
    EXPECT_EQ(all["hit_pages"], made["reused_blocks"]);
    const nlohmann::json few = run_json("simulate t.jsonl --pages 400 --page-tokens 512 --verify");
    EXPECT_EQ(few["verdict"], "pass");
    EXPECT_GT(few["evicted_pages"], 0);
    EXPECT_LE(few["hit_pages"], all["hit_pages"]);
  }
}

TEST_F(generate_command, hit_rates_are_those_of_simulate_and_of_the_model) {
  for (const std::string shape : {"chat", "zipf"}) {
    run_json("generate --shape " + shape + " --requests 400 --output " + shape + ".jsonl");
  }
  const std::string options = " --page-tokens 16 --block-tokens 16 --in-flight 4 --verify";
  const nlohmann::json table = run_json("hit-rates chat.jsonl zipf.jsonl --pages 200,100 --keep-hits 50:100" + options);
  EXPECT_EQ(table["verdict"], "pass");
  ASSERT_EQ(table["results"].size(), 2U * 2U * 5U);
  EXPECT_EQ(table["results"][0]["pages"], 100);
  for (const nlohmann::json& cell : table["results"]) {
    const std::string policy = cell["policy"];
    const nlohmann::json one = run_json("simulate " + cell["trace"].get<std::string>() + ".jsonl --pages " +
                                        std::to_string(cell["pages"].get<int>()) + " --policy " + policy +
                                        (policy == "priority" ? " --keep-hits 50:100" : "") + options);
    EXPECT_EQ(one["verdict"], "pass");
    EXPECT_EQ(one["policy"], policy);
    EXPECT_EQ(one["hit_pages"], cell["hit_pages"]) << cell;
    EXPECT_EQ(one["looked_up_pages"], cell["looked_up_pages"]) << cell;
    EXPECT_GT(cell["evicted_pages"], 0) << cell;
  }
  const ended text = run("hit-rates chat.jsonl zipf.jsonl --pages 100,200" + options);
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_EQ(std::count(text.out.begin(), text.out.end(), '\n'), 1 + 2 * 5 + 1);
  EXPECT_TRUE(text.out.ends_with(
      "\n* the best of a size and a trace; every outcome and the order of eviction are the model's\n"))
      << text.out;
}

}  // namespace
}  // namespace triecheck::checks
