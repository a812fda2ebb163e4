// Tensor: a handle on one node, that is on a value and, where it was computed from tensors that require grad, on how.
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

namespace chainrule {

class Tensor;

/// What counts as a number beside a Tensor: any arithmetic type but bool.
template <class T>
concept Number = std::is_arithmetic_v<T> && !std::same_as<T, bool>;

namespace detail {

struct Node;

// Whether this process has one thread, which needs no locked instructions to count. As in std::shared_ptr.
inline bool has_one_thread() noexcept {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

// Counts the handles on a node. Leaves may be shared by threads; recorded results belong to one at a time.
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

  // True for the last one.
  bool release() noexcept {
    if (handles.load(std::memory_order_acquire) == 1) return true;
    if (shared && !has_one_thread()) return handles.fetch_sub(1, std::memory_order_acq_rel) == 1;
    handles.store(handles.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    return false;
  }
};

void free_node(Counted* node) noexcept;

}  // namespace detail

/// A number in `x[i]`; carries the caller's line.
class Index {
 public:
  template <std::integral I>
  requires(!std::same_as<I, bool>) Index(I value, SourceLine line = SourceLine::current())
      : value_(static_cast<std::int64_t>(value)), line_(line) {}
  std::int64_t value() const noexcept { return value_; }
  const SourceLine& line() const noexcept { return line_; }

