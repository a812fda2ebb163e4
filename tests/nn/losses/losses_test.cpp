// Losses by hand, against torch, against differences, and where they are extreme.
// Covers nn/losses/classification.cpp, nn/losses/reduced.h, nn/losses/regression.cpp.
#include "nn/losses/losses.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>

#include "tests/nn/layers/check_close.h"
#include "tests/nn/losses/examples.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::check_close;
using cr::test::labels;
using cr::test::logits;
using cr::test::targets;

namespace {

cr::Tensor probabilities() {
  return cr::tensor({{0.2, 0.3, 0.5}, {0.0, 1.0, 0.0}, {0.6, 0.1, 0.3}, {0.25, 0.25, 0.5}}, cr::DType::float64);
}

struct Expected {
  std::vector<double> each;
  double mean, sum;
  std::vector<double> gradient;  // of the mean
};

template <class Options>
void check_loss(cr::Tensor (*loss)(const cr::TensorArg&, const cr::Tensor&, const Options&), const cr::Tensor& target,
                const Expected& expected, const cr::Shape& shape) {
  cr::Tensor x = logits();
  const cr::Tensor each = loss(x, target, {.reduction = nn::Reduction::none});
  BOOST_TEST(each.shape() == shape);
  check_close(each, expected.each);
  check_close(loss(x, target, {.reduction = nn::Reduction::sum}), {expected.sum});
  const cr::Tensor mean = loss(x, target, {});
  BOOST_TEST(mean.rank() == 0);
  check_close(mean, {expected.mean});
  mean.backward();
  check_close(x.grad(), expected.gradient);
}

}  // namespace

// Reference numbers: torch 1.13.1, tests/reference/losses_and_optimizers.py.
BOOST_AUTO_TEST_SUITE(losses)

BOOST_AUTO_TEST_CASE(cross_entropy_of_labels_as_torch) {
  check_loss(
      nn::cross_entropy, labels(),
      {{0.52390905617990779, 2.8290362014040995, 1.1793732921052462, 0},
       1.1330796374223133,
       4.5323185496892533,
       {0.089797026445634642, 0.012152706007825568, -0.10194973245346023, -0.23523256060187245, 0.23100161837696673, 0.0042309422249057023,
        0.010402931336975322, -0.17313215675776572, 0.16272922542079044, 0, 3.4597413168418439e-88, 1.8679930843357477e-43}},
      {4});
}

BOOST_AUTO_TEST_CASE(cross_entropy_of_probabilities_as_torch) {
  check_loss(nn::cross_entropy, probabilities(),
             {{1.3739090561799077, 0.079036201404099587, 2.1543732921052463, 98.5},
              25.526829637422313,
              102.10731854968925,
              {0.03979702644563464, -0.062847293992174424, 0.023050267546539771, 0.014767439398127559, -0.018998381623033272,
               0.0042309422249057023, -0.13959706866302468, 0.051867843242234278, 0.087729225420790438, 0.1875, -0.0625, -0.125}},
             {4});
}

BOOST_AUTO_TEST_CASE(nll_loss_as_torch) {
  check_loss(nn::nll_loss, labels(), {{-2, -0.25, 0, -100}, -25.5625, -102.25, {0, 0, -0.25, -0.25, 0, 0, 0, -0.25, 0, -0.25, 0, 0}}, {4});
}

BOOST_AUTO_TEST_CASE(mse_loss_as_torch) {
  check_loss(nn::mse_loss, targets(),
             {{0.25, 0.25, 2.25, 0.0625, 4, 1.5625, 4, 1, 0, 9801, 10000, 8.4100000000000001},
              1651.8987500000001,
              19822.785,
              {0.083333333333333329, -0.083333333333333329, 0.25, 0.041666666666666664, 0.33333333333333331, -0.20833333333333331,
               -0.33333333333333331, -0.16666666666666666, 0, 16.5, -16.666666666666664, 0.48333333333333328}},
             {4, 3});
}

BOOST_AUTO_TEST_CASE(binary_cross_entropy_as_torch_also_at_a_logit_of_0) {
  check_loss(nn::binary_cross_entropy_with_logits, targets(),
             {{0.20141327798275246, 0.47407698418010669, 1.1269280110429727, 0.82593941987884367, 0.048587351573741965, 0.56326168751822281,
               0.1269280110429726, 0.69314718055994529, 0.5743710061149, 0, 0, 2.7485873515737422},
              0.61527002345568338,
              7.3832402814682005,
              {-0.015202126983863029, 0.031461722399845453, 0.031733089831490195, 0.046848041740483175, -0.0039521560981305532,
               0.0015784517808329253, 0.0099335768351764622, -0.041666666666666664, -0.0059017750687172521, 0, 3.1000633133506961e-45,
               0.071047843901869454}},
             {4, 3});
}

