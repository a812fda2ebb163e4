// Rows of autograd/ops/reduce.h.
// Covers autograd/ops/moments.cpp, autograd/ops/reduce_op.h.
#include <limits>

#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

using Reduction = Tensor (*)(const TensorArg& x, const Axes& axes, bool keepdim);

// What every reduction shares: cases over all axes, one, several, in any order, kept or not, and errors of axes.
Row& reduction(Table& t, const char* name, Reduction f, const Domain& domain = {}, SourceLine line = SourceLine::current()) {
  const auto over = [f](const Axes& axes, bool keepdim) { return [=](const Tensor& x) { return f(x, axes, keepdim); }; };
  const auto failing = [f, line](const Tensor& x, const Axes& axes) { return [=] { f(TensorArg(x, line), axes, false); }; };
  const std::string op = name;
  return t.row(name, over({}, false), domain, line)
      .on({Shape{}})
      .on({{1}})
      .on({{1, 1}})
      .on({{19}})
      .on({{2, 3, 4}})
      .on({{2, 3, 4}}, over({}, true))
      .on({{2, 3, 4}}, over(0, false))
      .on({{2, 3, 4}}, over(1, false))
      .on({{2, 3, 4}}, over(-1, true))
      .on({{2, 3, 4}}, over({0, 2}, false))
      .on({{2, 3, 4}}, over({2, 0}, true))
      .on({{2, 3, 4}}, over({0, 1}, false))
      .on({{2, 3, 4}}, over({-1, 1}, true))
      .on({{2, 1, 3, 2}}, over({0, 2}, false))
      .on({{2, 2, 2, 2}}, over({1, 3}, true))
      .on({{1, 5}}, over(0, false))
      .on({{1, 5}}, over(1, true))
      .on({{5, 1}}, over(0, false))
      .on({{5, 1}}, over(1, false))
      .on({{0, 3}}, over(1, false))
      .on({{2, 0}}, over(0, true))
      .on({Shape{}}, over(0, false))
      .on({Shape{}}, over(-1, true))
      .fails(op + ": undefined tensor", failing(Tensor(), {}), line)
      .fails(op + ": axis 2 is out of range for a tensor of shape [2, 3], expected -2 to 1", failing(zeros({2, 3}), 2), line)
      .fails(op + ": axis -3 is out of range for a tensor of shape [2, 3], expected -2 to 1", failing(zeros({2, 3}), {0, -3}), line)
      .fails(op + ": axis 1 is out of range for a tensor of shape []", failing(zeros({}), 1), line)
      .fails(op + ": axis 1 is listed twice", failing(zeros({2, 3}), {1, -1}), line);
}

void add_truths(Table& t) {
  const Tensor some = f64({{0, 0, 2}, {0, 0, 0}, {-1, 1, kNan}});
  reduction(t, "any", any)
      .constant()
      .everywhere_smooth("constant: no gradient")
      .gives({some}, f64(1))
      .gives({some}, f64({1, 0, 1}), [](const Tensor& x) { return any(x, 1); })
      .gives({some}, f64({{1, 1, 1}}), [](const Tensor& x) { return any(x, 0, true); })
      .gives({f64(-7), f64(0)}, {f64(1), f64(0)},
             [](const Tensor& x, const Tensor& y) {
               return std::vector<Tensor>{any(x), any(y)};
             })
      .gives({zeros({2, 0}, DType::float64)}, f64({0, 0}), [](const Tensor& x) { return any(x, 1); })
      .gives({i64({{0, 0}, {0, 3}})}, i64({0, 1}), [](const Tensor& x) { return any(x, 1); });
  reduction(t, "all", all)
      .constant()
      .everywhere_smooth("constant: no gradient")
      .gives({some}, f64(0))
      .gives({some}, f64({0, 0, 1}), [](const Tensor& x) { return all(x, 1); })
      .gives({some}, f64({{0, 0, 0}}), [](const Tensor& x) { return all(x, 0, true); })
      .gives({f64(-7), f64(0)}, {f64(1), f64(0)},
             [](const Tensor& x, const Tensor& y) {
               return std::vector<Tensor>{all(x), all(y)};
             })
      .gives({zeros({2, 0}, DType::float64)}, f64({1, 1}), [](const Tensor& x) { return all(x, 1); })
      .gives({i64({{0, 3}, {1, 3}})}, i64({0, 1}), [](const Tensor& x) { return all(x, 1); });
}

