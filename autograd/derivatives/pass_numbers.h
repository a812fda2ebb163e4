// The numbers of backward passes, which mark the nodes that a pass has freed, and what failed passes said.
// Internal header: not installed.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace chainrule::detail {

/// Passes of this thread that threw after they had freed part of a graph: their numbers, and what they said.
class FailedPasses {
 public:
  static void note(std::uint32_t pass, const char* what) {
    if (failed_.size() == kRemembered) failed_.erase(failed_.begin());
    failed_.emplace_back(pass, what);
  }
  /// What the pass said; null if it did not fail, or long ago.
  static const std::string* find(std::uint32_t pass) {
    for (const auto& [number, what] : failed_)
      if (number == pass) return &what;
    return nullptr;
  }

 private:
  static constexpr std::size_t kRemembered = 8;
  inline static thread_local std::vector<std::pair<std::uint32_t, std::string>> failed_;
};

/// The number of a pass, in which those of other threads are rarely met: each thread begins somewhere else.
inline std::uint32_t next_pass_number() noexcept {
  static std::atomic<std::uint32_t> threads{0};
  static thread_local std::uint32_t number = threads.fetch_add(1, std::memory_order_relaxed) << 20;
  return ++number;
}

}  // namespace chainrule::detail