BOOST_AUTO_TEST_CASE(values_by_hand) {
  check_close(nn::mse_loss(cr::tensor({1, 2, 5}), cr::tensor({1, 4, 2})), {(4.0 + 9.0) / 3}, 1e-6);
  check_close(nn::cross_entropy(cr::zeros({2, 8}), cr::from_vector(std::vector<std::int64_t>{0, 7})), {std::log(8.0)}, 1e-6);
  check_close(nn::binary_cross_entropy_with_logits(cr::zeros({3, 1}), cr::tensor({{0}, {1}, {0.5}})), {std::log(2.0)}, 1e-6);
}

BOOST_AUTO_TEST_CASE(binary_cross_entropy_keeps_small_losses_and_does_not_overflow) {
  const cr::Tensor x = cr::tensor({40, -40, 1000, -1000, 1000}), y = cr::tensor({1, 0, 1, 0, 0});
  const std::vector<double> each = nn::binary_cross_entropy_with_logits(x, y, {.reduction = nn::Reduction::none}).to_vector<double>();
  BOOST_TEST(std::abs(each[0] / std::exp(-40.0) - 1) < 1e-5);
  BOOST_TEST(std::abs(each[1] / std::exp(-40.0) - 1) < 1e-5);
  BOOST_TEST(each[2] == 0);
  BOOST_TEST(each[3] == 0);
  BOOST_TEST(each[4] == 1000);
}

BOOST_AUTO_TEST_CASE(cross_entropy_of_huge_logits_is_finite) {
  cr::Tensor x = cr::variable({{1e4, -1e4}, {-1e4, 1e4}});
  const cr::Tensor loss = nn::cross_entropy(x, cr::from_vector(std::vector<std::int64_t>{0, 0}));
  BOOST_TEST(loss.item() == 1e4);
  loss.backward();
  check_close(x.grad(), {0, 0, -0.5, 0.5});
}

// The means of mse_loss and cross_entropy are one op each.
BOOST_AUTO_TEST_CASE(one_op_gives_the_bits_of_many) {
  const auto bits = [](const cr::Tensor& x) {
    const cr::Tensor wide = x.detach().to(cr::DType::float64);
    return std::vector<double>(wide.data<double>().begin(), wide.data<double>().end());
  };
  const auto same = [&](cr::Tensor& x, const cr::Tensor& one, const cr::Tensor& many) {
    BOOST_TEST(bits(one) == bits(many), boost::test_tools::per_element());
    const cr::Tensor of_one = cr::grad({one * 1.7}, {x})[0], of_many = cr::grad({many * 1.7}, {x})[0];
    BOOST_TEST(bits(of_one) == bits(of_many), boost::test_tools::per_element());
  };
  for (const cr::DType dtype : {cr::DType::float32, cr::DType::float64}) {
    for (const cr::Shape& shape : {cr::Shape{1, 1}, cr::Shape{4, 1}, cr::Shape{7, 3}, cr::Shape{300, 10}, cr::Shape{40, 2000}}) {
      cr::Generator generator(3);
      cr::Tensor x = cr::randn(shape, generator, dtype) * 5;
      x.set_requires_grad(true);
      const cr::Tensor y = cr::randn(shape, generator, dtype), labels = cr::randint(0, shape[1], {shape[0]}, generator);
      same(x, nn::mse_loss(x, y), cr::mean(cr::square(x - y)));
      same(x, nn::cross_entropy(x, labels), -cr::mean(cr::gather(cr::log_softmax(x, 1), 1, labels.reshape({shape[0], 1}))));
    }
  }
}

BOOST_AUTO_TEST_CASE(gradients_agree_with_central_differences) {
  cr::Generator generator(7);
  for (const nn::Reduction reduction : {nn::Reduction::mean, nn::Reduction::sum, nn::Reduction::none}) {
    cr::Tensor x = cr::randn({5, 3}, generator, cr::DType::float64).set_requires_grad(true);
    cr::Tensor y = cr::rand({5, 3}, generator, cr::DType::float64).set_requires_grad(true);
    const cr::Tensor index = cr::randint(0, 3, {5}, generator);
    BOOST_TEST(cr::test::worst_gradient([&] { return nn::mse_loss(x, y, {.reduction = reduction}); }, {x, y}) < 1e-7);
    BOOST_TEST(cr::test::worst_gradient([&] { return nn::cross_entropy(x, index, {.reduction = reduction}); }, {x}) < 1e-7);
    BOOST_TEST(cr::test::worst_gradient([&] { return nn::cross_entropy(x, y, {.reduction = reduction}); }, {x, y}) < 1e-7);
    BOOST_TEST(cr::test::worst_gradient([&] { return nn::nll_loss(x, index, {.reduction = reduction}); }, {x}) < 1e-7);
    BOOST_TEST(cr::test::worst_gradient([&] { return nn::binary_cross_entropy_with_logits(x, y, {.reduction = reduction}); }, {x, y}) <
               1e-7);
  }
}

