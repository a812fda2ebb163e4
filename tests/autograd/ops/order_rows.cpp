// Rows of the ops of autograd/ops/index.h that mask and put in order.
#include <limits>

#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<Tensor> both(const Ordered& ordered) { return {ordered.values, ordered.indices}; }

}  // namespace

void add_order_rows(Table& t) {
  const auto fill = [](const Tensor& x, const Tensor& mask) { return masked_fill(x, mask, -1.5); };
  t.row("masked_fill", fill)
      .on({{2, 3}, i64({{1, 0, 1}, {0, 0, 1}})})
      .on({{2, 3}, i64({1, 0, 1})})
      .on({{2, 1}, i64({{1, 0, 0}})})
      .on({{3}, i64({{1}, {0}})})
      .on({Shape{}, i64({0, 1})})
      .on({{0, 3}, i64({0, 1, 1})})
      .on({{1, 1}, i64(0)})
      .on({{2, 3}}, [](const Tensor& x) { return masked_fill(x, gt(x, 0), 2) * x; })
      .kink({f64({1, kInf, kNan}), i64({0, 1, 1})}, f64({1, -1.5, -1.5}), {f64({1, 0, 0}), none}, {f64({0, 0, 0}), none})
      .gives({f64({{1, 2}, {3, 4}}), i64({{1, 0}, {0, 5}})}, f64({{-1.5, 2}, {3, -1.5}}))
      .gives({f64({1, 2}), tensor({1e-30, 0})}, f64({-1.5, 2}))
      .gives({i64({1, 2}), f64({0, kNan})}, i64({1, 9}), [](const Tensor& x, const Tensor& mask) { return masked_fill(x, mask, 9); })
      .fails("masked_fill: undefined tensor", [] { return masked_fill(Tensor(), zeros({1}), 0); })
      .fails("masked_fill: undefined tensor", [] { return masked_fill(zeros({1}), Tensor(), 0); })
      .fails("masked_fill: shapes [2, 3] and [4, 3] do not broadcast together",
             [] {
               return masked_fill(zeros({2, 3}), zeros({4, 3}), 0);
             })
      .fails("masked_fill: the value is 0.5, expected an integer for an int64 tensor", [] { return masked_fill(i64({1}), i64({1}), 0.5); });

  const auto sorted = [](int axis, bool descending) { return [=](const Tensor& x) { return sort(x, axis, descending).values; }; };
  const Tensor awkward = f64({kNan, 1, kInf, -1, kNan, 1});
  t.row("sort", sorted(-1, false))
      .on({Shape{}})
      .on({{5}})
      .on({{1, 1}})
      .on({{1, 4}})
      .on({{4, 1}})
      .on({{0, 3}})
      .on({{3, 0}})
      .on({{2, 3, 4}})
      .on({{4, 2}}, sorted(0, true))
      .on({{2, 3, 2}}, sorted(1, false))
      .on({{2, 3, 2}}, sorted(-2, true))
      // Equal elements keep their order.
      .kink({f64({3, 1, 3})}, f64({1, 6, 9}), {f64({2, 1, 3})}, {f64({0, 0, 0})},
            [](const Tensor& x) {
              return sort(x).values * tensor({1, 2, 3}, x.dtype());
            })
      .gives({f64({{3, 1, 2}, {0, -1, 5}})}, {f64({{1, 2, 3}, {-1, 0, 5}}), i64({{1, 2, 0}, {1, 0, 2}})},
             [](const Tensor& x) { return both(sort(x)); })
      .gives({f64({{3, 1, 2}, {0, -1, 5}})}, {f64({{3, 1, 5}, {0, -1, 2}}), i64({{0, 0, 1}, {1, 1, 0}})},
             [](const Tensor& x) { return both(sort(x, 0, true)); })
      .gives({awkward}, {f64({-1, 1, 1, kInf, kNan, kNan}), i64({3, 1, 5, 2, 0, 4})}, [](const Tensor& x) { return both(sort(x)); })
      .gives({awkward}, {f64({kNan, kNan, kInf, 1, 1, -1}), i64({0, 4, 2, 1, 5, 3})},
             [](const Tensor& x) { return both(sort(x, -1, true)); })
      .gives({i64({2, 3, 2, 1})}, {i64({1, 2, 2, 3}), i64({3, 0, 2, 1})}, [](const Tensor& x) { return both(sort(x)); })
      .gives({f64(7)}, {f64(7), i64(0)}, [](const Tensor& x) { return both(sort(x)); })
      .fails("sort: undefined tensor", [] { return sort(Tensor()); })
      .fails("sort: axis 2 is out of range for a tensor of shape [2, 3], expected -2 to 1", [] {
        return sort(zeros({2, 3}), 2);
      });

  const auto top = [](std::int64_t k, int axis, bool largest) { return [=](const Tensor& x) { return topk(x, k, axis, largest).values; }; };
  t.row("topk", top(2, -1, true))
      .on({{5}})
      .on({{1, 2}})
      .on({{0, 3}})
      .on({{2, 3, 4}})
      .on({Shape{}}, top(1, 0, true))
      .on({{1, 1}}, top(1, 0, true))
      .on({{4, 2}}, top(3, 0, false))
      .on({{2, 3, 2}}, top(3, 1, true))
      .on({{2, 3}}, top(0, 1, true))
      // Of equal elements the first is taken.
      .kink({f64({1, 3, 3, 2, 2})}, f64({3, 6, 6}), {f64({0, 1, 2, 3, 0})}, {f64({0, 0, 0, 0, 0})},
            [](const Tensor& x) {
              return topk(x, 3).values * tensor({1, 2, 3}, x.dtype());
            })
      .gives({f64({{3, 1, 2}, {0, -1, 5}})}, {f64({{3, 2}, {5, 0}}), i64({{0, 2}, {2, 0}})},
             [](const Tensor& x) { return both(topk(x, 2)); })
      .gives({f64({{3, 1, 2}, {0, -1, 5}})}, {f64({{0, -1, 2}}), i64({{1, 1, 0}})},
             [](const Tensor& x) { return both(topk(x, 1, 0, false)); })
      .gives({awkward}, {f64({kNan, kNan, kInf, 1}), i64({0, 4, 2, 1})}, [](const Tensor& x) { return both(topk(x, 4)); })
      .gives({awkward}, {f64({-1, 1, 1}), i64({3, 1, 5})}, [](const Tensor& x) { return both(topk(x, 3, 0, false)); })
      .gives({i64({2, 3, 2, 1})}, {i64({3, 2}), i64({1, 0})}, [](const Tensor& x) { return both(topk(x, 2)); })
      .fails("topk: undefined tensor", [] { return topk(Tensor(), 1); })
      .fails("topk: k is 4, expected 0 to 3 for axis 1 of shape [2, 3]",
             [] {
               return topk(zeros({2, 3}), 4);
             })
      .fails("topk: k is -1, expected 0 to 2 for axis 0 of shape [2]", [] { return topk(zeros({2}), -1); })
      .fails("topk: axis 1 is out of range for a tensor of shape [2], expected -1 to 0", [] { return topk(zeros({2}), 1, 1); });
}

}  // namespace chainrule::test
