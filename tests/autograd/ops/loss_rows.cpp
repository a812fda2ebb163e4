// Rows of the ops of autograd/ops/loss.h.
// Covers autograd/ops/scratch.h.
#include <limits>

#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

void add_loss_rows(Table& t) {
  t.row("weigh", [](const Tensor& weight, const Tensor& x) { return weigh(weight, x); })
      .on({{3}, {3}})
      .on({{}, {}})
      .on({{}, {2, 3}})
      .on({{2, 1}, {1, 3}})
      .on({{2, 3, 2}, {3, 1}})
      .on({{0, 3}, {3}})
      .on({f64({0, 1, 0}), f64({2, 0, 0})})
      .smooth_at({f64({2, -1, 0}), f64({3, 0, 4})}, f64({6, 0, 0}), {f64({3, 0, 4}), f64({2, -1, 0})}, {f64({1, 1, 1}), f64({1, 1, 1})})
      .kink({f64({0, 2}), f64({-kInf, 3})}, f64({0, 6}), {f64({-kInf, 3}), f64({0, 2})}, {f64({1, 1}), f64({1, 1})})
      .kink({f64({0, 2}), f64({-kInf, 3})}, f64({0, 6}), {f64({0, 3}), f64({0, 2})}, {f64({0, 1}), f64({0, 1})},
            [](const Tensor& weight, const Tensor& x) {
              return where(tensor({0, 1}, x.dtype()), weigh(weight, x), 0.0);
            })
      .gives({f64({2, 0, 0, 0, -1}), f64({3, kInf, -kInf, kNan, kInf})}, f64({6, 0, 0, 0, -kInf}))
      .gives({f64({{0}, {2}}), f64({kInf, 1})}, f64({{0, 0}, {kInf, 2}}))
      .fails("weigh: undefined tensor", [] { return weigh(Tensor(), zeros({2})); })
      .fails("weigh: undefined tensor", [] { return weigh(zeros({2}), Tensor()); })
      .fails("weigh: got int64, expected float32 or float64: convert with to()", [] { return weigh(i64({1}), i64({1})); })
      .fails("weigh: x is float64, expected float32 like the weight", [] { return weigh(zeros({1}), f64({1})); })
      .fails("weigh: shapes [2] and [3] do not broadcast together", [] { return weigh(zeros({2}), zeros({3})); });
  t.row("mean_squared_difference", mean_squared_difference)
      .on({{3}, {3}})
      .on({{}, {}})
      .on({{1, 1}, {1, 1}})
      .on({{2, 3, 4}, {2, 3, 4}})
      .on({{300}, {300}})
      .on({{2, 2}}, [](const Tensor& x) { return mean_squared_difference(x, x); })
      .smooth_at({f64({1, 2, 0}), f64({1, -3, 0})}, f64(21.666666666666668),
                 {f64({-0.6666666666666666, 5.333333333333333, 0}), f64({1.3333333333333333, -10.666666666666666, 0})},
                 {f64({-0.6666666666666666, -0.6666666666666666, -0.6666666666666666}),
                  f64({1.3333333333333333, 1.3333333333333333, 1.3333333333333333})},
                 [](const Tensor& a, const Tensor& b) { return mean_squared_difference(a, b * 2); })
      .gives({f64({1, 2, 3}), f64({4, 5, -6})}, f64(33))
      .gives({f64({1}), f64({1})}, f64(0))
      .fails("mean_squared_difference: undefined tensor", [] { return mean_squared_difference(Tensor(), zeros({2})); })
      .fails("mean_squared_difference: undefined tensor", [] { return mean_squared_difference(zeros({2}), Tensor()); })
      .fails("mean_squared_difference: got int64, expected float32 or float64: convert with to()",
             [] { return mean_squared_difference(i64({1}), i64({1})); })
      .fails("mean_squared_difference: rhs is float64[1], expected float32[1] like lhs",
             [] { return mean_squared_difference(zeros({1}), f64({1})); })
      .fails("mean_squared_difference: rhs is float32[3], expected float32[2] like lhs",
             [] { return mean_squared_difference(zeros({2}), zeros({3})); });
  t.row("mean_cross_entropy", mean_cross_entropy)
      .on({{2, 3}, i64({2, 0})})
      .on({{1, 1}, i64({0})})
      .on({{1, 4}, i64({3})})
      .on({{5, 2}, i64({1, 1, 0, 1, 0})})
      .smooth_at({f64({{0, 0}, {1, -1}}), i64({0, 1})}, f64(1.8708672660668437),
                 {f64({{-0.25, 0.5}, {0.4762870634112166, -0.9525741268224333}}), none},
                 {f64({{-0.125, 0.25}, {-0.022588329865456065, 0.04517665973091213}}), none},
                 [](const Tensor& x, const Tensor& labels) {
                   return mean_cross_entropy(x * tensor({1, 2}, x.dtype()), labels);
                 })
      .smooth_at({f64({{0, 1e3}}), i64({0})}, f64(2e3), {f64({{-1, 2}}), none}, {f64({{0, 0}}), none},
                 [](const Tensor& x, const Tensor& labels) {
                   return mean_cross_entropy(x * tensor({1, 2}, x.dtype()), labels);
                 })
      .kink({f64({{1, kInf}, {0, -kInf}}), i64({1, 0})}, f64(0), {f64({{0, 0}, {0, 0}}), none}, {f64({{0, 0}, {0, 0}}), none},
            [](const Tensor& x, const Tensor& labels) {
              return mean_cross_entropy(x * tensor({1, 2}, x.dtype()), labels);
            })
      .kink({f64({{kInf, 1}}), i64({1})}, f64(kInf), {f64({{1, -2}}), none}, {f64({{0, 0}}), none},
            [](const Tensor& x, const Tensor& labels) {
              return mean_cross_entropy(x * tensor({1, 2}, x.dtype()), labels);
            })
      .kink({f64({{-kInf, 0, 0}}), i64({1})}, f64(0.6931471805599453), {f64({{0, -0.5, 0.5}}), none}, {f64({{0, 0, 0}}), none})
      .kink({f64({{-kInf, -kInf}}), i64({1})}, f64(0), {f64({{0, 0}}), none}, {f64({{0, 0}}), none},
            [](const Tensor& x, const Tensor& labels) { return where(tensor(0, x.dtype()), mean_cross_entropy(x, labels), 0.0); })
      .gives({f64({{0, 0}, {0, 0}}), i64({0, 1})}, f64(0.69314718055994531))
      .gives({f64({{0, 1.0986122886681098}}), i64({0})}, f64(1.3862943611198906))
      .fails("mean_cross_entropy: undefined tensor", [] { return mean_cross_entropy(Tensor(), i64({0})); })
      .fails("mean_cross_entropy: undefined tensor",
             [] {
               return mean_cross_entropy(zeros({1, 2}), Tensor());
             })
      .fails("mean_cross_entropy: got int64, expected float32 or float64: convert with to()",
             [] { return mean_cross_entropy(i64({{1}}), i64({0})); })
      .fails("mean_cross_entropy: the logits have shape [2], expected [n, classes]",
             [] {
               return mean_cross_entropy(zeros({2}), i64({0, 0}));
             })
      .fails("mean_cross_entropy: the labels are float32[2], expected int64[2]",
             [] {
               return mean_cross_entropy(zeros({2, 2}), zeros({2}));
             })
      .fails("mean_cross_entropy: the labels are int64[1], expected int64[2]",
             [] {
               return mean_cross_entropy(zeros({2, 2}), i64({0}));
             })
      .fails("mean_cross_entropy: label 2 is outside 0 to 1",
             [] {
               return mean_cross_entropy(zeros({2, 2}), i64({0, 2}));
             })
      .fails("mean_cross_entropy: label -1 is outside 0 to 1", [] {
        return mean_cross_entropy(zeros({2, 2}), i64({-1, 0}));
      });
}

}  // namespace chainrule::test