BOOST_AUTO_TEST_CASE(binary_cross_entropy_has_its_second_derivative_also_at_0) {
  const cr::Tensor x = cr::variable({0, 1, -3}, cr::DType::float64), y = cr::tensor({0, 1, 0.5}, cr::DType::float64);
  const cr::Tensor loss = nn::binary_cross_entropy_with_logits(x, y, {.reduction = nn::Reduction::sum});
  const cr::Tensor first = cr::grad(loss, {x}, {.create_graph = true})[0];
  const cr::Tensor s = cr::sigmoid(x);
  check_close(first, (s - y).to_vector<double>());
  check_close(cr::grad(cr::sum(first), {x})[0], (s * (1 - s)).to_vector<double>());
}

BOOST_AUTO_TEST_CASE(without_examples_the_mean_is_nan_and_the_sum_0) {
  const cr::Tensor x = cr::zeros({0, 3}), y = cr::from_vector(std::vector<std::int64_t>{});
  BOOST_TEST(std::isnan(nn::cross_entropy(x, y).item()));
  BOOST_TEST(nn::cross_entropy(x, y, {.reduction = nn::Reduction::sum}).item() == 0);
  BOOST_TEST(nn::cross_entropy(x, y, {.reduction = nn::Reduction::none}).shape() == cr::Shape{0});
}

// The limits: 0 · log 0 is 0, and so is the gradient of a term that does not count.
BOOST_AUTO_TEST_CASE(infinite_logits) {
  const double inf = std::numeric_limits<double>::infinity();
  const auto t = [](const cr::Literal& literal) { return cr::tensor(literal, cr::DType::float64); };
  const auto check = [](const cr::Tensor& at, const std::function<cr::Tensor(const cr::Tensor&)>& loss, double value,
                        const std::vector<double>& gradient) {
    const cr::Tensor x = at.clone().set_requires_grad(true), y = loss(x);
    BOOST_TEST((y.item() == value || std::abs(y.item() - value) < 1e-12), "loss " << y.item() << ", expected " << value);
    y.backward();
    check_close(x.grad(), gradient);
  };
  const double two = std::log1p(std::exp(1.0)), p = 1 / (1 + std::exp(-1.0));  // of the logits 1 and 2
  using cr::Tensor;
  check(t({{-inf, 1, 2}}), [&](const Tensor& x) { return nn::cross_entropy(x, t({{0, 1, 0}})); }, two, {0, -p, p});
  check(t({{-inf, 1, 2}}), [&](const Tensor& x) { return nn::cross_entropy(x, cr::tensor({1}, cr::DType::int64)); }, two, {0, -p, p});
  check(t({{-inf, 1, 2}}), [&](const Tensor& x) { return nn::cross_entropy(x, t({{1, 0, 0}}), {.weight = t({0, 1, 1})}); }, 0, {0, 0, 0});
  check(t({{-inf, 1, 2}, {0, 0, 0}}),
        [&](const Tensor& x) {
          return nn::cross_entropy(x, cr::tensor({0, 1}, cr::DType::int64), {.weight = t({0, 1, 1})});
        },
        std::log(3.0), {0, 0, 0, 1. / 3, -2. / 3, 1. / 3});
  check(t({{inf, 1}, {1, inf}}),
        [&](const Tensor& x) {
          return nn::cross_entropy(x, cr::tensor({0, 1}, cr::DType::int64));
        },
        0, {0, 0, 0, 0});
  check(t({{inf, 1}}), [&](const Tensor& x) { return nn::cross_entropy(x, t({{1, 0}})); }, 0, {0, 0});
  check(t({{-inf, -inf}, {0, 0}}),
        [&](const Tensor& x) {
          return nn::cross_entropy(x, cr::tensor({-100, 1}, cr::DType::int64));
        },
        std::log(2.0), {0, 0, 0.5, -0.5});
  check(t({inf, -inf}), [&](const Tensor& x) { return nn::binary_cross_entropy_with_logits(x, t({1, 0})); }, 0, {0, 0});
  check(t({inf, -inf}), [&](const Tensor& x) { return nn::binary_cross_entropy_with_logits(x, t({0, 1})); }, inf, {0.5, -0.5});
  check(t({inf, 0}),
        [&](const Tensor& x) {
          return nn::binary_cross_entropy_with_logits(x, t({0, 1}), {.weight = t({0, 2})});
        },
        std::log(2.0), {0, -0.5});
  check(t({1, 0}), [&](const Tensor& x) { return nn::binary_cross_entropy(x, t({1, 0})); }, 0, {-0.5, 0.5});
  check(t({-inf, 0}), [&](const Tensor& x) { return nn::kl_div(x, t({0, 1})); }, 0, {0, -0.5});
  check(t({-inf, 0}), [&](const Tensor& x) { return nn::kl_div(x, t({-inf, 0}), {.log_target = true}); }, 0, {0, -0.5});
  check(t({-inf, 0}), [&](const Tensor& x) { return nn::kl_div(t({-1, -1}), x, {.log_target = true}); }, 0.5, {0, 1});
  check(t({-inf, 0}), [&](const Tensor& x) { return nn::poisson_nll_loss(x, t({0, 1})); }, 0.5, {0, 0});
}

