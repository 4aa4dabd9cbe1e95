// Line charts as SVG: one curve for each series, its name at its end and in the legend.
//
// Threads: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace triecheck::checks {

struct chart_series {
  std::string name;
  bool reference = false;                         ///< drawn thin and dashed: what the others are compared with
  std::vector<std::pair<double, double>> points;  ///< x and y, x rising; both above 0 where axes are logarithmic
};

enum class chart_axes : std::uint8_t {
  logarithmic,  ///< both; the x axis is marked at the points
  linear,       ///< both; the y axis begins at 0
};

struct chart {
  std::string title;
  std::string x_label;
  std::string y_label;
  std::vector<chart_series> series;
  chart_axes axes = chart_axes::logarithmic;
};

/// The charts side by side under one heading, with one legend: a series has the same colour in each. Series without
/// points are left out; so is a chart without any.
std::string to_svg(const std::string& heading, const std::vector<chart>& charts);

}  // namespace triecheck::checks
