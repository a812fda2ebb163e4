#include "autograd/base/caller.h"

#include <string_view>

#include "autograd/base/context.h"

namespace chainrule {

constinit thread_local detail::ThreadContext detail::thread_context;

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

PlaceScope::PlaceScope(const void* object, Describe describe) noexcept
    : object_(object), describe_(describe), outer_(detail::thread_context.place) {
  detail::thread_context.place = this;
}

PlaceScope::~PlaceScope() { detail::thread_context.place = outer_; }

std::string PlaceScope::path() {
  std::string path;
  for (const PlaceScope* place = detail::thread_context.place; place != nullptr; place = place->outer_) {
    std::string own = place->describe_(place->object_);
    path = path.empty() ? std::move(own) : own + "." + path;
  }
  return path;
}

}  // namespace chainrule
