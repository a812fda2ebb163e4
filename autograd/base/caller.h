// Source locations for error messages: how functions learn the line of their caller, and which line and module an error names.
#pragma once

#include <source_location>
#include <string>

#pragma GCC visibility push(default)
namespace chainrule {

/// A position in a source file. Many functions have a last parameter of this type; its default value is the position of the call, which
/// error messages name.
using SourceLine = std::source_location;

/// Returns file name and line number, without the folders: "train.cpp:41".
std::string line_text(const SourceLine& line);

/// While it lives, errors thrown in this thread name the line given to the constructor. A function that calls other functions of the
/// library creates one, so that their errors name the line of its own caller. The outermost scope counts: a CallerScope inside another has
/// no effect.
class CallerScope {
 public:
  /// Makes errors name `line`, unless an outer CallerScope has chosen one.
  [[nodiscard]] explicit CallerScope(const SourceLine& line) noexcept;
  /// Ends the effect of the constructor.
  ~CallerScope();
  CallerScope(const CallerScope&) = delete;
  CallerScope& operator=(const CallerScope&) = delete;

 private:
  bool entered_;
};

/// While it lives, the CallerScopes around it have no effect: each call names its own line again. The library creates one while it runs a
/// function that the user supplied, such as a hook or the forward() of a custom layer.
class UserCodeScope {
 public:
  /// Suspends the CallerScopes of this thread.
  [[nodiscard]] UserCodeScope() noexcept;
  /// Puts the CallerScopes back into effect.
  ~UserCodeScope();
  UserCodeScope(const UserCodeScope&) = delete;
  UserCodeScope& operator=(const UserCodeScope&) = delete;

 private:
  bool in_force_;
  SourceLine line_;
};

/// While it lives, errors thrown in this thread begin with a description of an object. Modules use it to show their path:
///
///     mlp.2 (Dense 256 -> 10): matmul: ...
///
/// Scopes nest. A scope costs a few stores; the text is made only when an error is thrown.
class ErrorPathScope {
 public:
  /// A function that returns the description of an object.
  using Describe = std::string (*)(const void* object);

  /// Adds `describe(object)` to the path. `object` must outlive the scope.
  [[nodiscard]] ErrorPathScope(const void* object, Describe describe) noexcept;
  /// Removes the description from the path.
  ~ErrorPathScope();
  ErrorPathScope(const ErrorPathScope&) = delete;
  ErrorPathScope& operator=(const ErrorPathScope&) = delete;

  /// Returns the descriptions of all scopes of this thread, joined by dots, the outermost first; "" if there is none.
  static std::string path();

 private:
  const void* object_;
  Describe describe_;
  const ErrorPathScope* outer_;
};

}  // namespace chainrule
#pragma GCC visibility pop
