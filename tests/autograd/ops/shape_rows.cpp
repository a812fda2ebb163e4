// Rows of autograd/ops/shape.h and of members of Tensor.
#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {
namespace {

// f64 0, 1, 2, ... in a shape.
Tensor count(const Shape& shape) {
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  return from_vector(values, shape);
}

void add_views(Table& t) {
  const auto to_shape = [](const Shape& shape) { return [=](const Tensor& x) { return reshape(x, shape); }; };
  t.row("reshape", to_shape({3, 2}))
      .on({{2, 3}})
      .on({{6}})
      .on({{1, 1}}, to_shape({}))
      .on({Shape{}}, to_shape({1, 1}))
      .on({{0, 3}}, to_shape({2, 0}))
      .on({{2, 3, 2}}, to_shape({-1, 4}))
      .on({{2, 3}}, [](const Tensor& x) { return x.reshape({-1}); })
      .everywhere_smooth("moves elements")
      .gives({count({2, 3})}, f64({{0, 1}, {2, 3}, {4, 5}}))
      .gives({i64({1, 2, 3, 4})}, i64({{1, 2}, {3, 4}}), to_shape({2, -1}))
      .fails("reshape: undefined tensor", [] { return reshape(Tensor(), {1}); })
      .fails("reshape: shape [2, 3] has 6 elements and cannot be reshaped to [4]",
             [] {
               return reshape(zeros({2, 3}), {4});
             })
      .fails("reshape: shape [2, 3] has 6 elements and cannot be reshaped to [4, -1]",
             [] {
               return reshape(zeros({2, 3}), {4, -1});
             })
      .fails("reshape: shape [0] has 0 elements and cannot be reshaped to [0, -1]",
             [] {
               return reshape(zeros({0}), {0, -1});
             })
      .fails("reshape: the shape [-1, -1] has more than one -1",
             [] {
               return reshape(zeros({2, 3}), {-1, -1});
             })
      .fails("reshape: the shape [-2, 3] has a negative size", [] {
        return reshape(zeros({2, 3}), {-2, 3});
      });
  const auto flat = [](int first, int last) { return [=](const Tensor& x) { return flatten(x, first, last); }; };
  t.row("flatten", flat(0, -1))
      .on({Shape{}})
      .on({{2, 3}})
      .on({{2, 0, 3}})
      .on({{2, 3, 2}}, flat(1, 2))
      .on({{2, 3, 2}}, flat(-3, -2))
      .on({{2, 3}}, flat(1, 1))
      .on({{2, 3, 2}}, [](const Tensor& x) { return x.flatten(1); })
      .everywhere_smooth("moves elements")
      .gives({count({2, 3})}, f64({0, 1, 2, 3, 4, 5}))
      .gives({count({2, 1, 2})}, f64({{0, 1}, {2, 3}}), flat(1, -1))
      .gives({f64(7)}, f64({7}))
      .fails("flatten: undefined tensor", [] { return flatten(Tensor()); })
      .fails("flatten: axis 2 is out of range for a tensor of shape [2, 3], expected -2 to 1",
             [] {
               return flatten(zeros({2, 3}), 0, 2);
             })
      .fails("flatten: the first axis 1 is after the last axis 0", [] {
        return flatten(zeros({2, 3}), 1, 0);
      });
  const auto without = [](const Axes& axes) { return [=](const Tensor& x) { return squeeze(x, axes); }; };
  t.row("squeeze", without({}))
      .on({Shape{}})
      .on({{1, 1}})
      .on({{2, 1, 3, 1}})
      .on({{1, 0}})
      .on({{2, 1, 3, 1}}, without(1))
      .on({{2, 1, 3, 1}}, without({-1, 0}))
      .on({Shape{}}, without(0))
      .everywhere_smooth("moves elements")
      .gives({f64({{{1}, {2}}})}, f64({1, 2}))
      .gives({f64({{{1}, {2}}})}, f64({{1}, {2}}), without(0))
      .gives({f64({{{1}, {2}}})}, f64({{{1}, {2}}}), without(1))
      .fails("squeeze: undefined tensor", [] { return squeeze(Tensor()); })
      .fails("squeeze: axis 2 is out of range for a tensor of shape [2, 3], expected -2 to 1", [] {
        return squeeze(zeros({2, 3}), 2);
      });
  const auto with = [](int axis) { return [=](const Tensor& x) { return unsqueeze(x, axis); }; };
  t.row("unsqueeze", with(0))
      .on({Shape{}})
      .on({{2, 3}})
      .on({{0}})
      .on({{2, 3}}, with(1))
      .on({{2, 3}}, with(-1))
      .everywhere_smooth("moves elements")
      .gives({f64({1, 2})}, f64({{1, 2}}))
      .gives({f64({1, 2})}, f64({{1}, {2}}), with(-1))
      .fails("unsqueeze: undefined tensor", [] { return unsqueeze(Tensor(), 0); })
      .fails("unsqueeze: axis 3 is out of range for a tensor of shape [2, 3], expected -3 to 2",
             [] {
               return unsqueeze(zeros({2, 3}), 3);
             })
      .fails("unsqueeze: shape [1, 1, 1, 1, 1, 1, 1, 1] already has 8 axes, the maximum", [] {
        return unsqueeze(zeros({1, 1, 1, 1, 1, 1, 1, 1}), 0);
      });
}

void add_moves(Table& t) {
  const auto exchanged = [](int a, int b) { return [=](const Tensor& x) { return transpose(x, a, b); }; };
  t.row("transpose", exchanged(-2, -1))
      .on({{2, 3}})
      .on({{1, 5}})
      .on({{5, 1}})
      .on({{0, 3}})
      .on({{17, 19}})
      .on({{2, 3, 4}})
      .on({{2, 3, 4}}, exchanged(0, 2))
      .on({{2, 3, 4}}, exchanged(1, 1))
      .on({{2, 1, 3, 2}}, exchanged(-4, 2))
      .everywhere_smooth("moves elements")
      .gives({count({2, 3})}, f64({{0, 3}, {1, 4}, {2, 5}}), [](const Tensor& x) { return transpose(x); })
      .gives({i64({{{1, 2}, {3, 4}}})}, i64({{{1, 2}}, {{3, 4}}}), exchanged(0, 1))
      .fails("transpose: undefined tensor", [] { return transpose(Tensor()); })
      .fails("transpose: axis -2 is out of range for a tensor of shape [2], expected -1 to 0", [] { return transpose(zeros({2})); });
  const auto ordered = [](const Axes& order) { return [=](const Tensor& x) { return permute(x, order); }; };
  t.row("permute", ordered({1, 0}))
      .on({{2, 3}})
      .on({{0, 3}})
      .on({{2, 3, 4}}, ordered({2, 0, 1}))
      .on({{2, 3, 4}}, ordered({-2, -1, 0}))
      .on({{2, 3, 4}}, ordered({0, 1, 2}))
      .on({{2, 1, 3, 2}}, ordered({3, 1, 0, 2}))
      .on({{3}}, ordered({0}))
      .on({Shape{}}, ordered({}))
      .everywhere_smooth("moves elements")
      .gives({count({2, 3})}, f64({{0, 3}, {1, 4}, {2, 5}}))
      .gives({count({2, 1, 3})}, f64({{{0}, {3}}, {{1}, {4}}, {{2}, {5}}}), ordered({2, 0, 1}))
      .fails("permute: undefined tensor", [] { return permute(Tensor(), {0}); })
      .fails("permute: got 1 axes for a tensor of shape [2, 3], expected 2",
             [] {
               return permute(zeros({2, 3}), {0});
             })
      .fails("permute: axis 1 is listed twice",
             [] {
               return permute(zeros({2, 3}), {1, -1});
             })
      .fails("permute: axis 2 is out of range for a tensor of shape [2, 3], expected -2 to 1", [] {
        return permute(zeros({2, 3}), {2, 0});
      });
  const auto to_shape = [](const Shape& shape) { return [=](const Tensor& x) { return broadcast_to(x, shape); }; };
  t.row("broadcast_to", to_shape({2, 3}))
      .on({Shape{}})
      .on({{1}})
      .on({{3}})
      .on({{2, 1}})
      .on({{1, 1}})
      .on({{2, 3}})
      .on({{3, 1}}, to_shape({2, 3, 2}))
      .on({{2, 1, 2}}, to_shape({2, 3, 2}))
      .on({{1, 3}}, to_shape({0, 3}))
      .on({Shape{}}, to_shape({}))
      .everywhere_smooth("copies elements")
      .gives({f64({1, 2, 3})}, f64({{1, 2, 3}, {1, 2, 3}}))
      .gives({f64({{1}, {2}})}, f64({{1, 1, 1}, {2, 2, 2}}))
      .gives({i64(7)}, i64({{7, 7, 7}, {7, 7, 7}}))
      .fails("broadcast_to: undefined tensor", [] { return broadcast_to(Tensor(), {1}); })
      .fails("broadcast_to: shape [2, 3] does not broadcast to [3]",
             [] {
               return broadcast_to(zeros({2, 3}), {3});
             })
      .fails("broadcast_to: shape [2] does not broadcast to [2, 3]", [] {
        return broadcast_to(zeros({2}), {2, 3});
      });
}

void add_parts(Table& t) {
  const auto part = [](int axis, std::int64_t start, std::int64_t stop) {
    return [=](const Tensor& x) { return slice(x, axis, start, stop); };
  };
  t.row("slice", part(0, 1, 3))
      .on({{4}})
      .on({{4, 2}})
      .on({{2, 2}})
      .on({{4, 0}})
      .on({{1, 1}})
      .on({{3, 4}}, part(1, -3, -1))
      .on({{2, 3, 4}}, part(1, 0, 2))
      .on({{2, 3, 4}}, part(-1, 2, 100))
      .on({{3, 4}}, part(1, 2, 1))
      .on({{4}}, [](const Tensor& x) { return slice(x, 0, 0, 2) * slice(x, 0, 1, 3); })
      .everywhere_smooth("moves elements")
      .gives({f64({1, 2, 3, 4})}, f64({2, 3}))
      .gives({f64({{1, 2, 3}, {4, 5, 6}})}, f64({{2, 3}, {5, 6}}), part(1, -2, 3))
      .gives({f64({{1, 2, 3}, {4, 5, 6}})}, f64({{1, 2}, {4, 5}}), part(1, -100, -1))
      .gives({f64({1, 2})}, zeros({0}, DType::float64), part(0, 2, 1))
      .gives({i64({1, 2})}, i64({2}))
      .fails("slice: undefined tensor", [] { return slice(Tensor(), 0, 0, 1); })
      .fails("slice: axis 1 is out of range for a tensor of shape [3], expected -1 to 0", [] { return slice(zeros({3}), 1, 0, 1); })
      .fails("slice: axis 0 is out of range for a tensor of shape []", [] { return slice(zeros({}), 0, 0, 1); });
  t.row("concat",
        [](const Tensor& a, const Tensor& b) {
          return concat({a, b});
        })
      .on({{2}, {3}})
      .on({{2, 3}, {1, 3}})
      .on({{0, 3}, {2, 3}})
      .on({{1, 1}, {1, 1}})
      .on({{2, 1}, {2, 3}},
          [](const Tensor& a, const Tensor& b) {
            return concat({a, b}, 1);
          })
      .on({{2, 1, 2}, {2, 0, 2}, {2, 3, 2}},
          [](const Tensor& a, const Tensor& b, const Tensor& c) {
            return concat({a, b, c}, -2);
          })
      .on({{2, 2}},
          [](const Tensor& a) {
            return concat({a, a * a, a}, 1);
          })
      .on({{2, 2}}, [](const Tensor& a) { return concat(a); })
      .everywhere_smooth("moves elements")
      .gives({f64({1, 2}), f64({3})}, f64({1, 2, 3}))
      .gives({f64({{1}, {2}}), f64({{3, 4}, {5, 6}})}, f64({{1, 3, 4}, {2, 5, 6}}),
             [](const Tensor& a, const Tensor& b) {
               return concat({a, b}, -1);
             })
      .gives({i64({1}), i64({2})}, i64({1, 2}))
      .fails("concat: got no tensors, expected at least one", [] { return concat(std::vector<Tensor>()); })
      .fails("concat: undefined tensor",
             [] {
               return concat({zeros({1}), Tensor()});
             })
      .fails("concat: tensor 1 is float64, expected float32 like tensor 0",
             [] {
               return concat({zeros({1}), f64({1})});
             })
      .fails("concat: tensor 1 has shape [3, 2], expected [2, 3] like tensor 0, except along axis 0",
             [] {
               return concat({zeros({2, 3}), zeros({3, 2})});
             })
      .fails("concat: tensor 1 has shape [3], expected [2, 3] like tensor 0, except along axis 0",
             [] {
               return concat({zeros({2, 3}), zeros({3})});
             })
      .fails("concat: axis 1 is out of range for a tensor of shape [2], expected -1 to 0",
             [] {
               return concat({zeros({2}), zeros({3})}, 1);
             })
      .fails("concat: axis 0 is out of range for a tensor of shape []", [] {
        return concat({zeros({}), zeros({})});
      });
  t.row("meshgrid",
        [](const Tensor& a, const Tensor& b) {
          return meshgrid({a, b});
        })
      .on({{2}, {3}})
      .on({{1}, {1}})
      .on({Shape{}, {3}})
      .on({{0}, {2}})
      .on({{2}, {3}},
          [](const Tensor& a, const Tensor& b) {
            return meshgrid({a, b}, "xy");
          })
      .on({{3}}, [](const Tensor& a) { return meshgrid(a, "xy"); })
      .on({{2}, {1}, {3}},
          [](const Tensor& a, const Tensor& b, const Tensor& c) {
            return meshgrid({a, b, c}, "xy");
          })
      .on({{3}},
          [](const Tensor& a) {
            return meshgrid({a, a * a});
          })
      .everywhere_smooth("copies elements")
      .gives({f64({1, 2}), f64({3, 4, 5})}, {f64({{1, 1, 1}, {2, 2, 2}}), f64({{3, 4, 5}, {3, 4, 5}})})
      .gives({f64({1, 2}), f64({3, 4, 5})}, {f64({{1, 2}, {1, 2}, {1, 2}}), f64({{3, 3}, {4, 4}, {5, 5}})},
             [](const Tensor& a, const Tensor& b) {
               return meshgrid({a, b}, "xy");
             })
      .gives({f64({1, 2}), f64({3}), f64({4, 5})}, {f64({{{1, 1}, {2, 2}}}), f64({{{3, 3}, {3, 3}}}), f64({{{4, 5}, {4, 5}}})},
             [](const Tensor& a, const Tensor& b, const Tensor& c) {
               return meshgrid({a, b, c}, "xy");
             })
      .gives({i64({1, 2}), i64(3)}, {i64({{1}, {2}}), i64({{3}, {3}})})
      .fails("meshgrid: got no tensors, expected at least one", [] { return meshgrid(std::vector<Tensor>()); })
      .fails("meshgrid: got 9 tensors, expected at most 8, one for each axis", [] { return meshgrid(std::vector<Tensor>(9, zeros({1}))); })
      .fails("meshgrid: undefined tensor",
             [] {
               return meshgrid({zeros({1}), Tensor()});
             })
      .fails("meshgrid: tensor 1 has shape [2, 3], expected rank 0 or 1",
             [] {
               return meshgrid({zeros({1}), zeros({2, 3})});
             })
      .fails("meshgrid: tensor 1 is float64, expected float32 like tensor 0",
             [] {
               return meshgrid({zeros({1}), f64({1})});
             })
      .fails("meshgrid: indexing is \"yx\", expected \"ij\" or \"xy\"", [] {
        return meshgrid({zeros({1}), zeros({1})}, "yx");
      });
  t.row("stack",
        [](const Tensor& a, const Tensor& b) {
          return stack({a, b});
        })
      .on({Shape{}, Shape{}})
      .on({{2, 3}, {2, 3}})
      .on({{0, 3}, {0, 3}})
      .on({{2, 3}, {2, 3}},
          [](const Tensor& a, const Tensor& b) {
            return stack({a, b}, 1);
          })
      .on({{2, 3}, {2, 3}},
          [](const Tensor& a, const Tensor& b) {
            return stack({b, a, b}, -1);
          })
      .everywhere_smooth("moves elements")
      .gives({f64({1, 2}), f64({3, 4})}, f64({{1, 2}, {3, 4}}))
      .gives({f64({1, 2}), f64({3, 4})}, f64({{1, 3}, {2, 4}}),
             [](const Tensor& a, const Tensor& b) {
               return stack({a, b}, -1);
             })
      .gives({i64(1), i64(2)}, i64({1, 2}))
      .fails("stack: got no tensors, expected at least one", [] { return stack(std::vector<Tensor>()); })
      .fails("stack: undefined tensor",
             [] {
               return stack({zeros({1}), Tensor()});
             })
      .fails("stack: tensor 1 has shape [3], expected [2] like tensor 0",
             [] {
               return stack({zeros({2}), zeros({3})});
             })
      .fails("stack: axis 2 is out of range for a tensor of shape [2], expected -2 to 1", [] {
        return stack({zeros({2}), zeros({2})}, 2);
      });
}

// Members of Tensor that are ops without a function of their own.
void add_members(Table& t) {
  t.member("index", [](const Tensor& x) { return x[1]; })
      .on({{2}})
      .on({{3, 2}})
      .on({{2, 0}})
      .on({{2, 1, 3}}, [](const Tensor& x) { return x[-1][0]; })
      .on({{3}}, [](const Tensor& x) { return x[0] * x[1] + x[0] * x[2]; })
      .everywhere_smooth("moves elements")
      .gives({f64({{1, 2}, {3, 4}})}, f64({3, 4}))
      .gives({i64({{1, 2}, {3, 4}})}, i64({3, 4}))
      .fails("index: undefined tensor", [] { return Tensor()[0]; })
      .fails("index: the tensor has rank 0 and no rows", [] { return zeros({})[0]; })
      .fails("index: row 2 is out of range for shape [2, 3]",
             [] {
               return zeros({2, 3})[2];
             })
      .fails("index: row -3 is out of range for shape [2, 3]", [] {
        return zeros({2, 3})[-3];
      });
  t.member("clone", [](const Tensor& x) { return x.clone(); })
      .on({Shape{}})
      .on({{2, 3}})
      .on({{0}})
      .everywhere_smooth("moves elements")
      .gives({f64({1, 2})}, f64({1, 2}))
      .gives({i64({1, 2})}, i64({1, 2}))
      .fails("clone: undefined tensor", [] { return Tensor().clone(); });
  t.member("to", [](const Tensor& x) { return (x * x).to(x.dtype()); })
      .on({{2, 3}})
      .on({{0}})
      // Numbers are rounded to float32, so that there are no finite differences.
      .kink({f64({0.5, 2, 0})}, f64({0.25, 4, 0}), {f64({1, 4, 0})}, {f64({2, 2, 2})},
            [](const Tensor& x) { return square(x.to(DType::float32)).to(x.dtype()); })
      .gives({f64({1.75, -1.75})}, i64({1, -1}), [](const Tensor& x) { return x.to(DType::int64); })
      .gives({i64({1, -2})}, f64({1, -2}), [](const Tensor& x) { return x.to(DType::float64); })
      .gives({f64({1, -2})}, tensor({1, -2}), [](const Tensor& x) { return x.to(DType::float32); })
      .fails("to: undefined tensor", [] { return Tensor().to(DType::int64); });
  t.member("detach", [](const Tensor& x) { return x.detach(); })
      .constant()
      .on({{2, 3}})
      .everywhere_smooth("constant: no gradient")
      .gives({f64({1, 2})}, f64({1, 2}))
      .fails("detach: undefined tensor", [] { return Tensor().detach(); });
}

}  // namespace

void add_shape_rows(Table& t) {
  add_views(t);
  add_moves(t);
  add_parts(t);
  add_members(t);
}

}  // namespace chainrule::test
