#include "checks/report/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace triecheck::checks {
namespace {

constexpr double chart_width = 540, chart_height = 350;
constexpr double left = 74, right = 118, top = 40, bottom = 60;  // around the plot; names of curves need the right
constexpr double head_height = 62;                               // the heading and the legend
constexpr std::size_t columns = 2;
// Of Okabe and Ito: told apart by people who see colours differently.
constexpr std::array colours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b6b6b", "#000000"};

std::string fixed(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else
      out += c;
  }
  return out;
}

// 1,000 is 1 k; 1,048,576 is 1.05 M.
std::string short_number(double value) {
  const char* unit = value >= 1e9 ? " G" : value >= 1e6 ? " M" : value >= 1e3 ? " k" : "";
  const double scaled = value >= 1e9 ? value / 1e9 : value >= 1e6 ? value / 1e6 : value >= 1e3 ? value / 1e3 : value;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g%s", scaled, unit);
  return text.data();
}

// As short_number, but 1,024 is 1 Ki and 1,048,576 is 1 Mi: counts of pages are powers of two.
std::string short_count(double value) {
  const auto whole = static_cast<std::uint64_t>(value);
  if (whole != 0 && whole % (1 << 20) == 0) return std::to_string(whole >> 20) + " Mi";
  if (whole != 0 && whole % (1 << 10) == 0) return std::to_string(whole >> 10) + " Ki";
  return short_number(value);
}

std::string text_at(double x, double y, const std::string& text, const std::string& more) {
  return "<text x=\"" + fixed(x) + "\" y=\"" + fixed(y) + "\" " + more + ">" + escaped(text) + "</text>\n";
}

// From pixel `from` to pixel `to`.
class axis {
 public:
  axis(chart_axes kind, double least, double most, double from, double to)
      : kind_(kind), least_(least), most_(most), from_(from), to_(to) {}
  double place(double value) const {
    const double span = scaled(most_) - scaled(least_);
    return span <= 0 ? (from_ + to_) / 2 : from_ + (to_ - from_) * (scaled(value) - scaled(least_)) / span;
  }
  bool is_linear() const { return kind_ == chart_axes::linear; }
  double least() const { return least_; }
  double most() const { return most_; }

 private:
  double scaled(double value) const { return is_linear() ? value : std::log(value); }

  chart_axes kind_;
  double least_, most_, from_, to_;
};

// Some five multiples of 1, 2 or 5 times a power of ten.
std::vector<double> linear_ticks_of(const axis& a) {
  const double span = a.most() - a.least();
  if (span <= 0) return {a.least()};
  const double power = std::pow(10, std::floor(std::log10(span / 4)));
  const double steps = span / 4 / power;
  const double step = power * (steps < 2 ? 1 : steps < 5 ? 2 : 5);
  std::vector<double> ticks;
  for (double tick = std::ceil(a.least() / step) * step; tick <= a.most() + step / 1000; tick += step)
    ticks.push_back(tick);
  return ticks;
}

// Of a logarithmic axis 1, 2 and 5 of every power of ten; of a long one the powers alone, of a short one more.
std::vector<double> ticks_of(const axis& a) {
  if (a.is_linear()) return linear_ticks_of(a);
  const double decades = std::log10(a.most() / a.least());
  std::vector<double> ticks;
  for (double power = std::pow(10, std::floor(std::log10(a.least()))); power <= a.most() * 1.001; power *= 10) {
    for (const double step : {1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0}) {
      const bool is_usual = step == 1.0 || step == 2.0 || step == 5.0;
      if (decades > 3 ? step != 1.0 : decades > 0.9 && !is_usual) continue;
      const double tick = power * step;
      if (tick >= a.least() * 0.999 && tick <= a.most() * 1.001) ticks.push_back(tick);
    }
  }
  return ticks;
}

struct curve_end {
  double x, y;
  std::string name, colour;
};

// Names at the ends of curves, moved apart where curves end close to one another.
std::string names_of(std::vector<curve_end> ends, double lowest) {
  constexpr double apart = 13;
  std::sort(ends.begin(), ends.end(), [](const curve_end& a, const curve_end& b) { return a.y < b.y; });
  for (std::size_t i = 1; i < ends.size(); ++i) ends[i].y = std::max(ends[i].y, ends[i - 1].y + apart);
  if (!ends.empty()) ends.back().y = std::min(ends.back().y, lowest);
  for (std::size_t i = ends.size(); i-- > 1;) ends[i - 1].y = std::min(ends[i - 1].y, ends[i].y - apart);
  std::string svg;
  for (const curve_end& e : ends) {
    svg += text_at(e.x + 8, e.y + 4, e.name, "font-size=\"11\" fill=\"" + e.colour + "\"");
  }
  return svg;
}

class chart_writer {
 public:
  /// `number` is the place in the grid of charts.
  chart_writer(const chart& c, const std::vector<std::string>& names, std::size_t number)
      : chart_(c),
        names_(names),
        left_(static_cast<double>(number % columns) * chart_width + left),
        top_(head_height + static_cast<double>(number / columns) * chart_height + top),
        x_(range(true)),
        y_(range(false)) {}

  std::string write() const {
    return text_at(left_, top_ - 14, chart_.title, "font-size=\"13\" font-weight=\"bold\"") + grid() + curves();
  }

 private:
  double plot_right() const { return left_ + chart_width - left - right; }
  double plot_bottom() const { return top_ + chart_height - top - bottom; }

  axis range(bool of_x) const {
    double least = 1e300, most = 0;
    for (const chart_series& s : chart_.series) {
      for (const auto& [x, y] : s.points) {
        least = std::min(least, of_x ? x : y);
        most = std::max(most, of_x ? x : y);
      }
    }
    if (of_x) return {chart_.axes, least, most, left_, plot_right()};
    if (chart_.axes == chart_axes::linear) return {chart_.axes, 0, most == 0 ? 1 : most * 1.1, plot_bottom(), top_};
    return {chart_.axes, least / 1.3, most * 1.3, plot_bottom(), top_};
  }

