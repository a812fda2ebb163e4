#include "autograd/derivatives/functional.h"

#include <algorithm>
#include <span>

#include "autograd/derivatives/backward.h"
#include "autograd/derivatives/differentiated.h"
#include "autograd/graph/record.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"

namespace chainrule {

using namespace detail;

namespace {

// The value of a function at copies of the inputs, where its graph ends. With create_graph the copies are recorded as computed from the
// inputs.
struct Evaluation {
  std::vector<Tensor> inputs;
  Tensor output;
};

// Refuses to compute a derivative that would be a constant to the function around the call, although it depends on that function's inputs.
void check_differentiable(const char* op, const TensorList& inputs, std::span<const Tensor> directions, const Evaluation& at) {
  const auto depends = [](const Tensor& tensor) { return DifferentiatedScope::reaches(tensor, {}); };
  if (std::any_of(inputs.tensors().begin(), inputs.tensors().end(), depends) ||
      std::any_of(directions.begin(), directions.end(), depends) || DifferentiatedScope::reaches(at.output, at.inputs))
    throw_misuse(op,
                 "called in a function that is being differentiated, its result depends on the inputs of that function, but without "
                 "create_graph it would count as a constant; set create_graph, or call it inside a NoGrad if a constant is meant",
                 inputs.line());
}

Evaluation evaluate(const char* op, const TensorFunction& fn, const TensorList& inputs, std::span<const Tensor> directions,
                    bool create_graph) {
  if (!fn.takes(inputs.size()))
    throw_invalid(op, text("got ", inputs.size(), " inputs, but the function takes ", fn.takes_text()), inputs.line());
  Evaluation result;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Node* node = floating_node(op, inputs[i], inputs.line());
    const GradMode tied(create_graph);
    result.inputs.push_back(create_graph && node->requires_grad ? reshape(inputs[i], shape_of(node))
                                                                : inputs[i].detach().set_requires_grad(true));
  }
  std::vector<Tensor> outputs;
  {
    const GradMode recorded(true);
    const DifferentiatedScope scope(result.inputs);
    outputs = fn(result.inputs);
  }
  if (outputs.size() != 1 || !outputs[0].defined())
    throw_invalid(op, text("the function returned ", outputs.size(), " tensors, expected one"), inputs.line());
  result.output = outputs[0];
  if (!create_graph && DifferentiatedScope::in_force()) check_differentiable(op, inputs, directions, result);
  return result;
}

// Returns v, or nothing if it is undefined.
std::span<const Tensor> one_or_none(const Tensor& v) { return {&v, v.defined() ? std::size_t{1} : 0}; }

// Returns the gradients of an output with respect to the inputs, zeros for an input that it does not depend on.
std::vector<Tensor> gradients(const Tensor& output, const std::vector<Tensor>& inputs, const Tensor& weight, bool create_graph) {
  std::vector<Tensor> found(inputs.size());
  if (node_of(output)->requires_grad) {
    GradOptions options{.retain_graph = true, .create_graph = create_graph, .allow_unused = true};
    if (weight.defined()) options.grad_outputs = {weight};
    found = grad(output, inputs, options);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!found[i].defined()) found[i] = zeros(shape_of(inputs[i]), node_of(inputs[i])->dtype);
  return found;
}

// Computes the Jacobian of an output with respect to each input, with a backward pass for each element of a sample of the output. The
// passes are over all samples at once. One sample is the whole output and input; otherwise both have an axis of samples first.
std::vector<Tensor> jacobians_of(const char* op, const Tensor& output, const std::vector<Tensor>& inputs, std::int64_t samples, bool batch,
                                 bool create_graph, const SourceLine& line) {
  const Shape shape = shape_of(output);
  for (const Tensor& input : inputs)
    if (const int rank = shape.rank() + node_of(input)->rank - (batch ? 1 : 0); rank > Shape::kMaxRank)
      throw_invalid(op,
                    text("the derivative of shape ", shape, " by shape ", shape_of(input), " has ", rank, " axes, expected at most ",
                         Shape::kMaxRank),
                    line);
  const DType dtype = node_of(output)->dtype;
  const std::int64_t rows = samples == 0 ? 0 : shape.numel() / samples;
  std::vector<Tensor> result;
  for (const Tensor& input : inputs) {
    Shape whole = shape;
    const Shape own = shape_of(input);
    for (int axis = batch ? 1 : 0; axis < own.rank(); ++axis) whole.push_back(own[axis]);
    result.push_back(rows == 0 ? zeros(whole, node_of(input)->dtype) : make_plain(op, line, node_of(input)->dtype, whole));
  }
  std::vector<std::vector<Tensor>> recorded(create_graph ? inputs.size() : 0);
  for (std::int64_t row = 0; row < rows; ++row) {
    const Tensor pick = zeros(shape, dtype);
    visit_floating(dtype, [&]<class T>() {
      for (std::int64_t sample = 0; sample < samples; ++sample) mutable_values<T>(pick)[sample * rows + row] = 1;
    });
    const std::vector<Tensor> found = gradients(output, inputs, pick, create_graph);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (create_graph) {
        recorded[i].push_back(found[i]);
        continue;
      }
      const Node *from = node_of(found[i]), *to = node_of(result[i]);
      const std::int64_t bytes = from->numel / samples * dtype_size(from->dtype);
      for (std::int64_t sample = 0; sample < samples; ++sample)
        std::copy_n(from->data + sample * bytes, bytes, to->data + (sample * rows + row) * bytes);
    }
  }
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (create_graph && rows > 0) result[i] = reshape(stack(recorded[i], batch ? 1 : 0), shape_of(result[i]));
  return result;
}

