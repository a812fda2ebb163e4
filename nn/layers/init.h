// Initializers: where weights start.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>

#include "autograd/base/random.h"
#include "autograd/graph/tensor.h"

namespace chainrule::nn {

/// How a new weight is filled: one of the functions in nn::init, the name of one that needs no numbers ("he_uniform", "he_normal",
/// "xavier_uniform", "xavier_normal", "lecun_uniform", "lecun_normal", "orthogonal", "zeros", "ones"), or a function of one's own from
/// shape, dtype and generator to values.
class Initializer {
 public:
  /// From shape, dtype and generator to values.
  using Function = std::function<Tensor(const Shape&, DType, Generator&)>;

  /// @throws std::invalid_argument for an unknown name, listing the known.
  Initializer(std::string_view name, SourceLine line = SourceLine::current());
  Initializer(const char* name, SourceLine line = SourceLine::current());
  Initializer(const std::string& name, SourceLine line = SourceLine::current());
  template <class F>
  requires(std::is_invocable_r_v<Tensor, const F&, const Shape&, DType, Generator&>) Initializer(F function)
      : function_(std::move(function)) {}

  Initializer(const Initializer&);
  Initializer(Initializer&&) noexcept;
  Initializer& operator=(const Initializer&);
  Initializer& operator=(Initializer&&) noexcept;
  ~Initializer();

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
/// Normal with mean 0 and variance 1 / fan_in (LeCun et al. 1998, "Efficient BackProp"): for selu.
Initializer lecun_normal();
/// Uniform in ±sqrt(3 / fan_in): the same variance.
Initializer lecun_uniform();
/// Rows or columns, whichever are fewer, are orthogonal and as long as `gain`, all such matrices being equally likely (Saxe et al., arXiv
/// 1312.6120). Axes before the last count as one. Filling throws std::invalid_argument for fewer than two axes.
/// @throws std::invalid_argument for a gain that is not finite.
Initializer orthogonal(double gain = 1, SourceLine line = SourceLine::current());
/// Copies of given values, in the dtype asked for; the shapes must agree.
/// @throws std::invalid_argument for an undefined Tensor.
Initializer values(const Tensor& values, SourceLine line = SourceLine::current());
/// Normal with mean 0.
/// @throws std::invalid_argument for a negative or NaN deviation.
Initializer normal(double standard_deviation, SourceLine line = SourceLine::current());
/// Uniform from low to high.
/// @throws std::invalid_argument unless low <= high.
Initializer uniform(double low, double high, SourceLine line = SourceLine::current());
Initializer constant(double value);
Initializer zeros();
Initializer ones();

}  // namespace init
}  // namespace chainrule::nn
