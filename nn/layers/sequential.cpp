#include "nn/layers/sequential.h"

#include <cstdint>
#include <iterator>
#include <string>

#include "autograd/base/check.h"
#include "nn/module/clone.h"
#include "nn/module/config.h"

namespace chainrule::nn {
namespace {

// The layer that the size of a result comes from: within a Sequential the last with parameters.
const Module& source_of(const Module& module) {
  if (const auto* list = dynamic_cast<const Sequential*>(&module)) {
    for (std::size_t i = list->size(); i-- > 0;) {
      const Module& layer = *(*list)[static_cast<std::int64_t>(i)];
      if (layer.parameter_count() > 0) return source_of(layer);
    }
  }
  return module;
}

std::string name_of(const Module& module) {
  return module.name().empty() ? module.describe() : detail::text(module.name(), " (", module.describe(), ")");
}

}  // namespace

Sequential::Sequential() noexcept = default;
Sequential::Sequential(std::vector<Layer> layers) noexcept : layers_(std::move(layers)) {}

void Sequential::take(std::span<Layer> layers) {
  layers_.assign(std::make_move_iterator(layers.begin()), std::make_move_iterator(layers.end()));
}

void Sequential::push_back(Layer layer) { layers_.push_back(std::move(layer)); }

Tensor Sequential::forward(const Tensor& x) const {
  Tensor y = x;
  for (const Layer& layer : layers_) y = layer(y);
  return y;
}

Shape Sequential::on_build(const Shape& example) {
  Shape shape = example;
  std::string after;
  for (const Layer& layer : layers_) {
    const Shape built = layer->build_after(after, shape);
    // An error names the layer that a size comes from, past those that leave it as it is, such as activations.
    if (built != shape || layer->parameter_count() > 0) after = name_of(source_of(*layer));
    shape = built;
  }
  return shape;
}

void Sequential::members(Members& visit) {
  for (std::size_t i = 0; i < layers_.size(); ++i) visit(std::to_string(i), layers_[i]);
}

const Layer& Sequential::operator[](Index i) const {
  const auto count = static_cast<std::int64_t>(layers_.size());
  const std::int64_t at = i.value() < 0 ? i.value() + count : i.value();
  if (at < 0 || at >= count) detail::throw_invalid("Sequential", detail::text("there is no layer ", i.value(), " among ", count), i.line());
  return layers_[static_cast<std::size_t>(at)];
}

std::shared_ptr<Module> Sequential::copy_structure(Cloner& cloner) const { return std::make_shared<Sequential>(cloner(layers_)); }

void Sequential::config(Config& config) const { config.set("layers", layers_); }

Sequential Sequential::from_config(const Config& config) { return Sequential(config.layers("layers")); }

}  // namespace chainrule::nn
