// Shared by the fuzz targets of file readers: passes bytes to a reader as a file and requires a value or an error that names the file.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace chainrule::test {

inline void require(bool holds) {
  if (!holds) std::abort();
}

/// The result of `read` for the path of a file with these bytes, or nullopt if it throws a runtime_error `PATH:...`. Any other exception is
/// a failure.
template <class Read>
auto read_bytes(std::span<const std::uint8_t> bytes, Read read) -> std::optional<decltype(read(std::declval<std::string>()))> {
  const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
  require(fd >= 0 && ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  const std::string name = "/proc/self/fd/" + std::to_string(fd);
  std::optional<decltype(read(name))> value;
  try {
    value.emplace(read(name));
  } catch (const std::runtime_error& error) {
    require(std::string(error.what()).starts_with(name + ":"));
  }
  ::close(fd);
  return value;
}

inline std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// A file in memory for data that are written and read again; it lasts as long as one input of the fuzzer.
struct Copy {
  std::string path = "/dev/shm/chainrule-fuzz-" + std::to_string(::getpid());
  ~Copy() { ::unlink(path.c_str()); }
};

}  // namespace chainrule::test
