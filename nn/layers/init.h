// Initializers: functions that make the initial values of weights.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>

#include "autograd/base/random.h"
#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Makes the initial values of a weight. It is given as one of:
///
/// - a function of nn::init, such as `init::normal(0.02)`;
/// - the name of one that needs no arguments: "he_uniform", "he_normal", "xavier_uniform", "xavier_normal", "lecun_uniform",
///   "lecun_normal", "orthogonal", "zeros" or "ones";
/// - a custom function that returns the values for a shape, a dtype and a generator.
class Initializer {
 public:
  /// The type of a custom function: it returns values of the given shape and dtype, drawn from the generator.
  using Function = std::function<Tensor(const Shape&, DType, Generator&)>;

  /// Selects the initializer with this name.
  /// @throws std::invalid_argument for an unknown name; the message lists the known names.
  /// @{
  Initializer(std::string_view name, SourceLine line = SourceLine::current());
  Initializer(const char* name, SourceLine line = SourceLine::current());
  Initializer(const std::string& name, SourceLine line = SourceLine::current());
  /// @}

  /// Selects a custom function; see Function.
  template <class F>
  requires(std::is_invocable_r_v<Tensor, const F&, const Shape&, DType, Generator&>) Initializer(F function)
      : function_(std::move(function)) {}

  /// Copies the initializer.
  Initializer(const Initializer&);
  /// Moves the initializer.
  Initializer(Initializer&&) noexcept;
  /// Copies the initializer.
  Initializer& operator=(const Initializer&);
  /// Moves the initializer.
  Initializer& operator=(Initializer&&) noexcept;
  /// Destructor.
  ~Initializer();

  /// Returns a new leaf Tensor of this shape and dtype that requires grad. Random values are drawn from the generator.
  /// @throws std::invalid_argument if a custom function returns another shape or dtype.
  Tensor operator()(const Shape& shape, DType dtype, Generator& generator, SourceLine line = SourceLine::current()) const;

 private:
  Function function_;
};

/// Functions that return an Initializer.
///
/// In the formulas, a weight of shape [d_in, d_out] has fan_in = d_in and fan_out = d_out. Axes before the last two multiply both. For a
/// vector, both are its size.
namespace init {

/// Draws from a normal distribution with mean 0 and variance 2 / fan_in, which keeps the variance of signals constant through relu (He et
/// al., arXiv 1502.01852).
Initializer he_normal();
/// Draws uniformly between ±sqrt(6 / fan_in), with the same variance as he_normal().
Initializer he_uniform();
/// Draws from a normal distribution with mean 0 and variance 2 / (fan_in + fan_out), for tanh and sigmoid (Glorot and Bengio, AISTATS
/// 2010).
Initializer xavier_normal();
/// Draws uniformly between ±sqrt(6 / (fan_in + fan_out)), with the same variance as xavier_normal().
Initializer xavier_uniform();
/// Draws from a normal distribution with mean 0 and variance 1 / fan_in, for selu (LeCun et al. 1998, "Efficient BackProp").
Initializer lecun_normal();
/// Draws uniformly between ±sqrt(3 / fan_in), with the same variance as lecun_normal().
Initializer lecun_uniform();
/// Draws a random matrix whose rows or columns, whichever are fewer, are orthogonal and have length `gain`. All such matrices are equally
/// likely (Saxe et al., arXiv 1312.6120). Axes before the last one are treated as a single axis. The initializer throws
/// std::invalid_argument for a shape with fewer than two axes.
/// @throws std::invalid_argument for a gain that is not finite.
Initializer orthogonal(double gain = 1, SourceLine line = SourceLine::current());
/// Copies the given values, converted to the dtype of the weight. The initializer throws std::invalid_argument if the weight has another
/// shape.
/// @throws std::invalid_argument for an undefined Tensor.
Initializer values(const Tensor& values, SourceLine line = SourceLine::current());
/// Draws from a normal distribution with mean 0 and the given standard deviation.
/// @throws std::invalid_argument for a standard deviation that is negative or NaN.
Initializer normal(double standard_deviation, SourceLine line = SourceLine::current());
/// Draws uniformly between low and high.
/// @throws std::invalid_argument unless low <= high.
Initializer uniform(double low, double high, SourceLine line = SourceLine::current());
/// Sets all elements to the given value.
Initializer constant(double value);
/// Sets all elements to 0.
Initializer zeros();
/// Sets all elements to 1.
Initializer ones();

}  // namespace init
}  // namespace chainrule::nn
#pragma GCC visibility pop
