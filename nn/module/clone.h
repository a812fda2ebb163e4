// Cloner: copies the Layers that a module holds while Module::clone() copies the module.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "nn/module/layer.h"
#include "nn/module/module.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Passed to Module::copy_structure(). A module that received Layers in its constructor uses it to copy them:
///
///     struct Twice : nn::Module {
///       nn::Layer inner;
///       explicit Twice(nn::Layer layer) : inner(std::move(layer)) {}
///       std::shared_ptr<nn::Module> copy_structure(nn::Cloner& copy) const override { return std::make_shared<Twice>(copy(inner)); }
///       ...
class Cloner {
 public:
  Cloner(const Cloner&) = delete;
  Cloner& operator=(const Cloner&) = delete;

  /// Returns the copy of a Layer. Repeated calls with the same Layer return the same copy, so Layers that were shared are also shared in
  /// the copy.
  /// @throws std::logic_error if the module in the Layer does not override copy_structure().
  Layer operator()(const Layer& layer);
  /// Returns the copies of several Layers.
  std::vector<Layer> operator()(const std::vector<Layer>& layers);

 private:
  friend class Module;
  Cloner() = default;

  std::map<const Module*, std::shared_ptr<Module>> copies_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
