// Rows of the ops of autograd/ops/shape.h that repeat, cut, turn round and extend (autograd/ops/rearrange.cpp).
#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {
namespace {

void add_repeats(Table& t) {
  const auto times = [](const Shape& repeats) { return [=](const Tensor& x) { return square(repeat(x, repeats)); }; };
  t.row("repeat",
        [](const Tensor& x) {
          return repeat(x, {2, 3});
        })
      .on({Shape{}})
      .on({{3}})
      .on({{2, 3}})
      .on({{1, 1}})
      .on({{0, 3}})
      .on({Shape{}}, times({}))
      .on({{2, 3}}, times({4, 1}))
      .on({{2, 1, 3}}, times({1, 5, 2}))
      .on({{2, 3, 2}}, times({3, 2, 3, 4}))
      .on({{2, 3}}, times({0, 2}))
      .everywhere_smooth("copies elements")
      .gives({f64({1, 2})}, f64({{1, 2, 1, 2, 1, 2}, {1, 2, 1, 2, 1, 2}}))
      .gives({f64({{1, 2}, {3, 4}})}, f64({{1, 2}, {3, 4}, {1, 2}, {3, 4}}),
             [](const Tensor& x) {
               return repeat(x, {2, 1});
             })
      .gives({f64({{1, 2}, {3, 4}})}, f64({{1, 2, 1, 2}, {3, 4, 3, 4}}),
             [](const Tensor& x) {
               return repeat(x, {1, 2});
             })
      .gives({i64(7)}, i64({7, 7}), [](const Tensor& x) { return repeat(x, {2}); })
      .gives({f64({1, 2})}, zeros({0, 2}, DType::float64),
             [](const Tensor& x) {
               return repeat(x, {0, 1});
             })
      .fails("repeat: undefined tensor", [] { return repeat(Tensor(), {2}); })
      .fails("repeat: got 1 repeats for shape [2, 3], expected one for each axis",
             [] {
               return repeat(zeros({2, 3}), {2});
             })
      .fails("repeat: the repeats are [2, -1], expected no negative number", [] {
        return repeat(zeros({2, 3}), {2, -1});
      });

  const auto turned = [](const Axes& axes) { return [=](const Tensor& x) { return flip(x, axes); }; };
  t.row("flip", turned({}))
      .on({Shape{}})
      .on({{5}})
      .on({{1, 1}})
      .on({{0, 3}})
      .on({{2, 3, 4}})
      .on({{2, 3, 4}}, turned(1))
      .on({{2, 3, 4}}, turned({0, -1}))
      .on({{3, 2}}, [](const Tensor& x) { return x * flip(x, 0); })
      .everywhere_smooth("moves elements")
      .gives({f64({{1, 2, 3}, {4, 5, 6}})}, f64({{6, 5, 4}, {3, 2, 1}}))
      .gives({f64({{1, 2, 3}, {4, 5, 6}})}, f64({{4, 5, 6}, {1, 2, 3}}), turned(0))
      .gives({i64({{1, 2, 3}, {4, 5, 6}})}, i64({{3, 2, 1}, {6, 5, 4}}), turned(-1))
      .fails("flip: undefined tensor", [] { return flip(Tensor()); })
      .fails("flip: axis 2 is out of range for a tensor of shape [2, 3], expected -2 to 1",
             [] {
               return flip(zeros({2, 3}), 2);
             })
      .fails("flip: axis 1 is listed twice", [] {
        return flip(zeros({2, 3}), {1, -1});
      });

  const auto by = [](const std::vector<std::int64_t>& margins, double value) {
    return [=](const Tensor& x) { return square(pad(x, margins, value)); };
  };
  t.row("pad", by({1, 2}, 0.5))
      .on({{3}})
      .on({{2, 3}})
      .on({{2, 0}})
      .on({{2, 3, 1}})
      .on({Shape{}}, by({}, 1))
      .on({{2, 3}}, by({1, 2, 0, 3}, -1))
      .on({{2, 3, 4}}, by({-1, 2, 1, -2}, 0))
      .on({{2, 3}}, by({-1, -2}, 0))
      .on({{0, 3}}, by({1, 0, 1, 1}, 3))
      .everywhere_smooth("moves elements")
      .gives({f64({1, 2})}, f64({0, 1, 2, 0, 0}),
             [](const Tensor& x) {
               return pad(x, {1, 2});
             })
      .gives({f64({{1, 2}, {3, 4}})}, f64({{9, 9}, {1, 2}, {3, 4}}),
             [](const Tensor& x) {
               return pad(x, {0, 0, 1, 0}, 9);
             })
      .gives({f64({{1, 2, 3}, {4, 5, 6}})}, f64({{2, 3, 9}}),
             [](const Tensor& x) {
               return pad(x, {-1, 1, 0, -1}, 9);
             })
      .gives({i64({1})}, i64({1, 7}),
             [](const Tensor& x) {
               return pad(x, {0, 1}, 7);
             })
      .fails("pad: undefined tensor",
             [] {
               return pad(Tensor(), {1, 1});
             })
      .fails("pad: got 1 margins for shape [2, 3], expected two for each axis, starting with the last, and at most 4",
             [] {
               return pad(zeros({2, 3}), {1});
             })
      .fails("pad: got 4 margins for shape [3], expected two for each axis, starting with the last, and at most 2",
             [] {
               return pad(zeros({3}), {1, 1, 1, 1});
             })
      .fails("pad: margins -2 and -2 remove more elements from axis 1 of shape [2, 3] than it has",
             [] {
               return pad(zeros({2, 3}), {-2, -2});
             })
      .fails("pad: the value is 0.5, expected an integer for an int64 tensor", [] {
        return pad(i64({1}), {1, 1}, 0.5);
      });
}

// The results of a case have different derivatives, so that exchanged pieces are detected.
std::vector<Tensor> powers(std::vector<Tensor> pieces) {
  for (std::size_t i = 0; i < pieces.size(); ++i) pieces[i] = pow(pieces[i], static_cast<double>(i % 3 + 1));
  return pieces;
}

void add_cuts(Table& t) {
  const auto by = [](std::int64_t size, int axis) { return [=](const Tensor& x) { return powers(split(x, size, axis)); }; };
  const auto into = [](const std::vector<std::int64_t>& sizes, int axis) {
    return [=](const Tensor& x) { return powers(split(x, sizes, axis)); };
  };
  t.row("split", by(2, 0))
      .on({{4}})
      .on({{5, 2}})
      .on({{1, 1}})
      .on({{2, 6}}, by(2, 1))
      .on({{2, 7, 2}}, by(3, 1))
      .on({{2, 7, 2}}, by(9, -2))
      .on({{2, 2, 4}}, by(1, -1))
      .on({{3, 0}}, by(2, 1))
      .on({{0, 4}}, by(2, 1))
      .on({{2, 7}}, into({2, 0, 5}, 1))
      .on({{3}}, into({1, 2}, 0))
      .everywhere_smooth("moves elements")
      .gives({f64({1, 2, 3})}, {f64({1, 2}), f64({3})}, [](const Tensor& x) { return split(x, 2); })
      .gives({f64({{1, 2, 3, 4}, {5, 6, 7, 8}})}, {f64({{1, 2}, {5, 6}}), f64({{3, 4}, {7, 8}})},
             [](const Tensor& x) { return split(x, 2, 1); })
      .gives({i64({{1, 2, 3, 4, 5}})}, {i64({{1, 2}}), i64({{3, 4}}), i64({{5}})}, [](const Tensor& x) { return split(x, 2, -1); })
      .gives({i64({1, 2, 3})}, {i64({1}), zeros({0}, DType::int64), i64({2, 3})},
             [](const Tensor& x) {
               return split(x, {1, 0, 2});
             })
      .gives({zeros({0}, DType::float64)}, {zeros({0}, DType::float64)}, [](const Tensor& x) { return split(x, 2); })
      .fails("split: undefined tensor", [] { return split(Tensor(), 2); })
      .fails("split: the size of a piece is 0, expected at least 1", [] { return split(zeros({2}), 0); })
      .fails("split: the sizes add up to 2, expected 3 for axis 1 of shape [2, 3]",
             [] {
               return split(zeros({2, 3}), {1, 1}, 1);
             })
      .fails("split: a size is -1, expected 0 to 3",
             [] {
               return split(zeros({3}), {2, -1, 2});
             })
      .fails("split: axis 1 is out of range for a tensor of shape [2], expected -1 to 0", [] { return split(zeros({2}), 1, 1); });

  const auto chunks = [](std::int64_t n, int axis) { return [=](const Tensor& x) { return powers(chunk(x, n, axis)); }; };
  t.row("chunk", chunks(2, 0))
      .on({{4}})
      .on({{5, 2}})
      .on({{1, 1}})
      .on({{2, 6}}, chunks(3, 1))
      .on({{2, 7, 2}}, chunks(3, -2))
      .on({{2, 2, 4}}, chunks(9, 2))
      .on({{2, 0}}, chunks(3, 1))
      .everywhere_smooth("moves elements")
      .gives({f64({1, 2, 3, 4, 5})}, {f64({1, 2}), f64({3, 4}), f64({5})}, [](const Tensor& x) { return chunk(x, 4); })
      .gives({i64({{1, 2, 3, 4}})}, {i64({{1, 2}}), i64({{3, 4}})}, [](const Tensor& x) { return chunk(x, 2, -1); })
      .gives({zeros({0}, DType::float64)}, {zeros({0}, DType::float64), zeros({0}, DType::float64)},
             [](const Tensor& x) { return chunk(x, 2); })
      .fails("chunk: undefined tensor", [] { return chunk(Tensor(), 2); })
      .fails("chunk: the number of chunks is 0, expected at least 1", [] { return chunk(zeros({2}), 0); })
      .fails("chunk: axis 1 is out of range for a tensor of shape [2], expected -1 to 0", [] { return chunk(zeros({2}), 1, 1); });
}

}  // namespace

void add_rearrange_rows(Table& t) {
  add_repeats(t);
  add_cuts(t);
}

}  // namespace chainrule::test
