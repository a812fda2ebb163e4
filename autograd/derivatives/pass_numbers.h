// The numbers of backward passes, which mark the nodes that a pass has freed, and what failed passes said.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace chainrule::detail {

/// Passes of this process that threw after they had freed part of a graph: their numbers, and what they said.
class FailedPasses {
 public:
  static void note(std::uint32_t pass, const char* what);
  /// Returns what the pass said, or nothing if it did not fail, or long ago.
  static std::optional<std::string> find(std::uint32_t pass);
};

/// Returns the number of a new pass. Others rarely have the same.
std::uint32_t next_pass_number() noexcept;

}  // namespace chainrule::detail
