// Makers: Tensors from numbers, ranges and random draws. All are leaves.
#pragma once

#include <concepts>
#include <initializer_list>
#include <vector>

#include "autograd/base/default_dtype.h"
#include "autograd/base/random.h"
#include "autograd/graph/tensor.h"

namespace chainrule {

/// A number or a nested list of numbers: what `tensor({{1, 2}, {3, 4}})` takes. Holds lists by reference: never store one.
class Literal {
 public:
  template <Number N>
  constexpr Literal(N number) noexcept : number_(static_cast<double>(number)) {}
  constexpr Literal(std::initializer_list<Literal> items) noexcept : items_(items), is_list_(true) {}

  bool is_list() const noexcept { return is_list_; }
  double number() const noexcept { return number_; }
  std::initializer_list<Literal> items() const noexcept { return items_; }

 private:
  double number_ = 0;
  std::initializer_list<Literal> items_;
  bool is_list_ = false;
};

/// A Tensor of the numbers in a literal, its shape that of the nesting: `tensor(2.0)` has rank 0, `tensor({{1, 2}, {3, 4}})` [2, 2].
/// @throws std::invalid_argument where lists at one depth differ in length, or numbers stand beside lists.
Tensor tensor(const Literal& literal, DType dtype = default_dtype(), SourceLine line = SourceLine::current());

/// tensor() with requires_grad: a leaf that collects a gradient.
Tensor variable(const Literal& literal, DType dtype = default_dtype(), SourceLine line = SourceLine::current());

/// A Tensor of a vector's elements in row-major order, of the vector's element type (float, double, std::int64_t; int becomes int64).
/// @throws std::invalid_argument unless the shape has as many elements.
template <class T>
Tensor from_vector(const std::vector<T>& values, const Shape& shape, SourceLine line = SourceLine::current());
/// The same with rank 1.
template <class T>
Tensor from_vector(const std::vector<T>& values, SourceLine line = SourceLine::current()) {
  return from_vector(values, Shape{values.size()}, line);
}

Tensor zeros(const Shape& shape, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
Tensor ones(const Shape& shape, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
Tensor full(const Shape& shape, double value, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
/// The identity, [n, n].
Tensor eye(std::int64_t n, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
/// start, start + step, ... up to but without stop: ceil((stop - start) / step) numbers, none if that is negative.
/// @throws std::invalid_argument for step 0 or arguments that are not finite.
Tensor arange(double start, double stop, double step = 1, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
/// 0, 1, ... up to but without stop.
Tensor arange(double stop, SourceLine line = SourceLine::current());
/// `count` numbers from start to stop, both included, equally spaced.
/// @throws std::invalid_argument for a negative count.
Tensor linspace(double start, double stop, std::int64_t count, DType dtype = default_dtype(), SourceLine line = SourceLine::current());

/// Uniform in [0, 1). The random makers without a generator use default_generator().
Tensor rand(const Shape& shape, Generator& generator, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
Tensor rand(const Shape& shape, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
/// Normal with mean 0 and variance 1 (Box-Muller).
Tensor randn(const Shape& shape, Generator& generator, DType dtype = default_dtype(), SourceLine line = SourceLine::current());
Tensor randn(const Shape& shape, DType dtype = default_dtype(), SourceLine line = SourceLine::current());

/// Zeros, ones, one value, or random numbers in the shape and dtype of x, as a new leaf: neither x's values nor its requires_grad matter.
Tensor zeros_like(const TensorArg& x);
Tensor ones_like(const TensorArg& x);
Tensor full_like(const TensorArg& x, double value);
/// As rand().
/// @throws std::invalid_argument for int64.
Tensor rand_like(const TensorArg& x, Generator& generator);
Tensor rand_like(const TensorArg& x);
/// As randn().
/// @throws std::invalid_argument for int64.
Tensor randn_like(const TensorArg& x, Generator& generator);
Tensor randn_like(const TensorArg& x);

/// Integers in [low, high), int64.
/// @throws std::invalid_argument unless low < high.
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Generator& generator, SourceLine line = SourceLine::current());
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, SourceLine line = SourceLine::current());
/// The numbers 0 to n - 1 in random order, int64 [n].
Tensor randperm(std::int64_t n, Generator& generator, SourceLine line = SourceLine::current());
Tensor randperm(std::int64_t n, SourceLine line = SourceLine::current());
/// 1 with the given probability, else 0.
/// @throws std::invalid_argument unless 0 <= probability <= 1.
Tensor bernoulli(double probability, const Shape& shape, Generator& generator, DType dtype = default_dtype(),
                 SourceLine line = SourceLine::current());
Tensor bernoulli(double probability, const Shape& shape, DType dtype = default_dtype(), SourceLine line = SourceLine::current());

extern template Tensor from_vector<float>(const std::vector<float>&, const Shape&, SourceLine);
extern template Tensor from_vector<double>(const std::vector<double>&, const Shape&, SourceLine);
extern template Tensor from_vector<int>(const std::vector<int>&, const Shape&, SourceLine);
extern template Tensor from_vector<std::int64_t>(const std::vector<std::int64_t>&, const Shape&, SourceLine);

}  // namespace chainrule
