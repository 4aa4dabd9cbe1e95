// The metrics of a cache on a terminal: a screen from two scrapes, and a line from one reading.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>

#include "cache/monitoring/metric_table.h"
#include "checks/monitoring/scrape.h"

namespace triecheck::checks {

/// What happened between two scrapes, `seconds` apart, and how things are now. With 0 seconds `before` is
/// empty, and the screen shows all since the start. At most `width` columns; every line ends with a newline.
std::string to_screen(const scrape& before, const scrape& now, double seconds, std::size_t width = 100);

/// The same of one reading, since the start.
std::string to_screen(const cache_reading& r);

/// The hits, the pages and the latency of a lookup, in one line.
std::string to_line(const cache_reading& r);

}  // namespace triecheck::checks
