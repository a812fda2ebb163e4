#include "autograd/base/caller.h"

#include <string_view>

#include "autograd/base/context.h"

namespace chainrule {

std::string line_text(const SourceLine& line) {
  std::string_view file = line.file_name();
  if (const auto slash = file.find_last_of("/\\"); slash != std::string_view::npos) file.remove_prefix(slash + 1);
  return std::string(file) + ":" + std::to_string(line.line());
}

CallerScope::CallerScope(const SourceLine& line) noexcept : entered_(!detail::thread_context.line_in_force) {
  if (!entered_) return;
  detail::thread_context.line_in_force = true;
  detail::thread_context.line = line;
}

CallerScope::~CallerScope() {
  if (entered_) detail::thread_context.line_in_force = false;
}

UserCodeScope::UserCodeScope() noexcept : in_force_(detail::thread_context.line_in_force), line_(detail::thread_context.line) {
  detail::thread_context.line_in_force = false;
}

UserCodeScope::~UserCodeScope() {
  detail::thread_context.line_in_force = in_force_;
  detail::thread_context.line = line_;
}

ErrorPathScope::ErrorPathScope(const void* object, Describe describe) noexcept
    : object_(object), describe_(describe), outer_(detail::thread_context.error_path) {
  detail::thread_context.error_path = this;
}

ErrorPathScope::~ErrorPathScope() { detail::thread_context.error_path = outer_; }

std::string ErrorPathScope::path() {
  std::string path;
  for (const ErrorPathScope* error_path = detail::thread_context.error_path; error_path != nullptr; error_path = error_path->outer_) {
    std::string own = error_path->describe_(error_path->object_);
    path = path.empty() ? std::move(own) : own + "." + path;
  }
  return path;
}

}  // namespace chainrule
