// Cloner: copies of the layers that a module holds, while Module::clone() copies the module.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "nn/module/layer.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// What Module::copy_structure() is handed, for a module that was given its Layers:
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

  /// The copy of a Layer: the same one each time, so that what was shared stays shared.
  /// @throws std::logic_error where the module in it does not say how to copy it.
  Layer operator()(const Layer& layer);
  /// The copies of several.
  std::vector<Layer> operator()(const std::vector<Layer>& layers);

 private:
  friend class Module;
  Cloner() = default;

  std::map<const Module*, std::shared_ptr<Module>> copies_;
};

}  // namespace chainrule::nn
