// Keeps a module's construction from changing what is drawn after it. Internal.
#pragma once

#include "autograd/base/random.h"

namespace chainrule::nn {

/// Gives default_generator() at its end the state it had at its beginning.
class KeepsDefaultGenerator {
 public:
  KeepsDefaultGenerator() : before_(default_generator()) {}
  ~KeepsDefaultGenerator() { default_generator() = before_; }
  KeepsDefaultGenerator(const KeepsDefaultGenerator&) = delete;
  KeepsDefaultGenerator& operator=(const KeepsDefaultGenerator&) = delete;

 private:
  Generator before_;
};

}  // namespace chainrule::nn