std::vector<Tensor> jacobians_of(const char* op, const Tensor& output, const std::vector<Tensor>& inputs, bool create_graph,
                                 const SourceLine& line) {
  return jacobians_of(op, output, inputs, 1, false, create_graph, line);
}

void check_samples(const char* what, const Tensor& tensor, std::int64_t samples, const SourceLine& line) {
  const Shape shape = shape_of(tensor);
  if (shape.rank() == 0 || shape[0] != samples)
    throw_invalid("batch_jacobian", text(what, " has shape ", shape, ", expected [", samples, ", ...] with an axis of samples like x"),
                  line);
}

void check_direction(const char* op, const Tensor& v, const Tensor& x, const SourceLine& line) {
  Node *own = defined_node(op, v, line), *node = floating_node(op, x, line);
  if (own->dtype != node->dtype || shape_of(own) != shape_of(node))
    throw_invalid(
        op, text("v is ", own->dtype, shape_of(own), ", expected ", node->dtype, shape_of(node), " like the corresponding Tensor"), line);
}

void check_single(const char* op, const Tensor& output, const SourceLine& line) {
  if (node_of(output)->numel != 1)
    throw_invalid(op, text("the function returned shape ", shape_of(output), ", expected a single element"), line);
}

}  // namespace

VjpResult vjp(const TensorFunction& fn, const TensorList& inputs, const Tensor& v, const DerivativeOptions& options) {
  const CallerScope caller(inputs.line());
  const Evaluation at = evaluate("vjp", fn, inputs, one_or_none(v), options.create_graph);
  if (v.defined()) {
    check_direction("vjp", v, at.output, inputs.line());
  } else {
    check_single("vjp", at.output, inputs.line());
  }
  std::vector<Tensor> found = gradients(at.output, at.inputs, v, options.create_graph);
  return {options.create_graph ? at.output : at.output.detach(), std::move(found)};
}

ValueAndGrad value_and_grad(const TensorFunction& fn, const TensorList& inputs, const DerivativeOptions& options) {
  const CallerScope caller(inputs.line());
  const Evaluation at = evaluate("value_and_grad", fn, inputs, {}, options.create_graph);
  check_single("value_and_grad", at.output, inputs.line());
  std::vector<Tensor> found = gradients(at.output, at.inputs, Tensor(), options.create_graph);
  return {options.create_graph ? at.output : at.output.detach(), std::move(found)};
}

