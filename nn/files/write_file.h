// Writes files atomically: a file is either complete or unchanged.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Checks that write_whole_file() will be able to write this file, so that a long computation does not fail at its end because of a
/// misspelled path.
/// @throws std::runtime_error `PATH: ...` with the reason if it cannot.
void check_writable(const std::string& path);

/// Writes a file: under a temporary name in the same directory, followed by fsync and rename. A file that exists stays unchanged until the
/// new one is complete.
/// @throws std::runtime_error `PATH: ...` with the reason if the file cannot be written.
void write_whole_file(const std::string& path, std::string_view text);
/// Same as above, with the content given in parts that are written one after another.
void write_whole_file(const std::string& path, std::span<const std::string_view> parts);

/// Same as above, with the content written by `produce`, which may call the function it receives any number of times.
void write_whole_file(const std::string& path, const std::function<void(const std::function<void(std::string_view)>& write)>& produce);

}  // namespace chainrule::nn
#pragma GCC visibility pop
