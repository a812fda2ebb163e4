// InputFile: a regular file opened for reading.
// Internal header: not installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>

namespace chainrule::nn {

/// A file opened for reading, whose error messages begin with its name.
class InputFile {
 public:
  /// Opens a file. Does not block if the path names a pipe.
  /// @throws std::runtime_error if the path cannot be opened or is not a regular file.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Returns the path as it was given.
  const std::string& name() const { return name_; }

  /// Returns the size of the file in bytes at the time it was opened.
  std::uint64_t size() const { return size_; }

  /// Fills `out` with the bytes from position `offset` on. Returns the number of bytes read, which is smaller than out.size() only at the
  /// end of the file.
  /// @throws std::runtime_error if reading fails.
  std::size_t read_at(std::uint64_t offset, std::span<std::uint8_t> out) const;

  /// Returns read(). Exceptions of `read` pass through, except that std::bad_alloc becomes a std::runtime_error that names the file.
  template <class Read>
  auto within_memory(Read read) const {
    try {
      return read();
    } catch (const std::bad_alloc&) {
      fail("not enough memory to hold it");
    }
  }

  /// Throws std::runtime_error `NAME: what`.
  [[noreturn]] void fail(const std::string& what) const;

  /// Throws std::runtime_error `NAME: byte N: what`. For a compressed file, N is a position in the inflated data.
  [[noreturn]] void fail_at(std::uint64_t byte, const std::string& what) const;

 private:
  std::string name_;
  int fd_;
  std::uint64_t size_ = 0;
};

/// Returns "1f 8b" for the bytes 0x1f, 0x8b.
std::string hex_bytes(std::span<const std::uint8_t> bytes);

}  // namespace chainrule::nn
