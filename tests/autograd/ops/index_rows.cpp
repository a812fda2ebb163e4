// Rows of autograd/ops/index.h.
#include "tests/autograd/op_table.h"

namespace chainrule::test {

void add_index_rows(Table& t) {
  t.row("index_select", [](const Tensor& x, const Tensor& i) { return index_select(x, 1, i); })
      .on({{2, 3}, i64({2, 0, 2})})
      .on({{1, 1}, i64({0, 0})})
      .on({{3}, i64({1})}, [](const Tensor& x, const Tensor& i) { return index_select(x, -1, i); })
      .gives({f64({{1, 2, 3}, {4, 5, 6}}), i64({2, 0, 2})}, f64({{3, 1, 3}, {6, 4, 6}}))
      .fails("index_select: undefined tensor", [] { return index_select(Tensor(), 0, i64({0})); })
      .fails("index_select: the index holds 3 at position 1, expected 0 to 2", [] {
        return index_select(zeros({3}), 0, i64({0, 3}));
      });
}

}  // namespace chainrule::test
