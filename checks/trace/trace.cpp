// Reading a trace, event by event.
//
// The parser's events carry no positions, and a tree of values would carry none either. So the parser reads its text
// through an iterator that counts: at an event, the value that caused it starts at the first character behind the
// previous event that is neither a blank nor a separator. That gives every error the column of the value at fault, and
// no tree is built for the numbers of a request.
#include "checks/trace/trace.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <numeric>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include <nlohmann/json.hpp>

namespace triecheck::checks {
namespace {

using nlohmann::json;

// Reads characters and counts them in a place that outlives the parser's copies of the iterator.
class counting_iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  counting_iterator(const char* at, std::size_t* consumed) : at_(at), consumed_(consumed) {}
  reference operator*() const { return *at_; }
  counting_iterator& operator++() {
    ++at_;
    ++*consumed_;
    return *this;
  }
  counting_iterator operator++(int) {
    counting_iterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const counting_iterator& a, const counting_iterator& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  std::size_t* consumed_;
};

// What is wrong with a line, before it is known which file and which line that is.
struct fault {
  std::size_t column;
  std::string text;
};

constexpr std::array field_names = {"timestamp", "input_length", "output_length", "hash_ids", "namespace"};
enum field_index : std::size_t {
  timestamp_field,
  input_length_field,
  output_length_field,
  hash_ids_field,
  namespace_field
};
constexpr std::size_t required_fields = namespace_field;  // and all before it

// Receives the events of one line. Every handler returns whether to go on; `found` says why not.
class row_reader {
 public:
  row_reader(std::string_view line, const std::size_t& consumed, std::size_t block_tokens)
      : line_(line), consumed_(consumed), block_tokens_(block_tokens) {}

  trace_row row;
  std::optional<fault> found;

  bool null() { return value("null"); }
  bool boolean(bool) { return value("a boolean"); }
  bool string(const json::string_t&) { return value("a string"); }
  bool binary(const json::binary_t&) { return value("binary data"); }

  bool number_integer(json::number_integer_t number) {  // only negative ones, and -0, arrive here
    if (!number_is_wanted()) return value("a number");
    if (number == 0) return number_unsigned(0);
    return wrong(expected() + " must not be negative, but is " + std::to_string(number));
  }

  bool number_unsigned(json::number_unsigned_t number) {
    if (!number_is_wanted()) return value("a number");
    if (in_hash_ids()) return hash_id(number);
    if (field_ == timestamp_field)
      row.timestamp_ms = static_cast<double>(number);
    else if (field_ == namespace_field)
      return in_namespace(number);
    else
      (field_ == input_length_field ? row.input_length : row.output_length) = number;
    return next();
  }

  bool number_float(json::number_float_t number, const json::string_t& text) {
    if (!number_is_wanted()) return value("a number");
    if (!in_hash_ids() && field_ == timestamp_field) {
      if (number < 0) return wrong(expected() + " must not be negative, but is " + text);
      row.timestamp_ms = number;
      return next();
    }
    const bool whole = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    return wrong(expected() + (whole ? " is out of range: " : " must be a whole number, but is ") + text);
  }

  bool key(json::string_t& name) {
    if (depth_ != 1) return next();
    const auto at = std::find(field_names.begin(), field_names.end(), name);
    field_ = static_cast<std::size_t>(at - field_names.begin());
    if (at == field_names.end()) return next();
    if (starts_[field_] != 0) return wrong("\"" + name + "\" is given twice");
    starts_[field_] = column();
    return next();
  }

  bool start_object(std::size_t) { return (depth_ == 0 ? next() : value("an object")) && deeper(); }

  bool start_array(std::size_t) {
    if (depth_ != 1 || field_ != hash_ids_field) return value("an array") && deeper();
    starts_[hash_ids_field] = column();
    inside_hash_ids_ = true;
    return next() && deeper();
  }

  bool end_object() { return end(); }
  bool end_array() {
    if (depth_ == 2) inside_hash_ids_ = false;
    return end();
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception& e) {
    // The library's text is "[...] parse error at ...: while doing what - what is wrong; last read: ...".
    const std::string_view all = e.what();
    const std::size_t dash = all.find(" - ");
    std::string why = dash == std::string_view::npos
                          ? "a number is out of range"
                          : std::string(all.substr(dash + 3, all.find("; last read") - dash - 3));
    found = fault{std::clamp<std::size_t>(position, 1, line_.size() + 1), "this is not JSON: " + why};
    return false;
  }

  /// What only the whole object shows.
  void finish() {
    for (std::size_t i = 0; i < required_fields; ++i) {
      if (starts_[i] == 0) {
        found = fault{object_column(), "the field \"" + std::string(field_names[i]) + "\" is missing"};
        return;
      }
    }
    const std::uint64_t blocks =
        row.input_length / trace_block_tokens + (row.input_length % trace_block_tokens != 0 ? 1 : 0);
    if (row.hash_ids.size() == blocks) return;
    found = fault{starts_[hash_ids_field], "an input_length of " + std::to_string(row.input_length) + " tokens needs " +
                                               std::to_string(blocks) + " hash_ids (one for each started block of " +
                                               std::to_string(trace_block_tokens) + "), but there are " +
                                               std::to_string(row.hash_ids.size())};
  }

 private:
  static constexpr std::size_t no_field = field_names.size();

