// Sequential: modules one after another.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/module/layer.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// Each module's result is the next one's input; none at all passes its input unchanged. Children are named "0", "1", ...
class Sequential : public BuiltIn {
 public:
  Sequential() noexcept;
  /// Of Layers, which are shared.
  explicit Sequential(std::vector<Layer> layers) noexcept;
  /// `Sequential{Dense(2, 16), Tanh(), shared_layer}`: modules are moved in, Layers shared.
  template <class... L>
  requires(sizeof...(L) > 0 && (std::convertible_to<L, Layer> && ...) &&
           !(sizeof...(L) == 1 && (std::same_as<std::remove_cvref_t<L>, Sequential> && ...))) explicit Sequential(L&&... layers)
      : Sequential() {
    Layer list[] = {Layer(std::forward<L>(layers))...};
    take(list);
  }
  Sequential(Sequential&&) noexcept;
  Sequential& operator=(Sequential&&) noexcept;
  ~Sequential() override;

  Tensor forward(const Tensor& x) const override;
  void members(Members& visit) override;
  std::string describe() const override { return "Sequential"; }

  /// Adds one at the end.
  void push_back(Layer layer);
  std::size_t size() const noexcept { return layers_.size(); }
  /// @throws std::invalid_argument where there is no such layer.
  const Layer& operator[](Index i) const;
  std::vector<Layer>::const_iterator begin() const noexcept { return layers_.begin(); }
  std::vector<Layer>::const_iterator end() const noexcept { return layers_.end(); }

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override { return own(new Sequential(std::move(*this))); }
  void config(Config& config) const override;
  Shape on_build(const Shape& example) override;
  void take(std::span<Layer> layers);

  std::vector<Layer> layers_;
};

}  // namespace chainrule::nn