 private:
  std::int64_t value_;
  SourceLine line_;
};

/// What Tensor::backward() may be told.
struct BackwardOptions;

class Operand;

/// A handle on one node: copying aliases, data is contiguous and row-major. A default one is empty: defined() is false and
/// every use of it but assignment is an error.
class Tensor {
 public:
  Tensor() noexcept = default;
  Tensor(const Tensor& other) noexcept : node_(other.node_) {
    if (node_ != nullptr) node_->retain();
  }
  Tensor(Tensor&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  Tensor& operator=(const Tensor& other) noexcept {
    Tensor(other).swap(*this);
    return *this;
  }
  Tensor& operator=(Tensor&& other) noexcept {
    Tensor(std::move(other)).swap(*this);
    return *this;
  }
  ~Tensor() {
    if (node_ != nullptr && node_->release()) detail::free_node(node_);
  }
  void swap(Tensor& other) noexcept { std::swap(node_, other.node_); }

  /// False for an empty handle.
  bool defined() const noexcept { return node_ != nullptr; }
  /// Whether both are handles on the same node.
  bool is(const Tensor& other) const noexcept { return node_ == other.node_; }

  Shape shape(SourceLine line = SourceLine::current()) const;
  int rank(SourceLine line = SourceLine::current()) const;
  /// Same as rank().
  int dim(SourceLine line = SourceLine::current()) const { return rank(line); }
  /// Elements along an axis; negative axes count from the end.
  /// @throws std::invalid_argument where there is no such axis.
  std::int64_t size(int axis, SourceLine line = SourceLine::current()) const;
  std::int64_t numel(SourceLine line = SourceLine::current()) const;
  DType dtype(SourceLine line = SourceLine::current()) const;

  /// The one element, as double (exact for float32 and float64, and for int64 up to 2^53).
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

  /// All elements in row-major order, converted to T: float, double, int or std::int64_t.
  template <class T>
  std::vector<T> to_vector(SourceLine line = SourceLine::current()) const;

  /// The elements in place; T must be the dtype's: float, double or std::int64_t. Valid while a handle on this storage lives.
  /// @throws std::invalid_argument where T is not the dtype's type.
  template <class T>
  std::span<const T> data(SourceLine line = SourceLine::current()) const;

  /// The same for writing, on leaves only. Counts as a change: a graph that used the old values refuses to differentiate.
  /// @throws std::logic_error on a Tensor that an op recorded.
  template <class T>
  std::span<T> mutable_data(SourceLine line = SourceLine::current());

  /// Whether gradients flow to it: a leaf told so, or computed from one.
  bool requires_grad(SourceLine line = SourceLine::current()) const;
  /// Not computed by a recorded op.
  bool is_leaf(SourceLine line = SourceLine::current()) const;
  /// What backward() collected, without a graph of its own; undefined before, or where none was asked for.
  Tensor grad(SourceLine line = SourceLine::current()) const;
  /// The name given by set_name, else "".
  std::string name(SourceLine line = SourceLine::current()) const;
  /// The op that computed it, such as "matmul"; "" for a leaf.
  std::string op(SourceLine line = SourceLine::current()) const;

  /// Asks for a gradient, or stops asking. Returns itself.
  /// @throws std::logic_error on a Tensor that an op recorded; std::invalid_argument for int64.
  Tensor& set_requires_grad(bool value, SourceLine line = SourceLine::current());
  /// Makes backward() keep the gradient of a Tensor in the middle of a graph in its grad(). Returns itself.
  Tensor& retain_grad(SourceLine line = SourceLine::current());
  /// Sets the name that errors and pictures show. Returns itself.
  Tensor& set_name(std::string_view name, SourceLine line = SourceLine::current());
  /// Forgets the gradient: grad() is undefined afterwards.
  void zero_grad(SourceLine line = SourceLine::current());
  /// Replaces what grad() returns; undefined forgets it. For training loops that clip or average gradients.
  /// @throws std::invalid_argument unless shape and dtype are this Tensor's.
  void set_grad(const Tensor& gradient, SourceLine line = SourceLine::current());

  /// Computes the gradient of this Tensor with respect to every leaf beneath that requires grad and adds it to the leaf's grad().
  /// See BackwardOptions in backward.h.
  void backward(SourceLine line = SourceLine::current()) const;
  void backward(const BackwardOptions& options, SourceLine line = SourceLine::current()) const;

  /// A leaf that shares this one's storage and has no history.
  Tensor detach(SourceLine line = SourceLine::current()) const;
  /// A copy in storage of its own; differentiable.
  Tensor clone(SourceLine line = SourceLine::current()) const;
  /// The same values in another dtype (itself if it has that one); differentiable. To int64: truncated.
  Tensor to(DType dtype, SourceLine line = SourceLine::current()) const;
  /// See reshape and flatten in ops/shape.h.
  Tensor reshape(const Shape& shape, SourceLine line = SourceLine::current()) const;
  Tensor flatten(int first = 0, int last = -1, SourceLine line = SourceLine::current()) const;

  /// Same as chainrule::squeeze(x, axes).
  Tensor squeeze(const Axes& axes = {}, SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::unsqueeze(x, axis).
  Tensor unsqueeze(int axis, SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::transpose(x, axis0, axis1).
  Tensor transpose(int axis0 = -2, int axis1 = -1, SourceLine line = SourceLine::current()) const;
  /// Same as chainrule::transpose(x) for a matrix [n, m]; a Tensor of rank 0 or 1 is returned as it is, as in PyTorch.
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

  /// Row i of the first axis (negative from the end), sharing storage; rank falls by one. Differentiable.
  /// @throws std::invalid_argument on rank 0 or where there is no such row.
  Tensor operator[](Index i) const;

 private:
  explicit Tensor(detail::Counted* node) noexcept : node_(node) {}
  // The one element, which must be an integer from low to high.
  std::int64_t integer_item(std::int64_t low, std::int64_t high, const SourceLine& line) const;
  friend struct detail::Node;

  detail::Counted* node_ = nullptr;
};

/// A Tensor argument that remembers where it was passed, so that errors can name the user's line. Never store one.
class TensorArg {
 public:
  TensorArg(const Tensor& tensor, SourceLine line = SourceLine::current()) noexcept : tensor_(&tensor), line_(line) {}
  const Tensor& tensor() const noexcept { return *tensor_; }
  const SourceLine& line() const noexcept { return line_; }

 private:
  const Tensor* tensor_;
  SourceLine line_;
};

/// A Tensor or a number beside one, with the caller's line. A number takes the Tensor's dtype. Never store one.
class Operand {
 public:
  Operand(const Tensor& tensor, SourceLine line = SourceLine::current()) noexcept : tensor_(&tensor), line_(line) {}
  template <Number N>
  Operand(N number, SourceLine line = SourceLine::current()) noexcept : number_(static_cast<double>(number)), line_(line) {}

  bool is_number() const noexcept { return tensor_ == nullptr; }
  const Tensor& tensor() const noexcept { return *tensor_; }
  double number() const noexcept { return number_; }
  const SourceLine& line() const noexcept { return line_; }

 private:
  const Tensor* tensor_ = nullptr;
  double number_ = 0;
  SourceLine line_;
};

/// Several Tensors as an argument: `{a, b}`, a vector, or one, with the caller's line. Never store one.
class TensorList {
 public:
  TensorList(std::initializer_list<Tensor> tensors, SourceLine line = SourceLine::current()) noexcept
      : tensors_(tensors.begin(), tensors.size()), line_(line) {}
  TensorList(const Tensor& tensor, SourceLine line = SourceLine::current()) noexcept : tensors_(&tensor, 1), line_(line) {}
  TensorList(const std::vector<Tensor>& tensors, SourceLine line = SourceLine::current()) noexcept : tensors_(tensors), line_(line) {}
  TensorList(std::span<const Tensor> tensors, SourceLine line = SourceLine::current()) noexcept : tensors_(tensors), line_(line) {}

  std::span<const Tensor> tensors() const noexcept { return tensors_; }
  std::size_t size() const noexcept { return tensors_.size(); }
  const Tensor& operator[](std::size_t i) const noexcept { return tensors_[i]; }
  const SourceLine& line() const noexcept { return line_; }

 private:
  std::span<const Tensor> tensors_;
  SourceLine line_;
};

/// Nested like a literal, the rows of a matrix under each other, long axes abbreviated:
///
///     tensor([[1, 2],
///             [3, 4]], float32, grad=relu)
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

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

}  // namespace chainrule
