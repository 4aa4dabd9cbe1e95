// The engine behind HTTP.
//
//   POST /v1/completions  as OpenAI's (completion.h); 400 for what is wrong, 429 with Retry-After
//                         where the queue is full
//   GET  /v1/models       the one model
//   GET  /health          200 while the server serves
//   GET  /debug/cache     pages by state, and what the engine counted
//   GET  /debug/audit     waits until nobody runs; what is wrong with the cache then (audit.h)
//
// A client that closes its connection cancels its request, whether it streams or not: the server
// looks every 50 ms, and when it writes.
//
// Each connection has a thread, which only waits: the workers of the engine compute.
#pragma once

#include <memory>
#include <string>

#include "checks/server/engine.h"

namespace triecheck::server {

class http_server {
 public:
  /// Binds; port 0 takes a free one. Throws std::runtime_error where it cannot.
  http_server(engine& e, const std::string& host, int port);
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  int port() const;

  /// Serves until `stop`.
  void serve();

  /// Threads: any. Open answers end first, so the engine is to be stopped before.
  void stop();

 private:
  class implementation;
  const std::unique_ptr<implementation> implementation_;
};

}  // namespace triecheck::server
