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

// Computes the Jacobian of an output with respect to each input, row by row.
std::vector<Tensor> rows_of_jacobian(const Tensor& output, const std::vector<Tensor>& inputs, bool create_graph) {
  const Shape shape = shape_of(output);
  const std::int64_t rows = shape.numel();
  std::vector<std::vector<Tensor>> by_input(inputs.size());
  for (std::int64_t row = 0; row < rows; ++row) {
    Tensor pick = zeros(Shape{rows}, node_of(output)->dtype);
    visit_floating(node_of(pick)->dtype, [&]<class T>() { mutable_values<T>(pick)[row] = 1; });
    const std::vector<Tensor> found = gradients(output, inputs, reshape(pick, shape), create_graph);
    for (std::size_t i = 0; i < inputs.size(); ++i) by_input[i].push_back(found[i]);
  }
  std::vector<Tensor> result;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Shape whole = shape;
    for (std::int64_t size : shape_of(inputs[i])) whole.push_back(size);
    result.push_back(rows == 0 ? zeros(whole, node_of(output)->dtype) : reshape(stack(by_input[i]), whole));
  }
  return result;
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
  return rows_of_jacobian(at.output, at.inputs, options.create_graph);
}

Tensor hessian(const TensorFunction& fn, const TensorArg& x, const DerivativeOptions& options) {
  const CallerScope caller(x.line());
  const Evaluation at = evaluate("hessian", fn, TensorList(x.tensor(), x.line()), {}, options.create_graph);
  check_single("hessian", at.output, x.line());
  const GradMode recorded(true);
  const Tensor slope = gradients(at.output, at.inputs, Tensor(), true)[0];
  return rows_of_jacobian(slope, at.inputs, options.create_graph)[0];
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
