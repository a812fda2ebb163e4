// The user's line that errors name: captured with the arguments of a call, and in force for the library code beneath it.
#pragma once

#include <source_location>
#include <string>

namespace chainrule {

using SourceLine = std::source_location;

/// "train.cpp:41": the file's name without its folders.
std::string line_text(const SourceLine& line);

/// Puts a line in force for the calls beneath, in this thread, unless an outer one is in force already.
class CallerScope {
 public:
  [[nodiscard]] explicit CallerScope(const SourceLine& line) noexcept;
  ~CallerScope();
  CallerScope(const CallerScope&) = delete;
  CallerScope& operator=(const CallerScope&) = delete;

 private:
  bool entered_;
};

/// Takes the line in force away while a user's own function runs, so that its calls name their own lines.
class UserCodeScope {
 public:
  [[nodiscard]] UserCodeScope() noexcept;
  ~UserCodeScope();
  UserCodeScope(const UserCodeScope&) = delete;
  UserCodeScope& operator=(const UserCodeScope&) = delete;

 private:
  bool in_force_;
  SourceLine line_;
};

/// A named place that errors thrown beneath it mention first, such as a module's path: `mlp.2 (Dense 256 -> 10): matmul: ...`.
/// Costs a few stores; the text is asked for only when an error is made.
class ErrorPathScope {
 public:
  using Describe = std::string (*)(const void* object);

  [[nodiscard]] ErrorPathScope(const void* object, Describe describe) noexcept;
  ~ErrorPathScope();
  ErrorPathScope(const ErrorPathScope&) = delete;
  ErrorPathScope& operator=(const ErrorPathScope&) = delete;

  /// The places in force, joined by dots, outermost first; empty without any.
  static std::string path();

 private:
  const void* object_;
  Describe describe_;
  const ErrorPathScope* outer_;
};

}  // namespace chainrule
