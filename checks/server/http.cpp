#include "checks/server/http.h"

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include <httplib.h>
#include <nlohmann/json.hpp>

#include "checks/monitoring/exposition.h"
#include "checks/server/audit.h"
#include "checks/server/completion.h"
#include "checks/server/server_metrics.h"

// ThreadSanitizer asks for this. The last piece of an answer in chunks is a static string inside a
// function of cpp-httplib; the lock of its construction is in the packaged library, where the
// sanitizer does not see it.
extern "C" const char* __tsan_default_suppressions() { return "race:^httplib::detail::send_socket(\n"; }

namespace triecheck::server {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto look_at_connection = 50ms;
constexpr auto audit_limit = 20s;
constexpr std::size_t longest_body = 64U << 20;

void answer(httplib::Response& response, int status, const json& body) {
  response.status = status;
  response.set_content(body.dump() + "\n", "application/json");
}

json to_json(const page_counts& p) {
  return {{"pool", p.pool},
          {"free", p.free},
          {"cached", p.cached},
          {"leased", p.leased},
          {"open_leases", p.open_leases},
          {"evicted", p.evicted},
          {"duplicates", p.duplicates},
          {"refused", p.refused}};
}

json to_json(const engine_counts& c) {
  return {{"requests", c.requests},
          {"refused_requests", c.refused_requests},
          {"prompt_tokens", c.prompt_tokens},
          {"hit_tokens", c.hit_tokens},
          {"produced_tokens", c.produced_tokens},
          {"preemptions", c.preemptions},
          {"refused_forks", c.refused_forks},
          {"waiting", c.waiting},
          {"running", c.running}};
}

const char* text_of(request_end how) {
  return how == request_end::stopped ? "the server ends" : "the cache refused pages that it must have";
}

// Writes the answer to one request as it comes.
class answer_writer {
 public:
  answer_writer(engine& e, std::shared_ptr<request> r, std::string id)
      : engine_(e), request_(std::move(r)), id_(std::move(id)), choices_(request_->job().choices) {}

  // False where the client is gone.
  bool write_more(httplib::DataSink& sink) {
    const request_end how = request_->wait(news_, look_at_connection);
    if (!sink.is_writable()) return give_up();
    std::string text;
    for (const produced_token& t : news_) {
      if (request_->job().streams) {
        text += completion_event(id_, t);
      } else {
        choices_[t.choice].push_back(t.value);
      }
    }
    if (how != request_end::none) text += last_words(how);
    if (!text.empty() && !sink.write(text.data(), text.size())) return give_up();
    if (how != request_end::none) sink.done();
    return true;
  }

  // Where httplib ends the answer by itself.
  bool give_up() {
    engine_.cancel(*request_);
    return false;
  }

 private:
  std::string last_words(request_end how) const {
    const bool streams = request_->job().streams;
    if (how == request_end::done && streams) return "data: [DONE]\n\n";
    const json body = how == request_end::done ? completion_answer(id_, request_->job(), choices_)
                                               : error_answer("server_error", text_of(how));
    return streams ? "data: " + body.dump() + "\n\n" : body.dump() + "\n";
  }

  engine& engine_;
  const std::shared_ptr<request> request_;
  const std::string id_;
  std::vector<produced_token> news_;
  std::vector<std::vector<token>> choices_;
};

}  // namespace

class http_server::implementation : public httplib::Server {
 public:
  implementation(engine& e, const std::string& host, int port) : engine_(e) {
    const std::size_t connections = e.options().queue + e.options().batch + 16;
    new_task_queue = [connections] { return new httplib::ThreadPool(connections); };
    set_tcp_nodelay(true);
    // Without SO_REUSEPORT, which httplib sets by itself: two servers on one port would share its
    // clients.
    set_socket_options([](socket_t s) {
      const int yes = 1;
      setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    set_keep_alive_max_count(1'000'000);
    set_keep_alive_timeout(1);  // idle connections hold up the end so long
    set_payload_max_length(longest_body);
    add_routes();
    port_ = port == 0 ? bind_to_any_port(host) : (bind_to_port(host, port) ? port : -1);
    if (port_ < 0) throw std::runtime_error("cannot listen on " + host + ":" + std::to_string(port));
    // httplib lets 5 connections wait to be accepted; many clients that come at once would be
    // turned away for a second.
    ::listen(svr_sock_, 256);
  }

  int port() const { return port_; }

 private:
  void add_routes() {
    Post("/v1/completions", [this](const auto& asked, auto& response) { complete(asked, response); });
    Get("/v1/models", [](const auto&, auto& response) {
      answer(response, 200, {{"object", "list"}, {"data", {{{"id", model_name}, {"object", "model"}}}}});
    });
    Get("/health", [](const auto&, auto& response) { answer(response, 200, {{"status", "ok"}}); });
    Get("/metrics", [this](const auto&, auto& response) {
      checks::metric_families families;
      checks::add_families(server_metrics, engine_.counts(), families);
      if (const auto reading = engine_.cache().reading()) checks::add_families(cache_metrics, *reading, families);
      response.set_content(checks::to_text(families), checks::exposition_type);
    });
    Get("/debug/metrics", [this](const auto&, auto& response) {
      json body = checks::to_json(server_metrics, engine_.counts());
      if (const auto reading = engine_.cache().reading()) body.update(json(checks::to_json(cache_metrics, *reading)));
      answer(response, 200, body);
    });
    Get("/debug/cache", [this](const auto&, auto& response) {
      answer(response, 200, {{"pages", to_json(engine_.cache().counts())}, {"engine", to_json(engine_.counts())}});
    });
    Get("/debug/audit", [this](const auto&, auto& response) {
      const audit_report report = audit(engine_, audit_limit);
      answer(response, 200,
             {{"pages", to_json(report.pages)}, {"compared_pages", report.compared_pages}, {"wrong", report.wrong}});
    });
    set_error_handler([](const httplib::Request& asked, httplib::Response& response) {
      if (!response.body.empty()) return;
      const std::string asked_for = asked.method + " " + asked.path;
      answer(response, response.status,
             error_answer("invalid_request_error",
                          response.status == 404 ? "there is no " + asked_for : "cannot read " + asked_for));
    });
  }

  void complete(const httplib::Request& asked, httplib::Response& response) {
    completion_job job;
    try {
      job = parse_completion(asked.body, engine_.longest_request(), engine::most_choices);
    } catch (const bad_request& wrong) {
      return answer(response, 400, error_answer("invalid_request_error", wrong.what()));
    }
    const char* type = job.streams ? "text/event-stream" : "application/json";
    const std::shared_ptr<request> r = engine_.submit(std::move(job));
    if (r == nullptr) {
      response.set_header("Retry-After", "1");
      return answer(response, 429, error_answer("rate_limit_error", "the queue is full; try again later"));
    }
    const auto writer = std::make_shared<answer_writer>(
        engine_, r, "cmpl-" + std::to_string(answers_.fetch_add(1, std::memory_order_relaxed)));
    response.set_chunked_content_provider(
        type, [writer](std::size_t, httplib::DataSink& sink) { return writer->write_more(sink); },
        [writer](bool complete) {
          if (!complete) writer->give_up();
        });
  }

  engine& engine_;
  std::atomic<std::uint64_t> answers_{0};
  int port_ = -1;
};

http_server::http_server(engine& e, const std::string& host, int port)
    : implementation_(std::make_unique<implementation>(e, host, port)) {}
http_server::~http_server() = default;

int http_server::port() const { return implementation_->port(); }
void http_server::serve() { implementation_->listen_after_bind(); }
void http_server::stop() { implementation_->stop(); }

}  // namespace triecheck::server
