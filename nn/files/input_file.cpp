// Uses POSIX calls, because they report the type and size of the file that was opened, without a race.
#include "nn/files/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "nn/files/file_error.h"

namespace chainrule::nn {
namespace {

std::string kind(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

InputFile::InputFile(const std::string& path) : name_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
  if (fd_ < 0) fail("cannot be opened: " + system_reason(errno));
  // The destructor does not run when a constructor throws, so the descriptor is closed here.
  struct stat status = {};
  std::string wrong;
  if (::fstat(fd_, &status) != 0) {
    wrong = "cannot be examined: " + system_reason(errno);
  } else if (!S_ISREG(status.st_mode)) {
    wrong = "is " + kind(status.st_mode) + ", expected a regular file";
  }
  if (!wrong.empty()) {
    ::close(fd_);
    fail(wrong);
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(fd_); }

std::size_t InputFile::read_at(std::uint64_t offset, std::span<std::uint8_t> out) const {
  constexpr std::size_t kMaxRead = std::size_t{1} << 30;  // Linux reads at most 2 GiB - 4 KiB in one call
  std::size_t done = 0;
  while (done < out.size()) {
    const std::size_t wanted = std::min(out.size() - done, kMaxRead);
    const ssize_t got = ::pread(fd_, out.data() + done, wanted, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("byte " + std::to_string(offset + done) + ": cannot be read: " + system_reason(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void InputFile::fail(const std::string& what) const { throw_file_error(name_, what); }

void InputFile::fail_at(std::uint64_t byte, const std::string& what) const { fail("byte " + std::to_string(byte) + ": " + what); }

std::string hex_bytes(std::span<const std::uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    if (!text.empty()) text += ' ';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace chainrule::nn
