#include "checks/monitoring/exposition.h"

#include <limits>
#include <sstream>

#include <prometheus/metric_type.h>
#include <prometheus/text_serializer.h>

namespace triecheck::checks {
namespace {

constexpr double ns = 1e-9;

prometheus::MetricType type_of(metric_kind k) {
  switch (k) {
    case metric_kind::counter:
      return prometheus::MetricType::Counter;
    case metric_kind::gauge:
      return prometheus::MetricType::Gauge;
    case metric_kind::histogram:
      break;
  }
  return prometheus::MetricType::Histogram;
}

const char* name_of(metric_kind k) {
  switch (k) {
    case metric_kind::counter:
      return "counter";
    case metric_kind::gauge:
      return "gauge";
    case metric_kind::histogram:
      break;
  }
  return "histogram";
}

}  // namespace

family_builder::family_builder(const metric_description& d) : labels_(d.labels) {
  family_.name = d.name;
  family_.help = d.help;
  family_.type = type_of(d.kind);
}

prometheus::ClientMetric& family_builder::add(const label_values& labels) {
  prometheus::ClientMetric& m = family_.metric.emplace_back();
  for (std::size_t i = 0; i < labels_.size(); ++i) m.label.push_back({labels_[i], std::string(labels[i])});
  return m;
}

void family_builder::value(double v, const label_values& labels) {
  prometheus::ClientMetric& m = add(labels);
  m.counter.value = v;
  m.gauge.value = v;
}

void family_builder::histogram(const latency_histogram& h, const label_values& labels) {
  prometheus::ClientMetric::Histogram& to = add(labels).histogram;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < latency_buckets::bounded; ++i) {
    count += h.counts[i];
    if (latency_buckets::ends_octave(i))
      to.bucket.push_back({count, static_cast<double>(latency_buckets::bound_ns(i)) * ns});
  }
  to.sample_count = h.count();
  to.bucket.push_back({to.sample_count, std::numeric_limits<double>::infinity()});
  to.sample_sum = static_cast<double>(h.sum_ns) * ns;
}

std::string to_text(const metric_families& families) {
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return text.str();
}

json_builder::json_builder(const metric_description& d) : labels_(d.labels) {
  json_ = {{"kind", name_of(d.kind)}, {"unit", d.unit}, {"help", d.help}, {"samples", nlohmann::ordered_json::array()}};
}

nlohmann::ordered_json& json_builder::add(const label_values& labels) {
  nlohmann::ordered_json& sample = json_["samples"].emplace_back(nlohmann::ordered_json::object());
  for (std::size_t i = 0; i < labels_.size(); ++i) sample["labels"][labels_[i]] = labels[i];
  return sample;
}

void json_builder::value(double v, const label_values& labels) { add(labels)["value"] = v; }

void json_builder::histogram(const latency_histogram& h, const label_values& labels) {
  nlohmann::ordered_json& sample = add(labels);
  sample["count"] = h.count();
  sample["sum"] = static_cast<double>(h.sum_ns) * ns;
  sample["p50"] = h.quantile_ns(0.5) * ns;
  sample["p99"] = h.quantile_ns(0.99) * ns;
  sample["p999"] = h.quantile_ns(0.999) * ns;
}

}  // namespace triecheck::checks
