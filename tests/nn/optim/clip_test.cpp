// Clipping of gradients against PyTorch (tests/reference/optimizers.py), and what it refuses.
#include "nn/optim/clip.h"

#include <limits>
#include <utility>

#include "tests/autograd/base/throws.h"
#include "tests/nn/optim/message.h"
#include "tests/nn/optim/optim_reference.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_relative;
using cr::test::message;
using cr::test::reference;
using cr::test::ReferenceParameters;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> gradients(const ReferenceParameters& p) {
  std::vector<double> all = p.a.grad().to_vector<double>();
  const std::vector<double> more = p.b.grad().to_vector<double>();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(clip)

BOOST_AUTO_TEST_CASE(clipping_as_torch) {
  const std::pair<double, double> cases[] = {{0.3, 2}, {0.3, 1}, {0.1, kInfinity}, {0.25, 3.5}, {100, 2}};
  for (const cr::DType dtype : {cr::DType::float64, cr::DType::float32}) {
    const double tolerance = cr::test::reference_tolerance(dtype);
    for (std::size_t i = 0; i < std::size(cases); ++i) {
      ReferenceParameters p(dtype);
      p.set_gradients(1);
      const cr::Tensor held = p.a.grad();
      const std::vector<double> before = held.to_vector<double>();
      std::vector<double> got{nn::clip_grad_norm({p.a, p.b, cr::variable({1})}, cases[i].first, cases[i].second)};
      const std::vector<double> clipped = gradients(p);
      got.insert(got.end(), clipped.begin(), clipped.end());
      check_relative(got, reference("clip_norm")[i], tolerance, "clip_norm " + std::to_string(i));
      BOOST_TEST(held.to_vector<double>() == before);  // a handle on the gradient keeps its values
    }
    ReferenceParameters p(dtype);
    p.set_gradients(1);
    nn::clip_grad_value({p.a, p.b}, 0.1);
    check_relative(gradients(p), reference("clip_value")[0], tolerance, "clip_value");
  }
}

BOOST_AUTO_TEST_CASE(clipping_what_is_not_finite_and_refusing) {
  cr::Tensor w = cr::variable({1, 2});
  w.set_grad(cr::tensor({kNaN, 1}));
  BOOST_TEST(std::isnan(nn::clip_grad_norm(w, 1)));
  BOOST_TEST(std::isnan(nn::clip_grad_norm(w, 1, kInfinity)));
  w.set_grad(cr::tensor({kInfinity, 1}));
  nn::clip_grad_value(w, 0.5);
  BOOST_TEST(w.grad().to_vector<double>() == std::vector<double>({0.5, 0.5}));
  BOOST_TEST(nn::clip_grad_norm(cr::variable({1}), 1) == 0);
  BOOST_TEST(message([&] { nn::clip_grad_norm(w, -1); }) == "clip_grad_norm: max_norm is -1, expected 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::clip_grad_norm(w, 1, 0); }) == "clip_grad_norm: norm_type is 0, expected a number above 0" + at_line());
  BOOST_TEST(message([&] { nn::clip_grad_value(w, kNaN); }) == "clip_grad_value: limit is nan, expected 0 or more" + at_line());
  BOOST_TEST(message([&] {
               nn::clip_grad_value({w, cr::Tensor()}, 1);
             }) == "clip_grad_value: parameter 1 is an undefined tensor" + at_line());
}

BOOST_AUTO_TEST_CASE(large_powers_and_gradients_neither_overflow_nor_underflow) {
  for (const double scale : {1e-200, 1e-30, 1.0, 1e30, 1e200}) {
    for (const auto& [p, norm] :
         {std::pair(1.0, 7.0), {2.0, 5.0}, {10.0, 4.0219741498223316}, {100.0, 4.000000000000013}, {kInfinity, 4.0}}) {
      cr::Tensor x = cr::zeros({2}, cr::DType::float64).set_requires_grad(true);
      x.set_grad(cr::tensor({3, -4}, cr::DType::float64) * scale);
      check_relative({nn::clip_grad_norm({x}, 1, p)}, {norm * scale}, 1e-11, "norm");
      if (scale > 1) check_relative(x.grad().to_vector<double>(), {3 / norm, -4 / norm}, 1e-11, "clipped");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
