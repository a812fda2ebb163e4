// What the engine keeps for each thread.
// Internal header: not installed.
#pragma once

#include "autograd/base/caller.h"

namespace chainrule::detail {

struct ThreadContext {
  bool grad_enabled = true;
  bool line_in_force = false;
  bool anomaly = false;
  SourceLine line;
  const ErrorPathScope* error_path = nullptr;
};

extern constinit thread_local ThreadContext thread_context;

/// The line to blame: the one in force, else the argument's own.
inline const SourceLine& line_for_errors(const SourceLine& line) noexcept {
  return thread_context.line_in_force ? thread_context.line : line;
}

/// Puts a line in force whatever was before: a rule runs under the line of the node it belongs to.
class ForcedLine {
 public:
  [[nodiscard]] explicit ForcedLine(const SourceLine& line) noexcept : in_force_(thread_context.line_in_force), line_(thread_context.line) {
    thread_context.line_in_force = true;
    thread_context.line = line;
  }
  ~ForcedLine() {
    thread_context.line_in_force = in_force_;
    thread_context.line = line_;
  }
  ForcedLine(const ForcedLine&) = delete;
  ForcedLine& operator=(const ForcedLine&) = delete;

 private:
  bool in_force_;
  SourceLine line_;
};

}  // namespace chainrule::detail
