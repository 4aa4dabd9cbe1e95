// The server as a separate process.
//
// Threads: one.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace triecheck::server {

class server_process {
 public:
  /// Starts the program, in a separate process group: an interrupt from the terminal is not for it. Reads where it
  /// listens. Throws std::runtime_error with what it said instead. Requires that this process has one thread.
  server_process(const std::string& program, const std::vector<std::string>& arguments);

  /// Kills it where it still runs.
  ~server_process();
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;

  int port() const { return port_; }

  /// The memory that it has now; 0 where the system does not tell.
  std::size_t resident_bytes() const;

  struct ended {
    /// its exit status; that of a shell, 128 and the number, where a signal ended it
    int status;
    std::string output;  ///< after the line that says where it listens
  };
  /// Ends it by SIGTERM, and waits; where it says nothing for half a minute, by SIGKILL.
  ended end();

 private:
  std::string read_line();
  void discard();

  pid_t process_ = -1;
  int output_ = -1;
  int port_ = 0;
};

}  // namespace triecheck::server