JvpResult jvp(const TensorFunction& fn, const TensorList& inputs, const TensorList& v, const DerivativeOptions& options) {
  const CallerScope caller(inputs.line());
  if (v.size() != inputs.size()) throw_invalid("jvp", text("got ", v.size(), " directions for ", inputs.size(), " inputs"), inputs.line());
  for (std::size_t i = 0; i < v.size(); ++i) check_direction("jvp", v[i], inputs[i], inputs.line());
  const Evaluation at = evaluate("jvp", fn, inputs, v.tensors(), options.create_graph);
  const GradMode recorded(true);
  // g(u) = uᵀ·J is linear in u, so the gradient with respect to u of the sum of g(u)·v over the inputs is J·v.
  Tensor u = zeros(shape_of(at.output), node_of(at.output)->dtype);
  u.set_requires_grad(true);
  const std::vector<Tensor> products = gradients(at.output, at.inputs, u, true);
  Tensor total;
  for (std::size_t i = 0; i < products.size(); ++i) {
    const Tensor part = sum(products[i] * v[i]);
    total = total.defined() ? total + part : part;
  }
  Tensor tangent = gradients(total, {u}, Tensor(), options.create_graph)[0];
  return {options.create_graph ? at.output : at.output.detach(), std::move(tangent)};
}

Tensor jacobian(const TensorFunction& fn, const TensorArg& x, const DerivativeOptions& options) {
  return jacobians(fn, TensorList(x.tensor(), x.line()), options)[0];
}

std::vector<Tensor> jacobians(const TensorFunction& fn, const TensorList& inputs, const DerivativeOptions& options) {
  const CallerScope caller(inputs.line());
  const Evaluation at = evaluate("jacobian", fn, inputs, {}, options.create_graph);
  return jacobians_of("jacobian", at.output, at.inputs, options.create_graph, inputs.line());
}

Tensor batch_jacobian(const TensorFunction& fn, const TensorArg& x, const DerivativeOptions& options) {
  return batch_jacobians(fn, TensorList(x.tensor(), x.line()), options)[0];
}

std::vector<Tensor> batch_jacobians(const TensorFunction& fn, const TensorList& inputs, const DerivativeOptions& options) {
  const CallerScope caller(inputs.line());
  std::int64_t samples = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Node* node = floating_node("batch_jacobian", inputs[i], inputs.line());
    if (node->rank == 0) throw_invalid("batch_jacobian", "x has rank 0, expected [n, ...] with an axis of samples", inputs.line());
    if (i == 0) samples = node->sizes()[0];
    check_samples("an input", inputs[i], samples, inputs.line());
  }
  const Evaluation at = evaluate("batch_jacobian", fn, inputs, {}, options.create_graph);
  check_samples("the result of the function", at.output, samples, inputs.line());
  return jacobians_of("batch_jacobian", at.output, at.inputs, samples, true, options.create_graph, inputs.line());
}

Tensor hessian(const TensorFunction& fn, const TensorArg& x, const DerivativeOptions& options) {
  const CallerScope caller(x.line());
  const Evaluation at = evaluate("hessian", fn, TensorList(x.tensor(), x.line()), {}, options.create_graph);
  check_single("hessian", at.output, x.line());
  const GradMode recorded(true);
  const Tensor slope = gradients(at.output, at.inputs, Tensor(), true)[0];
  return jacobians_of("hessian", slope, at.inputs, options.create_graph, x.line())[0];
}

Tensor hvp(const TensorFunction& fn, const TensorArg& x, const Tensor& v, const DerivativeOptions& options) {
  const CallerScope caller(x.line());
  check_direction("hvp", v, x.tensor(), x.line());
  const Evaluation at = evaluate("hvp", fn, TensorList(x.tensor(), x.line()), {&v, 1}, options.create_graph);
  check_single("hvp", at.output, x.line());
  const GradMode recorded(true);
  const Tensor slope = gradients(at.output, at.inputs, Tensor(), true)[0];
  return gradients(sum(slope * v), at.inputs, Tensor(), options.create_graph)[0];
}

}  // namespace chainrule
