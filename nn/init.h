// Initializers: where weights start.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>

#include "autograd/random.h"
#include "autograd/tensor.h"

namespace chainrule::nn {

/// How a new weight is filled: one of the functions in nn::init, the name of one that needs no numbers ("he_uniform", "he_normal",
/// "xavier_uniform", "xavier_normal", "zeros", "ones"), or a function of one's own from shape, dtype and generator to values.
class Initializer {
 public:
  using Function = std::function<Tensor(const Shape&, DType, Generator&)>;

  /// @throws std::invalid_argument for an unknown name, listing the known.
  Initializer(std::string_view name, SourceLine line = SourceLine::current());
  Initializer(const char* name, SourceLine line = SourceLine::current()) : Initializer(std::string_view(name), line) {}
  Initializer(const std::string& name, SourceLine line = SourceLine::current()) : Initializer(std::string_view(name), line) {}
  template <class F>
  requires(std::is_invocable_r_v<Tensor, const F&, const Shape&, DType, Generator&>) Initializer(F function)
      : function_(std::move(function)) {}

  /// A leaf of that shape that requires grad, its values drawn from the generator.
  /// @throws std::invalid_argument where a function of one's own gives another shape or dtype.
  Tensor operator()(const Shape& shape, DType dtype, Generator& generator, SourceLine line = SourceLine::current()) const;

 private:
  Function function_;
};

/// Fans: a weight [d_in, d_out] has fan_in d_in and fan_out d_out; further axes in front count with both; a vector's size is both.
namespace init {

/// Normal with mean 0 and variance 2 / fan_in (He et al., arXiv 1502.01852): keeps the variance of signals through relu.
Initializer he_normal();
/// Uniform in ±sqrt(6 / fan_in): the same variance.
Initializer he_uniform();
/// Normal with mean 0 and variance 2 / (fan_in + fan_out) (Glorot and Bengio, AISTATS 2010): for tanh and sigmoid.
Initializer xavier_normal();
/// Uniform in ±sqrt(6 / (fan_in + fan_out)): the same variance.
Initializer xavier_uniform();
/// Normal with mean 0.
/// @throws std::invalid_argument for a negative or NaN deviation.
Initializer normal(double standard_deviation, SourceLine line = SourceLine::current());
/// Uniform in [low, high).
/// @throws std::invalid_argument unless low <= high.
Initializer uniform(double low, double high, SourceLine line = SourceLine::current());
Initializer constant(double value);
Initializer zeros();
Initializer ones();

}  // namespace init
}  // namespace chainrule::nn
