// Sequential: a chain of modules.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/module/built_in_layer.h"
#include "nn/module/layer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Calls its modules one after another, each with the result of the previous one. An empty Sequential returns its input. The children are
/// named "0", "1", ...
class Sequential : public BuiltInLayer<Sequential> {
 public:
  /// Makes an empty Sequential.
  Sequential() noexcept;
  /// Makes a Sequential of these Layers, which are shared.
  explicit Sequential(std::vector<Layer> layers) noexcept;
  /// `Sequential{Dense(2, 16), Tanh(), shared_layer}`: moves modules in and shares Layers.
  template <class... L>
  requires(sizeof...(L) > 0 && (std::convertible_to<L, Layer> && ...) &&
           !(sizeof...(L) == 1 && (std::same_as<std::remove_cvref_t<L>, Sequential> && ...))) explicit Sequential(L&&... layers)
      : Sequential() {
    Layer list[] = {Layer(std::forward<L>(layers))...};
    take(list);
  }
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static Sequential from_config(const Config& config);

  /// Returns the result of the last module.
  Tensor forward(const Tensor& x) const override;
  /// Reports the modules as children "0", "1", ...
  void members(Members& visit) override;
  /// Returns "Sequential".
  std::string describe() const override { return "Sequential"; }

  /// Appends a module.
  void push_back(Layer layer);
  /// Returns the number of modules.
  std::size_t size() const noexcept { return layers_.size(); }
  /// Returns the module at a position, counted from the end if negative.
  /// @throws std::invalid_argument if there is no such position.
  const Layer& operator[](Index i) const;
  /// Returns an iterator to the first module.
  std::vector<Layer>::const_iterator begin() const noexcept { return layers_.begin(); }
  /// Returns an iterator past the last module.
  std::vector<Layer>::const_iterator end() const noexcept { return layers_.end(); }

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  void config(Config& config) const override;
  Shape on_build(const Shape& example) override;
  void take(std::span<Layer> layers);

  std::vector<Layer> layers_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
