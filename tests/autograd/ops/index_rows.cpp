// Rows of autograd/ops/index.h.
#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {

void add_index_rows(Table& t) {
  t.row("index_select", [](const Tensor& x, const Tensor& i) { return index_select(x, 1, i); })
      .on({{2, 3}, i64({2, 0, 2})})
      .on({{1, 1}, i64({0, 0})})
      .on({{2, 3, 2}, i64({1})})
      .on({{2, 3}, zeros({0}, DType::int64)})
      .on({{0, 3}, i64({2, 1})})
      .on({{3}, i64({1, 1, 1})}, [](const Tensor& x, const Tensor& i) { return index_select(x, -1, i); })
      .on({{3, 2, 2}, i64({2, 0})}, [](const Tensor& x, const Tensor& i) { return index_select(x, 0, i); })
      .smooth_at({f64({{1, 2, 3}}), i64({2, 0, 2})}, f64({{3, 1, 3}}), {f64({{1, 0, 2}}), none}, {f64({{0, 0, 0}}), none})
      .gives({f64({{1, 2, 3}, {4, 5, 6}}), i64({2, 0, 2})}, f64({{3, 1, 3}, {6, 4, 6}}))
      .gives({i64({{1, 2, 3}}), i64({2})}, i64({{3}}))
      .fails("index_select: undefined tensor", [] { return index_select(Tensor(), 0, i64({0})); })
      .fails("index_select: undefined tensor", [] { return index_select(zeros({3}), 0, Tensor()); })
      .fails("index_select: the index holds 3 at position 1, expected 0 to 2",
             [] {
               return index_select(zeros({3}), 0, i64({0, 3}));
             })
      .fails("index_select: the index holds -1 at position 0, expected 0 to 2", [] { return index_select(zeros({3}), 0, i64({-1})); })
      .fails("index_select: the index is float32, expected int64", [] { return index_select(zeros({3}), 0, zeros({1})); })
      .fails("index_select: the index has shape [1, 1], expected rank 1", [] { return index_select(zeros({3}), 0, i64({{0}})); })
      .fails("index_select: axis 1 is out of range for a tensor of shape [3], expected -1 to 0",
             [] { return index_select(zeros({3}), 1, i64({0})); });
  t.row("gather", [](const Tensor& x, const Tensor& i) { return gather(x, 1, i); })
      .on({{2, 3}, i64({{2, 0}, {1, 1}})})
      .on({{2, 3}, i64({{2, 0, 1, 2}})})
      .on({{1, 1}, i64({{0}})})
      .on({{2, 3}, zeros({2, 0}, DType::int64)})
      .on({{2, 2, 2}, i64({{{1, 0}}, {{0, 0}}})})
      .on({{3}, i64({2, 2, 0, 1})}, [](const Tensor& x, const Tensor& i) { return gather(x, -1, i); })
      .on({{3, 2}, i64({{2, 0}, {2, 1}})}, [](const Tensor& x, const Tensor& i) { return gather(x, 0, i); })
      .smooth_at({f64({{1, 2}, {3, 4}}), i64({{1, 1, 0}})}, f64({{2, 2, 1}}), {f64({{1, 2}, {0, 0}}), none}, {f64({{0, 0}, {0, 0}}), none})
      .gives({f64({{1, 2, 3}, {4, 5, 6}}), i64({{2, 0}, {1, 1}})}, f64({{3, 1}, {5, 5}}))
      .gives({f64({{1, 2}, {3, 4}}), i64({{1, 0}})}, f64({{3, 2}}), [](const Tensor& x, const Tensor& i) { return gather(x, 0, i); })
      .gives({i64({{1, 2, 3}}), i64({{2}})}, i64({{3}}))
      .fails("gather: undefined tensor", [] { return gather(Tensor(), 0, i64({0})); })
      .fails("gather: undefined tensor", [] { return gather(zeros({3}), 0, Tensor()); })
      .fails("gather: the index holds 3 at position 1, expected 0 to 2",
             [] {
               return gather(zeros({3}), 0, i64({0, 3}));
             })
      .fails("gather: the index is float32, expected int64", [] { return gather(zeros({3}), 0, zeros({1})); })
      .fails("gather: the index has shape [2], expected the rank of [3, 2], and no size larger than in [3, 2] except along axis 0",
             [] {
               return gather(zeros({3, 2}), 0, i64({0, 1}));
             })
      .fails("gather: the index has shape [1, 3], expected the rank of [3, 2], and no size larger than in [3, 2] except along axis 0",
             [] {
               return gather(zeros({3, 2}), 0, i64({{0, 1, 2}}));
             })
      .fails("gather: axis -2 is out of range for a tensor of shape [3], expected -1 to 0",
             [] { return gather(zeros({3}), -2, i64({0})); });
  t.row("scatter_add", [](const Tensor& x, const Tensor& i, const Tensor& source) { return scatter_add(x, 1, i, source); })
      .on({{2, 3}, i64({{2, 0}, {1, 1}}), {2, 2}})
      .on({{2, 3}, i64({{2, 0, 1, 2}}), {1, 4}})
      .on({{1, 1}, i64({{0}}), {1, 1}})
      .on({{2, 3}, zeros({2, 0}, DType::int64), {2, 0}})
      .on({{2, 2, 2}, i64({{{1, 0}}, {{0, 0}}}), {2, 1, 2}})
      .on({{3}, i64({2, 2, 0, 1}), {4}},
          [](const Tensor& x, const Tensor& i, const Tensor& source) { return scatter_add(x, 0, i, source); })
      .on({{2, 2}, i64({{1, 0}, {1, 1}})}, [](const Tensor& x, const Tensor& i) { return scatter_add(x, 0, i, x * x); })
      .everywhere_smooth("linear")
      .gives({f64({{10, 20, 30}, {40, 50, 60}}), i64({{2, 0}, {1, 1}}), f64({{1, 2}, {3, 4}})}, f64({{12, 20, 31}, {40, 57, 60}}))
      .gives({i64({{1, 2}}), i64({{1}}), i64({{5}})}, i64({{1, 7}}))
      .fails("scatter_add: undefined tensor", [] { return scatter_add(Tensor(), 0, i64({0}), zeros({1})); })
      .fails("scatter_add: undefined tensor", [] { return scatter_add(zeros({3}), 0, Tensor(), zeros({1})); })
      .fails("scatter_add: undefined tensor", [] { return scatter_add(zeros({3}), 0, i64({0}), Tensor()); })
      .fails("scatter_add: the index holds 3 at position 0, expected 0 to 2",
             [] { return scatter_add(zeros({3}), 0, i64({3}), zeros({1})); })
      .fails("scatter_add: the source is float64, expected float32", [] { return scatter_add(zeros({3}), 0, i64({0}), f64({1})); })
      .fails("scatter_add: the source has shape [2], expected [1] like the index",
             [] { return scatter_add(zeros({3}), 0, i64({0}), zeros({2})); })
      .fails("scatter_add: the index has shape [1, 1], expected the rank of [3], and no size larger than in [3] except along axis 0", [] {
        return scatter_add(zeros({3}), 0, i64({{0}}), zeros({1, 1}));
      });
  t.row("one_hot", [](const Tensor& labels) { return one_hot(labels, 3, DType::float64); })
      .constant()
      .on({i64({2, 0})})
      .everywhere_smooth("constant: no gradient")
      .gives({i64({2, 0})}, f64({{0, 0, 1}, {1, 0, 0}}))
      .gives({i64({{1}, {0}})}, f64({{{0, 1, 0}}, {{1, 0, 0}}}))
      .gives({i64(1)}, f64({0, 1, 0}))
      .gives({zeros({0}, DType::int64)}, zeros({0, 3}, DType::float64))
      .gives({i64({1})}, i64({{0, 1}}), [](const Tensor& labels) { return one_hot(labels, 2, DType::int64); })
      .gives({i64({1})}, tensor({{0, 1}}), [](const Tensor& labels) { return one_hot(labels, 2); })
      .fails("one_hot: undefined tensor", [] { return one_hot(Tensor(), 2); })
      .fails("one_hot: the labels tensor holds 2 at position 1, expected 0 to 1",
             [] {
               return one_hot(i64({0, 2}), 2);
             })
      .fails("one_hot: the labels tensor is float32, expected int64", [] { return one_hot(zeros({2}), 2); })
      .fails("one_hot: classes is 0, expected at least 1", [] { return one_hot(i64({0}), 0); })
      .fails("one_hot: shape [1, 1, 1, 1, 1, 1, 1, 1] already has 8 axes, the maximum", [] {
        return one_hot(zeros({1, 1, 1, 1, 1, 1, 1, 1}, DType::int64), 2);
      });
}

}  // namespace chainrule::test
