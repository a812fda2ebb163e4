// Creation of Tensors from numbers, vectors, ranges and random numbers.
#pragma once

/// @file
/// All functions return leaves that do not require grad, except variable(). Their last parameter `line` is the position of the call, which
/// error messages name. They throw std::invalid_argument for a negative size, a shape with too many elements, and for int64 a number that
/// is not an integer, or that was given as a floating number beyond ±2^53. Random numbers depend only on the generator, not on the number
/// of threads.

#include <concepts>
#include <initializer_list>
#include <vector>

#include "autograd/base/default_dtype.h"
#include "autograd/base/random.h"
#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// A number or a nested list of numbers, like the argument of `tensor({{1, 2}, {3, 4}})`. It refers to lists without owning them: use it
/// only as a function parameter.
class Literal {
 public:
  /// A single number.
  template <Number N>
  constexpr Literal(N number) noexcept : number_(number) {}
  /// A list of numbers or of lists.
  constexpr Literal(std::initializer_list<Literal> items) noexcept : items_(items), is_list_(true) {}

  /// Returns true for a list, false for a number.
  bool is_list() const noexcept { return is_list_; }
  /// Returns the number; 0 for a list.
  const NumberArg& number() const noexcept { return number_; }
  /// Returns the items of the list; empty for a number.
  std::initializer_list<Literal> items() const noexcept { return items_; }

 private:
  NumberArg number_ = 0;
  std::initializer_list<Literal> items_;
  bool is_list_ = false;
};

/// Returns a Tensor of the numbers in `literal`. The nesting of the lists determines the shape:
///
///     tensor(2.0)               // rank 0
///     tensor({{1, 2}, {3, 4}})  // shape [2, 2]
///
/// @throws std::invalid_argument if lists at the same depth differ in length, or if a list contains both numbers and lists.
Tensor tensor(const Literal& literal, DType dtype = default_dtype(), SourceLine line = SourceLine::current());

/// Returns tensor(literal, dtype) as a leaf that requires grad.
/// @throws std::invalid_argument like tensor(), and for int64.
Tensor variable(const Literal& literal, DType dtype = default_dtype(), SourceLine line = SourceLine::current());

/// Returns a Tensor of the elements of a vector in row-major order. T is float, double, int or std::int64_t and determines the dtype; int
/// becomes int64.
/// @throws std::invalid_argument unless shape.numel() == values.size().
template <class T>
[[gnu::visibility("default")]] Tensor from_vector(const std::vector<T>& values, const Shape& shape,
                                                  SourceLine line = SourceLine::current());
/// Same as above, with shape [values.size()].
template <class T>
Tensor from_vector(const std::vector<T>& values, SourceLine line = SourceLine::current()) {
  return from_vector(values, Shape{values.size()}, line);
}

/// Returns a Tensor of zeros.
Tensor zeros(const Shape& shape, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
/// Returns a Tensor of ones.
Tensor ones(const Shape& shape, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
/// Returns a Tensor whose elements all have the given value.
Tensor full(const Shape& shape, NumberArg value, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
/// Returns the identity matrix of shape [n, n].
Tensor eye(std::int64_t n, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
/// Returns the numbers start, start + step, ... that come before stop, as a Tensor of shape [max(0, ceil((stop - start) / step))].
/// @throws std::invalid_argument if step is 0, if an argument is not finite, or for more than 2^40 numbers.
Tensor arange(NumberArg start, NumberArg stop, NumberArg step = 1, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
/// Same as arange(0, stop): the numbers 0, 1, ... below stop, in default_dtype().
Tensor arange(NumberArg stop, SourceLine line = SourceLine::current());
/// Returns `count` equally spaced numbers, the first equal to start and the last equal to stop, as a Tensor of shape [count].
/// For int64 the numbers between them are truncated towards 0.
/// @throws std::invalid_argument if count is negative, or for int64 and numbers beyond ±2^53.
Tensor linspace(NumberArg start, NumberArg stop, std::int64_t count, DType dtype = default_dtype(),
                SourceLine line = SourceLine::current());

/// Returns random numbers distributed uniformly in [0, 1). The overload without a generator uses default_generator().
/// @throws std::invalid_argument for int64.
/// @{
Tensor rand(const Shape& shape, Generator& generator, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
Tensor rand(const Shape& shape, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
/// @}
/// Returns random numbers from the normal distribution with mean 0 and variance 1 (Box-Muller method). The overload without a generator
/// uses default_generator().
/// @throws std::invalid_argument for int64.
/// @{
Tensor randn(const Shape& shape, Generator& generator, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
Tensor randn(const Shape& shape, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
/// @}

/// Returns a new leaf with the shape and dtype of x that does not require grad: zeros, ones, or the given value in every element.
/// @{
Tensor zeros_like(const TensorArg& x);
Tensor ones_like(const TensorArg& x);
Tensor full_like(const TensorArg& x, NumberArg value);
/// @}
/// Returns random numbers like rand(), with the shape and dtype of x. The overload without a generator uses default_generator().
/// @throws std::invalid_argument for int64.
/// @{
Tensor rand_like(const TensorArg& x, Generator& generator);
Tensor rand_like(const TensorArg& x);
/// @}
/// Returns random numbers like randn(), with the shape and dtype of x. The overload without a generator uses default_generator().
/// @throws std::invalid_argument for int64.
/// @{
Tensor randn_like(const TensorArg& x, Generator& generator);
Tensor randn_like(const TensorArg& x);
/// @}

/// Returns random integers distributed uniformly in [low, high), as int64. The overload without a generator uses default_generator().
/// @throws std::invalid_argument unless low < high.
/// @{
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Generator& generator, SourceLine line = SourceLine::current());
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, SourceLine line = SourceLine::current());
/// @}
/// Returns the integers from 0 to n - 1 in random order, as int64 of shape [n]. The overload without a generator uses default_generator().
/// @{
Tensor randperm(std::int64_t n, Generator& generator, SourceLine line = SourceLine::current());
Tensor randperm(std::int64_t n, SourceLine line = SourceLine::current());
/// @}
/// Returns random numbers that are 1 with the given probability and otherwise 0. The overload without a generator uses default_generator().
/// @throws std::invalid_argument unless 0 <= probability <= 1, and for int64.
/// @{
Tensor bernoulli(double probability, const Shape& shape, Generator& generator, DType dtype = default_dtype(),
                 SourceLine line = SourceLine::current());
Tensor bernoulli(double probability, const Shape& shape, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
/// @}

/// @cond
extern template Tensor from_vector<float>(const std::vector<float>&, const Shape&, SourceLine);
extern template Tensor from_vector<double>(const std::vector<double>&, const Shape&, SourceLine);
extern template Tensor from_vector<int>(const std::vector<int>&, const Shape&, SourceLine);
extern template Tensor from_vector<std::int64_t>(const std::vector<std::int64_t>&, const Shape&, SourceLine);
/// @endcond

}  // namespace chainrule
#pragma GCC visibility pop
