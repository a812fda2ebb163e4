// A regular file opened for reading, whose every failure names it.
// Internal header: not installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>

namespace chainrule::nn {

/// A file that is read, whose errors name it.
class InputFile {
 public:
  /// Never blocks on a pipe. @throws runtime_error when the path cannot be opened or is not a regular file.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// The path as given.
  const std::string& name() const { return name_; }

  /// Bytes in the file when it was opened.
  std::uint64_t size() const { return size_; }

  /// Fills `out` from byte `offset` on; fewer bytes come back only where the file ends. @throws runtime_error when reading fails.
  std::size_t read_at(std::uint64_t offset, std::span<std::uint8_t> out) const;

  /// What `read()` returns. @throws runtime_error that names the file where memory runs out meanwhile, and what `read` throws.
  template <class Read>
  auto within_memory(Read read) const {
    try {
      return read();
    } catch (const std::bad_alloc&) {
      fail("not enough memory to hold it");
    }
  }

  /// @throws runtime_error `NAME: what`, always.
  [[noreturn]] void fail(const std::string& what) const;

  /// @throws runtime_error `NAME: byte N: what`, always; for a compressed file, N counts in what it inflates to.
  [[noreturn]] void fail_at(std::uint64_t byte, const std::string& what) const;

 private:
  std::string name_;
  int fd_;
  std::uint64_t size_ = 0;
};

/// "1f 8b" for the bytes 0x1f, 0x8b.
std::string hex_bytes(std::span<const std::uint8_t> bytes);

}  // namespace chainrule::nn
