// Rows of autograd/ops/linalg.h.
#include <limits>

#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

void add_linalg_rows(Table& t) {
  t.row("matmul", matmul)
      .on({{2, 3}, {3, 4}})
      .on({{1, 1}, {1, 1}})
      .on({{1, 4}, {4, 1}})
      .on({{3, 1}, {1, 2}})
      .on({{0, 3}, {3, 2}})
      .on({{2, 0}, {0, 3}})
      .on({{2, 3}, {3, 0}})
      .on({{3}, {3}})
      .on({{3}, {3, 2}})
      .on({{2, 3}, {3}})
      .on({{2, 2, 3}, {3}})
      .on({{3}, {2, 3, 2}})
      .on({{2, 2, 3}, {2, 3, 2}})
      .on({{2, 2, 3}, {3, 2}})
      .on({{2, 3}, {2, 3, 2}})
      .on({{1, 2, 3}, {2, 3, 2}})
      .on({{2, 1, 2, 3}, {3, 3, 1}})
      .on({{3, 2, 2}, {2, 1, 2, 3}})
      .on({{0, 2, 3}, {3, 2}})
      .on({{3, 3}}, [](const Tensor& x) { return matmul(x, x); })
      .on({{2, 3}}, [](const Tensor& x) { return matmul(x, transpose(x)); })
      .on({{4, 2}, {4, 3}}, [](const Tensor& a, const Tensor& b) { return matmul(transpose(a), b); })
      .everywhere_smooth("multilinear")
      .gives({f64({{1, 2}, {3, 4}}), f64({{5, 6}, {7, 8}})}, f64({{19, 22}, {43, 50}}))
      .gives({f64({1, 2}), f64({3, 4})}, f64(11))
      .gives({f64({1, 2}), f64({{5, 6}, {7, 8}})}, f64({19, 22}))
      .gives({f64({{1, 2}, {3, 4}}), f64({5, 6})}, f64({17, 39}))
      .gives({f64({{{1, 2}}, {{3, 4}}}), f64({{5}, {6}})}, f64({{{17}}, {{39}}}))
      .gives({zeros({2, 0}, DType::float64), zeros({0, 2}, DType::float64)}, f64({{0, 0}, {0, 0}}))
      .fails("matmul: undefined tensor",
             [] {
               return matmul(Tensor(), zeros({2, 2}));
             })
      .fails("matmul: undefined tensor",
             [] {
               return matmul(zeros({2, 2}), Tensor());
             })
      .fails("matmul: got int64, expected float32 or float64: convert with to()",
             [] {
               return matmul(zeros({2, 2}), i64({1, 2}));
             })
      .fails("matmul: lhs is float32 and rhs is float64, expected the same dtype: convert one with to()",
             [] {
               return matmul(zeros({2, 2}), f64({1, 2}));
             })
      .fails("matmul: rhs has rank 0, expected at least 1: multiply by a number with *", [] { return matmul(zeros({2}), zeros({})); })
      .fails("matmul: lhs has rank 0, expected at least 1: multiply by a number with *", [] { return matmul(zeros({}), zeros({2})); })
      .fails("matmul: rhs has shape [4, 2], expected [3, m] to match lhs [2, 3]",
             [] {
               return matmul(zeros({2, 3}), zeros({4, 2}));
             })
      .fails("matmul: rhs has shape [4], expected [3] to match lhs [2, 3]",
             [] {
               return matmul(zeros({2, 3}), zeros({4}));
             })
      .fails("matmul: rhs has shape [5, 4, 2], expected [..., 3, m] to match lhs [3]",
             [] {
               return matmul(zeros({3}), zeros({5, 4, 2}));
             })
      .fails("matmul: shapes [2] and [3] do not broadcast together", [] {
        return matmul(zeros({2, 1, 1}), zeros({3, 1, 1}));
      });
  const auto plain = [](const Tensor& x, const Tensor& weight) { return linear(x, weight); };
  t.row("linear", linear)
      .on({{4, 3}, {3, 2}, {2}})
      .on({{1, 1}, {1, 1}, {1}})
      .on({{3}, {3, 2}, {2}})
      .on({{2, 2, 3}, {3, 2}, {2}})
      .on({{0, 3}, {3, 2}, {2}})
      .on({{2, 0}, {0, 2}, {2}})
      .on({{2, 3}, {3, 0}, {0}})
      .on({{4, 3}, {3, 2}}, plain)
      .on({{3}, {3, 1}}, plain)
      .on({{2, 1, 3}, {3, 2}}, plain)
      .on({{2, 2}, {2}}, [](const Tensor& w, const Tensor& b) { return linear(w, w, b); })
      .everywhere_smooth("multilinear")
      .gives({f64({{1, 2}, {3, 4}}), f64({{5, 6}, {7, 8}}), f64({100, 200})}, f64({{119, 222}, {143, 250}}))
      .gives({f64({1, 2}), f64({{5, 6}, {7, 8}})}, f64({19, 22}), plain)
      .fails("linear: undefined tensor",
             [] {
               return linear(Tensor(), zeros({3, 2}));
             })
      .fails("linear: undefined tensor",
             [] {
               return linear(zeros({4, 3}), Tensor());
             })
      .fails("linear: weight has shape [3], expected [d_in, d_out]",
             [] {
               return linear(zeros({4, 3}), zeros({3}));
             })
      .fails("linear: the input has shape [4, 3], expected [..., 5] to match weight [5, 2]",
             [] {
               return linear(zeros({4, 3}), zeros({5, 2}));
             })
      .fails("linear: the input has shape [], expected [..., 5] to match weight [5, 2]",
             [] {
               return linear(zeros({}), zeros({5, 2}));
             })
      .fails("linear: bias has shape [3], expected [2] to match weight [5, 2]",
             [] {
               return linear(zeros({5}), zeros({5, 2}), zeros({3}));
             })
      .fails("linear: weight is float64 and the input float32, expected the same dtype", [] { return linear(zeros({1}), f64({{1}})); })
      .fails("linear: bias is float64 and the input float32, expected the same dtype", [] {
        return linear(zeros({1}), zeros({1, 2}), f64({1, 2}));
      });
  const auto plain_relu = [](const Tensor& x, const Tensor& weight) { return linear_relu(x, weight); };
  t.row("linear_relu", linear_relu)
      .on({{4, 3}, {3, 2}, {2}})
      .on({{1, 1}, {1, 1}, {1}})
      .on({{3}, {3, 2}, {2}})
      .on({{2, 2, 3}, {3, 2}, {2}})
      .on({{0, 3}, {3, 2}, {2}})
      .on({{2, 0}, {0, 2}, {2}})
      .on({{2, 3}, {3, 0}, {0}})
      .on({{5, 3}, {3, 70}}, plain_relu)
      .on({{2, 1, 3}, {3, 2}}, plain_relu)
      .on({{2, 2}, {2}}, [](const Tensor& w, const Tensor& b) { return linear_relu(w, w, b); })
      .smooth_at({f64({{1, -2}}), f64({{2, 1}, {0.5, 3}}), f64({0.5, -1})}, f64({{1.5, 0}}),
                 {f64({{2, 0.5}}), f64({{1, 0}, {-2, 0}}), f64({1, 0})}, {f64({{1, 1}}), f64({{1, 0}, {1, 0}}), f64({0, 0})})
      .kink({f64({{1}}), f64({{2}}), f64({-2})}, f64({{0}}), {f64({{0}}), f64({{0}}), f64({0})}, {f64({{0}}), f64({{0}}), f64({0})})
      .kink({f64({{1}}), f64({{2}}), f64({kNan})}, f64({{kNan}}), {f64({{0}}), f64({{0}}), f64({0})}, {f64({{0}}), f64({{0}}), f64({0})})
      .gives({f64({{1, 2}, {3, 4}}), f64({{5, -6}, {7, -8}}), f64({-20, 50})}, f64({{0, 28}, {23, 0}}))
      .gives({f64({1, 2}), f64({{5, -6}, {7, 8}})}, f64({19, 10}), plain_relu)
      .fails("linear_relu: undefined tensor",
             [] {
               return linear_relu(Tensor(), zeros({3, 2}));
             })
      .fails("linear_relu: weight has shape [3], expected [d_in, d_out]",
             [] {
               return linear_relu(zeros({4, 3}), zeros({3}));
             })
      .fails("linear_relu: the input has shape [4, 3], expected [..., 5] to match weight [5, 2]",
             [] {
               return linear_relu(zeros({4, 3}), zeros({5, 2}));
             })
      .fails("linear_relu: bias has shape [3], expected [2] to match weight [5, 2]",
             [] {
               return linear_relu(zeros({5}), zeros({5, 2}), zeros({3}));
             })
      .fails("linear_relu: bias is float64 and the input float32, expected the same dtype", [] {
        return linear_relu(zeros({1}), zeros({1, 2}), f64({1, 2}));
      });
}

}  // namespace chainrule::test
