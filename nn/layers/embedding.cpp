#include "nn/layers/embedding.h"

#include "autograd/base/check.h"
#include "autograd/base/default_dtype.h"
#include "autograd/ops/index.h"
#include "nn/module/config.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

Embedding::Embedding(Dim count, Dim size, const EmbeddingOptions& options, SourceLine line) {
  const CallerScope caller(line);
  if (count < 1 || size < 1)
    throw_invalid(
        "Embedding",
        text("got count ", static_cast<std::int64_t>(count), " and size ", static_cast<std::int64_t>(size), ", expected at least 1 each"),
        line);
  Generator& generator = options.generator != nullptr ? *options.generator : default_generator();
  weight_ = options.initializer({count, size}, default_dtype(), generator);
}

Tensor Embedding::forward(const Tensor& x) const {
  if (x.dtype() != DType::int64) throw_invalid("Embedding", text("x is ", x.dtype(), ", expected int64"), SourceLine::current());
  Shape shape = x.shape();
  shape.push_back(weight_.size(1));
  return index_select(weight_, 0, x.reshape({x.numel()})).reshape(shape);
}

Shape Embedding::on_build(const Shape& example) {
  Shape shape = example;
  shape.push_back(weight_.size(1));
  return shape;
}

void Embedding::members(Members& visit) { visit("weight", weight_); }

std::string Embedding::describe() const { return text("Embedding ", weight_.size(0), " x ", weight_.size(1)); }

void Embedding::config(Config& config) const { config.set("count", weight_.size(0)).set("size", weight_.size(1)); }

// The initial values do not matter, as a model file or clone() replaces them.
Embedding Embedding::from_config(const Config& config) {
  const std::int64_t count = config.integer("count"), size = config.integer("size");
  return Embedding(count, size, {.initializer = "zeros"});
}

}  // namespace chainrule::nn
