#include "autograd/graph/tensor.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/base/check.h"
#include "autograd/graph/new_node.h"
#include "autograd/graph/record.h"
#include "autograd/parallel/parallel.h"

namespace chainrule {

using namespace detail;

namespace {

// Converts like static_cast, except that NaN becomes 0 and a number out of range becomes the nearest integer of the type: for these a cast
// from floating point is undefined.
template <class To, class From>
To convert(From value) noexcept {
  if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    constexpr From kBeyond = -static_cast<From>(std::numeric_limits<To>::min());
    if (std::isnan(value)) return 0;
    if (value >= kBeyond) return std::numeric_limits<To>::max();
    if (value < -kBeyond) return std::numeric_limits<To>::min();
  }
  return static_cast<To>(value);
}

}  // namespace

Shape Tensor::shape(SourceLine line) const { return shape_of(defined_node("shape", *this, line)); }

int Tensor::rank(SourceLine line) const { return defined_node("rank", *this, line)->rank; }

std::int64_t Tensor::size(int axis, SourceLine line) const {
  Node* node = defined_node("size", *this, line);
  return node->sizes()[checked_axis("size", axis, sizes_of(node), line)];
}

std::int64_t Tensor::numel(SourceLine line) const { return defined_node("numel", *this, line)->numel; }

DType Tensor::dtype(SourceLine line) const { return defined_node("dtype", *this, line)->dtype; }

double Tensor::item(SourceLine line) const {
  Node* node = defined_node("item", *this, line);
  if (node->numel != 1) throw_invalid("item", text("the tensor has shape ", shape_of(node), ", expected a single element"), line);
  return visit_dtype(node->dtype, [&]<class T>() { return static_cast<double>(*node->values<T>()); });
}

std::int64_t Tensor::integer_item(std::int64_t low, std::int64_t high, const SourceLine& line) const {
  const double value = item(line);
  Node* node = node_of(*this);
  const bool is_integer = node->dtype == DType::int64 || (value == std::trunc(value) && value >= -0x1p63 && value < 0x1p63);
  const std::int64_t exact = !is_integer                   ? 0
                             : node->dtype == DType::int64 ? *node->values<std::int64_t>()
                                                           : static_cast<std::int64_t>(value);
  if (is_integer && exact >= low && exact <= high) return exact;
  const std::string got = node->dtype == DType::int64 ? text(exact) : text(value);
  throw_invalid("item", text("the element is ", got, ", expected an integer from ", low, " to ", high), line);
}

template <class T>
std::vector<T> Tensor::to_vector(SourceLine line) const {
  Node* node = defined_node("to_vector", *this, line);
  std::vector<T> result(static_cast<std::size_t>(node->numel));
  visit_dtype(node->dtype, [&]<class From>() {
    const auto* from = node->values<From>();
    std::transform(from, from + node->numel, result.begin(), [](auto value) { return convert<T>(value); });
  });
  return result;
}

namespace {

template <class T>
Node* node_holding(const char* op, const Tensor& tensor, const SourceLine& line) {
  Node* node = defined_node(op, tensor, line);
  if (node->dtype != dtype_of<T>) throw_invalid(op, text("the tensor is ", node->dtype, ", but ", dtype_of<T>, " was requested"), line);
  return node;
}

}  // namespace

template <class T>
std::span<const T> Tensor::data(SourceLine line) const {
  Node* node = node_holding<T>("data", *this, line);
  return {node->values<T>(), static_cast<std::size_t>(node->numel)};
}

template <class T>
std::span<T> Tensor::mutable_data(SourceLine line) {
  Node* node = node_holding<T>("mutable_data", *this, line);
  if (node->recorded) throw_misuse("mutable_data", text(describe(*this), " is not a leaf and cannot be changed in place"), line);
  ++node->storage->version;
  return {node->values<T>(), static_cast<std::size_t>(node->numel)};
}

template std::vector<float> Tensor::to_vector<float>(SourceLine) const;
template std::vector<double> Tensor::to_vector<double>(SourceLine) const;
template std::vector<int> Tensor::to_vector<int>(SourceLine) const;
template std::vector<std::int64_t> Tensor::to_vector<std::int64_t>(SourceLine) const;
template std::span<const float> Tensor::data<float>(SourceLine) const;
template std::span<const double> Tensor::data<double>(SourceLine) const;
template std::span<const std::int64_t> Tensor::data<std::int64_t>(SourceLine) const;
template std::span<float> Tensor::mutable_data<float>(SourceLine);
template std::span<double> Tensor::mutable_data<double>(SourceLine);
template std::span<std::int64_t> Tensor::mutable_data<std::int64_t>(SourceLine);

