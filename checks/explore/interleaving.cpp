#include "checks/explore/interleaving.h"

#include <algorithm>
#include <string_view>

namespace triecheck::explore {
namespace {

constexpr std::size_t column_width = 34;

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

// Long lines wrap inside their column, at a space where there is one.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (text.size() > width) {
    std::size_t cut = text.rfind(' ', width);
    if (cut == std::string_view::npos || cut == 0) cut = width;
    lines.emplace_back(text.substr(0, cut));
    text.remove_prefix(std::min(text.size(), cut + (cut < text.size() && text[cut] == ' ' ? 1 : 0)));
  }
  lines.emplace_back(text);
  return lines;
}

}  // namespace

std::string show(const location& where) {
  std::string_view file = where.file;
  for (const std::string_view part : {"/faults/", "/cache/", "/model/", "/checks/", "/tools/"}) {
    if (const std::size_t at = file.rfind(part); at != std::string_view::npos) {
      file.remove_prefix(at + 1);
      break;
    }
  }
  return std::string(file) + ':' + std::to_string(where.line);
}

void interleaving::clear() {
  lines_.clear();
  labels_.clear();
}

std::string interleaving::name(object_id object) const {
  const auto found = labels_.find(object);
  if (found == labels_.end()) {
    const object_id creator = object >> 24;
    const std::string where = creator > max_threads ? "setup" : "thread " + std::to_string(creator - 1);
    return "object " + std::to_string(object & 0xff'ffff) + " of " + where;
  }
  const auto& [name, index] = found->second;
  return name + (index == no_index ? std::string() : '[' + std::to_string(index) + ']');
}

void interleaving::add(unsigned column, std::size_t step, std::string text, const location& where) {
  lines_.push_back({column, step, std::move(text), show(where), false});
}

void interleaving::add_title(unsigned column, std::string text) {
  lines_.push_back({column, 0, std::move(text), {}, true});
}

std::string interleaving::table(unsigned threads, bool all) const {
  std::string out = padded("step", 6);
  for (unsigned t = 0; t < threads; ++t) out += padded("thread " + std::to_string(t), column_width);
  out += "where\n";
  for (const line& l : lines_) {
    if (l.step == 0 && !l.title && !all) continue;
    const bool alone = l.column >= threads;
    const std::size_t width = alone ? column_width * threads : column_width - 1;
    const std::size_t before = alone ? 0 : l.column * column_width;
    const std::size_t behind = column_width * threads - before;
    bool first = true;
    for (const std::string& part : wrapped((l.title ? "" : "  ") + l.text, width)) {
      std::string row = padded(first && l.step != 0 ? std::to_string(l.step) : "", 6) + std::string(before, ' ');
      row += first && !l.where.empty() ? padded(part, behind) + l.where : part;
      row.erase(row.find_last_not_of(' ') + 1);
      out += row + '\n';
      first = false;
    }
  }
  return out;
}

}  // namespace triecheck::explore
