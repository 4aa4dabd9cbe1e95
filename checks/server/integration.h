// One cell of the integration test: a separate server, so many clients at once, every answer compared.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "checks/soak/soak.h"

namespace triecheck::server {

enum class pool_size { all, half, one };

/// A cell of the table, as the command line says it.
struct cell_options {
  std::string server;  ///< the program
  std::string cache;
  pool_size pool = pool_size::all;
  std::size_t pages = 0;  ///< of the pool, whatever `pool` says; 0: as that says
  std::size_t concurrency = 1;
  std::size_t requests = 96;  ///< at least; never less than twice the concurrency
  std::size_t page_tokens = 4;
  std::size_t threads = 4;
  std::uint64_t seed = 1;
  bool is_plain = false;  ///< one choice each, and nobody goes away
  std::string fault;      ///< of the server; empty: none
  /// of the historical cache: numbers with commas, "last" for those of its last revision; empty: none
  std::string defects;
  unsigned delay = 0;  ///< of the historical cache: one of so many operations of the layer waits; 0: none
};

struct cell_result {
  std::size_t pages = 0;
  std::size_t requests = 0;
  std::size_t cancelled = 0;
  std::size_t tokens = 0;      ///< that clients got
  std::size_t mismatches = 0;  ///< requests whose answer was not the right one, or did not come
  double hit_rate = 0;         ///< of the prompt tokens of admitted requests
  std::size_t preemptions = 0;
  double tokens_per_second = 0;
  double p50_ms = 0;  ///< of whole requests
  double p99_ms = 0;
  /// the first mismatches, and what the audits say: a sentence each
  std::vector<std::string> wrong;
};

/// Throws std::runtime_error where the server does not start.
cell_result run_cell(const cell_options& o);

/// A soak of one server: rounds of `o.requests` requests, each with the next seed, until the time is over or an
/// interrupt came (checks/process/interrupts.h). After each round, when nobody asks, the server is audited, and its
/// memory noted. The options of the soak say what the report is about. Threads and errors: as `run_cell`.
struct server_soak {
  checks::soak_options options;
  checks::soak_result result;
  std::size_t mismatches = 0;
  std::size_t tokens = 0;
  std::vector<std::string> wrong;  ///< as of a cell, of the first round that is wrong
  cell_options wrong_round;        ///< the cell that it was
};
server_soak soak_server(const cell_options& o, std::chrono::milliseconds time);

std::string name_of(pool_size pool);

}  // namespace triecheck::server
