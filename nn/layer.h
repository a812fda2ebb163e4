// Layer: a shared handle on any module.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>

#include "nn/module.h"

namespace chainrule::nn {

/// A handle on a module: copies share it, and with it the weights. Made from any module by moving it in: `Layer shared = Dense(64, 64)`.
class Layer {
 public:
  template <class M>
  requires(std::derived_from<M, Module>) Layer(M&& module) : module_(std::make_shared<M>(std::move(module))) {}
  /// @throws std::invalid_argument for none.
  explicit Layer(std::shared_ptr<Module> module, SourceLine line = SourceLine::current());

  Tensor operator()(const TensorArg& x) const { return (*module_)(x); }
  Module& operator*() const noexcept { return *module_; }
  Module* operator->() const noexcept { return module_.get(); }
  const std::shared_ptr<Module>& shared() const noexcept { return module_; }

 private:
  std::shared_ptr<Module> module_;
};

}  // namespace chainrule::nn
