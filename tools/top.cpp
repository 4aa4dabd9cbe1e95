// `triecheck top`: the metrics of a server on a terminal, drawn anew after each scrape.
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <httplib.h>
#include <CLI/CLI.hpp>

#include "checks/monitoring/scrape.h"
#include "checks/monitoring/terminal_view.h"
#include "checks/process/interrupts.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace triecheck::tools {
namespace {

struct top_arguments {
  std::string url;
  std::string interval = "1s";
  bool once = false;
};

struct address {
  std::string server;  // scheme, host and port
  std::string path;
};

address parse_url(const std::string& url) {
  const std::string whole = url.find("://") == std::string::npos ? "http://" + url : url;
  if (!whole.starts_with("http://"))
    throw usage_error("'" + url + "' is no URL of a server, such as http://localhost:8080");
  const std::size_t host = whole.find("://") + 3;
  const std::size_t path = whole.find('/', host);
  if (host == whole.size() || path == host) throw usage_error("'" + url + "' names no host");
  const std::string after = path == std::string::npos ? "/" : whole.substr(path);
  return {whole.substr(0, path), after == "/" ? "/metrics" : after};
}

// Throws output_error, which says why there is none.
checks::scrape scraped(httplib::Client& client, const address& from) {
  const std::string url = from.server + from.path;
  const httplib::Result answer = client.Get(from.path);
  if (!answer) throw output_error(url + " cannot be read: " + httplib::to_string(answer.error()));
  if (answer->status != 200) throw output_error(url + " answered " + std::to_string(answer->status));
  std::optional<checks::scrape> read = checks::scrape::read(answer->body);
  if (!read) throw output_error(url + " answered something else than metrics in the text format of Prometheus");
  return *std::move(read);
}

std::size_t columns() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 100;
}

void wait_until(std::chrono::steady_clock::time_point when) {
  constexpr std::chrono::milliseconds step(50);
  while (!checks::interrupted() && std::chrono::steady_clock::now() < when) std::this_thread::sleep_for(step);
}

int top(const top_arguments& a) {
  const address from = parse_url(a.url);
  const auto interval = parse_time("--interval", a.interval);
  if (interval < std::chrono::milliseconds(100)) throw usage_error("--interval: must be 100ms at least");
  httplib::Client client(from.server);
  client.set_keep_alive(true);
  client.set_connection_timeout(5);
  client.set_read_timeout(5);
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  checks::scrape before, now = scraped(client, from);
  auto at = std::chrono::steady_clock::now();
  std::string trouble;
  for (double seconds = 0;;) {
    if (terminal && !a.once) std::cout << "\033[H\033[2J";
    std::cout << from.server << from.path << (seconds > 0 ? ": since the last look" : ": since the start of the server")
              << "\n"
              << checks::to_screen(before, now, seconds, columns()) << trouble << std::endl;
    if (a.once) return 0;
    const auto next = at + std::chrono::duration_cast<std::chrono::steady_clock::duration>(interval);
    wait_until(next);
    if (checks::interrupted()) return 0;  // that is how one leaves
    trouble.clear();
    try {
      checks::scrape newest = scraped(client, from);
      before = std::exchange(now, std::move(newest));
      const auto then = std::exchange(at, std::chrono::steady_clock::now());
      seconds = std::chrono::duration<double>(at - then).count();
    } catch (const output_error& e) {  // a server that starts again is found again
      trouble = std::string(e.what()) + "\n";
      at = std::chrono::steady_clock::now();
    }
  }
}

}  // namespace

void add_top(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("top", "Shows the metrics of a running server, as they change");
  const auto a = std::make_shared<top_arguments>();
  command->add_option("url", a->url, "Of the server or its metrics: http://localhost:8080, localhost:8080/metrics")
      ->required()
      ->type_name("URL");
  command->add_option("--interval", a->interval, "From one look to the next")->type_name("TIME")->capture_default_str();
  command->add_flag("--once", a->once, "Shows what happened since the start of the server, and ends");
  command->callback([a, &exit_code] { exit_code = top(*a); });
}

}  // namespace triecheck::tools
