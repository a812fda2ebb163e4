#include "nn/layers/dense.h"

#include "autograd/check.h"
#include "autograd/ops/linalg.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

Dense::Dense(Dim d_in, Dim d_out, const DenseOptions& options, SourceLine line)
    : d_in_(d_in), d_out_(d_out), activation_(options.activation) {
  const CallerScope caller(line);
  if (d_in_ < 1 || d_out_ < 1) throw_invalid("Dense", text("got sizes ", d_in_, " -> ", d_out_, ", expected at least 1 each"), line);
  Generator& generator = options.generator != nullptr ? *options.generator : default_generator();
  weight_ = options.initializer({d_in, d_out}, DType::float32, generator);
  if (options.bias) bias_ = options.bias_initializer({d_out}, DType::float32, generator);
}

Tensor Dense::forward(const Tensor& x) const { return activation_(linear(x, weight_, bias_)); }

void Dense::members(Members& visit) {
  visit("weight", weight_);
  visit("bias", bias_);
}

std::string Dense::describe() const {
  std::string words = text("Dense ", d_in_, " -> ", d_out_);
  if (!activation_.name().empty()) words += ", " + activation_.name();
  return words;
}

}  // namespace chainrule::nn
