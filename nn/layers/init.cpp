#include "nn/layers/init.h"

#include <algorithm>
#include <cmath>

#include "autograd/base/check.h"
#include "autograd/graph/grad_mode.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/linalg.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/update.h"
#include "nn/module/names.h"
#include "nn/module/parameter_budget.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

struct Fans {
  double in = 1, out = 1;
};

Fans fans(const Shape& shape) {
  const int rank = shape.rank();
  if (rank == 0) return {};
  double field = 1;
  for (int axis = 0; axis + 2 < rank; ++axis) field *= static_cast<double>(shape[axis]);
  const double out = static_cast<double>(shape[rank - 1]) * field;
  return {rank == 1 ? out : static_cast<double>(shape[rank - 2]) * field, out};
}

Initializer normal_of(double (*variance)(const Fans&)) {
  return [variance](const Shape& shape, DType dtype, Generator& generator) {
    return randn(shape, generator, dtype) * std::sqrt(variance(fans(shape)));
  };
}

// Uniform in ±b has variance b² / 3.
Initializer uniform_of(double (*variance)(const Fans&)) {
  return [variance](const Shape& shape, DType dtype, Generator& generator) {
    const double bound = std::sqrt(3 * variance(fans(shape)));
    return rand(shape, generator, dtype) * (2 * bound) - bound;
  };
}

// A layer without inputs has no weights to fill; the fan of 1 only keeps the quotient finite.
double he(const Fans& fan) { return 2 / std::max(fan.in, 1.0); }
double lecun(const Fans& fan) { return 1 / std::max(fan.in, 1.0); }
double xavier(const Fans& fan) { return 2 / std::max(fan.in + fan.out, 1.0); }

// Orthonormal rows [count, length], count <= length, by Gram-Schmidt on normal vectors: each is freed of those before it twice, which
// leaves rounding errors only (Giraud et al. 2005).
Tensor orthonormal_rows(std::int64_t count, std::int64_t length, Generator& generator) {
  Tensor basis = zeros({count, length}, DType::float64);
  for (std::int64_t k = 0; k < count; ++k) {
    const Tensor before = slice(basis, 0, 0, k);
    Tensor v;
    double size = 0;
    // A draw within the span of the others has probability 0 but for rounding.
    while (!(size > 1e-6)) {
      v = randn({length}, generator, DType::float64);
      v = v / norm(v);
      for (int pass = 0; pass < 2; ++pass) v = v - matmul(matmul(before, v), before);
      size = norm(v).item();
    }
    Tensor row = basis[k];
    assign(row, v / size);
  }
  return basis;
}

constexpr Named<Initializer (*)()> kInitializers[] = {
    {"he_normal", init::he_normal},
    {"he_uniform", init::he_uniform},
    {"xavier_normal", init::xavier_normal},
    {"xavier_uniform", init::xavier_uniform},
    {"lecun_normal", init::lecun_normal},
    {"lecun_uniform", init::lecun_uniform},
    {"orthogonal", [] { return init::orthogonal(); }},
    {"zeros", init::zeros},
    {"ones", init::ones},
};

}  // namespace

Initializer::Initializer(std::string_view name, SourceLine line)
    : function_(find_named("Initializer", "initializer", kInitializers, name, line)().function_) {}

Initializer::Initializer(const char* name, SourceLine line) : Initializer(std::string_view(name), line) {}
Initializer::Initializer(const std::string& name, SourceLine line) : Initializer(std::string_view(name), line) {}

Initializer::Initializer(const Initializer&) = default;
Initializer::Initializer(Initializer&&) noexcept = default;
Initializer& Initializer::operator=(const Initializer&) = default;
Initializer& Initializer::operator=(Initializer&&) noexcept = default;
Initializer::~Initializer() = default;

Tensor Initializer::operator()(const Shape& shape, DType dtype, Generator& generator, SourceLine line) const {
  const CallerScope caller(line);
  const NoGrad no_grad;
  if (ParameterBudget::in_force()) {
    claim_parameters("Initializer", shape, 1, line);
    return zeros(shape, dtype).set_requires_grad(true);
  }
  Tensor values = function_(shape, dtype, generator);
  if (!values.defined() || values.shape() != shape || values.dtype() != dtype)
    throw_invalid("Initializer",
                  text("the function returned ", values.defined() ? text(values.dtype(), " ", values.shape()) : "an undefined tensor",
                       ", expected ", dtype, " ", shape),
                  line);
  // Another handle on what a function of one's own returned must not be trained with it.
  return values.clone().set_requires_grad(true);
}

namespace init {

Initializer he_normal() { return normal_of(he); }
Initializer he_uniform() { return uniform_of(he); }
Initializer xavier_normal() { return normal_of(xavier); }
Initializer xavier_uniform() { return uniform_of(xavier); }

Initializer lecun_normal() { return normal_of(lecun); }
Initializer lecun_uniform() { return uniform_of(lecun); }

Initializer orthogonal(double gain, SourceLine line) {
  if (!std::isfinite(gain)) throw_invalid("orthogonal", text("gain is ", gain, ", expected a finite number"), line);
  return [gain](const Shape& shape, DType dtype, Generator& generator) {
    if (shape.rank() < 2) throw_invalid("orthogonal", text("got shape ", shape, ", expected two axes or more"), SourceLine::current());
    const std::int64_t columns = shape.size(-1), rows = columns == 0 ? 0 : shape.numel() / columns;
    if (rows == 0) return zeros(shape, dtype);
    const Tensor basis = orthonormal_rows(std::min(rows, columns), std::max(rows, columns), generator);
    return ((rows <= columns ? basis : transpose(basis)).reshape(shape) * gain).to(dtype);
  };
}

Initializer values(const Tensor& values, SourceLine line) {
  if (!values.defined()) throw_invalid("values", "undefined tensor", line);
  return [kept = values.detach().clone()](const Shape&, DType dtype, Generator&) { return kept.to(dtype); };
}

Initializer normal(double standard_deviation, SourceLine line) {
  if (!(standard_deviation >= 0))
    throw_invalid("normal", text("the standard deviation is ", standard_deviation, ", expected 0 or more"), line);
  return [standard_deviation](const Shape& shape, DType dtype, Generator& generator) {
    return randn(shape, generator, dtype) * standard_deviation;
  };
}

Initializer uniform(double low, double high, SourceLine line) {
  if (!(low <= high)) throw_invalid("uniform", text("got low ", low, " and high ", high, ", expected low <= high"), line);
  return [low, high](const Shape& shape, DType dtype, Generator& generator) { return rand(shape, generator, dtype) * (high - low) + low; };
}

Initializer constant(double value) {
  return [value](const Shape& shape, DType dtype, Generator&) { return full(shape, value, dtype); };
}

Initializer zeros() { return constant(0); }
Initializer ones() { return constant(1); }

}  // namespace init
}  // namespace chainrule::nn
