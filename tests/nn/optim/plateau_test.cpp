// Plateau against PyTorch (tests/reference/optimizers.py), with NaN, and what it refuses.
#include "nn/optim/plateau.h"

#include <cmath>
#include <limits>

#include "tests/autograd/base/throws.h"
#include "tests/nn/optim/message.h"
#include "tests/nn/optim/optim_reference.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_relative;
using cr::test::kReferenceSteps;
using cr::test::message;
using cr::test::reference;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void check_plateau(const std::string& name, nn::PlateauOptions options) {
  options.learning_rate = 0.3;
  nn::Plateau whole(options), first(options), second(options);
  const auto& wanted = reference(name);
  BOOST_REQUIRE_EQUAL(wanted.size(), std::size_t{kReferenceSteps});
  for (int step = 0; step < kReferenceSteps; ++step) {
    const double metric = 1 + std::cos(step * 1.3) / (1 + step);
    check_relative({whole.step(metric)}, wanted[static_cast<std::size_t>(step)], 1e-9, name + " step " + std::to_string(step));
    BOOST_TEST(whole.learning_rate() == wanted[static_cast<std::size_t>(step)][0], boost::test_tools::tolerance(1e-9));
    if (step == 9) second.load_state(first.state());
    BOOST_TEST((step < 9 ? first : second).step(metric) == whole.learning_rate());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plateau)

BOOST_AUTO_TEST_CASE(plateaus_as_torch) {
  check_plateau("plateau", {.factor = 0.5, .patience = 1});
  check_plateau("plateau_min_abs",
                {.factor = 0.3, .patience = 0, .threshold = 0.05, .absolute_threshold = true, .cooldown = 2, .min_learning_rate = 0.004});
  check_plateau("plateau_max_rel", {.maximize = true, .factor = 0.6, .patience = 2, .threshold = 0.02, .cooldown = 1});
  check_plateau("plateau_max_abs",
                {.maximize = true, .factor = 0.2, .patience = 0, .threshold = 0.2, .absolute_threshold = true, .epsilon = 1e-3});
}

// The threshold is a share of |best|, so that of metrics below 0 neither equal nor worse ones are improvements. (PyTorch takes them for
// improvements.)
BOOST_AUTO_TEST_CASE(metrics_below_zero_have_to_improve_too) {
  const auto rates = [](const nn::PlateauOptions& options, const std::vector<double>& metrics) {
    nn::Plateau plateau(options);
    std::vector<double> all;
    for (const double metric : metrics) all.push_back(plateau.step(metric));
    return all;
  };
  const std::vector<double> reduced = {1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25}, kept(8, 1);
  for (const double sign : {1, -1})
    for (const bool maximize : {false, true})
      BOOST_TEST(rates({.learning_rate = 1, .maximize = maximize, .factor = 0.5, .patience = 2}, std::vector<double>(8, sign)) == reduced);
  nn::PlateauOptions options{.learning_rate = 1, .factor = 0.5, .patience = 2, .threshold = 0.125};
  BOOST_TEST(rates(options, {-1, -0.95, -0.9, -0.85, -0.8, -0.75, -0.7, -0.65}) == reduced);
  BOOST_TEST(rates(options, {-1, -1.1, -1.12, -1.125, -1.125, -1.12, -1.1, -1.1}) == reduced);  // at most by the threshold
  BOOST_TEST(rates(options, {-1, -1.1, -1.12, -1.126, -1.2, -1.2, -1.27, -1.28}) == kept);
  BOOST_TEST(rates(options, {1, 0, 0, -1, -1, -1, -1.2, -1.2}) == kept);  // from 0, every decrease is one
  options.maximize = true;
  BOOST_TEST(rates(options, {-1, -1.1, -1, -0.9, -0.9, -0.875, -0.88, -0.88}) == reduced);
  BOOST_TEST(rates(options, {-1, -1, -0.9, -0.87, -0.87, -0.87, -0.76, -0.76}) == kept);
}

BOOST_AUTO_TEST_CASE(a_plateau_takes_nan_for_bad_and_refuses) {
  nn::Plateau plateau({.learning_rate = 1, .factor = 0.5, .patience = 1});
  BOOST_TEST(plateau.step(kNaN) == 1);
  BOOST_TEST(plateau.step(kNaN) == 0.5);
  BOOST_TEST(message([] { nn::Plateau({.factor = 1}); }) == "Plateau: factor is 1, expected below 1" + at_line());
  BOOST_TEST(message([] { nn::Plateau({.patience = -1}); }) == "Plateau: patience is -1, expected a finite number, 0 or more" + at_line());
  std::vector<nn::NamedTensor> state = plateau.state();
  BOOST_REQUIRE_EQUAL(state.size(), 4U);
  state.pop_back();
  BOOST_TEST(message([&] { plateau.load_state(state); }) == "load_state: Plateau's cooldown is missing" + at_line());
  state[0].tensor = cr::zeros({2}, cr::DType::float64);
  BOOST_TEST(message([&] { plateau.load_state(state); }) ==
             "load_state: Plateau's learning_rate is float64 [2], expected one float64" + at_line());
  state = plateau.state();
  state[1].tensor = cr::full({}, kNaN, cr::DType::float64);
  BOOST_TEST(message([&] { plateau.load_state(state); }) == "load_state: Plateau's best is nan, expected a number" + at_line());
  BOOST_TEST(plateau.learning_rate() == 0.5);
}

BOOST_AUTO_TEST_SUITE_END()