// x - t·log(x): the slope is 1 at x = 0 if t is 0.
BOOST_AUTO_TEST_CASE(poisson_nll_of_a_rate_of_0) {
  for (const cr::DType dtype : {cr::float32, cr::float64}) {
    cr::Tensor x = cr::tensor({0, 0.5, 2}, dtype).set_requires_grad(true);
    const cr::Tensor t = cr::tensor({0, 0, 1}, dtype);
    const nn::PoissonNllOptions options{.reduction = nn::Reduction::sum, .log_input = false, .epsilon = 0};
    const cr::Tensor y = nn::poisson_nll_loss(x, t, options);
    check_close(y, {2.5 - std::log(2.0)}, 1e-6);
    const cr::Tensor slope = cr::grad(y, {x}, {.create_graph = true})[0];
    check_close(slope, {1, 1, 0.5});
    check_close(cr::grad(cr::sum(slope), {x})[0], {0, 0, 0.25});
    // A rate of 0 cannot give a count of 1.
    x = cr::tensor({0}, dtype).set_requires_grad(true);
    const cr::Tensor impossible = nn::poisson_nll_loss(x, cr::ones({1}, dtype), options);
    BOOST_TEST(std::isinf(impossible.item()));
    BOOST_TEST(cr::grad(impossible, {x})[0].item() == -std::numeric_limits<double>::infinity());
  }
}

BOOST_AUTO_TEST_CASE(smooth_l1_with_a_tiny_beta_is_l1) {
  for (const double beta : {1e-50, 1e-40, 1e-37}) {
    const cr::Tensor x = cr::tensor({1, 2, 3, 4}).set_requires_grad(true);
    const cr::Tensor y = nn::smooth_l1_loss(x, cr::tensor({1, 2.25, 2.5, 5.5}), {.beta = beta});
    check_close(y, {2.25 / 4}, 1e-7);
    y.backward();
    check_close(x.grad(), {0, -0.25, 0.25, -0.25}, 0);
  }
  // d²/2/beta, where d² underflows.
  check_close(nn::smooth_l1_loss(cr::tensor({1e-30}), cr::zeros({1}), {.beta = 2e-30}) * 1e30, {0.25}, 1e-6);
  const cr::Tensor x = cr::tensor({1, 3}).set_requires_grad(true);
  const cr::Tensor y = nn::huber_loss(x, cr::tensor({1, 2.5}), {.delta = 1e-50});
  check_close(y, {0}, 1e-40);
  y.backward();
  check_close(x.grad(), {0, 0}, 1e-40);
}

// d²/2 - d⁴/12 + d⁶/45 for small differences, whose gradient is tanh(d).
BOOST_AUTO_TEST_CASE(log_cosh_keeps_the_digits_of_small_differences) {
  for (const double d : {0.1, 1e-2, 1e-3, 1e-5, 1e-7, -1e-4}) {
    cr::Tensor x = cr::tensor({d}).set_requires_grad(true);
    const double at = x.to_vector<double>()[0];
    const cr::Tensor loss = nn::log_cosh_loss(x, cr::zeros({1}));
    loss.backward();
    const double square = at * at, expected = square / 2 - square * square / 12 + square * square * square / 45;
    BOOST_TEST(loss.item() == expected, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(x.grad().to_vector<double>()[0] == std::tanh(at), boost::test_tools::tolerance(1e-6));
  }
  for (const double d : {1.0, -30.0, 1e30}) {
    cr::Tensor x = cr::tensor({d}, cr::float64).set_requires_grad(true);
    const cr::Tensor loss = nn::log_cosh_loss(x, cr::zeros({1}, cr::float64));
    loss.backward();
    BOOST_TEST(loss.item() == std::abs(d) + std::log1p(std::exp(-2 * std::abs(d))) - std::log(2.0), boost::test_tools::tolerance(1e-14));
    BOOST_TEST(x.grad().to_vector<double>()[0] == std::tanh(d), boost::test_tools::tolerance(1e-14));
  }
}

BOOST_AUTO_TEST_SUITE_END()