bool Tensor::requires_grad(SourceLine line) const { return defined_node("requires_grad", *this, line)->requires_grad; }

bool Tensor::is_leaf(SourceLine line) const { return !defined_node("is_leaf", *this, line)->recorded; }

Tensor Tensor::grad(SourceLine line) const {
  Node* node = defined_node("grad", *this, line);
  if (node->extras != nullptr && node->extras->grad.defined()) return node->extras->grad;
  if (node->recorded && !node->retains_grad)
    throw_misuse(
        "grad",
        text(describe(*this), " has no gradient, because backward() stores gradients in leaves only: call retain_grad() on it before ",
             "the pass; a parameter that was replaced by a result, as in w = w - step, must be changed with assign() instead"),
        line);
  return Tensor();
}

std::string Tensor::name(SourceLine line) const {
  Node* node = defined_node("name", *this, line);
  return node->extras == nullptr ? std::string() : node->extras->name;
}

std::string Tensor::op(SourceLine line) const {
  Node* node = defined_node("op", *this, line);
  return node->recorded ? node->op : "";
}

Tensor& Tensor::set_requires_grad(bool value, SourceLine line) {
  Node* node = defined_node("set_requires_grad", *this, line);
  if (node->recorded) throw_misuse("set_requires_grad", text(describe(*this), " is not a leaf; detach() it first"), line);
  if (value && !is_floating(node->dtype))
    throw_invalid("set_requires_grad", "an int64 tensor has no gradient, expected float32 or float64", line);
  node->requires_grad = value;
  return *this;
}

Tensor& Tensor::retain_grad(SourceLine line) {
  Node* node = defined_node("retain_grad", *this, line);
  if (!node->requires_grad) throw_misuse("retain_grad", text(describe(*this), " does not require grad"), line);
  node->retains_grad = true;
  return *this;
}

Tensor& Tensor::set_name(std::string_view name, SourceLine line) {
  defined_node("set_name", *this, line)->extra().name = name;
  return *this;
}

void Tensor::zero_grad(SourceLine line) {
  Node* node = defined_node("zero_grad", *this, line);
  if (node->extras != nullptr) node->extras->grad = Tensor();
}

void Tensor::set_grad(const Tensor& gradient, SourceLine line) {
  Node* node = defined_node("set_grad", *this, line);
  if (!gradient.defined()) return zero_grad(line);
  Node* own = node_of(gradient);
  if (own->dtype != node->dtype || shape_of(own) != shape_of(node))
    throw_invalid("set_grad", text("the gradient is ", own->dtype, shape_of(own), ", expected ", node->dtype, shape_of(node)), line);
  node->extra().grad = gradient.detach(line);
}

Tensor Tensor::detach(SourceLine line) const {
  Node* node = defined_node("detach", *this, line);
  return Node::handle(new_node(NodePlan{node->dtype, Sizes(node), node}));
}

Tensor Tensor::clone(SourceLine line) const {
  const Node* node = defined_node("clone", *this, line);
  const Tensor* inputs[] = {this};
  return make_result("clone", line, node->dtype, Sizes(node), inputs,
                     by_width([]<class Word>(const OpValues<Word>& v) { std::copy_n(v.in(), v.in_numel(), v.out()); }),
                     [](RuleContext& r) { r.set(0, r.grad_out()); });
}

Tensor Tensor::to(DType dtype, SourceLine line) const {
  const Node* node = defined_node("to", *this, line);
  if (node->dtype == dtype) return *this;
  const Tensor* inputs[] = {this};
  return make_result("to", line, dtype, Sizes(node), inputs, any_input([]<class From>(const OpValues<From>& v) {
                       visit_dtype(node_of(v.result())->dtype, [&]<class To>() {
                         const From* const from = v.in();
                         To* const to = v.template out_as<To>();
                         kernels::parallel_pieces(v.in_numel(), kElementGrain, [&](std::int64_t begin, std::int64_t end) {
                           for (std::int64_t i = begin; i < end; ++i) to[i] = convert<To>(from[i]);
                         });
                       });
                     }),
                     [](RuleContext& r) { r.set(0, r.grad_out().to(r.input_dtype(0))); }, {.recordable = is_floating(dtype)});
}

}  // namespace chainrule
