#include "checks/server/client.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <httplib.h>

namespace triecheck::server {
namespace {

using nlohmann::json;

// What an answer says of the choices in one object, whole or event.
void take_choices(const json& body, client_answer& answer) {
  if (!body.is_object() || !body.contains("choices")) {
    answer.trouble = "instead of choices there came " + body.dump();
    return;
  }
  for (const json& choice : body["choices"]) {
    const std::size_t index = choice["index"];
    if (index >= answer.choices.size()) {
      answer.trouble = "a choice that nobody asked for: " + choice.dump();
      return;
    }
    for (const json& t : choice["token_ids"]) answer.choices[index].push_back(t);
  }
}

// Server-sent events as they come, in pieces of any size.
class event_reader {
 public:
  event_reader(client_answer& answer, const planned_request& asked) : answer_(answer), asked_(asked) {}

  // False where the client closes the connection.
  bool read(const char* data, std::size_t size) {
    text_.append(data, size);
    for (std::size_t end; (end = text_.find("\n\n")) != std::string::npos; text_.erase(0, end + 2)) {
      const std::string_view event(text_.data(), end);
      if (!event.starts_with("data: ")) {
        answer_.trouble = "no event: " + std::string(event);
        return false;
      }
      if (event == "data: [DONE]") {
        answer_.is_complete = true;
        continue;
      }
      take_choices(json::parse(event.substr(6), nullptr, false), answer_);
      if (asked_.closes_after && ++tokens_ >= *asked_.closes_after) return false;
    }
    return answer_.trouble.empty();
  }

 private:
  client_answer& answer_;
  const planned_request& asked_;
  std::string text_;
  std::size_t tokens_ = 0;
};

json body_of(const completion_job& job) {
  json body{{"prompt", job.prompt}, {"max_tokens", job.max_tokens}};
  if (job.choices != 1) body["n"] = job.choices;
  if (job.streams) body["stream"] = true;
  return body;
}

}  // namespace

class client::connection : public httplib::Client {
 public:
  connection(const std::string& host, int port) : httplib::Client(host, port) {
    set_keep_alive(true);
    set_tcp_nodelay(true);
    set_read_timeout(30, 0);  // longer than an audit may take
    set_default_headers({{"Accept-Encoding", "identity"}});
  }
};

client::client(const std::string& host, int port) : connection_(std::make_unique<connection>(host, port)) {}
client::~client() = default;

client_answer client::complete(const planned_request& asked) {
  client_answer answer;
  answer.choices.resize(asked.job.choices);
  event_reader reader(answer, asked);
  std::string body;
  httplib::Request r;
  r.method = "POST";
  r.path = "/v1/completions";
  r.headers = {{"Content-Type", "application/json"}};
  r.body = body_of(asked.job).dump();
  r.response_handler = [&](const httplib::Response& response) {
    answer.status = response.status;
    return true;
  };
  r.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    if (asked.job.streams && answer.status == 200) return reader.read(data, size);
    body.append(data, size);
    return true;
  };
  const httplib::Result result = connection_->send(r);
  const bool closed = asked.closes_after && result.error() == httplib::Error::Canceled;
  answer.is_cut_off = !result && !closed && answer.trouble.empty();
  if (!result && !closed) {
    answer.trouble += " " + httplib::to_string(result.error());
  } else if (answer.status != 200) {
    answer.trouble = body;
  } else if (!asked.job.streams) {
    take_choices(json::parse(body, nullptr, false), answer);
    answer.is_complete = true;
  }
  return answer;
}

json client::get(const std::string& path) {
  const httplib::Result result = connection_->Get(path);
  return result ? json::parse(result->body, nullptr, false) : json();
}

}  // namespace triecheck::server
