// Reductions that measure size and spread: var, std and norm.
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

// Which axes an op went over, and the reduced shape with size 1 there: what its rule must know.
struct Over {
  Shape kept;
  bool gone[Shape::kMaxRank] = {};

  explicit Over(const Reduced& plan) : kept(plan.kept) { std::copy_n(plan.gone, Shape::kMaxRank, gone); }

  // Sums over those axes, which stay with size 1.
  Tensor sum(const Tensor& x) const {
    return reduce(x, [](const Tensor& t, const Axes& axes) { return chainrule::sum(t, axes, true); });
  }
  Tensor mean(const Tensor& x) const {
    return reduce(x, [](const Tensor& t, const Axes& axes) { return chainrule::mean(t, axes, true); });
  }

 private:
  template <class F>
  Tensor reduce(const Tensor& x, F f) const {
    std::vector<std::int64_t> axes;
    for (int axis = 0; axis < kept.rank(); ++axis)
      if (gone[axis]) axes.push_back(axis);
    return f(x, Axes(axes));
  }
};

// The result of op `name` with the elements of `value`, which was computed without recording.
template <class Rule>
Tensor with_value(const char* name, const TensorArg& x, const Shape& shape, const Tensor& value, const Rule& rule) {
  const Tensor* inputs[] = {&x.tensor()};
  Node* from = node_of(value);
  Tensor y = make_result(name, x.line(), from->dtype, shape, inputs, rule);
  if (from->numel > 0) std::memcpy(node_of(y)->data, from->data, static_cast<std::size_t>(from->numel * dtype_size(from->dtype)));
  return done(y);
}

struct Spread {
  Over over;
  double divisor;

  // The gradient of the variance: 2 (x - mean) / divisor.
  Tensor gradient(const Tensor& grad_var, const Tensor& x) const {
    return reshape(grad_var * (2 / divisor), over.kept) * (x - over.mean(x));
  }
};

struct Variance {
  Reduced plan;
  Spread spread;
  Tensor value;
};

Variance variance(const char* op, const TensorArg& x, const Axes& axes, double correction) {
  Node* node = floating_node(op, x.tensor(), x.line());
  if (std::isnan(correction)) throw_invalid(op, "the correction is NaN, expected a number", x.line());
  const CallerScope caller(x.line());
  const GradMode unrecorded(false);
  const Reduced plan = reduced(op, node, axes, x.line());
  const Spread spread{Over(plan), std::max(0.0, static_cast<double>(plan.count) - correction)};
  const Tensor deviations = x.tensor() - spread.over.mean(x.tensor());
  return {plan, spread, spread.over.sum(square(deviations)) / spread.divisor};
}

}  // namespace

Tensor var(const TensorArg& x, const Axes& axes, bool keepdim, double correction) {
  const Variance v = variance("var", x, axes, correction);
  return with_value("var", x, keepdim ? v.plan.kept : v.plan.without, v.value,
                    [spread = v.spread](RuleContext& r) { r.set(0, spread.gradient(r.grad_out(), r.input(0))); });
}

Tensor std(const TensorArg& x, const Axes& axes, bool keepdim, double correction) {
  Variance v = variance("std", x, axes, correction);
  {
    const GradMode unrecorded(false);
    v.value = sqrt(v.value);
  }
  return with_value("std", x, keepdim ? v.plan.kept : v.plan.without, v.value, [spread = v.spread](RuleContext& r) {
    const Tensor y = r.output(), flat = eq(y, 0);
    // Where nothing varies the gradient is 0, and no division by 0 enters any order of derivative.
    const Tensor grad_var = where(flat, 0.0, r.grad_out() / (where(flat, 1.0, y) * 2));
    r.set(0, spread.gradient(grad_var, r.input(0)));
  });
}

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor norm_value(const Tensor& x, double p, const Over& over, const Axes& axes) {
  if (p == 0) return over.sum(ne(x, 0));
  if (p == 1) return over.sum(abs(x));
  if (p == 2) return sqrt(over.sum(square(x)));
  if (p == kInfinity) return max(abs(x), axes, true);
  if (p == -kInfinity) return min(abs(x), axes, true);
  return pow(over.sum(pow(abs(x), p)), 1 / p);
}

}  // namespace

Tensor norm(const TensorArg& x, double p, const Axes& axes, bool keepdim) {
  Node* node = floating_node("norm", x.tensor(), x.line());
  if (std::isnan(p)) throw_invalid("norm", "p is NaN, expected a number", x.line());
  const Reduced plan = reduced("norm", node, axes, x.line());
  if ((std::isinf(p) || p < 0) && plan.count == 0)
    throw_invalid("norm", text("the axes reduced have no elements in shape ", shape_of(node), ", expected some for p = ", p), x.line());
  const Over over(plan);
  const CallerScope caller(x.line());
  Tensor value;
  {
    const GradMode unrecorded(false);
    value = norm_value(x.tensor(), p, over, axes);
  }
  return with_value("norm", x, keepdim ? plan.kept : plan.without, value, [over, p](RuleContext& r) {
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
      // x·|x|^(p-2) / norm^(p-1), with 0 for 0/0: neither the norm nor an element is divided by, or raised to a power, where it is 0.
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