void add_products(Table& t) {
  const Tensor m = f64({{1, 2, 3}, {4, 5, 6}});
  reduction(t, "prod", prod)
      .on({{0, 3}}, [](const Tensor& x) { return prod(x, 0); })
      .on({f64({2, 0, 3, 4})})
      .on({f64({{2, 0, 0}, {4, 1, 2}, {3, 0, 5}})}, [](const Tensor& x) { return prod(x, 1); })
      .on({f64({{2, 0, 0}, {4, 1, 2}, {3, 0, 5}})}, [](const Tensor& x) { return prod(x, 0, true); })
      .on({f64({0, 0, 0})})
      .smooth_at({f64({2, 0, 3, 4})}, f64(0), {f64({0, 24, 0, 0})}, {f64({12, 26, 8, 6})})
      .smooth_at({f64({2, 0, 3, 0})}, f64(0), {f64({0, 0, 0, 0})}, {f64({0, 6, 0, 6})})
      .smooth_at({f64({0, 0, 3, 0})}, f64(0), {f64({0, 0, 0, 0})}, {f64({0, 0, 0, 0})})
      .smooth_at({f64({2, -1, 0.5})}, f64(-1), {f64({-0.5, 1, -2})}, {f64({-0.5, 2.5, 1})})
      .smooth_at({f64({{2, 0}, {3, 5}, {0, 0}})}, f64({0, 15, 0}), {f64({{0, 2}, {5, 3}, {0, 0}})}, {f64({{1, 1}, {1, 1}, {1, 1}})},
                 [](const Tensor& x) { return prod(x, 1); })
      .on({{2, 3, 2}},
          [](const Tensor& x) {
            return prod(x, {0, 2});
          })
      .on({{2, 3, 1, 2}},
          [](const Tensor& x) {
            return prod(x, {1, 2}, true);
          })
      .on({{20, 3}}, [](const Tensor& x) { return prod(x, 0); })
      .on({{2, 20}}, [](const Tensor& x) { return prod(x, 1); })
      .gives({m}, f64(720))
      .gives({m}, f64({4, 10, 18}), [](const Tensor& x) { return prod(x, 0); })
      .gives({m}, f64({{6}, {120}}), [](const Tensor& x) { return prod(x, -1, true); })
      .gives({zeros({2, 0}, DType::float64)}, f64({1, 1}), [](const Tensor& x) { return prod(x, 1); })
      .gives({i64({{1, 2}, {3, -4}})}, i64({3, -8}), [](const Tensor& x) { return prod(x, 0); });

  const auto along = [](int axis) { return [=](const Tensor& x) { return cumsum(x, axis); }; };
  t.row("cumsum", along(0))
      .on({Shape{}})
      .on({{5}})
      .on({{1, 4}})
      .on({{4, 1}})
      .on({{0, 3}})
      .on({{3, 2}})
      .on({{2, 3, 4}}, along(1))
      .on({{2, 3, 4}}, along(-1))
      .on({{2, 0, 3}}, along(1))
      .everywhere_smooth("linear")
      .gives({m}, f64({{1, 2, 3}, {5, 7, 9}}))
      .gives({m}, f64({{1, 3, 6}, {4, 9, 15}}), along(-1))
      .gives({f64({1, kNan, 1})}, f64({1, kNan, kNan}))
      .gives({i64({1, 2, 3})}, i64({1, 3, 6}))
      .fails("cumsum: undefined tensor", [] { return cumsum(Tensor(), 0); })
      .fails("cumsum: axis 2 is out of range for a tensor of shape [2, 3], expected -2 to 1", [] {
        return cumsum(zeros({2, 3}), 2);
      });
}

