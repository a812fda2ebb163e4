// Tensor: a handle to an array of numbers and, if it was computed from Tensors that require grad, to the graph that computed it.
#pragma once

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "autograd/base/caller.h"
#include "autograd/base/dtype.h"
#include "autograd/base/shape.h"

#pragma GCC visibility push(default)
namespace chainrule {

class Tensor;

/// The arithmetic types of C++ except bool.
template <class T>
concept Number = std::is_arithmetic_v<T> && !std::same_as<T, bool>;

namespace detail {

struct Node;

// Returns true if the process has a single thread, which can count handles without atomic read-modify-write instructions. std::shared_ptr
// does the same.
inline bool has_one_thread() noexcept {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

// Counts the handles to a node. Several threads may hold handles to a leaf; the result of a recorded op belongs to one thread at a time.
struct Counted {
  std::atomic<std::int32_t> handles{1};
  bool shared = true;

  void retain() noexcept {
    if (shared && !has_one_thread()) {
      handles.fetch_add(1, std::memory_order_relaxed);
    } else {
      handles.store(handles.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
  }

  // Returns true for the last handle.
  bool release() noexcept {
    if (handles.load(std::memory_order_acquire) == 1) return true;
    if (shared && !has_one_thread()) return handles.fetch_sub(1, std::memory_order_acq_rel) == 1;
    handles.store(handles.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    return false;
  }
};

void free_node(Counted* node) noexcept;

template <class T>
constexpr void refuse_assignment() noexcept {
  static_assert(
      !std::is_same_v<T, T>,
      "assigning to a temporary Tensor changes nothing: instead of x[i] = t, write Tensor row = x[i]; assign(row, t); and instead of "
      "w.grad() = g, write w.set_grad(g)");
}

}  // namespace detail

/// The index in `x[i]`, with the caller's line for error messages.
class Index {
 public:
  /// Converts from every integral type except bool.
  template <std::integral I>
  requires(!std::same_as<I, bool>) Index(I value, SourceLine line = SourceLine::current())
      : value_(static_cast<std::int64_t>(value)), line_(line) {}
  /// Returns the index.
  std::int64_t value() const noexcept { return value_; }
  /// Returns the line of the call.
  const SourceLine& line() const noexcept { return line_; }

 private:
  std::int64_t value_;
  SourceLine line_;
};

struct BackwardOptions;  // in derivatives/backward.h
class Operand;

/// A handle to an array of numbers. Elements are contiguous and in row-major order. Copies of a handle refer to the same elements and the
/// same gradient; clone() copies the elements.
///
/// An op is recorded if one of its operands requires grad and grad_enabled() is true. Its result then keeps the operands alive, and through
/// them the whole graph that computed it (its history). All other Tensors are leaves. Several threads may use the same leaf, but the result
/// of a recorded op belongs to one thread at a time.
///
/// A default-constructed Tensor is undefined: it can be assigned to, and defined() returns false. Member functions with a parameter `line`
/// throw std::invalid_argument on an undefined Tensor. The default value of `line` is the position of the call, which error messages name.
class Tensor {
 public:
  /// Creates an undefined Tensor.
  Tensor() noexcept = default;
  /// Creates another handle to the same Tensor.
  Tensor(const Tensor& other) noexcept : node_(other.node_) {
    if (node_ != nullptr) node_->retain();
  }
  /// Takes over the handle; `other` becomes undefined.
  Tensor(Tensor&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  /// Makes this a handle to the same Tensor as `other`.
  Tensor& operator=(const Tensor& other) & noexcept {
    Tensor(other).swap(*this);
    return *this;
  }
  /// Takes over the handle; `other` becomes undefined.
  Tensor& operator=(Tensor&& other) & noexcept {
    Tensor(std::move(other)).swap(*this);
    return *this;
  }
  /// Assignments to a temporary, such as `x[0] = t`, would change nothing. They are compile errors that say what to write instead.
  /// @{
  template <class T = Tensor>
  void operator=(T&&) && {
    detail::refuse_assignment<T>();
  }
  template <class T>
  void operator+=(T&&) && {
    detail::refuse_assignment<T>();
  }
  template <class T>
  void operator-=(T&&) && {
    detail::refuse_assignment<T>();
  }
  template <class T>
  void operator*=(T&&) && {
    detail::refuse_assignment<T>();
  }
  template <class T>
  void operator/=(T&&) && {
    detail::refuse_assignment<T>();
  }
  /// @}
  /// Releases the handle. The last handle frees the elements, and the parts of the graph that nothing else refers to.
  ~Tensor() {
    if (node_ != nullptr && node_->release()) detail::free_node(node_);
  }
  /// Exchanges the two handles.
  void swap(Tensor& other) noexcept { std::swap(node_, other.node_); }

  /// Returns false if the Tensor is undefined.
  bool defined() const noexcept { return node_ != nullptr; }
  /// Returns true if both are handles to the same Tensor, like `is` in Python.
  bool is(const Tensor& other) const noexcept { return node_ == other.node_; }
  /// Returns an identifier for use as a key in a map, like `id` in Python: equal for all handles to the same Tensor, different for Tensors
  /// that exist at the same time; nullptr if the Tensor is undefined.
  const void* id() const noexcept { return node_; }

  /// Returns the sizes of all axes.
  Shape shape(SourceLine line = SourceLine::current()) const;
  /// Returns the number of axes; 0 for a single number.
  int rank(SourceLine line = SourceLine::current()) const;
  /// Same as rank().
  int dim(SourceLine line = SourceLine::current()) const { return rank(line); }
  /// Returns the size of an axis; a negative axis counts from the end.
  /// @throws std::invalid_argument if there is no such axis.
  std::int64_t size(int axis, SourceLine line = SourceLine::current()) const;
  /// Returns the number of elements.
  std::int64_t numel(SourceLine line = SourceLine::current()) const;
  /// Returns the element type.
  DType dtype(SourceLine line = SourceLine::current()) const;

  /// Returns the only element as a double: exactly for float32 and float64, and for int64 up to 2^53.
  /// @throws std::invalid_argument unless numel() == 1.
  double item(SourceLine line = SourceLine::current()) const;
  /// The one element as a T: `item<float>()`, `item<std::int64_t>()`. Exact for integral T, also beyond 2^53; rounded to a floating T.
  /// @throws std::invalid_argument unless numel() == 1, and where an integral T cannot hold the value: a fraction, NaN, or out of range.
  template <Number T>
  T item(SourceLine line = SourceLine::current()) const {
    if constexpr (std::is_integral_v<T>) {
      using Limits = std::numeric_limits<T>;
      constexpr std::int64_t kMost = Limits::digits > 63 ? INT64_MAX : static_cast<std::int64_t>(Limits::max());
      return static_cast<T>(integer_item(static_cast<std::int64_t>(Limits::min()), kMost, line));
    } else {
      return static_cast<T>(item(line));
    }
  }

  /// Returns all elements in row-major order, converted to T: float, double, int or std::int64_t. Conversion from floating point to an
  /// integer truncates towards 0; NaN becomes 0, and a number too large for T becomes the nearest value of T.
  template <class T>
  std::vector<T> to_vector(SourceLine line = SourceLine::current()) const;

  /// Returns the elements themselves, in row-major order. T must be the type that corresponds to dtype(): float, double or std::int64_t.
  /// The span is valid while a Tensor that shares these elements is alive.
  /// @throws std::invalid_argument if T does not correspond to dtype().
  template <class T>
  std::span<const T> data(SourceLine line = SourceLine::current()) const;

  /// Returns the elements of a leaf for writing. A call counts as a modification, whether anything is written or not: a graph whose
  /// gradient needs the old values throws std::logic_error in its backward pass.
  /// @throws std::logic_error if this is not a leaf.
  /// @throws std::invalid_argument if T does not correspond to dtype().
  template <class T>
  std::span<T> mutable_data(SourceLine line = SourceLine::current());

  /// Returns true if a gradient can be computed with respect to this Tensor: it is a leaf with set_requires_grad(true), or a recorded op
  /// computed it from such a leaf.
  bool requires_grad(SourceLine line = SourceLine::current()) const;
  /// Returns true unless a recorded op computed this Tensor.
  bool is_leaf(SourceLine line = SourceLine::current()) const;
  /// Returns the gradient that backward() has accumulated, a Tensor without history; undefined if there is none.
  /// @throws std::logic_error if this is neither a leaf nor has a gradient, and retain_grad() was not called.
  Tensor grad(SourceLine line = SourceLine::current()) const;
  /// Returns the name given by set_name(), or "".
  std::string name(SourceLine line = SourceLine::current()) const;
  /// Returns the name of the op that computed this Tensor, such as "matmul"; "" for a leaf.
  std::string op(SourceLine line = SourceLine::current()) const;

  /// Sets whether backward passes compute a gradient for this leaf. Returns *this.
  /// @throws std::logic_error if this is not a leaf.
  /// @throws std::invalid_argument for `value` true and an int64 Tensor.
  Tensor& set_requires_grad(bool value, SourceLine line = SourceLine::current());
  /// Makes backward() store the gradient in grad() even if this is not a leaf. Returns *this.
  /// @throws std::logic_error if this Tensor does not require grad.
  Tensor& retain_grad(SourceLine line = SourceLine::current());
  /// Sets the name that error messages and to_dot() show. Returns *this.
  Tensor& set_name(std::string_view name, SourceLine line = SourceLine::current());
  /// Removes the gradient: grad() is undefined afterwards.
  void zero_grad(SourceLine line = SourceLine::current());
  /// Replaces the gradient that grad() returns, for example by a clipped or averaged one; an undefined Tensor removes it. grad() then
  /// shares the elements of `gradient` but not its history.
  /// @throws std::invalid_argument if shape or dtype differ from this Tensor's.
  void set_grad(const Tensor& gradient, SourceLine line = SourceLine::current());

  /// Computes the gradient of this Tensor with respect to every leaf that it was computed from and that requires grad, and adds it to
  /// grad() of the leaf. The graph is freed unless BackwardOptions::retain_graph is set.
  /// @throws std::invalid_argument if this Tensor does not require grad, or has more than one element and BackwardOptions::gradient is
  /// undefined or has another shape or dtype.
  /// @throws std::logic_error for a second pass through a graph that was freed, or if values that the gradient needs were modified.
  /// @{
  void backward(SourceLine line = SourceLine::current()) const;
  void backward(const BackwardOptions& options, SourceLine line = SourceLine::current()) const;
  /// @}

  /// Returns a leaf that shares the elements of this Tensor and does not require grad.
  Tensor detach(SourceLine line = SourceLine::current()) const;
  /// Returns a copy with its own elements. Differentiable.
  Tensor clone(SourceLine line = SourceLine::current()) const;
  /// Returns the elements converted to `dtype`, or *this if they have that dtype already. Conversion to int64 truncates towards 0; NaN
  /// becomes 0, and a number too large for int64 becomes the nearest int64. Conversions between float32 and float64 are differentiable.
  Tensor to(DType dtype, SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::reshape().
  Tensor reshape(const Shape& shape, SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::flatten().
  Tensor flatten(int first = 0, int last = -1, SourceLine line = SourceLine::current()) const;

  /// Same as chainrule::squeeze(x, axes).
  Tensor squeeze(const Axes& axes = {}, SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::unsqueeze(x, axis).
  Tensor unsqueeze(int axis, SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::transpose(x, axis0, axis1).
  Tensor transpose(int axis0 = -2, int axis1 = -1, SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::transpose(x) for a matrix [n, m]. Returns *this for rank 0 or 1, like PyTorch.
  /// @throws std::invalid_argument for more than two axes.
  Tensor t(SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::permute(x, order).
  Tensor permute(const Axes& order, SourceLine line = SourceLine::current()) const;

  /// Same as chainrule::sum(x, axes, keepdim).
  Tensor sum(const Axes& axes = {}, bool keepdim = false, SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::mean(x, axes, keepdim).
  Tensor mean(const Axes& axes = {}, bool keepdim = false, SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::max(x, axes, keepdim).
  Tensor max(const Axes& axes = {}, bool keepdim = false, SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::min(x, axes, keepdim).
  Tensor min(const Axes& axes = {}, bool keepdim = false, SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::argmax(x).
  Tensor argmax(SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::argmax(x, axis, keepdim).
  Tensor argmax(int axis, bool keepdim = false, SourceLine line = SourceLine::current()) const;

  /// Same as chainrule::exp(x).
  Tensor exp(SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::log(x).
  Tensor log(SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::sqrt(x).
  Tensor sqrt(SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::abs(x).
  Tensor abs(SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::pow(x, exponent).
  Tensor pow(const Operand& exponent) const;
  /// Same as chainrule::matmul(x, other).
  Tensor matmul(const Tensor& other, SourceLine line = SourceLine::current()) const;

  /// Returns row i of the first axis; a negative i counts from the end. The result has one axis less and shares the elements.
  /// Differentiable.
  /// @throws std::invalid_argument for rank 0 or if there is no such row.
  Tensor operator[](Index i) const;

 private:
  explicit Tensor(detail::Counted* node) noexcept : node_(node) {}
  // The one element, which must be an integer from low to high.
  std::int64_t integer_item(std::int64_t low, std::int64_t high, const SourceLine& line) const;
  friend struct detail::Node;

  detail::Counted* node_ = nullptr;
};

/// A parameter that takes a Tensor together with the line of the call, for error messages. It refers to the Tensor without owning it: use
/// it only as a function parameter.
class TensorArg {
 public:
  /// Refers to `tensor`; `line` is the line of the call.
  TensorArg(const Tensor& tensor, SourceLine line = SourceLine::current()) noexcept : tensor_(&tensor), line_(line) {}
  /// Returns the Tensor.
  const Tensor& tensor() const noexcept { return *tensor_; }
  /// Returns the line of the call.
  const SourceLine& line() const noexcept { return line_; }

 private:
  const Tensor* tensor_;
  SourceLine line_;
};

/// A parameter that takes a number. An integer that int64 holds keeps its value, also where a double would round it.
class NumberArg {
 public:
  /// Holds `number`.
  template <Number N>
  constexpr NumberArg(N number) noexcept : value_(static_cast<double>(number)) {
    if constexpr (std::integral<N>) {
      is_integer_ = std::in_range<std::int64_t>(number);
      if (is_integer_) integer_ = static_cast<std::int64_t>(number);
    }
  }

  /// Returns the number, rounded to a double.
  constexpr double value() const noexcept { return value_; }
  /// Returns true if the number was given as an integer that int64 holds.
  constexpr bool is_integer() const noexcept { return is_integer_; }
  /// Returns the number without rounding; only if is_integer() is true.
  constexpr std::int64_t integer() const noexcept { return integer_; }

 private:
  double value_;
  std::int64_t integer_ = 0;
  bool is_integer_ = false;
};

/// A parameter that takes a Tensor or a number, together with the line of the call. A number is converted to the dtype of the Tensor on the
/// other side of the op. An Operand does not own the Tensor: use it only as a function parameter.
class Operand {
 public:
  /// Refers to `tensor`; `line` is the line of the call.
  Operand(const Tensor& tensor, SourceLine line = SourceLine::current()) noexcept : tensor_(&tensor), line_(line) {}
  /// Holds `number`; `line` is the line of the call.
  template <Number N>
  Operand(N number, SourceLine line = SourceLine::current()) noexcept : number_(number), line_(line) {}

  /// Returns true if the operand is a number.
  bool is_number() const noexcept { return tensor_ == nullptr; }
  /// Returns the Tensor; only if is_number() is false.
  const Tensor& tensor() const noexcept { return *tensor_; }
  /// Returns the number; only if is_number() is true.
  const NumberArg& number() const noexcept { return number_; }
  /// Returns the line of the call.
  const SourceLine& line() const noexcept { return line_; }

 private:
  const Tensor* tensor_ = nullptr;
  NumberArg number_ = 0;
  SourceLine line_;
};

/// A parameter that takes several Tensors, together with the line of the call: `{a, b}`, a vector, a span or a single Tensor. It does not
/// own the Tensors: use it only as a function parameter.
class TensorList {
 public:
  /// Refers to the Tensors given; `line` is the line of the call.
  /// @{
  TensorList(std::initializer_list<Tensor> tensors, SourceLine line = SourceLine::current()) noexcept
      : tensors_(tensors.begin(), tensors.size()), line_(line) {}
  TensorList(const Tensor& tensor, SourceLine line = SourceLine::current()) noexcept : tensors_(&tensor, 1), line_(line) {}
  TensorList(const std::vector<Tensor>& tensors, SourceLine line = SourceLine::current()) noexcept : tensors_(tensors), line_(line) {}
  TensorList(std::span<const Tensor> tensors, SourceLine line = SourceLine::current()) noexcept : tensors_(tensors), line_(line) {}
  /// @}

  /// Returns the Tensors.
  std::span<const Tensor> tensors() const noexcept { return tensors_; }
  /// Returns the number of Tensors.
  std::size_t size() const noexcept { return tensors_.size(); }
  /// Returns Tensor i without a check; 0 <= i < size().
  const Tensor& operator[](std::size_t i) const noexcept { return tensors_[i]; }
  /// Returns the line of the call.
  const SourceLine& line() const noexcept { return line_; }

 private:
  std::span<const Tensor> tensors_;
  SourceLine line_;
};

/// Writes elements, dtype and the op that computed the Tensor, with the rows of a matrix under each other:
///
///     tensor([[1, 2],
///             [3, 4]], float32, grad=relu)
///
/// A Tensor of more than 1000 elements shows only the first and last three along each axis.
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

/// @cond
extern template std::vector<float> Tensor::to_vector<float>(SourceLine) const;
extern template std::vector<double> Tensor::to_vector<double>(SourceLine) const;
extern template std::vector<int> Tensor::to_vector<int>(SourceLine) const;
extern template std::vector<std::int64_t> Tensor::to_vector<std::int64_t>(SourceLine) const;
extern template std::span<const float> Tensor::data<float>(SourceLine) const;
extern template std::span<const double> Tensor::data<double>(SourceLine) const;
extern template std::span<const std::int64_t> Tensor::data<std::int64_t>(SourceLine) const;
extern template std::span<float> Tensor::mutable_data<float>(SourceLine);
extern template std::span<double> Tensor::mutable_data<double>(SourceLine);
extern template std::span<std::int64_t> Tensor::mutable_data<std::int64_t>(SourceLine);
/// @endcond

}  // namespace chainrule
#pragma GCC visibility pop
