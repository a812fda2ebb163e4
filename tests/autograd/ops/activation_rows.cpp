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
          op + ": axis 2 is out of range for a tensor of shape [2, 3], expected -2 to 1",
          [f, line] {
            f(TensorArg(zeros({2, 3}), line), 2);
          },
          line);
}

// f along the last axis with weights inside and outside. Without them the sum of the results, or of their gradients, is a constant.
auto uneven(Tensor (*f)(const TensorArg& x, int axis)) {
  return [f](const Tensor& x) {
    const Tensor weights = tensor({1, 2, 3}, x.dtype());
    return f(x * weights, -1) * weights;
  };
}

}  // namespace

void add_activation_rows(Table& t) {
  t.unary("relu", relu, [](double x) { return x > 0 ? x : 0; }, {.avoid = {0}})
      .kink({f64({-1, -0.0, 0, 1})}, f64({0, 0, 0, 1}), {f64({0, 0, 0, 1})}, {f64({0, 0, 0, 0})})
      .gives({f64({-1.5, 0, 2, kInf, -kInf, kNan})}, f64({0, 0, 2, kInf, 0, kNan}));

  along_axis(t, "softmax", softmax)
      .smooth_at({f64({{0.5, 0, -0.5}, {0, 0, 0}})},
                 f64({{0.5740969929676946, 0.6964148557674698, 0.23308673744571176}, {0.3333333333333333, 0.6666666666666666, 1}}),
                 {f64({{-0.2891144339892233, 0.34570131900761325, 0.34879132345625}, {-0.3333333333333333, 0, 1}})},
                 {f64({{-0.08712879029846494, -0.11070478307162646, 0.4274435455028345},
                       {0.1111111111111111, -0.4444444444444444, 0.3333333333333333}})},
                 uneven(softmax))
      .smooth_at({f64({{1e4, -1e4, 0}})}, f64({{1, 0, 0}}), {f64({{0, 0, 0}})}, {f64({{0, 0, 0}})}, uneven(softmax))
      .kink({f64({{-kInf, 0, 0}, {1, kInf, -kInf}})}, f64({{0, 1, 1.5}, {0, 2, 0}}), {f64({{0, -0.5, 0.75}, {0, 0, 0}})},
            {f64({{0, 0, 0}, {0, 0, 0}})}, uneven(softmax))
      .kink({f64({{-kInf, -kInf}, {1, kInf}})}, f64({{0, 0}, {0, 1}}), {f64({{0, 0}, {0, 0}})}, {f64({{0, 0}, {0, 0}})},
            [](const Tensor& x) {
              return where(tensor({{0}, {1}}, x.dtype()), softmax(x, 1), 0.0);
            })
      .gives({f64({{1, 2, 3}, {0, 0, 0}})}, f64({{0.09003057317038046, 0.24472847105479764, 0.6652409557748219}, {1. / 3, 1. / 3, 1. / 3}}))
      .gives({f64({{0, 1}, {0, 1}})}, f64({{0.5, 0.5}, {0.5, 0.5}}), [](const Tensor& x) { return softmax(x, 0); })
      .gives({f64({1e4, -1e4, 1e4}), f64({0, -kInf})}, {f64({0.5, 0, 0.5}), f64({1, 0})},
             [](const Tensor& x, const Tensor& y) {
               return std::vector<Tensor>{softmax(x, 0), softmax(y, 0)};
             })
      .gives({f64(7)}, f64(1))
      .gives({f64({{1, kInf, -kInf}, {kInf, 1, kInf}, {-kInf, -kInf, -kInf}})}, f64({{0, 1, 0}, {kNan, kNan, kNan}, {kNan, kNan, kNan}}));
  along_axis(t, "log_softmax", log_softmax)
      .smooth_at(
          {f64({{0.5, 0, -0.5}, {1, 0, 0.25}})},
          f64({{-0.5549569196419907, -2.109913839283981, -7.664870758925972},
               {-0.7639225670692869, -3.5278451341385737, -3.0417677012078608}}),
          {f64({{-2.444581957806167, -0.17848913460481822, 7.60147957532573}, {-1.795013403599156, 1.943544062034503, 2.469724117745714}})},
          {f64({{1.73468660393534, -2.0742079140456795, -2.0927479407375}, {2.5070083392216125, -0.21190228427551194, -7.20317159125157}})},
          uneven(log_softmax))
      .smooth_at({f64({{1e4, -1e4, 0}})}, f64({{0, -6e4, -3e4}}), {f64({{-5, 4, 9}})}, {f64({{0, 0, 0}})}, uneven(log_softmax))
      .kink({f64({{-kInf, -kInf}, {1, kInf}})}, f64({{0}, {0}}), {f64({{0, 0}, {0, 0}})}, {f64({{0, 0}, {0, 0}})},
            [](const Tensor& x) {
              return slice(where(tensor({{0}, {1}}, x.dtype()), log_softmax(x, 1), 0.0), 1, 1, 2);
            })
      .gives({f64({{1, 2, 3}, {0, 0, 0}})}, f64({{-2.40760596444438, -1.4076059644443804, -0.4076059644443803},
                                                 {-1.0986122886681098, -1.0986122886681098, -1.0986122886681098}}))
      .gives({f64({{0, 1}, {0, 1}})}, f64({{-0.6931471805599453, -0.6931471805599453}, {-0.6931471805599453, -0.6931471805599453}}),
             [](const Tensor& x) { return log_softmax(x, 0); })
      .gives({f64({1e4, -1e4})}, f64({0, -2e4}))
      .gives({f64({1e4, 1e4})}, f64({-0.6931471805599453, -0.6931471805599453}))
      .gives({f64(7)}, f64(0))
      .gives({f64({{1, kInf, -kInf}, {-kInf, -kInf, -kInf}})}, f64({{-kInf, 0, -kInf}, {kNan, kNan, kNan}}));
}

}  // namespace chainrule::test
