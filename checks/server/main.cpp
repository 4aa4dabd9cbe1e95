// `triecheck-server`: a small LLM server over the cache, for the integration test and for trying it
// by hand (README.md).
//
//   0  it ended by SIGINT or SIGTERM, and the cache has lost nothing
//   1  the cache has lost pages, or a cached page held something else than its prefix
//   2  the command line is wrong
//   4  it could not listen, or ran out of memory
#include <signal.h>

#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cache/monitoring/log_text.h"
#include "checks/historical/variant.h"
#include "checks/server/any_cache.h"
#include "checks/server/audit.h"
#include "checks/server/cache_options.h"
#include "checks/server/engine.h"
#include "checks/server/historical.h"
#include "checks/server/http.h"
#include "checks/server/logged_cache.h"
#include "checks/server/wrong_cache.h"
#include "checks/subject/production_caches.h"

namespace triecheck::server {
namespace {

constexpr std::size_t most_tokens = std::size_t{1} << 24;  // 4 GiB of keys and values

struct server_options {
  engine_options engine;
  std::string cache = checks::default_cache;
  bool contention = false;
  std::string fault;
  std::vector<unsigned> defects;
  bool is_last_revision = false;
  operation_delay delay;
  std::string operation_log;
  std::string host = "127.0.0.1";
  int port = 8080;
};

void add_options(CLI::App& app, server_options& o) {
  add_cache(app, o.cache, "The variant of the cache")->capture_default_str();
  add_pages(app, o.engine.pages, "Pages in the pool")->capture_default_str();
  add_size(app, "--page-tokens", o.engine.page_tokens, "Tokens in a page", 4096);
  app.add_option("--host", o.host, "The address to listen on")->capture_default_str();
  app.add_option("--port", o.port, "The port; 0 takes a free one, and prints it")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  add_size(app, "--threads", o.engine.threads, "Threads that compute", 256);
  add_size(app, "--batch", o.engine.batch, "Sequences that run at once", 1024);
  add_size(app, "--queue", o.engine.queue, "Requests that wait at most; others are answered 429", 4096);
  add_size(app, "--chunk-tokens", o.engine.chunk_tokens, "Tokens of a prompt that are computed in one step", 4096);
  app.add_option("--seed", o.engine.seed, "Of the weights of the model")->capture_default_str();
  app.add_flag("--contention", o.contention,
               "Counts for /metrics where threads meet too: each lock and word of the cache");
  add_fault(app, o.fault);
  app.add_option("--defect,--defects", o.defects,
                 "Of the historical cache: which are on, by their numbers in checks/defects.md")
      ->delimiter(',')
      ->check(CLI::Range(1U, historical::defect_count));
  app.add_flag("--last-revision", o.is_last_revision, "Of the historical cache: on is what its last revision had");
  add_delay(app, o.delay.one_in);
  app.add_option("--delay-seed", o.delay.seed, "Which ones wait")->capture_default_str();
  app.add_option("--operation-log", o.operation_log,
                 "Where the log of the cache's operations goes at the end, for triecheck check-log "
                 "(it has the tokens of all requests)");
}

// More than a run by hand or a test has: 8 MiB for each thread.
constexpr std::size_t words_of_log = std::size_t{1} << 20;

cache_config config_of(const server_options& o) {
  return {.pages = o.engine.pages, .tokens_per_page = o.engine.page_tokens};
}

std::unique_ptr<any_cache> unlogged_cache_of(const server_options& o) {
  if (o.cache == historical::cache_name) {
    return make_historical(config_of(o), o.is_last_revision ? historical::last_revision : defects_of(o.defects),
                           o.delay);
  }
  auto cache =
      make_cache(o.cache, config_of(o), o.contention ? monitoring_level::contention : monitoring_level::operations);
  return o.fault.empty() ? std::move(cache) : make_wrong(std::move(cache), o.fault, o.engine.seed);
}

std::unique_ptr<any_cache> cache_of(const server_options& o, server_log& log) {
  auto cache = unlogged_cache_of(o);
  return o.operation_log.empty() ? std::move(cache) : make_logged(std::move(cache), log);
}

// Opened before the server runs, so that nobody serves for an hour and has no log.
std::ofstream opened(const std::string& file) {
  std::ofstream out;
  if (file.empty()) return out;
  out.open(file, std::ios::binary);
  if (!out) throw CLI::ValidationError("--operation-log", "cannot write " + file);
  return out;
}

void write_log(const server_options& o, const server_log& log, std::ofstream& out) {
  if (o.operation_log.empty()) return;
  out << log_text(log.read_at_rest(), config_of(o), o.cache) << std::flush;
  if (!out) throw std::runtime_error("cannot write " + o.operation_log);
}

int report_end(engine& e) {
  audit_report last = audit_at_rest(e.cache(), e.memory(), e.model());
  for (std::string& line : e.cache().shutdown()) last.wrong.push_back(std::move(line));
  for (const std::string& line : last.wrong) std::cout << "wrong: " << line << "\n";
  std::cout << "ended: " << e.counts().requests << " requests, " << e.counts().produced_tokens << " tokens; "
            << last.pages.free << " free and " << last.pages.cached << " cached pages of " << last.pages.pool << ", "
            << (last.wrong.empty() ? "nothing is wrong" : std::to_string(last.wrong.size()) + " things are wrong")
            << std::endl;
  return last.wrong.empty() ? 0 : 1;
}

// The signals are blocked in all threads: one of them waits for the first.
int serve(const server_options& o, std::ofstream log_file) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  signal(SIGPIPE, SIG_IGN);

  server_log log(words_of_log);
  engine e(cache_of(o, log), o.engine);
  http_server http(e, o.host, o.port);
  std::cout << "listening on http://" << o.host << ":" << http.port() << std::endl;
  std::thread serving([&] { http.serve(); });
  int which = 0;
  sigwait(&ends, &which);
  e.stop();
  http.stop();
  serving.join();
  write_log(o, log, log_file);
  return report_end(e);
}

int run(int argc, char** argv) {
  CLI::App app("Serves completions of a tiny model over the prefix cache.", "triecheck-server");
  server_options o;
  std::ofstream log_file;
  add_options(app, o);
  try {
    app.parse(argc, argv);
    if (o.engine.pages * o.engine.page_tokens > most_tokens) {
      throw CLI::ValidationError("--pages", "the pool is larger than " + std::to_string(most_tokens) + " tokens");
    }
    const bool is_historical = o.cache == historical::cache_name;
    for (const char* option : {"--defect", "--last-revision", "--delay"}) {
      if (app.count(option) != 0 && !is_historical)
        throw CLI::ValidationError(option, "goes with --cache historical alone");
    }
    if (is_historical && !o.fault.empty())
      throw CLI::ValidationError("--fault", "the historical cache has --defects instead");
    if (o.is_last_revision && !o.defects.empty())
      throw CLI::ValidationError("--defects", "does not go with --last-revision");
    log_file = opened(o.operation_log);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    std::cerr << "triecheck-server: " << e.what() << "\n";
    return 2;
  }
  return serve(o, std::move(log_file));
}

}  // namespace
}  // namespace triecheck::server

int main(int argc, char** argv) {
  try {
    return triecheck::server::run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::cerr << "triecheck-server: out of memory\n";
  } catch (const std::exception& e) {
    std::cerr << "triecheck-server: " << e.what() << "\n";
  }
  return 4;
}
