// Where results go: a file, or standard output where the path is "-".
//
// A result is never lost: where the file cannot be written, it goes to standard output first, and only then the
// `usage_error` is thrown.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace triecheck::tools {

/// Makes sure, before the work, that a result can be written later; nothing for "-" or an empty path. Throws usage_error.
void check_writable(const std::string& path_or_dash);

/// The JSON value in a file. Throws usage_error that names the file, and the line and column where it is no JSON.
nlohmann::json read_json(const std::string& file);

/// Writes `text` as it is. Throws usage_error, after printing `text`, where the path cannot be written.
void write_text(const std::string& path_or_dash, const std::string& text);

/// Writes `value` indented, with a line end behind it; as `write_text`.
void write_json(const std::string& path_or_dash, const nlohmann::ordered_json& value);

}  // namespace triecheck::tools
