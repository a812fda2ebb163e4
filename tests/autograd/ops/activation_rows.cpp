// Rows of autograd/ops/activation.h.
#include <limits>

#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// What softmax and log_softmax share.
Row& along_axis(Table& t, const char* name, Tensor (*f)(const TensorArg& x, int axis), SourceLine line = SourceLine::current()) {
  const auto axis = [f](int at) { return [=](const Tensor& x) { return f(x, at); }; };
  const std::string op = name;
  return t.row(name, axis(-1), {.low = -3, .high = 3}, line)
      .on({Shape{}})
      .on({{1}})
      .on({{1, 1}})
      .on({{19}})
      .on({{1, 5}})
      .on({{5, 1}})
      .on({{2, 3, 4}})
      .on({{0, 3}})
      .on({{3, 0}})
      .on({Shape{}}, axis(0))
      .on({{5, 1}}, axis(0))
      .on({{3, 4}}, axis(0))
      .on({{2, 3, 4}}, axis(1))
      .on({{2, 3, 4}}, axis(-3))
      .on({{2, 0}}, axis(0))
      .fails(
          op + ": undefined tensor", [f, line] { f(TensorArg(Tensor(), line), 0); }, line)
      .fails(
          op + ": got int64, expected float32 or float64: convert with to()", [f, line] { f(TensorArg(i64({1}), line), 0); }, line)
      .fails(
          op + ": axis 2 is out of range for a tensor of rank 2, expected -2 to 1",
          [f, line] {
            f(TensorArg(zeros({2, 3}), line), 2);
          },
          line);
}

}  // namespace

void add_activation_rows(Table& t) {
  t.unary("relu", relu, [](double x) { return x > 0 ? x : 0; }, {.avoid = {0}})
      .gives({f64({-1.5, 0, 2, kInf, -kInf, kNan})}, f64({0, 0, 2, kInf, 0, kNan}))
      .kink({f64({-1, -0.0, 0, 1})}, f64({0, 0, 0, 1}), {f64({0, 0, 0, 1})});

  along_axis(t, "softmax", softmax)
      .gives({f64({{1, 2, 3}, {0, 0, 0}})}, f64({{0.09003057317038046, 0.24472847105479764, 0.6652409557748219}, {1. / 3, 1. / 3, 1. / 3}}))
      .gives({f64({{0, 1}, {0, 1}})}, f64({{0.5, 0.5}, {0.5, 0.5}}), [](const Tensor& x) { return softmax(x, 0); })
      .gives({f64({1e4, -1e4, 1e4}), f64({0, -kInf})}, {f64({0.5, 0, 0.5}), f64({1, 0})},
             [](const Tensor& x, const Tensor& y) {
               return std::vector<Tensor>{softmax(x, 0), softmax(y, 0)};
             })
      .gives({f64(7)}, f64(1))
      .gives({f64({{1, kInf, -kInf}, {kInf, 1, kInf}, {-kInf, -kInf, -kInf}})}, f64({{0, 1, 0}, {kNan, kNan, kNan}, {kNan, kNan, kNan}}))
      .kink({f64({{-kInf, -kInf}, {1, kInf}})}, f64({{0, 0}, {0, 1}}), {f64({{0, 0}, {0, 0}})},
            [](const Tensor& x) {
              return where(tensor({{0}, {1}}, x.dtype()), softmax(x, 1), 0.0);
            })
      .kink({f64({1e4, -1e4})}, f64({1, 0}), {f64({0, 0})});
  along_axis(t, "log_softmax", log_softmax)
      .gives({f64({{1, 2, 3}, {0, 0, 0}})}, f64({{-2.40760596444438, -1.4076059644443804, -0.4076059644443803},
                                                 {-1.0986122886681098, -1.0986122886681098, -1.0986122886681098}}))
      .gives({f64({{0, 1}, {0, 1}})}, f64({{-0.6931471805599453, -0.6931471805599453}, {-0.6931471805599453, -0.6931471805599453}}),
             [](const Tensor& x) { return log_softmax(x, 0); })
      .gives({f64({1e4, -1e4})}, f64({0, -2e4}))
      .gives({f64({1e4, 1e4})}, f64({-0.6931471805599453, -0.6931471805599453}))
      .gives({f64(7)}, f64(0))
      .gives({f64({{1, kInf, -kInf}, {-kInf, -kInf, -kInf}})}, f64({{-kInf, 0, -kInf}, {kNan, kNan, kNan}}))
      .kink({f64({{-kInf, -kInf}, {1, kInf}})}, f64({{0}, {0}}), {f64({{0, 0}, {0, 0}})},
            [](const Tensor& x) {
              return slice(where(tensor({{0}, {1}}, x.dtype()), log_softmax(x, 1), 0.0), 1, 1, 2);
            })
      .kink({f64({1e4, -1e4})}, f64({0, -2e4}), {f64({-1, 1})});
}

}  // namespace chainrule::test
