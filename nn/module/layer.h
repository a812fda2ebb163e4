// Layer: a shared handle on any module.
#pragma once

#include <concepts>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/module/module.h"

namespace chainrule::nn {

/// A handle on a module: copies share it, and with it the weights. Made from any module by moving it in: `Layer shared = Dense(64, 64)`.
class Layer {
 public:
  /// Of a module, which is moved in.
  template <class M>
  requires(std::derived_from<M, Module>) Layer(M&& module) {
    if constexpr (requires { module.weak_from_this(); }) {
      module_ = std::make_shared<M>(std::move(module));
    } else {
      module_ = share(new M(std::move(module)));
    }
  }
  /// @throws std::invalid_argument for none.
  explicit Layer(std::shared_ptr<Module> module, SourceLine line = SourceLine::current());

  /// Calls the module.
  Tensor operator()(const TensorArg& x) const { return (*module_)(x); }
  std::vector<Tensor> operator()(const std::vector<Tensor>& inputs, SourceLine line = SourceLine::current()) const {
    return (*module_)(inputs, line);
  }
  std::vector<Tensor> operator()(std::initializer_list<Tensor> inputs, SourceLine line = SourceLine::current()) const {
    return (*module_)(inputs, line);
  }
  /// The layer in a layer graph; called twice, it shares its weights. See symbol.h.
  template <std::same_as<Symbol> S>
  S operator()(const S& x, SourceLine line = SourceLine::current()) const {
    return call_layer(*this, x, line);
  }
  template <std::same_as<Symbol> S>
  std::vector<S> operator()(const std::vector<S>& inputs, SourceLine line = SourceLine::current()) const {
    return call_layer(*this, inputs, line);
  }
  template <std::same_as<Symbol> S>
  std::vector<S> operator()(std::initializer_list<S> inputs, SourceLine line = SourceLine::current()) const {
    return call_layer(*this, std::vector<S>(inputs), line);
  }

  /// Names the module and returns the handle: `nn::Layer(nn::Dense(1)).named("score")(x)`.
  Layer& named(std::string_view name) & {
    module_->set_name(name);
    return *this;
  }
  Layer named(std::string_view name) && {
    module_->set_name(name);
    return std::move(*this);
  }

  /// The module.
  Module& operator*() const noexcept { return *module_; }
  Module* operator->() const noexcept { return module_.get(); }
  const std::shared_ptr<Module>& shared() const noexcept { return module_; }

 private:
  // What make_shared<M>() does, without code for each M in every user's file.
  static std::shared_ptr<Module> share(Module* module);

  std::shared_ptr<Module> module_;
};

/// Prints the module.
inline std::ostream& operator<<(std::ostream& out, const Layer& layer) { return out << *layer; }

}  // namespace chainrule::nn
