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

}  // namespace

double clip_grad_norm(const TensorList& parameters, double max_norm, double norm_type) {
  const char* op = "clip_grad_norm";
  check_limit(op, "max_norm", max_norm, parameters.line());
  if (!(norm_type > 0)) throw_invalid(op, text("norm_type is ", norm_type, ", expected a number above 0"), parameters.line());
  double total = 0;
  for_each_gradient(op, parameters, [&](const Tensor&, const Tensor& gradient) {
    if (std::isinf(norm_type)) {
      for_each_element(gradient, [&](double g) { total = std::isnan(g) ? g : std::max(total, std::abs(g)); });
    } else if (norm_type == 2) {
      for_each_element(gradient, [&](double g) { total += g * g; });
    } else {
      for_each_element(gradient, [&](double g) { total += std::pow(std::abs(g), norm_type); });
    }
  });
  const double norm = std::isinf(norm_type) ? total : norm_type == 2 ? std::sqrt(total) : std::pow(total, 1 / norm_type);
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
