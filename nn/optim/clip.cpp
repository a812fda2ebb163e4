#include "nn/optim/clip.h"

#include <algorithm>
#include <cmath>

#include "autograd/base/check.h"

namespace chainrule::nn {
namespace {

using detail::text;
using detail::throw_invalid;

void check_limit(const char* op, const char* what, double limit, const SourceLine& line) {
  if (!(limit >= 0)) throw_invalid(op, text(what, " is ", limit, ", expected 0 or more"), line);
}

// f(i, gradient) for each parameter that has one.
template <class F>
void for_each_gradient(const char* op, const TensorList& parameters, F f) {
  const CallerScope caller(parameters.line());
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (!parameters[i].defined()) throw_invalid(op, text("parameter ", i, " is an undefined tensor"), parameters.line());
  for (const Tensor& parameter : parameters.tensors()) {
    const Tensor gradient = parameter.grad();
    if (gradient.defined()) f(parameter, gradient);
  }
}

// f of each element, in double.
template <class F>
void for_each_element(const Tensor& x, F f) {
  if (x.dtype() == DType::float32) {
    for (const float value : x.data<float>()) f(static_cast<double>(value));
  } else {
    for (const double value : x.data<double>()) f(value);
  }
}

template <class T, class F>
void map_elements(Tensor& x, F f) {
  for (T& value : x.mutable_data<T>()) value = static_cast<T>(f(static_cast<double>(value)));
}

// Replaces the gradient by a new one, so that a handle on the old keeps its values.
template <class F>
void replace_gradient(const Tensor& parameter, const Tensor& gradient, F f) {
  Tensor changed = gradient.detach().clone();
  if (changed.dtype() == DType::float32) {
    map_elements<float>(changed, f);
  } else {
    map_elements<double>(changed, f);
  }
  Tensor(parameter).set_grad(changed);
}

// The sum of f of each element of all gradients.
template <class F>
double sum_of(const char* op, const TensorList& parameters, F f) {
  double total = 0;
  for_each_gradient(op, parameters,
                    [&](const Tensor&, const Tensor& gradient) { for_each_element(gradient, [&](double g) { total += f(g); }); });
  return total;
}

// The norm of all gradients together. Powers that overflow or underflow are computed again from elements divided by the largest.
double norm_of_gradients(const char* op, const TensorList& parameters, double p) {
  if (p == 2) {
    const double squares = sum_of(op, parameters, [](double g) { return g * g; });
    if (squares >= 1e-280 && std::isfinite(squares)) return std::sqrt(squares);
  }
  double largest = 0;
  for_each_gradient(op, parameters, [&](const Tensor&, const Tensor& gradient) {
    for_each_element(gradient, [&](double g) {
      largest = std::isnan(g) ? g : std::isnan(largest) ? largest : std::max(largest, std::abs(g));
    });
  });
  if (std::isinf(p) || largest == 0 || !std::isfinite(largest)) return largest;
  return largest * std::pow(sum_of(op, parameters, [=](double g) { return std::pow(std::abs(g) / largest, p); }), 1 / p);
}

}  // namespace

double clip_grad_norm(const TensorList& parameters, double max_norm, double norm_type) {
  const char* op = "clip_grad_norm";
  check_limit(op, "max_norm", max_norm, parameters.line());
  if (!(norm_type > 0)) throw_invalid(op, text("norm_type is ", norm_type, ", expected a number above 0"), parameters.line());
  const double norm = norm_of_gradients(op, parameters, norm_type);
  const double scale = max_norm / (norm + 1e-6);
  if (!(scale >= 1))
    for_each_gradient(op, parameters, [&](const Tensor& parameter, const Tensor& gradient) {
      replace_gradient(parameter, gradient, [=](double g) { return g * scale; });
    });
  return norm;
}

void clip_grad_value(const TensorList& parameters, double limit) {
  check_limit("clip_grad_value", "limit", limit, parameters.line());
  for_each_gradient("clip_grad_value", parameters, [&](const Tensor& parameter, const Tensor& gradient) {
    replace_gradient(parameter, gradient, [=](double g) { return std::clamp(g, -limit, limit); });
  });
}

}  // namespace chainrule::nn
