// Rows of the ops of autograd/ops/loss.h.
// Covers autograd/ops/scratch.h.
#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {

void add_loss_rows(Table& t) {
  t.row("mean_squared_difference", mean_squared_difference)
      .on({{3}, {3}})
      .on({{}, {}})
      .on({{1, 1}, {1, 1}})
      .on({{2, 3, 4}, {2, 3, 4}})
      .on({{300}, {300}})
      .on({{2, 2}}, [](const Tensor& x) { return mean_squared_difference(x, x); })
      .gives({f64({1, 2, 3}), f64({4, 5, -6})}, f64(33))
      .gives({f64({1}), f64({1})}, f64(0))
      .fails("mean_squared_difference: undefined tensor", [] { return mean_squared_difference(Tensor(), zeros({2})); })
      .fails("mean_squared_difference: undefined tensor", [] { return mean_squared_difference(zeros({2}), Tensor()); })
      .fails("mean_squared_difference: got int64, expected float32 or float64", [] { return mean_squared_difference(i64({1}), i64({1})); })
      .fails("mean_squared_difference: rhs is float64[1], expected float32[1] like lhs",
             [] { return mean_squared_difference(zeros({1}), f64({1})); })
      .fails("mean_squared_difference: rhs is float32[3], expected float32[2] like lhs",
             [] { return mean_squared_difference(zeros({2}), zeros({3})); });
  t.row("mean_cross_entropy", mean_cross_entropy)
      .on({{2, 3}, i64({2, 0})})
      .on({{1, 1}, i64({0})})
      .on({{1, 4}, i64({3})})
      .on({{5, 2}, i64({1, 1, 0, 1, 0})})
      .gives({f64({{0, 0}, {0, 0}}), i64({0, 1})}, f64(0.69314718055994531))
      .gives({f64({{0, 1.0986122886681098}}), i64({0})}, f64(1.3862943611198906))
      .fails("mean_cross_entropy: undefined tensor", [] { return mean_cross_entropy(Tensor(), i64({0})); })
      .fails("mean_cross_entropy: undefined tensor",
             [] {
               return mean_cross_entropy(zeros({1, 2}), Tensor());
             })
      .fails("mean_cross_entropy: got int64, expected float32 or float64", [] { return mean_cross_entropy(i64({{1}}), i64({0})); })
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
