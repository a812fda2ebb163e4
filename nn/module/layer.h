// Layer: a shared handle to a module of any type.
#pragma once

#include <concepts>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/module/module.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// A shared handle to a module. Copies of a Layer refer to the same module and therefore share its weights. Any module can be moved into a
/// Layer: `Layer shared = Dense(64, 64)`.
class Layer {
 public:
  /// Moves a module into a new Layer. Write std::move(module) for a variable.
  template <class M>
  requires(std::derived_from<M, Module>) Layer(M&& module) {
    if constexpr (requires { module.weak_from_this(); }) {
      module_ = std::make_shared<M>(std::move(module));
    } else {
      module_ = share(new M(std::move(module)));
    }
  }
  /// Makes a Layer that shares ownership of a module.
  /// @throws std::invalid_argument for a null pointer.
  explicit Layer(std::shared_ptr<Module> module, SourceLine line = SourceLine::current());

  /// Returns the output of the module for x.
  /// @throws std::invalid_argument if the module has more than one input or output.
  Tensor operator()(const TensorArg& x) const { return (*module_)(x); }

  /// Returns the outputs of the module for a list of inputs.
  /// @throws std::invalid_argument for another number of inputs than the module has.
  /// @{
  std::vector<Tensor> operator()(const std::vector<Tensor>& inputs, SourceLine line = SourceLine::current()) const {
    return (*module_)(inputs, line);
  }
  std::vector<Tensor> operator()(std::initializer_list<Tensor> inputs, SourceLine line = SourceLine::current()) const {
    return (*module_)(inputs, line);
  }
  /// @}

  /// Calls the layer on a value of a layer graph and returns the result. A layer that is called several times uses the same weights each
  /// time. See symbol.h.
  template <std::same_as<Symbol> S>
  S operator()(const S& x, SourceLine line = SourceLine::current()) const {
    return call_layer(*this, x, line);
  }

  /// Calls the layer on a list of values of a layer graph and returns its results. See symbol.h.
  /// @{
  template <std::same_as<Symbol> S>
  std::vector<S> operator()(const std::vector<S>& inputs, SourceLine line = SourceLine::current()) const {
    return call_layer(*this, inputs, line);
  }
  template <std::same_as<Symbol> S>
  std::vector<S> operator()(std::initializer_list<S> inputs, SourceLine line = SourceLine::current()) const {
    return call_layer(*this, std::vector<S>(inputs), line);
  }
  /// @}

  /// Sets the name of the module and returns the handle: `nn::Layer(nn::Dense(1)).named("score")(x)`.
  /// @{
  Layer& named(std::string_view name) & {
    module_->set_name(name);
    return *this;
  }
  Layer named(std::string_view name) && {
    module_->set_name(name);
    return std::move(*this);
  }
  /// @}

  /// Returns the module.
  Module& operator*() const noexcept { return *module_; }
  /// Accesses a member of the module.
  Module* operator->() const noexcept { return module_.get(); }
  /// Returns the pointer that the Layer holds; never null.
  const std::shared_ptr<Module>& shared() const noexcept { return module_; }

 private:
  // Same as make_shared<M>(), but without instantiating code for each M in the user's translation unit.
  static std::shared_ptr<Module> share(Module* module);

  std::shared_ptr<Module> module_;
};

/// Writes the module of the layer: its summary().
inline std::ostream& operator<<(std::ostream& out, const Layer& layer) { return out << *layer; }

}  // namespace chainrule::nn
#pragma GCC visibility pop
