// What a scrape answered: the samples of the text format of Prometheus, by name and labels.
//
// Threads: plain values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace triecheck::checks {

struct scraped_sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

class scrape {
 public:
  /// Reads the text format; nothing where a line is none of it.
  static std::optional<scrape> read(std::string_view text);

  const std::vector<scraped_sample>& samples() const { return samples_; }

  /// The sum of all samples of that name whose labels have all of `labels`; 0 where there is none.
  double sum(std::string_view name, const std::map<std::string, std::string>& labels = {}) const;
  bool has(std::string_view name) const;

  /// The values that one label has in the samples of that name, in the order in which they came.
  std::vector<std::string> values_of(std::string_view name, const std::string& label) const;

 private:
  std::vector<scraped_sample> samples_;
};

/// A quantile of what a histogram, whose buckets have all of `labels`, counted since `before`; in its unit,
/// as Prometheus estimates it; nothing where it counted nothing.
std::optional<double> quantile_since(const scrape& before, const scrape& now, const std::string& histogram,
                                     const std::map<std::string, std::string>& labels, double share);

}  // namespace triecheck::checks
