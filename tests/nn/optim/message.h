// What calls of optimizers throw.
#pragma once

#include <stdexcept>
#include <string>

#include "tests/autograd/base/throws.h"

namespace chainrule::test {

/// The message of an invalid_argument, or of what is asked for.
template <class E = std::invalid_argument, class F>
std::string message(F f) {
  return message_of<E>(f);
}

}  // namespace chainrule::test
