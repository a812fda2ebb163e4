// Files that are there whole or not at all.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace chainrule::nn {

/// Makes sure that write_whole_file(path, ...) can make its file, so that hours of work do not end in a spelling mistake.
/// @throws std::runtime_error naming the path and what stands against it.
void check_writable(const std::string& path);

/// Writes the file under another name in the same directory, has the disk take it, and renames it. What was there stays until then.
/// @throws std::runtime_error naming the path and what went wrong.
void write_whole_file(const std::string& path, std::string_view text);
/// The same for a file of several parts, one after another.
void write_whole_file(const std::string& path, std::span<const std::string_view> parts);

/// The same for one that `produce` writes piece by piece, through the function that it is given.
void write_whole_file(const std::string& path, const std::function<void(const std::function<void(std::string_view)>& write)>& produce);

}  // namespace chainrule::nn