// The rows' own functions leave the correction out, for it makes NaN of a single element.
void add_moments(Table& t) {
  const Tensor m = f64({{1, 2, 3}, {4, 5, 6}});
  reduction(t, "center", [](const TensorArg& x, const Axes& axes, bool) { return center(x, axes); })
      .everywhere_smooth("linear")
      .gives({m}, f64({{-2.5, -1.5, -0.5}, {0.5, 1.5, 2.5}}))
      .gives({m}, f64({{-1, 0, 1}, {-1, 0, 1}}), [](const Tensor& x) { return center(x, 1); })
      .gives({m}, f64({{-1.5, -1.5, -1.5}, {1.5, 1.5, 1.5}}), [](const Tensor& x) { return center(x, 0); })
      .gives({f64({{{1, 2}, {10, 20}}, {{3, 4}, {30, 40}}})}, f64({{{-1.5, -0.5}, {-15, -5}}, {{0.5, 1.5}, {5, 15}}}),
             [](const Tensor& x) {
               return center(x, {0, 2});
             })
      .gives({full({7}, 14.62)}, zeros({7}))
      .gives({tensor({16777216, 16777218, 16777220, 16777222})}, tensor({-3, -1, 1, 3}))  // float32, with steps of 2
      .fails("center: got int64, expected float32 or float64: convert with to()", [] { return center(i64({1})); });
  reduction(t, "squared_norm", squared_norm)
      .smooth_at({f64({0, 0})}, f64(0), {f64({0, 0})}, {f64({2, 2})})
      .smooth_at({f64({3, -4})}, f64(25), {f64({6, -8})}, {f64({2, 2})})
      .gives({f64({3, -4})}, f64(25))
      .gives({m}, f64({14, 77}), [](const Tensor& x) { return squared_norm(x, 1); })
      .gives({m}, f64({{17, 29, 45}}), [](const Tensor& x) { return squared_norm(x, 0, true); })
      .gives({zeros({2, 0}, DType::float64)}, f64({0, 0}), [](const Tensor& x) { return squared_norm(x, 1); })
      .gives({f64({0, 0})}, f64({{2, 0}, {0, 2}}),
             [](const Tensor& x) { return hessian([](const Tensor& y) { return squared_norm(y); }, x); })
      .fails("squared_norm: got int64, expected float32 or float64: convert with to()", [] { return squared_norm(i64({1})); });
  const Domain off{.low = -2, .high = 2, .avoid = {0}};
  reduction(
      t, "root_mean_square", [](const TensorArg& x, const Axes& axes, bool keepdim) { return root_mean_square(x, axes, keepdim); }, off)
      .on({{2, 3}}, [](const Tensor& x) { return root_mean_square(x, 1, false, 0.5); })
      .on({f64({{0, 0}, {1, 0}})}, [](const Tensor& x) { return root_mean_square(x, 1, true, 0.5); })
      .smooth_at({f64({1, -7})}, f64(5), {f64({0.1, -0.7})}, {f64({0.112, 0.016})})
      .smooth_at({f64({3e-30, -3e-30})}, f64(3e-30), {f64({0.5, -0.5})}, {f64({1.6666666666666666e29, 1.6666666666666666e29})})
      .smooth_at({f64({3e30, -3e30})}, f64(3e30), {f64({0.5, -0.5})}, {f64({1.6666666666666669e-31, 1.6666666666666669e-31})})
      .smooth_at({f64({0, 0, 2})}, f64(1.35400640077266), {f64({0, 0, 0.49236596391733095})},
                 {f64({0.24618298195866548, 0.24618298195866548, 0.06714081326145421})},
                 [](const Tensor& x) { return root_mean_square(x, {}, false, 0.5); })
      .smooth_at({f64({0, 0})}, f64(0.7071067811865476), {f64({0, 0})}, {f64({0.7071067811865476, 0.7071067811865476})},
                 [](const Tensor& x) { return root_mean_square(x, {}, false, 0.5); })
      .kink({f64({0, 0})}, f64(0), {f64({0, 0})}, {f64({kNan, kNan})})
      .gives({f64({1, -7})}, f64(5))
      .gives({f64({1, -7, 0, 0})}, f64(4), [](const Tensor& x) { return root_mean_square(x, {}, false, 3.5); })
      .gives({f64({{3, 4e30}, {-3, 4e30}})}, f64({{3, 4e30}}), [](const Tensor& x) { return root_mean_square(x, 0, true); })
      .gives({zeros({2, 0}, DType::float64)}, f64({kNan, kNan}), [](const Tensor& x) { return root_mean_square(x, 1); })
      .fails("root_mean_square: got int64, expected float32 or float64: convert with to()", [] { return root_mean_square(i64({1})); })
      .fails("root_mean_square: epsilon is -1, expected 0 or more", [] { return root_mean_square(zeros({2}), {}, false, -1); })
      .fails("root_mean_square: epsilon is nan, expected 0 or more", [] { return root_mean_square(zeros({2}), {}, false, kNan); });

  // The second derivatives of norms and of std where they are 0: none.
  const auto hessian_of = [](auto f) { return [=](const Tensor& x) { return hessian(f, x); }; };
  const Tensor undefined = f64({{kNan, kNan}, {kNan, kNan}});
  const auto corrected = [](const Tensor& x) { return var(x, -1, true, 1.5); };
  reduction(t, "var", [](const TensorArg& x, const Axes& axes, bool keepdim) { return var(x, axes, keepdim, 0); })
      .on({{2, 3}}, [](const Tensor& x) { return var(x); })
      .on({{3, 4}}, corrected)
      .smooth_at({f64({6, 3, 2})}, f64(0), {f64({0, 0, 0})}, {f64({-1, 0, 3})},
                 [](const Tensor& x) {
                   return var(x * tensor({1, 2, 3}, x.dtype()), {}, false, 1);
                 })
      .smooth_at({f64({0, 0, 0})}, f64(0), {f64({0, 0, 0})}, {f64({-0.6666666666666666, 0, 2})},
                 [](const Tensor& x) {
                   return var(x * tensor({1, 2, 3}, x.dtype()), {}, false, 0);
                 })
      .smooth_at({f64({1, -2, 4})}, f64(67), {f64({-2, -14, 27})}, {f64({-1, 0, 3})},
                 [](const Tensor& x) {
                   return var(x * tensor({1, 2, 3}, x.dtype()), {}, false, 1);
                 })
      .smooth_at({f64({3e-15, -2e-15, 0})}, f64(8.222222222222223e-30),
                 {f64({2.2222222222222224e-15, -4.888888888888889e-15, 6.66666666666667e-16})}, {f64({-0.6666666666666666, 0, 2})},
                 [](const Tensor& x) {
                   return var(x * tensor({1, 2, 3}, x.dtype()), {}, false, 0);
                 })
      .gives({m}, f64(3.5), [](const Tensor& x) { return var(x); })
      .gives({m}, f64(35. / 12))
      .gives({m}, f64({4.5, 4.5, 4.5}), [](const Tensor& x) { return var(x, 0); })
      .gives({m}, f64({{4. / 3}, {4. / 3}}), corrected)
      .gives({f64({1e6 + 1, 1e6 + 2, 1e6 + 3})}, f64(1), [](const Tensor& x) { return var(x); })
      .gives({tensor({16777216, 16777218, 16777224, 16777222})}, tensor(13. + 1. / 3), [](const Tensor& x) { return var(x); })
      .gives({f64({3}), zeros({0}, DType::float64)}, {f64(kNan), f64(kNan)},
             [](const Tensor& x, const Tensor& y) {
               return std::vector<Tensor>{var(x), var(y)};
             })
      .fails("var: got int64, expected float32 or float64: convert with to()", [] { return var(i64({1})); })
      .fails("var: the correction is NaN, expected a number", [] { return var(zeros({2}), {}, false, kNan); });
  reduction(t, "std", [](const TensorArg& x, const Axes& axes, bool keepdim) { return chainrule::std(x, axes, keepdim, 0); })
      .on({{2, 3}}, [](const Tensor& x) { return chainrule::std(x); })
      .smooth_at({f64({1, -2, 4})}, f64(8.18535277187245), {f64({-0.12216944435630522, -0.8551861104941365, 1.6492874988101205})},
                 {f64({-0.051055887193679796, 0.07020184489130972, 0.04786489424407481})},
                 [](const Tensor& x) {
                   return chainrule::std(x * tensor({1, 2, 3}, x.dtype()), {}, false, 1);
                 })
      .smooth_at({f64({3e30, -2e30, 0})}, f64(2.8674417556808754e30),
                 {f64({0.38749212914606423, -0.8524826841213414, 0.11624763874381931})},
                 {f64({-6.912021763146012e-32, -1.0368032644719017e-31, 3.6288114256516562e-31})},
                 [](const Tensor& x) {
                   return chainrule::std(x * tensor({1, 2, 3}, x.dtype()), {}, false, 0);
                 })
      .smooth_at({f64({3e-30, -2e-30, 0})}, f64(2.8674417556808756e-30),
                 {f64({0.38749212914606423, -0.8524826841213414, 0.11624763874381933})},
                 {f64({-6.912021763146011e28, -1.0368032644719016e29, 3.628811425651656e29})},
                 [](const Tensor& x) {
                   return chainrule::std(x * tensor({1, 2, 3}, x.dtype()), {}, false, 0);
                 })
      .smooth_at({f64({3e200, -2e200, 0})}, f64(2.8674417556808756e200),
                 {f64({0.3874921291460643, -0.8524826841213414, 0.11624763874381928})},
                 {f64({-6.912021763146011e-202, -1.0368032644719017e-201, 3.628811425651656e-201})},
                 [](const Tensor& x) {
                   return chainrule::std(x * tensor({1, 2, 3}, x.dtype()), {}, false, 0);
                 })
      // The tip of a cone has no second derivatives.
      .kink({f64({6, 3, 2})}, f64(0), {f64({0, 0, 0})}, {f64({kNan, kNan, kNan})},
            [](const Tensor& x) {
              return chainrule::std(x * tensor({1, 2, 3}, x.dtype()), {}, false, 0);
            })
      .gives({m}, f64(1.8708286933869707), [](const Tensor& x) { return chainrule::std(x); })
      .gives({m}, f64({1.5, 1.5, 1.5}), [](const Tensor& x) { return chainrule::std(x, 0, false, 0); })
      .gives({f64({3})}, f64(kNan), [](const Tensor& x) { return chainrule::std(x); })
      .gives({f64({3, 3})}, undefined, hessian_of([](const Tensor& x) { return square(chainrule::std(x)); }))
      .gives({f64({3, 3})}, f64({{0.5, -0.5}, {-0.5, 0.5}}), hessian_of([](const Tensor& x) { return var(x, {}, false, 0); }))
      .gives({f64({3e30, -3e30}), f64({3e-30, -3e-30})}, {f64(3e30), f64(3e-30)},
             [](const Tensor& x, const Tensor& y) {
               return std::vector<Tensor>{chainrule::std(x, {}, false, 0), chainrule::std(y, {}, false, 0)};
             })
      .gives({f64({3e200, -3e200}), f64({3e-200, -3e-200})}, {f64(3e200), f64(3e-200)},
             [](const Tensor& x, const Tensor& y) {
               return std::vector<Tensor>{chainrule::std(x, {}, false, 0), chainrule::std(y, {}, false, 0)};
             })
      .fails("std: got int64, expected float32 or float64: convert with to()", [] { return chainrule::std(i64({1})); });

  const auto with = [](double p, const Axes& axes = {}, bool keepdim = false) {
    return [=](const Tensor& x) { return norm(x, p, axes, keepdim); };
  };
  const Domain away{.low = -2, .high = 2, .avoid = {0}};
  Row& row = reduction(
      t, "norm", [](const TensorArg& x, const Axes& axes, bool keepdim) { return norm(x, 2, axes, keepdim); }, away);
  for (const double p : {0.0, 0.5, 1.0, 1.5, 3.0, -1.0, kInf, -kInf})
    row.on({{5}}, with(p)).on({Shape{}}, with(p)).on({{2, 3, 2}}, with(p, {0, 2})).on({{2, 3}}, with(p, -1, true));
  row.smooth_at({f64({3, -4})}, f64(5), {f64({0.6, -0.8})}, {f64({0.224, 0.168})})
      .smooth_at({f64({3e30, -4e30})}, f64(5e30), {f64({0.6, -0.8})}, {f64({2.24e-31, 1.68e-31})})
      .smooth_at({f64({3e-30, -4e-30})}, f64(5.0000000000000004e-30), {f64({0.6, -0.8})}, {f64({2.24e29, 1.68e29})})
      .smooth_at({f64({3e-200, -4e-200})}, f64(5e-200), {f64({0.6, -0.8})}, {f64({2.24e199, 1.68e199})})
      .smooth_at({f64({1, 0, 0})}, f64(1), {f64({1, 0, 0})}, {f64({0, 1, 1})})
      .smooth_at({f64({2, 0, -1})}, f64(2.0305431848689306), {f64({0.9555497340559674, 0, -0.11944371675699593})},
                 {f64({0.25293963548540316, 0, 0.5058792709708063})}, with(4))
      .smooth_at({f64({2, -1})}, f64(5.82842712474619), {f64({1.7071067811865475, -2.414213562373095})},
                 {f64({-0.5303300858899106, -1.0606601717798212})}, with(0.5))
      .smooth_at({f64({2, -1})}, f64(0.6666666666666666), {f64({0.1111111111111111, -0.4444444444444444})},
                 {f64({-0.2222222222222222, -0.4444444444444444})}, with(-1))
      .smooth_at({f64({2, -1})}, f64(3), {f64({1, -1})}, {f64({0, 0})}, with(1))
      .smooth_at({f64({1e-30, -1e-30})}, f64(1.0717734625362932e-30), {f64({0.5358867312681466, -0.5358867312681466})},
                 {f64({4.8229805814133186e30, 4.8229805814133186e30})}, with(10))
      .smooth_at({f64({1e30, -1e30})}, f64(1.0717734625362932e30), {f64({0.5358867312681466, -0.5358867312681466})},
                 {f64({4.8229805814133194e-30, 4.8229805814133194e-30})}, with(10))
      // The tip of a cone has no second derivatives.
      .kink({f64({0, 0})}, f64(0), {f64({0, 0})}, {f64({kNan, kNan})})
      .kink({f64({0, 0})}, f64(0), {f64({0, 0})}, {f64({kNan, kNan})}, with(1.5))
      .kink({f64({0, 0})}, f64(0), {f64({0, 0})}, {f64({kNan, kNan})}, with(3))
      .kink({f64({0, -2})}, f64(2), {f64({0, -1})}, {f64({kInf, 0})}, with(1.5))
      .kink({f64({0, -2, 3})}, f64(5), {f64({0, -1, 1})}, {f64({0, 0, 0})}, with(1))
      .kink({f64({3, -3, 1})}, f64(3), {f64({0.5, -0.5, 0})}, {f64({0, 0, 0})}, with(kInf))
      .kink({f64({3, -1, 1})}, f64(1), {f64({0, -0.5, 0.5})}, {f64({0, 0, 0})}, with(-kInf))
      .kink({f64({3, -3, 0})}, f64(2), {f64({0, 0, 0})}, {f64({0, 0, 0})}, with(0))
      .gives({f64({3, -4})}, f64(5))
      .gives({f64({3, 0, -4})}, f64(7), with(1))
      .gives({f64({3, 0, kNan})}, f64(2), with(0))
      .gives({f64({3, 0, -4})}, f64(4), with(kInf))
      .gives({f64({3, 1, -4})}, f64(1), with(-kInf))
      .gives({f64({{3, -4}, {1, -1}})}, f64({4.497941445275415, 1.2599210498948732}), with(3, 1))
      .gives({f64({3, kNan})}, f64(kNan))
      .gives({zeros({2, 0}, DType::float64)}, f64({0, 0}), with(2, 1))
      .gives({f64({0, 0})}, undefined, hessian_of([](const Tensor& x) { return norm(x); }))
      .gives({f64({0, 0})}, undefined, hessian_of([](const Tensor& x) { return square(norm(x)); }))
      .gives({f64({0, 0})}, undefined, hessian_of([](const Tensor& x) { return square(norm(x, 3)); }))
      .gives({f64({3e30, -4e30})}, {f64(5e30), f64(4.497941445275415e30), f64(1.3928203230275509e31)},
             [](const Tensor& x) {
               return std::vector<Tensor>{norm(x), norm(x, 3), norm(x, 0.5)};
             })
      .gives({f64({3e-30, -4e-30})}, {f64(5e-30), f64(4.497941445275415e-30), f64(1.3928203230275509e-29)},
             [](const Tensor& x) {
               return std::vector<Tensor>{norm(x), norm(x, 3), norm(x, 0.5)};
             })
      .gives({f64({3e200, -4e200}), f64({3e-200, -4e-200})}, {f64(5e200), f64(5e-200)},
             [](const Tensor& x, const Tensor& y) {
               return std::vector<Tensor>{norm(x), norm(y)};
             })
      .fails("norm: got int64, expected float32 or float64: convert with to()", [] { return norm(i64({1})); })
      .fails("norm: p is NaN, expected a number", [] { return norm(zeros({2}), kNan); })
      .fails("norm: the reduced axes of shape [2, 0] have no elements, expected at least one for p = inf", [] {
        return norm(zeros({2, 0}), kInf, 1);
      });
}

}  // namespace

