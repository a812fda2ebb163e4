// Keeps a module's construction from changing what is drawn after it.
// Internal header: not installed.
#pragma once

#include "autograd/base/random.h"

namespace chainrule::nn {

/// Gives default_generator() at its end the state it had at its beginning.
class KeepDefaultGenerator {
 public:
  KeepDefaultGenerator() : before_(default_generator()) {}
  ~KeepDefaultGenerator() { default_generator() = before_; }
  KeepDefaultGenerator(const KeepDefaultGenerator&) = delete;
  KeepDefaultGenerator& operator=(const KeepDefaultGenerator&) = delete;

 private:
  Generator before_;
};

}  // namespace chainrule::nn
