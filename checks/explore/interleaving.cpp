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

// The text of a seeded fault is a copy in the build folder, which mostly lies in the source tree.
std::string show(const location& where) {
  constexpr std::string_view top = TRIECHECK_SOURCE_DIR "/";
  std::string_view file = where.file;
  if (file.starts_with(top)) file.remove_prefix(top.size());
  while (file.starts_with("../"))
    file.remove_prefix(3);  // a compiler that was called with relative paths, in the build folder
  return std::string(file) + ':' + std::to_string(where.line);
}

namespace {

std::size_t creator_of(object_id object) { return (object >> 24) - 1; }
std::size_t number_of(object_id object) { return object & 0xff'ffff; }

}  // namespace

void object_names::enter(object_id object, const void* address) {
  std::vector<entry>& own = entries_[creator_of(object)];
  const std::size_t number = number_of(object);
  if (own.size() <= number) own.resize(number + 1);
  own[number] = {.address = address};
  counts_[creator_of(object)] = number + 1;
}

const object_names::entry* object_names::find(object_id object) const {
  if (object >> 24 == 0 || creator_of(object) >= entries_.size()) return nullptr;
  return number_of(object) < counts_[creator_of(object)] ? &entries_[creator_of(object)][number_of(object)] : nullptr;
}

void object_names::label(object_id object, const char* name, std::size_t index) {
  if (find(object) == nullptr) return;
  entry& e = entries_[creator_of(object)][number_of(object)];
  e.name = name;
  e.index = index;
}

std::string object_names::name(object_id object) const {
  const entry* e = find(object);
  if (e != nullptr && e->name != nullptr) {
    return e->name + (e->index == no_index ? std::string() : '[' + std::to_string(e->index) + ']');
  }
  const object_id creator = object >> 24;
  const std::string where = creator > max_threads ? "setup" : "thread " + std::to_string(creator - 1);
  return "object " + std::to_string(number_of(object)) + " of " + where;
}

object_id object_names::at(const void* address) const {
  for (std::size_t creator = 0; creator < entries_.size(); ++creator) {
    for (std::size_t i = counts_[creator]; i-- != 0;) {
      if (entries_[creator][i].address == address) return static_cast<object_id>((creator + 1) << 24 | i);
    }
  }
  return 0;
}

std::string object_names::nearest(const void* address) const {
  const auto to = reinterpret_cast<std::uintptr_t>(address);
  object_id best = 0;
  std::uintptr_t distance = ~std::uintptr_t{0};
  bool before = false;
  for (std::size_t creator = 0; creator < entries_.size(); ++creator) {
    for (std::size_t i = 0; i < counts_[creator]; ++i) {
      const entry& e = entries_[creator][i];
      const auto from = reinterpret_cast<std::uintptr_t>(e.address);
      const std::uintptr_t apart = from < to ? to - from : from - to;
      if (e.name == nullptr || apart >= distance) continue;
      best = static_cast<object_id>((creator + 1) << 24 | i);
      distance = apart;
      before = from < to;
    }
  }
  if (best == 0) return "";
  return name(best) + ", which begins " + std::to_string(distance) + " bytes " + (before ? "before it" : "after it");
}

void interleaving::add(unsigned column, std::size_t step, std::string text, const location& where) {
  lines_.push_back({column, step, std::move(text), show(where), false});
}

void interleaving::write_names(const object_names& names) {
  for (line& l : lines_) {
    for (std::size_t from = 0; (from = l.text.find(name_mark, from)) != std::string::npos;) {
      const std::size_t end = l.text.find(name_mark, from + 1);
      const std::string name = names.name(static_cast<object_id>(std::stoul(l.text.substr(from + 1, end - from - 1))));
      l.text.replace(from, end + 1 - from, name);
      from += name.size();
    }
  }
}

void interleaving::add_title(unsigned column, std::string text) {
  lines_.push_back({column, 0, std::move(text), {}, true});
}

// What comes again at once: the shortest such part, if a line for it saves at least one line.
interleaving::repetition interleaving::repetition_at(const lines& shown, std::size_t from) {
  constexpr std::size_t longest = 64;
  for (std::size_t rows = 1; rows <= longest && from + 2 * rows <= shown.size(); ++rows) {
    std::size_t same = 0;
    while (from + rows + same < shown.size() && shown[from + rows + same]->repeats(*shown[from + same])) ++same;
    const std::size_t times = same / rows;
    if (times * rows > 1) return {rows, times};
  }
  return {};
}

void interleaving::add_rows(std::string& out, const line& l, unsigned threads) {
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

std::string interleaving::table(unsigned threads, bool all) const {
  std::string out = padded("step", 6);
  for (unsigned t = 0; t < threads; ++t) out += padded("thread " + std::to_string(t), column_width);
  out += "where\n";
  lines shown;
  for (const line& l : lines_) {
    if (l.step != 0 || l.title || all) shown.push_back(&l);
  }
  for (std::size_t i = 0; i < shown.size();) {
    const repetition r = repetition_at(shown, i);
    for (std::size_t k = 0; k < std::max<std::size_t>(r.rows, 1); ++k) add_rows(out, *shown[i + k], threads);
    if (r.times != 0) {
      const std::size_t first = shown[i]->step;
      const std::size_t last = shown[i + r.rows - 1]->step;
      const std::string steps = first == 0 || last == 0 ? "the last " + std::to_string(r.rows) + " rows"
                                : first == last         ? "step " + std::to_string(first)
                                                : "steps " + std::to_string(first) + " to " + std::to_string(last);
      const bool one = r.times == 1;
      out += "      (" + steps + (r.rows == 1 ? " repeats " : " repeat ") + std::to_string(r.times) +
             (one ? " time)" : " times)") + '\n';
    }
    i += r.rows * (r.times + 1) + (r.rows == 0 ? 1 : 0);
  }
  return out;
}

}  // namespace triecheck::explore
