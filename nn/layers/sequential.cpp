#include "nn/layers/sequential.h"

#include "autograd/check.h"
#include "nn/clone.h"

namespace chainrule::nn {

Tensor Sequential::forward(const Tensor& x) const {
  Tensor y = x;
  for (const Layer& layer : layers_) y = layer(y);
  return y;
}

Shape Sequential::on_build(const Shape& example) {
  Shape shape = example;
  for (const Layer& layer : layers_) shape = layer->build(shape);
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

}  // namespace chainrule::nn
