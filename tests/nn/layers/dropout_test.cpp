// Dropout: its mask, drawn by its seed, its gradient, and what it does in eval.
#include "nn/layers/dropout.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "nn/nn.h"
#include "tests/nn/layers/check_close.h"
#include "tests/nn/layers/random.h"
#include "tests/nn/layers/reference.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::check_close;
using cr::test::kDouble;
using cr::test::random;

namespace {

double zeros_in(const cr::Tensor& x) { return cr::sum(cr::eq(x, 0)).item(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(dropout)

BOOST_AUTO_TEST_CASE(dropout_has_the_gradient_of_its_mask) {
  // Drawn by the same seed at each call, the mask is the same: a linear function of x.
  const auto masked = [](double p) {
    return [p](const cr::Tensor& x) {
      cr::Generator generator(21);
      return nn::Dropout(p, {.generator = &generator})(x);
    };
  };
  const cr::Tensor x = random({6, 7}, 12);
  for (const double p : {0.0, 0.25, 0.8, 1.0}) {
    const cr::GradcheckResult first = cr::gradcheck(masked(p), {x});
    BOOST_TEST(first.passed, "Dropout " << p << ": " << first.report);
    const cr::GradcheckResult second = cr::gradgradcheck(masked(p), {x});
    BOOST_TEST(second.passed, "Dropout " << p << ", twice: " << second.report);
    for (const cr::DType dtype : {kDouble, cr::DType::float32}) {
      const cr::Tensor mask = masked(p)(cr::ones({6, 7}, dtype));
      const double tolerance = dtype == kDouble ? 1e-15 : 1e-6;
      for (const double factor : mask.to_vector<double>()) BOOST_TEST((factor == 0 || std::abs(factor * (1 - p) - 1) < tolerance));
      cr::Tensor z = x.to(dtype).detach().set_requires_grad(true);
      const cr::Tensor y = masked(p)(z), weights = cr::test::weights_like(y);
      BOOST_TEST(y.dtype() == dtype);
      check_close(y, (mask * z).to_vector<double>(), tolerance);
      y.backward({.gradient = weights});
      check_close(z.grad(), (mask * weights).to_vector<double>(), tolerance);
    }
  }
}

BOOST_AUTO_TEST_CASE(dropout_leaves_out_each_element_alone) {
  for (const double p : {0.1, 0.5, 0.75}) {
    cr::Generator generator(31);
    const nn::Dropout dropout(p, {.generator = &generator});
    const cr::Tensor left_out = cr::eq(dropout(cr::ones({300, 200}, kDouble)), 0).to(kDouble);
    const double share = cr::mean(left_out).item();
    // Bounds of five deviations: of the share, of its rows' and columns' shares, and of neighbours both left out.
    const auto within = [&](double got, double wanted, double draws) {
      BOOST_TEST(std::abs(got - wanted) < 5 * std::sqrt(wanted * (1 - wanted) / draws),
                 "p " << p << ": " << got << ", expected " << wanted);
    };
    within(share, p, 60000);
    within(cr::max(cr::mean(left_out, {1})).item(), p, 200);
    within(cr::min(cr::mean(left_out, {1})).item(), p, 200);
    within(cr::max(cr::mean(left_out, {0})).item(), p, 300);
    within(cr::min(cr::mean(left_out, {0})).item(), p, 300);
    within(cr::mean(cr::slice(left_out, 1, 0, 199) * cr::slice(left_out, 1, 1, 200)).item(), p * p, 299 * 199 / 3.0);
    within(cr::mean(cr::slice(left_out, 0, 0, 299) * cr::slice(left_out, 0, 1, 300)).item(), p * p, 299 * 199 / 3.0);
    // The next mask has nothing to do with this one.
    const cr::Tensor next = cr::eq(dropout(cr::ones({300, 200}, kDouble)), 0).to(kDouble);
    within(cr::mean(left_out * next).item(), p * p, 60000);
  }
}

BOOST_AUTO_TEST_CASE(dropout_in_training_leaves_out_p_and_scales_the_rest) {
  cr::Generator generator(11);
  const nn::Dropout dropout(0.3, {.generator = &generator});
  const cr::Tensor x = cr::ones({200, 300}, kDouble).set_requires_grad(true);
  const cr::Tensor y = dropout(x);
  // 60,000 draws: a deviation of the share is 0.0019.
  BOOST_TEST(std::abs(zeros_in(y) / 60000 - 0.3) < 0.01);
  BOOST_TEST(std::abs(cr::mean(y).item() - 1) < 0.02);
  BOOST_TEST(cr::max(y).item() == 1 / 0.7);
  cr::sum(y).backward();
  BOOST_TEST(x.grad().to_vector<double>() == y.to_vector<double>());  // the mask itself, x being 1
  BOOST_TEST(dropout(x).to_vector<double>() != y.to_vector<double>());
}

BOOST_AUTO_TEST_CASE(dropout_draws_by_its_seed) {
  cr::Generator first(4), second(4);
  const cr::Tensor x = cr::ones({50, 4});
  const cr::Tensor a = nn::Dropout(0.5, {.generator = &first})(x), b = nn::Dropout(0.5, {.generator = &second})(x);
  BOOST_TEST(a.to_vector<float>() == b.to_vector<float>());
  const nn::Dropout by_default;
  cr::manual_seed(8);
  const std::vector<float> c = by_default(x).to_vector<float>();
  cr::manual_seed(8);
  BOOST_TEST(by_default(x).to_vector<float>() == c);
  BOOST_TEST(by_default(x).to_vector<float>() != c);
}

BOOST_AUTO_TEST_CASE(dropout_of_nothing_of_all_and_in_eval) {
  const cr::Tensor x = cr::ones({3, 2});
  BOOST_TEST(nn::Dropout(0)(x).is(x));
  BOOST_TEST(zeros_in(nn::Dropout(1)(x)) == 6);
  nn::Sequential model{nn::Dropout(0.5)};
  model.eval();
  BOOST_TEST(model(x).is(x));
  BOOST_TEST(nn::Dropout(0.5)(cr::zeros({0, 2})).shape() == (cr::Shape{0, 2}));
}

BOOST_AUTO_TEST_CASE(an_infinite_element_that_is_dropped_is_0) {
  cr::Generator generator(1);
  const cr::Tensor x = cr::full({100}, std::numeric_limits<double>::infinity()).set_requires_grad(true);
  const cr::Tensor y = nn::Dropout(0.5, {.generator = &generator})(x);
  const double dropped = zeros_in(y);
  BOOST_TEST(dropped > 20);
  BOOST_TEST(cr::sum(cr::isinf(y)).item() == static_cast<double>(100 - dropped));
  cr::sum(y).backward();
  BOOST_TEST(zeros_in(x.grad()) == dropped);
  BOOST_TEST(zeros_in(nn::Dropout(1)(x)) == 100);
}

BOOST_AUTO_TEST_CASE(dropout_in_a_checkpoint_draws_the_same_mask_again) {
  cr::Generator generator(1);
  nn::Dropout own(0.5, {.generator = &generator}), common(0.5);
  nn::Sequential both{nn::Dropout(0.3, {.generator = &generator}), nn::Dropout(0.3)};
  const auto check = [&](const nn::Module& layer) {
    const cr::Tensor x = cr::full({50}, 1.0).set_requires_grad(true);
    const cr::Tensor y = cr::checkpoint([&](const cr::Tensor& h) { return layer(h); }, {x});
    layer(x);  // draws on
    const cr::Generator before = generator, default_before = cr::default_generator();
    cr::sum(y).backward();
    check_close(x.grad(), y.to_vector<double>());
    BOOST_TEST((generator == before && cr::default_generator() == default_before));
  };
  check(own);
  check(common);
  check(both);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_keeps_the_mode_of_its_first_run) {
  const nn::Dropout layer(0.5);
  const cr::Tensor x = cr::full({50}, 1.0).set_requires_grad(true);
  cr::Tensor y;
  {
    const nn::EvalScope eval;
    y = cr::checkpoint([&](const cr::Tensor& h) { return layer(h) * 2; }, {x});
  }
  cr::sum(y).backward();
  check_close(x.grad(), std::vector<double>(50, 2));
  BOOST_TEST(layer.is_training());
}

BOOST_AUTO_TEST_SUITE_END()
