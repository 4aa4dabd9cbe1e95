// The API over HTTP: what is refused and how, streams, clients that go away.
#include "checks/server/http.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <httplib.h>
#include <nlohmann/json.hpp>

#include "checks/server/client.h"
#include "checks/server/completion.h"

namespace triecheck::server {
namespace {

using nlohmann::json;
using tokens = std::vector<token>;

class http : public testing::Test {
 protected:
  explicit http(engine_options options = {})
      : engine_(make_cache("lockfree", {.pages = options.pages, .tokens_per_page = options.page_tokens}), options),
        server_(engine_, "127.0.0.1", 0),
        serving_([this] { server_.serve(); }),
        client_("127.0.0.1", server_.port()) {
    client_.Get("/health");  // a server that does not listen yet cannot be stopped
  }
  ~http() override {
    engine_.stop();
    server_.stop();
    serving_.join();
  }

  httplib::Result post(const std::string& body) { return client_.Post("/v1/completions", body, "application/json"); }

  void expect_refused(const std::string& body, const std::string& part_of_message) {
    const httplib::Result r = post(body);
    ASSERT_TRUE(r) << body;
    EXPECT_EQ(r->status, 400) << body;
    const json answer = json::parse(r->body, nullptr, false);
    ASSERT_TRUE(answer.is_object()) << r->body;
    const std::string message = answer["error"]["message"];
    EXPECT_NE(message.find(part_of_message), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }

  engine engine_;
  http_server server_;
  std::thread serving_;
  httplib::Client client_;
};

TEST_F(http, tokens_and_text_are_completed) {
  const httplib::Result r = post(R"({"prompt": [72, 105, 33], "max_tokens": 4, "n": 2, "seed": 5})");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 200);
  const json answer = json::parse(r->body);
  ASSERT_EQ(answer["choices"].size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const tokens expected = engine_.model().continuation({72, 105, 33}, 4, i);
    EXPECT_EQ(answer["choices"][i]["token_ids"].get<tokens>(), expected);
    EXPECT_EQ(answer["choices"][i]["text"], text_of(expected));
    EXPECT_EQ(answer["choices"][i]["finish_reason"], "length");
  }
  EXPECT_EQ(answer["usage"]["total_tokens"], 3 + 8);

