#include "autograd/derivatives/pass_numbers.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>

#include "autograd/base/fork.h"

namespace chainrule::detail {
namespace {

// The passes that failed last. Never destroyed, since passes may run in destructors of static objects.
struct Failed {
  std::uint32_t pass = 0;
  std::string* what = nullptr;
};
constinit std::mutex failed_mutex;
constinit std::array<Failed, 64> failed_passes;
constinit std::size_t failed_count = 0;

constexpr std::uint32_t kNumbersOfThread = 1 << 20;  // that a thread takes at once
constinit std::atomic<std::uint32_t> numbers_taken{0};
constinit thread_local std::uint32_t last_number = 0;

}  // namespace

void FailedPasses::note(std::uint32_t pass, const char* what) {
  unlock_after_fork<failed_mutex>();
  const std::lock_guard lock(failed_mutex);
  Failed& oldest = failed_passes[failed_count++ % failed_passes.size()];
  if (oldest.what == nullptr) oldest.what = new std::string;
  *oldest.what = what;
  oldest.pass = pass;
}

std::optional<std::string> FailedPasses::find(std::uint32_t pass) {
  const std::lock_guard lock(failed_mutex);
  for (const Failed& failed : failed_passes)
    if (failed.what != nullptr && failed.pass == pass) return *failed.what;
  return std::nullopt;
}

std::uint32_t next_pass_number() noexcept {
  if (last_number % kNumbersOfThread == 0) [[unlikely]]
    last_number = numbers_taken.fetch_add(kNumbersOfThread, std::memory_order_relaxed);
  return ++last_number;
}

}  // namespace chainrule::detail