  // The values that were measured, where the axis is logarithmic.
  std::vector<double> x_ticks() const {
    if (x_.is_linear()) return linear_ticks_of(x_);
    std::vector<double> all;
    for (const chart_series& s : chart_.series) {
      for (const auto& [x, y] : s.points) all.push_back(x);
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  std::string grid() const {
    std::string svg;
    for (const double tick : ticks_of(y_)) {
      const std::string y = fixed(y_.place(tick));
      svg += "<line x1=\"" + fixed(left_) + "\" x2=\"" + fixed(plot_right()) + "\" y1=\"" + y + "\" y2=\"" + y +
             "\" stroke=\"#e2e2e2\"/>\n";
      svg += text_at(left_ - 8, y_.place(tick) + 4, short_number(tick), "font-size=\"11\" text-anchor=\"end\"");
    }
    for (const double tick : x_ticks()) {
      const std::string x = fixed(x_.place(tick));
      svg += "<line x1=\"" + x + "\" x2=\"" + x + "\" y1=\"" + fixed(plot_bottom()) + "\" y2=\"" +
             fixed(plot_bottom() + 5) + "\" stroke=\"#555\"/>\n";
      const std::string number = x_.is_linear() ? short_number(tick) : short_count(tick);
      svg += text_at(x_.place(tick), plot_bottom() + 18, number, "font-size=\"11\" text-anchor=\"middle\"");
    }
    svg += "<path d=\"M" + fixed(left_) + " " + fixed(top_) + "V" + fixed(plot_bottom()) + "H" + fixed(plot_right()) +
           "\" fill=\"none\" stroke=\"#555\"/>\n";
    svg += text_at((left_ + plot_right()) / 2, plot_bottom() + 38, chart_.x_label,
                   "font-size=\"12\" text-anchor=\"middle\"");
    const std::string middle = fixed((top_ + plot_bottom()) / 2), x = fixed(left_ - left + 18);
    return svg + "<text transform=\"translate(" + x + " " + middle +
           ") rotate(-90)\" font-size=\"12\" text-anchor=\"middle\">" + escaped(chart_.y_label) + "</text>\n";
  }

  std::string curves() const {
    std::string svg;
    std::vector<curve_end> ends;
    for (const chart_series& s : chart_.series) {
      if (s.points.empty()) continue;
      const auto number = static_cast<std::size_t>(std::find(names_.begin(), names_.end(), s.name) - names_.begin());
      const std::string colour = colours[number % colours.size()];
      std::string path, dots;
      const bool has_dots = s.points.size() <= 60;  // of more they are the line
      for (const auto& [x, y] : s.points) {
        path += (path.empty() ? "M" : "L") + fixed(x_.place(x)) + " " + fixed(y_.place(y));
        if (has_dots)
          dots += "<circle cx=\"" + fixed(x_.place(x)) + "\" cy=\"" + fixed(y_.place(y)) + "\" r=\"" +
                  (s.reference ? "2" : "3") + "\" fill=\"" + colour + "\"/>";
      }
      svg += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + colour + "\" stroke-width=\"" +
             (s.reference ? "1.3\" stroke-dasharray=\"5 3" : "2.2") + "\"/>" + dots + "\n";
      ends.push_back({x_.place(s.points.back().first), y_.place(s.points.back().second), s.name, colour});
    }
    return svg + names_of(std::move(ends), plot_bottom());
  }

  const chart& chart_;
  const std::vector<std::string>& names_;
  const double left_, top_;  // of the plot
  const axis x_, y_;
};

std::string legend(const std::vector<chart_series>& all) {
  std::string svg;
  double x = left;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string from = fixed(x), to = fixed(x + 24), colour = colours[i % colours.size()];
    svg += "<line x1=\"" + from + "\" x2=\"" + to + "\" y1=\"48\" y2=\"48\" stroke=\"" + colour + "\" stroke-width=\"" +
           (all[i].reference ? "1.3\" stroke-dasharray=\"5 3" : "2.2") + "\"/>\n";
    svg += text_at(x + 30, 52, all[i].name, "font-size=\"12\"");
    x += 54 + 7.0 * static_cast<double>(all[i].name.size());
  }
  return svg;
}

}  // namespace

std::string to_svg(const std::string& heading, const std::vector<chart>& charts) {
  std::vector<chart_series> all;  // by first appearance, without their points
  std::vector<std::string> names;
  std::string plots;
  std::size_t drawn = 0;
  for (const chart& c : charts) {
    for (const chart_series& s : c.series) {
      if (s.points.empty() || std::find(names.begin(), names.end(), s.name) != names.end()) continue;
      names.push_back(s.name);
      all.push_back({s.name, s.reference, {}});
    }
    if (std::all_of(c.series.begin(), c.series.end(), [](const chart_series& s) { return s.points.empty(); })) continue;
    plots += chart_writer(c, names, drawn++).write();
  }
  const std::size_t rows = (std::max<std::size_t>(drawn, 1) + columns - 1) / columns;
  const std::string width = fixed(chart_width * static_cast<double>(columns));
  const std::string height = fixed(head_height + chart_height * static_cast<double>(rows));
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width + "\" height=\"" + height + "\" viewBox=\"0 0 " +
         width + " " + height + "\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" fill=\"#222\">\n" +
         "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" +
         text_at(left, 26, heading, "font-size=\"15\" font-weight=\"bold\"") + legend(all) + plots + "</svg>\n";
}

}  // namespace triecheck::checks