  bool in_hash_ids() const { return inside_hash_ids_ && depth_ == 2; }
  bool number_is_wanted() const {
    return in_hash_ids() || (depth_ == 1 && field_ != hash_ids_field && field_ != no_field);
  }

  std::string expected() const { return in_hash_ids() ? "a hash id" : "\"" + std::string(field_names[field_]) + "\""; }

  // A value of a type that no field of the format has, at this place. Fields that the format does not know are skipped.
  bool value(std::string_view what) {
    if (depth_ == 0) return wrong("a line must be one JSON object, but this is " + std::string(what));
    if (!in_hash_ids() && (depth_ != 1 || field_ == no_field)) return next();
    const std::string_view wanted = in_hash_ids()               ? "a whole number"
                                    : field_ == hash_ids_field  ? "an array of whole numbers"
                                    : field_ == timestamp_field ? "a number"
                                                                : "a whole number";
    return wrong(expected() + " must be " + std::string(wanted) + ", but is " + std::string(what));
  }

  bool hash_id(std::uint64_t id) {
    const std::uint64_t highest_id = (std::uint64_t{1} << 32) / block_tokens_ - 1;
    if (id > highest_id) {
      return wrong("the hash id " + std::to_string(id) + " is out of range: with blocks of " +
                   std::to_string(block_tokens_) + " tokens, 32 bits hold the tokens of ids up to " +
                   std::to_string(highest_id));
    }
    row.hash_ids.push_back(id);
    return next();
  }

  bool in_namespace(std::uint64_t number) {
    row.space = number;
    return next();
  }

  bool deeper() {
    ++depth_;
    return true;
  }

  bool end() {
    --depth_;
    return next();
  }

  bool next() {
    read_ = consumed_;
    return true;
  }

  bool wrong(std::string text) {
    found = fault{column(), std::move(text)};
    return false;
  }

  std::size_t column() const {
    const std::size_t at = line_.find_first_not_of(" \t\r,:", read_);
    return at == std::string_view::npos ? line_.size() : at + 1;
  }
  std::size_t object_column() const { return line_.find('{') + 1; }

  std::string_view line_;
  const std::size_t& consumed_;
  const std::size_t block_tokens_;
  std::size_t read_ = 0;  // up to where the previous event had read
  std::size_t depth_ = 0;
  std::size_t field_ = no_field;  // of the latest key of the object itself
  bool inside_hash_ids_ = false;
  std::array<std::size_t, field_names.size()> starts_{};  // the column of each field; of hash_ids, of its value
};

[[noreturn]] void fail(const std::string& name, std::size_t line, const fault& f) {
  throw trace_error(name + ":" + std::to_string(line) + ":" + std::to_string(f.column) + ": " + f.text);
}

trace_row parse_row(std::string_view line, const std::string& name, std::size_t number, std::size_t block_tokens) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) fail(name, number, {1, "the line is empty"});
  std::size_t consumed = 0;
  row_reader reader(line, consumed, block_tokens);
  const bool read = json::sax_parse(counting_iterator(line.data(), &consumed),
                                    counting_iterator(line.data() + line.size(), &consumed), &reader);
  if (read) reader.finish();
  if (reader.found) fail(name, number, *reader.found);
  return std::move(reader.row);
}

}  // namespace

trace parse_trace(const std::string& text, const std::string& name, std::size_t block_tokens) {
  trace result;
  result.block_tokens = block_tokens;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    result.rows.push_back(parse_row(rest.substr(0, end), name, result.rows.size() + 1, block_tokens));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  if (result.rows.empty()) fail(name, 1, {1, "the trace is empty"});
  return result;
}

trace load_trace(const std::filesystem::path& file, std::size_t block_tokens) {
  const std::string name = file.string();
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) fail(name, 1, {1, "this is a directory, not a trace"});
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) fail(name, 1, {1, "the trace cannot be opened: " + std::generic_category().message(errno)});
  std::ostringstream text;
  if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
  if (in.bad() || text.bad()) fail(name, 1, {1, "the trace cannot be read: " + std::generic_category().message(errno)});
  return parse_trace(text.str(), name, block_tokens);
}

std::uint64_t scaled_length_tokens(std::uint64_t input_length, std::size_t block_tokens) {
  const std::uint64_t full = input_length / trace_block_tokens;
  const std::uint64_t rest = input_length % trace_block_tokens;
  if (rest == 0) return full * block_tokens;
  const std::uint64_t scaled = (rest * block_tokens + trace_block_tokens / 2) / trace_block_tokens;
  return full * block_tokens + std::clamp<std::uint64_t>(scaled, 1, block_tokens - 1);
}

void expand(const trace_row& row, std::size_t block_tokens, std::vector<std::uint32_t>& tokens) {
  tokens.resize(scaled_length_tokens(row.input_length, block_tokens));
  for (std::size_t at = 0, block = 0; at < tokens.size(); at += block_tokens, ++block) {
    const std::size_t end = std::min(tokens.size(), at + block_tokens);
    std::iota(tokens.begin() + static_cast<std::ptrdiff_t>(at), tokens.begin() + static_cast<std::ptrdiff_t>(end),
              static_cast<std::uint32_t>(row.hash_ids[block] * block_tokens));
  }
}

}  // namespace triecheck::checks
