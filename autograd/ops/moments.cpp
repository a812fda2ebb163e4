// var, std and norm.
#include <cmath>
#include <cstring>
#include <limits>

#include "autograd/graph/grad_mode.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/reduce_op.h"

namespace chainrule {

using namespace detail;

namespace {

// The reduced axes, and the reduced shape with size 1 for them: captured by rules.
struct Over {
  Shape kept;
  bool gone[Shape::kMaxRank] = {};

  explicit Over(const Reduced& plan) : kept(plan.kept) { std::copy_n(plan.gone, Shape::kMaxRank, gone); }

  // The sum and the mean over the reduced axes, which keep size 1.
  Tensor sum(const Tensor& x) const { return chainrule::sum(x, axes(), true); }
  Tensor mean(const Tensor& x) const { return chainrule::mean(x, axes(), true); }

  Axes axes() const {
    std::vector<std::int64_t> over;
    for (int axis = 0; axis < kept.rank(); ++axis)
      if (gone[axis]) over.push_back(axis);
    return Axes(over);
  }
};

// The axes and the divisor of a variance.
struct Spread {
  Over over;
  double divisor;

  Tensor variance(const Tensor& x) const { return over.sum(square(x - over.mean(x))) / divisor; }

  // The gradient of the variance: 2 (x - mean) / divisor.
  Tensor gradient(const Tensor& grad_var, const Tensor& x) const {
    return reshape(grad_var * (2 / divisor), over.kept) * (x - over.mean(x));
  }
};

Spread checked_spread(const char* op, const TensorArg& x, const Reduced& plan, double correction) {
  if (std::isnan(correction)) throw_invalid(op, "the correction is NaN, expected a number", x.line());
  return {Over(plan), std::max(0.0, static_cast<double>(plan.count) - correction)};
}

}  // namespace

Tensor var(const TensorArg& x, const Axes& axes, bool keepdim, double correction) {
  const Node* node = floating_node("var", x.tensor(), x.line());
  const Reduced plan = reduced("var", node, axes, x.line());
  const Spread spread = checked_spread("var", x, plan, correction);
  const CallerScope caller(x.line());
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("var", x.line(), node->dtype, keepdim ? plan.kept : plan.without, inputs,
                     by_ops([spread](const OpContext& context) { return spread.variance(context.input(0)); }),
                     [spread](RuleContext& r) { r.set(0, spread.gradient(r.grad_out(), r.input(0))); });
}

Tensor std(const TensorArg& x, const Axes& axes, bool keepdim, double correction) {
  const Node* node = floating_node("std", x.tensor(), x.line());
  const Reduced plan = reduced("std", node, axes, x.line());
  const Spread spread = checked_spread("std", x, plan, correction);
  const CallerScope caller(x.line());
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("std", x.line(), node->dtype, keepdim ? plan.kept : plan.without, inputs,
                     by_ops([spread](const OpContext& context) { return sqrt(spread.variance(context.input(0))); }),
                     [spread](RuleContext& r) {
                       const Tensor y = r.output(), flat = eq(y, 0);
                       // Where the deviation is 0, so is the gradient; there is no division by 0 in a derivative of any order.
                       const Tensor grad_var = where(flat, 0.0, r.grad_out() / (where(flat, 1.0, y) * 2));
                       r.set(0, spread.gradient(grad_var, r.input(0)));
                     });
}

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor norm_value(const Tensor& x, double p, const Over& over) {
  if (p == 0) return over.sum(ne(x, 0));
  if (p == 1) return over.sum(abs(x));
  if (p == 2) return sqrt(over.sum(square(x)));
  if (p == kInfinity) return max(abs(x), over.axes(), true);
  if (p == -kInfinity) return min(abs(x), over.axes(), true);
  return pow(over.sum(pow(abs(x), p)), 1 / p);
}

}  // namespace

Tensor norm(const TensorArg& x, double p, const Axes& axes, bool keepdim) {
  const Node* node = floating_node("norm", x.tensor(), x.line());
  if (std::isnan(p)) throw_invalid("norm", "p is NaN, expected a number", x.line());
  const Reduced plan = reduced("norm", node, axes, x.line());
  if ((std::isinf(p) || p < 0) && plan.count == 0)
    throw_invalid("norm", text("the reduced axes of shape ", shape_of(node), " have no elements, expected at least one for p = ", p),
                  x.line());
  const Over over(plan);
  const CallerScope caller(x.line());
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("norm", x.line(), node->dtype, keepdim ? plan.kept : plan.without, inputs,
                     by_ops([over, p](const OpContext& context) { return norm_value(context.input(0), p, over); }),
                     [over, p](RuleContext& r) {
                       const Tensor& from = r.input(0);
                       const Tensor g = reshape(r.grad_out(), over.kept);
                       if (p == 0) {
                         r.set(0, zeros(r.input_shape(0), r.input_dtype(0)));
                       } else if (p == 1) {
                         r.set(0, g * sign(from));
                       } else if (std::isinf(p)) {
                         const Tensor extreme = eq(abs(from), reshape(r.output(), over.kept));
                         r.set(0, sign(from) * (extreme * (g / over.sum(extreme))));
                       } else {
                         // x·|x|^(p-2) / norm^(p-1), with 0 for 0/0: neither the norm nor an element is divided by, or raised to a power,
                         // where it is 0.
                         const Tensor y = reshape(r.output(), over.kept), none = eq(y, 0), safe = where(none, 1.0, y);
                         if (p == 2) {
                           r.set(0, from * where(none, 0.0, g / safe));
                         } else {
                           const Tensor size = abs(where(eq(from, 0), 1.0, from));
                           r.set(0, sign(from) * pow(size, p - 1) * where(none, 0.0, g / pow(safe, p - 1)));
                         }
                       }
                     });
}

}  // namespace chainrule
