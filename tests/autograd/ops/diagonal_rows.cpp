// Rows of the ops of autograd/ops/linalg.h on vectors, diagonals and triangles.
#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {
namespace {

void add_vectors(Table& t) {
  t.row("dot", dot)
      .on({{3}, {3}})
      .on({{1}, {1}})
      .on({{0}, {0}})
      .on({{40}, {40}})
      .on({{3}}, [](const Tensor& x) { return dot(x, x); })
      .smooth_at({f64({0, 2, -3}), f64({0, 0, 4})}, f64(-12), {f64({0, 0, 4}), f64({0, 2, -3})}, {f64({1, 1, 1}), f64({1, 1, 1})})
      .gives({f64({1, 2, 3}), f64({4, 5, -6})}, f64(-4))
      .gives({zeros({0}, DType::float64), zeros({0}, DType::float64)}, f64(0))
      .fails("dot: undefined tensor", [] { return dot(Tensor(), zeros({2})); })
      .fails("dot: undefined tensor", [] { return dot(zeros({2}), Tensor()); })
      .fails("dot: got int64, expected float32 or float64: convert with to()", [] { return dot(i64({1}), i64({1})); })
      .fails("dot: lhs is float32 and rhs is float64, expected the same dtype: convert one with to()",
             [] { return dot(zeros({1}), f64({1})); })
      .fails("dot: lhs has shape [2, 2], expected rank 1",
             [] {
               return dot(zeros({2, 2}), zeros({2}));
             })
      .fails("dot: rhs has shape [], expected rank 1", [] { return dot(zeros({2}), zeros({})); })
      .fails("dot: rhs has shape [3], expected [2] like lhs", [] { return dot(zeros({2}), zeros({3})); });
  t.row("outer", outer)
      .on({{3}, {4}})
      .on({{1}, {1}})
      .on({{0}, {3}})
      .on({{3}, {0}})
      .on({{3}}, [](const Tensor& x) { return outer(x, x); })
      .everywhere_smooth("multilinear")
      .gives({f64({1, 2}), f64({3, 4, 5})}, f64({{3, 4, 5}, {6, 8, 10}}))
      .fails("outer: undefined tensor", [] { return outer(Tensor(), zeros({2})); })
      .fails("outer: undefined tensor", [] { return outer(zeros({2}), Tensor()); })
      .fails("outer: got int64, expected float32 or float64: convert with to()", [] { return outer(i64({1}), i64({1})); })
      .fails("outer: lhs is float32 and rhs is float64, expected the same dtype: convert one with to()",
             [] { return outer(zeros({1}), f64({1})); })
      .fails("outer: rhs has shape [2, 2], expected rank 1", [] {
        return outer(zeros({2}), zeros({2, 2}));
      });
}

Row& triangle_row(Table& t, const char* name, Tensor (*f)(const TensorArg& x, std::int64_t k), SourceLine line = SourceLine::current()) {
  const auto at = [f](std::int64_t k) { return [=](const Tensor& x) { return f(x, k); }; };
  const std::string op = name;
  return t.row(name, at(0), {}, line)
      .on({{3, 3}})
      .on({{1, 1}})
      .on({{2, 4}}, at(1))
      .on({{4, 2}}, at(-1))
      .on({{2, 3, 4}}, at(-2))
      .on({{2, 3}}, at(100))
      .on({{2, 3}}, at(-100))
      .on({{0, 3}})
      .on({{3, 0}})
      .fails(
          op + ": undefined tensor", [f, line] { f(TensorArg(Tensor(), line), 0); }, line)
      .fails(
          op + ": got shape [3], expected rank 2 or more", [f, line] { f(TensorArg(zeros({3}), line), 0); }, line);
}

}  // namespace

void add_diagonal_rows(Table& t) {
  add_vectors(t);
  const Tensor m = f64({{1, 2, 3}, {4, 5, 6}});
  t.row("trace", trace)
      .on({{3, 3}})
      .on({{1, 1}})
      .on({{2, 4}})
      .on({{4, 2}})
      .on({{0, 3}})
      .on({{3, 3}}, [](const Tensor& x) { return trace(matmul(x, x)); })
      .everywhere_smooth("linear")
      .gives({m}, f64(6))
      .gives({i64({{1, 2}, {3, 4}})}, i64(5))
      .gives({zeros({0, 3}, DType::float64)}, f64(0))
      .fails("trace: undefined tensor", [] { return trace(Tensor()); })
      .fails("trace: got shape [3], expected rank 2", [] { return trace(zeros({3})); });

  const auto at = [](std::int64_t k) { return [=](const Tensor& x) { return diag(x, k); }; };
  t.row("diag", at(0))
      .on({{3}})
      .on({{0}})
      .on({{1, 1}})
      .on({{3, 3}})
      .on({{2, 4}})
      .on({{0, 3}})
      .on({{3}}, at(2))
      .on({{2}}, at(-1))
      .on({{2, 4}}, at(1))
      .on({{4, 2}}, at(-2))
      .on({{2, 3}}, at(3))
      .everywhere_smooth("moves elements")
      .gives({f64({1, 2})}, f64({{1, 0}, {0, 2}}))
      .gives({f64({1, 2})}, f64({{0, 1, 0}, {0, 0, 2}, {0, 0, 0}}), at(1))
      .gives({f64({1})}, f64({{0, 0, 0}, {0, 0, 0}, {1, 0, 0}}), at(-2))
      .gives({m}, f64({1, 5}))
      .gives({m}, f64({2, 6}), at(1))
      .gives({m}, f64({4}), at(-1))
      .gives({m}, zeros({0}, DType::float64), at(3))
      .gives({m}, zeros({0}, DType::float64), at(-2))
      .gives({i64({{1, 2}, {3, 4}})}, i64({1, 4}))
      .fails("diag: undefined tensor", [] { return diag(Tensor()); })
      .fails("diag: got shape [2, 2, 2], expected rank 1 or 2",
             [] {
               return diag(zeros({2, 2, 2}));
             })
      .fails("diag: got shape [], expected rank 1 or 2", [] { return diag(zeros({})); });
  triangle_row(t, "tril", tril)
      .everywhere_smooth("moves elements")
      .gives({m}, f64({{1, 0, 0}, {4, 5, 0}}))
      .gives({m}, f64({{1, 2, 0}, {4, 5, 6}}), [](const Tensor& x) { return tril(x, 1); })
      .gives({m}, f64({{0, 0, 0}, {4, 0, 0}}), [](const Tensor& x) { return tril(x, -1); })
      .gives({i64({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}})}, i64({{{1, 0}, {3, 4}}, {{5, 0}, {7, 8}}}));
  triangle_row(t, "triu", triu)
      .everywhere_smooth("moves elements")
      .gives({m}, f64({{1, 2, 3}, {0, 5, 6}}))
      .gives({m}, f64({{0, 2, 3}, {0, 0, 6}}), [](const Tensor& x) { return triu(x, 1); })
      .gives({m}, f64({{1, 2, 3}, {4, 5, 6}}), [](const Tensor& x) { return triu(x, -1); })
      .gives({i64({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}})}, i64({{{1, 2}, {0, 4}}, {{5, 6}, {0, 8}}}));
}

}  // namespace chainrule::test