  const json same = json::parse(post(R"({"prompt": "Hi!", "max_tokens": 4, "n": 2})")->body);
  EXPECT_EQ(same["choices"], answer["choices"]);
}

TEST_F(http, text_comes_back_as_it_was_given) {
  tokens all(transformer::vocabulary);
  for (token t = 0; t < all.size(); ++t) all[t] = t;
  const json body{{"prompt", text_of(all)}};
  EXPECT_EQ(parse_completion(body.dump(), 1000, 1).prompt, all);
}

TEST_F(http, wrong_requests_are_400_with_one_line) {
  expect_refused("{", "not JSON: byte 2");
  expect_refused("\xff", "not JSON");
  expect_refused("[]", "not a JSON object");
  expect_refused("{}", "prompt: it is missing");
  expect_refused(R"({"prompt": 7})", "prompt: a string or a list");
  expect_refused(R"({"prompt": []})", "prompt: at least one token");
  expect_refused(R"({"prompt": [1, 256]})", "prompt: 256 is not a token");
  expect_refused(R"({"prompt": [-1]})", "prompt: -1 is not a token");
  expect_refused("{\"prompt\": \"\xe2\x82\xac\"}", "code points below 256");
  expect_refused(R"({"prompt": "a", "max_tokens": 0})", "max_tokens: a whole number from 1");
  expect_refused(R"({"prompt": "a", "max_tokens": 1.5})", "max_tokens: a whole number from 1");
  expect_refused(R"({"prompt": "a", "n": 17})", "n: a whole number from 1 to 16");
  expect_refused(R"({"prompt": "a", "stream": 1})", "stream: true or false");
  expect_refused(R"({"prompt": "a", "temperature": 0.7})", "temperature");
  expect_refused(R"({"prompt": "a", "model": "gpt"})", "model: this server has");
  expect_refused(R"({"prompt": "a", "max_token": 3})", "no field \"max_token\"");
  expect_refused(R"({"prompt": "a", "max_tokens": 1025})", "the pool has room for 1025");
  EXPECT_EQ(engine_.counts().requests, 0U);
}

TEST_F(http, longest_request_of_the_pool_is_served) {
  const httplib::Result r = post(R"({"prompt": "a", "max_tokens": 1024})");
  ASSERT_TRUE(r);
  EXPECT_EQ(json::parse(r->body)["usage"]["completion_tokens"], 1024);
}

TEST_F(http, a_stream_is_an_event_for_each_token_and_done) {
  const httplib::Result r = post(R"({"prompt": [1, 2], "max_tokens": 3, "stream": true})");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->get_header_value("Content-Type"), "text/event-stream");
  std::string rest = r->body;
  tokens seen;
  for (std::size_t end; (end = rest.find("\n\n")) != std::string::npos && !rest.starts_with("data: [DONE]");) {
    const json event = json::parse(rest.substr(6, end - 6));
    seen.push_back(event["choices"][0]["token_ids"][0]);
    EXPECT_EQ(event["choices"][0]["finish_reason"], seen.size() == 3 ? json("length") : json(nullptr));
    rest.erase(0, end + 2);
  }
  EXPECT_EQ(seen, engine_.model().continuation({1, 2}, 3));
  EXPECT_EQ(rest, "data: [DONE]\n\n");
}

TEST_F(http, says_what_it_is_and_what_it_has) {
  EXPECT_EQ(json::parse(client_.Get("/health")->body)["status"], "ok");
  EXPECT_EQ(json::parse(client_.Get("/v1/models")->body)["data"][0]["id"], model_name);
  post(R"({"prompt": "four and more", "max_tokens": 1})");
  const json seen = json::parse(client_.Get("/debug/cache")->body);
  EXPECT_EQ(seen["engine"]["requests"], 1);
  EXPECT_EQ(seen["pages"]["cached"], 3);
  const json audit = json::parse(client_.Get("/debug/audit")->body);
  EXPECT_EQ(audit["compared_pages"], 3);
  EXPECT_EQ(audit["wrong"], json::array());
  const httplib::Result r = client_.Get("/v1/chat/completions");
  EXPECT_EQ(r->status, 404);
  EXPECT_EQ(json::parse(r->body)["error"]["message"], "there is no GET /v1/chat/completions");
}

// Nobody computes, so that requests stay where they are.
class http_of_an_idle_engine : public http {
 protected:
  http_of_an_idle_engine() : http({.threads = 0, .queue = 1}) {}

  // Asks, waits until the request is queued, and closes the connection.
  void ask_and_leave(const std::string& body) {
    const int s = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(server_.port()));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(s, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    const std::string text =
        "POST /v1/completions HTTP/1.1\r\nHost: here\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
        body;
    ASSERT_EQ(send(s, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    while (engine_.counts().waiting == 0) std::this_thread::yield();
    close(s);
  }
};

TEST_F(http_of_an_idle_engine, a_full_queue_answers_429_and_when_to_come_back) {
  ASSERT_NE(engine_.submit({.prompt = {1}}), nullptr);
  const httplib::Result r = post(R"({"prompt": "a"})");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 429);
  EXPECT_EQ(r->get_header_value("Retry-After"), "1");
  EXPECT_EQ(json::parse(r->body)["error"]["type"], "rate_limit_error");
}

TEST_F(http_of_an_idle_engine, a_client_that_goes_away_cancels_its_request) {
  for (const char* body : {R"({"prompt": "a"})", R"({"prompt": "a", "stream": true})"}) {
    ask_and_leave(body);
    // the time limit of the test is the limit
    while (engine_.counts().waiting != 0) std::this_thread::yield();
  }
}

class http_with_a_large_pool : public http {
 protected:
  http_with_a_large_pool() : http({.pages = 16384}) {}
};

TEST_F(http_with_a_large_pool, a_client_that_goes_away_in_mid_stream_cancels_its_request) {
  client c("127.0.0.1", server_.port());
  const client_answer got = c.complete(
      {.job = {.prompt = {1, 2, 3}, .max_tokens = 60'000, .choices = 2, .streams = true}, .closes_after = 5});
  EXPECT_FALSE(got.is_complete);
  EXPECT_EQ(got.choices[0].size() + got.choices[1].size(), 5U);
  while (engine_.counts().running != 0) std::this_thread::yield();
  EXPECT_LT(engine_.counts().produced_tokens, 60'000U);
}

}  // namespace
}  // namespace triecheck::server
