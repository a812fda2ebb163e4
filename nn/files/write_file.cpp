#include "nn/files/write_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include "nn/files/file_error.h"

namespace chainrule::nn {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, int error) { throw_file_error(path, "cannot be written: " + system_reason(error)); }

// The file under its temporary name. The destructor deletes it unless keep() renamed it.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& path) : path_(path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::exists(status) && !fs::is_regular_file(status)) throw_file_error(path, "cannot be written: not a regular file");
    // The name must be unused: another thread may be writing the same file, and a killed process may have left its temporary file.
    for (int attempt = 0; fd_ < 0; ++attempt) {
      name_ = path + ".tmp" + std::to_string(getpid()) + "-" + std::to_string(attempt);
      fd_ = open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd_ < 0 && (errno != EEXIST || attempt == kMaxAttempts)) fail(path_, errno);
    }
  }
  ~TemporaryFile() {
    if (fd_ >= 0) close(fd_);
    if (!kept_) unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::string_view text) {
    while (!text.empty()) {
      constexpr std::size_t kMaxWrite = std::size_t{1} << 30;  // Linux writes at most 2 GiB - 4 KiB in one call
      const ssize_t written = ::write(fd_, text.data(), std::min(text.size(), kMaxWrite));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(path_, errno);
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void keep() {
    if (fsync(fd_) != 0) fail(path_, errno);
    const int fd = fd_;
    fd_ = -1;
    if (close(fd) != 0) fail(path_, errno);
    std::error_code error;
    fs::rename(name_, path_, error);
    if (error) fail(path_, error.value());
    kept_ = true;
  }

 private:
  static constexpr int kMaxAttempts = 1000;

  std::string path_, name_;
  int fd_ = -1;
  bool kept_ = false;
};

// Flushes the directory, so that the rename survives a crash. Some filesystems do not support this; the file is complete in any case.
void sync_directory_of(const fs::path& path) {
  const fs::path directory = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

void check_writable(const std::string& path) { const TemporaryFile file(path); }

void write_whole_file(const std::string& path, std::string_view text) { write_whole_file(path, std::span(&text, 1)); }

void write_whole_file(const std::string& path, std::span<const std::string_view> parts) {
  write_whole_file(path, [&](const std::function<void(std::string_view)>& write) {
    for (const std::string_view part : parts) write(part);
  });
}

void write_whole_file(const std::string& path, const std::function<void(const std::function<void(std::string_view)>& write)>& produce) {
  TemporaryFile file(path);
  produce([&](std::string_view text) { file.write(text); });
  file.keep();
  sync_directory_of(path);
}

}  // namespace chainrule::nn
