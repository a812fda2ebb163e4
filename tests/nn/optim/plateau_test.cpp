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
  BOOST_TEST(plateau.learning_rate() == 0.5);
}

BOOST_AUTO_TEST_SUITE_END()
