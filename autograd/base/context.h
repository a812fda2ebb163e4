// The state that the engine keeps for each thread: recording mode, anomaly detection and the location for error messages.
// Internal header: not installed.
#pragma once

#include "autograd/base/caller.h"

namespace chainrule::detail {

class CheckpointRun;
class DrawLog;

struct ThreadContext {
  bool grad_enabled = true;
  bool line_in_force = false;  // errors name `line`
  bool anomaly = false;        // inside a DetectAnomaly
  SourceLine line;
  const ErrorPathScope* error_path = nullptr;  // the innermost one
  bool evaluates = false;                      // modules behave as in evaluation mode
  DrawLog* draw_log = nullptr;                 // the innermost one
  CheckpointRun* checkpoint_run = nullptr;     // the innermost one
};

extern constinit thread_local ThreadContext thread_context;

/// Returns the line that an error names: the one set by a scope in effect, otherwise `line`.
inline const SourceLine& line_for_errors(const SourceLine& line) noexcept {
  return thread_context.line_in_force ? thread_context.line : line;
}

/// While it lives, errors in this thread name `line`, whatever scopes are around it. A gradient rule runs under the line of the op it
/// belongs to.
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
