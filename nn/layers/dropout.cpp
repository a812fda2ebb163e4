#include "nn/layers/dropout.h"

#include "autograd/base/check.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/loss.h"
#include "nn/module/config.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

Dropout::Dropout(double p, const DropoutOptions& options, SourceLine line) : p_(p), generator_(options.generator) {
  if (!(p >= 0 && p <= 1)) throw_invalid("Dropout", text("p is ", p, ", expected 0 to 1"), line);
}

Tensor Dropout::forward(const Tensor& x) const {
  if (!is_training() || p_ == 0) return x;
  Generator& generator = generator_ != nullptr ? *generator_ : default_generator();
  const double keep = 1 - p_;
  const Tensor mask = bernoulli(keep, x.shape(), generator, x.dtype());
  return weigh(keep > 0 ? mask * (1 / keep) : mask, x);  // an infinite element that is dropped is 0
}

std::string Dropout::describe() const { return text("Dropout ", p_); }

void Dropout::config(Config& config) const { config.set("p", p_); }

Dropout Dropout::from_config(const Config& config) { return Dropout(config.number("p")); }

void Dropout::copy_settings(const Module& original) { generator_ = static_cast<const Dropout&>(original).generator_; }

}  // namespace chainrule::nn