void add_reduce_rows(Table& t) {
  const Tensor m = f64({{1, 2, 3}, {4, 5, 6}});
  reduction(t, "sum", sum)
      .on({{0}})
      .on({{0, 3}}, [](const Tensor& x) { return sum(x, 0); })
      .everywhere_smooth("linear")
      .gives({m}, f64(21))
      .gives({m}, f64({5, 7, 9}), [](const Tensor& x) { return sum(x, 0); })
      .gives({m}, f64({{6}, {15}}), [](const Tensor& x) { return sum(x, -1, true); })
      .gives({zeros({2, 0}, DType::float64)}, f64({0, 0}), [](const Tensor& x) { return sum(x, 1); })
      .gives({f64({1, kInf}), f64({kInf, -kInf})}, {f64(kInf), f64(kNan)},
             [](const Tensor& x, const Tensor& y) {
               return std::vector<Tensor>{sum(x), sum(y)};
             })
      .gives({i64({{1, 2}, {3, 4}})}, i64({4, 6}), [](const Tensor& x) { return sum(x, 0); });
  reduction(t, "mean", mean)
      .on({{0, 3}}, [](const Tensor& x) { return mean(x, {1}); })
      .everywhere_smooth("linear")
      .gives({m}, f64(3.5))
      .gives({m}, f64({2.5, 3.5, 4.5}), [](const Tensor& x) { return mean(x, 0); })
      .gives({m}, f64({{2}, {5}}), [](const Tensor& x) { return mean(x, -1, true); })
      .gives({zeros({2, 0}, DType::float64)}, f64({kNan, kNan}), [](const Tensor& x) { return mean(x, 1); })
      .fails("mean: got int64, expected float32 or float64: convert with to()", [] { return mean(i64({1})); });
  reduction(t, "max", max)
      .kink({f64({1, 4, 4, 3})}, f64(4), {f64({0, 0.5, 0.5, 0})}, {f64({0, 0, 0, 0})})
      .kink({f64({{2, 2}, {2, 1}})}, f64({2, 2}), {f64({{0.5, 0.5}, {1, 0}})}, {f64({{0, 0}, {0, 0}})},
            [](const Tensor& x) { return max(x, 1); })
      .kink({f64({{2, 2}, {2, 1}})}, f64(2), {f64({{0.3333333333333333, 0.3333333333333333}, {0.3333333333333333, 0}})},
            {f64({{0, 0}, {0, 0}})},
            [](const Tensor& x) {
              return max(x, {0, 1});
            })
      .gives({m}, f64(6))
      .gives({f64({{1, 5, 3}, {4, 2, -6}})}, f64({4, 5, 3}), [](const Tensor& x) { return max(x, 0); })
      .gives({f64({{1, kNan}, {-kInf, -kInf}})}, f64({{kNan}, {-kInf}}), [](const Tensor& x) { return max(x, 1, true); })
      .fails("max: the reduced axes of shape [2, 0] have no elements",
             [] {
               return max(zeros({2, 0}), 1);
             })
      .gives({i64({{1, 2}, {3, -4}})}, i64({2, 3}), [](const Tensor& x) { return max(x, 1); });
  reduction(t, "min", min)
      .kink({f64({4, 1, 3, 1})}, f64(1), {f64({0, 0.5, 0, 0.5})}, {f64({0, 0, 0, 0})})
      .kink({f64({{2, 2}, {3, 1}})}, f64({2, 1}), {f64({{0.5, 0.5}, {0, 1}})}, {f64({{0, 0}, {0, 0}})},
            [](const Tensor& x) { return min(x, 1); })
      .gives({m}, f64(1))
      .gives({f64({{1, 5, 3}, {4, 2, -6}})}, f64({1, 2, -6}), [](const Tensor& x) { return min(x, 0); })
      .gives({f64({{1, kNan}, {kInf, kInf}})}, f64({{kNan}, {kInf}}), [](const Tensor& x) { return min(x, 1, true); })
      .fails("min: the reduced axes of shape [2, 0] have no elements",
             [] {
               return min(zeros({2, 0}), 1);
             })
      .gives({i64({{1, 2}, {3, -4}})}, i64({1, -4}), [](const Tensor& x) { return min(x, 1); });
  reduction(t, "logsumexp", logsumexp)
      .smooth_at({f64({{0, 0}, {1, 2}, {1e3, -1e3}})}, f64({0.6931471805599453, 4.048587351573742, 1e3}),
                 {f64({{0.5, 1}, {0.04742587317756678, 1.9051482536448665}, {1, 0}})},
                 {f64({{-0.25, 0.5}, {-0.04517665973091213, 0.09035331946182426}, {0, 0}})},
                 [](const Tensor& x) {
                   return logsumexp(x * tensor({1, 2}, x.dtype()), -1);
                 })
      .kink({f64({{0, -kInf}, {1, kInf}, {-kInf, -kInf}})}, f64({0, kInf, -kInf}), {f64({{1, 0}, {0, 2}, {0.5, 1}})},
            {f64({{0, 0}, {0, 0}, {-0.25, 0.5}})},
            [](const Tensor& x) {
              return logsumexp(x * tensor({1, 2}, x.dtype()), -1);
            })
      .kink({f64({{-kInf, -kInf}, {0, 0}})}, f64({0, 0.6931471805599453}), {f64({{0, 0}, {0.5, 0.5}})}, {f64({{0, 0}, {0, 0}})},
            [](const Tensor& x) {
              return where(tensor({0, 1}, x.dtype()), logsumexp(x, 1), 0.0);
            })
      .gives({f64({1, 2, 3})}, f64(3.40760596444438))
      .gives({f64({{0, 0}, {1, 2}})}, f64({0.6931471805599453, 2.313261687518223}), [](const Tensor& x) { return logsumexp(x, 1); })
      .gives({f64({{0, 1}, {0, 2}})}, f64({{0.6931471805599453, 2.313261687518223}}), [](const Tensor& x) { return logsumexp(x, 0, true); })
      .gives({f64({1e4, 1e4}), f64({-1e4, -1e4})}, {f64(10000.693147180559945), f64(-9999.306852819440055)},
             [](const Tensor& x, const Tensor& y) {
               return std::vector<Tensor>{logsumexp(x), logsumexp(y)};
             })
      .gives({zeros({2, 0}, DType::float64)}, f64({-kInf, -kInf}), [](const Tensor& x) { return logsumexp(x, 1); })
      .fails("logsumexp: got int64, expected float32 or float64: convert with to()", [] { return logsumexp(i64({1})); });

  const Tensor mixed = f64({{1, 5, 5}, {7, 2, -6}});
  t.row("argmax", [](const Tensor& x) { return argmax(x); })
      .constant()
      .on({Shape{}})
      .on({{2, 3}})
      .on({{2, 3, 2}}, [](const Tensor& x) { return argmax(x, 1); })
      .everywhere_smooth("constant: no gradient")
      .gives({mixed}, i64(3))
      .gives({mixed}, i64({1, 0}), [](const Tensor& x) { return argmax(x, 1); })
      .gives({mixed}, i64({{1, 0, 0}}), [](const Tensor& x) { return argmax(x, -2, true); })
      .gives({f64({1, kNan, 3})}, i64(1))
      .gives({f64(2)}, i64(0), [](const Tensor& x) { return argmax(x, 0); })
      .gives({zeros({0, 2}, DType::float64)}, zeros({0}, DType::int64), [](const Tensor& x) { return argmax(x, 1); })
      .fails("argmax: undefined tensor", [] { return argmax(Tensor()); })
      .fails("argmax: axis 2 is out of range for a tensor of shape [2, 3], expected -2 to 1",
             [] {
               return argmax(zeros({2, 3}), 2);
             })
      .fails("argmax: shape [2, 0] has no elements to choose from",
             [] {
               return argmax(zeros({2, 0}), 1);
             })
      .gives({i64({{1, 2}, {3, -4}})}, i64({1, 0}), [](const Tensor& x) { return argmax(x, 1); });
  t.row("argmin", [](const Tensor& x) { return argmin(x); })
      .constant()
      .on({Shape{}})
      .on({{2, 3}})
      .on({{2, 3, 2}}, [](const Tensor& x) { return argmin(x, 1); })
      .everywhere_smooth("constant: no gradient")
      .gives({mixed}, i64(5))
      .gives({mixed}, i64({0, 2}), [](const Tensor& x) { return argmin(x, 1); })
      .gives({mixed}, i64({{0, 1, 1}}), [](const Tensor& x) { return argmin(x, -2, true); })
      .gives({f64({1, kNan, -3})}, i64(1))
      .fails("argmin: undefined tensor", [] { return argmin(Tensor()); })
      .fails("argmin: shape [0] has no elements to choose from", [] { return argmin(zeros({0})); })
      .gives({i64({{1, 2}, {3, -4}})}, i64({0, 1}), [](const Tensor& x) { return argmin(x, 1); });
  add_truths(t);
  add_products(t);
  add_moments(t);
}

}  // namespace chainrule::test
