// Metrics as text: what Prometheus scrapes, and JSON. Both show any table of the form of
// cache/monitoring/metric_table.h, row by row.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <prometheus/metric_family.h>
#include <nlohmann/json.hpp>

#include "cache/monitoring/metric_table.h"

namespace triecheck::checks {

using metric_families = std::vector<prometheus::MetricFamily>;

/// The content type of the text format of Prometheus.
inline constexpr const char* exposition_type = "text/plain; version=0.0.4; charset=utf-8";

/// A metric of any table without its reader.
struct metric_description {
  const char* name;
  const char* help;
  const char* unit;
  metric_kind kind;
  std::vector<std::string> labels;
};

/// Collects the samples of one metric as those of a family.
class family_builder final : public metric_sink {
 public:
  explicit family_builder(const metric_description& d);

  void value(double v, const label_values& labels) override;
  void histogram(const latency_histogram& h, const label_values& labels) override;

  prometheus::MetricFamily& family() { return family_; }

 private:
  prometheus::ClientMetric& add(const label_values& labels);

  const std::vector<std::string> labels_;
  prometheus::MetricFamily family_;
};

/// Collects the samples of one metric as JSON.
class json_builder final : public metric_sink {
 public:
  explicit json_builder(const metric_description& d);

  void value(double v, const label_values& labels) override;
  void histogram(const latency_histogram& h, const label_values& labels) override;

  const nlohmann::ordered_json& json() const { return json_; }

 private:
  nlohmann::ordered_json& add(const label_values& labels);

  const std::vector<std::string> labels_;
  nlohmann::ordered_json json_;
};

template <class Reading>
metric_description describe(const metric<Reading>& m) {
  metric_description d{m.name, m.help, m.unit, m.kind, {}};
  for (const char* label : m.labels) {
    if (label != nullptr) d.labels.emplace_back(label);
  }
  return d;
}

/// The families of a table whose metrics have samples. A histogram has one bucket for each power of two.
template <class Reading, std::size_t Rows>
void add_families(const metric<Reading> (&table)[Rows], const Reading& r, metric_families& to) {
  for (const metric<Reading>& m : table) {
    family_builder builder(describe(m));
    m.read(r, builder);
    if (!builder.family().metric.empty()) to.push_back(std::move(builder.family()));
  }
}

/// The text format of Prometheus.
std::string to_text(const metric_families& families);

/// By the name of the metric: its unit, kind and help, and its samples with their labels. A histogram has its
/// count, its sum and some quantiles, in seconds.
template <class Reading, std::size_t Rows>
nlohmann::ordered_json to_json(const metric<Reading> (&table)[Rows], const Reading& r) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const metric<Reading>& m : table) {
    json_builder builder(describe(m));
    m.read(r, builder);
    if (!builder.json().at("samples").empty()) json[m.name] = builder.json();
  }
  return json;
}

}  // namespace triecheck::checks
