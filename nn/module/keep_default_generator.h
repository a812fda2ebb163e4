// KeepDefaultGenerator: keeps the construction of a module from changing later random numbers.
// Internal header: not installed.
#pragma once

#include "autograd/base/random.h"

namespace chainrule::nn {

/// Restores the state of default_generator() when it is destroyed.
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
