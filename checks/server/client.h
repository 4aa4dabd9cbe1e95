// A client of the server: a connection that one thread uses.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/server/workload.h"

namespace triecheck::server {

struct client_answer {
  int status = 0;                           ///< of HTTP; 0 where there was no answer
  std::vector<std::vector<token>> choices;  ///< what came, by choice
  bool is_complete = false;                 ///< the server said that this is all
  bool is_cut_off = false;                  ///< the connection broke, or nothing came for long
  std::string trouble;                      ///< what else was unexpected
};

class client {
 public:
  client(const std::string& host, int port);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Asks, and reads to the end, or to where the plan closes the connection.
  client_answer complete(const planned_request& asked);

  /// The answer to GET; null where there is none.
  nlohmann::json get(const std::string& path);

 private:
  class connection;
  const std::unique_ptr<connection> connection_;
};

}  // namespace triecheck::server
