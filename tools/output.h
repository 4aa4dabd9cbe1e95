// Where results go: a file, or standard output where the path is "-".
//
// Nothing is lost: no result replaces what the run reads, or another result; and where a file cannot be written after
// all, its text goes to standard output first, and only then `output_error` is thrown.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace triecheck::tools {

/// Makes sure, before the work, that each of `outputs` can be written later, that no two are one file or both standard
/// output, and that none is one of the files `inputs`. Empty paths are none. Leaves no file behind. Throws usage_error.
void check_outputs(const std::vector<std::string>& outputs, const std::vector<std::string>& inputs = {});

/// The JSON value in a file. Throws usage_error that names the file, and the line and column where it is no JSON.
nlohmann::json read_json(const std::string& file);

/// Replaces `file` as a whole: whenever the process dies, it holds `text` or what it held before. What is no regular
/// file, as a device, is written to. False, and errno says why, where it cannot be written.
bool replace_file(const std::string& file, const std::string& text);

/// Writes `text` as it is, a file as a whole. Throws output_error, after printing `text`, where the path cannot be
/// written.
void write_text(const std::string& path_or_dash, const std::string& text);

/// Writes `value` indented, with a line end behind it; as `write_text`.
void write_json(const std::string& path_or_dash, const nlohmann::ordered_json& value);

}  // namespace triecheck::tools
