#include "nn/files/file_error.h"

#include <cstring>
#include <stdexcept>
#include <system_error>

#include "autograd/base/printable.h"

namespace chainrule::nn {

void throw_file_error(const std::string& path, const std::string& what) { throw std::runtime_error(detail::printable(path + ": " + what)); }

std::string system_reason(int error) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 32)
  // strerror(), which std::generic_category() calls, translates to the language of the C locale.
  if (const char* words = strerrordesc_np(error)) return words;
#endif
  return std::generic_category().message(error);
}

}  // namespace chainrule::nn
