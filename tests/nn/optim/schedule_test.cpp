// Schedules of learning rates: against PyTorch (tests/reference/optimizers.py), by hand, at their ends, and what they refuse.
#include "nn/optim/schedule.h"

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
constexpr double kInfinity = std::numeric_limits<double>::infinity();

void check_schedule(const std::string& name, const nn::Schedule& schedule) {
  const auto& wanted = reference("schedule_" + name);
  BOOST_REQUIRE_EQUAL(wanted.size(), std::size_t{kReferenceSteps});
  for (int step = 0; step < kReferenceSteps; ++step)
    check_relative({schedule(step)}, wanted[static_cast<std::size_t>(step)], 1e-9, name + " step " + std::to_string(step));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedule)

BOOST_AUTO_TEST_CASE(schedules) {
  const nn::Schedule constant = nn::constant_schedule(0.3), linear = nn::linear_schedule(0.8, 4, 0.4);
  BOOST_TEST(constant(0) == 0.3);
  BOOST_TEST(constant(1'000'000) == 0.3);
  BOOST_TEST(linear(0) == 0.8);
  BOOST_TEST(linear(2) == 0.8 + (0.4 - 0.8) * 0.5);
  BOOST_TEST(linear(4) == 0.4);
  BOOST_TEST(linear(100) == 0.4);
  BOOST_TEST(nn::linear_schedule(0.8, 4)(4) == 0);
  BOOST_TEST(message([] { nn::constant_schedule(-1); }) ==
             "constant_schedule: learning_rate is -1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([] { nn::linear_schedule(1, 0); }) == "linear_schedule: steps is 0, expected at least 1" + at_line());
  BOOST_TEST(message([] { nn::linear_schedule(1, 2, -1); }) ==
             "linear_schedule: end is -1, expected a finite number, 0 or more" + at_line());
}

BOOST_AUTO_TEST_CASE(schedules_as_torch) {
  check_schedule("step", nn::step_schedule(0.3, 3, 0.4));
  check_schedule("multistep", nn::multistep_schedule(0.3, {2, 7, 7, 12}, 0.5));
  check_schedule("exponential", nn::exponential_schedule(0.3, 0.85));
  check_schedule("cosine", nn::cosine_schedule(0.3, 12, 0.01));
  check_schedule("cosine_restarts", nn::cosine_restarts_schedule(0.3, 4, 2, 0.02));
  check_schedule("cosine_restarts_equal", nn::cosine_restarts_schedule(0.3, 6));
  check_schedule("linear", nn::linear_schedule(0.3, 7, 0.075));
  check_schedule("warmup", nn::warmup_schedule(0.3, 6, 0.2));
  check_schedule("warmup_exponential",
                 nn::sequential_schedule({nn::warmup_schedule(0.3, 5, 0.25), nn::exponential_schedule(0.3, 0.9)}, {5}));
  check_schedule("polynomial", nn::polynomial_schedule(0.3, 15, 1.7));
  check_schedule("one_cycle", nn::one_cycle_schedule(0.5, kReferenceSteps));
  check_schedule(
      "one_cycle_linear",
      nn::one_cycle_schedule(0.5, kReferenceSteps, {.pct_start = 0.25, .linear = true, .div_factor = 10, .final_div_factor = 100}));
  check_schedule(
      "one_cycle_three_phase",
      nn::one_cycle_schedule(0.5, kReferenceSteps, {.pct_start = 0.4, .div_factor = 10, .final_div_factor = 100, .three_phase = true}));
}

BOOST_AUTO_TEST_CASE(schedules_at_their_ends) {
  BOOST_TEST(nn::one_cycle_schedule(1, 1)(0) == 1.0 / 25 / 1e4);
  BOOST_TEST(nn::one_cycle_schedule(1, 10, {.pct_start = 0})(0) > 0.9);
  BOOST_TEST(nn::one_cycle_schedule(1, 10)(1000) == 1.0 / 25 / 1e4);
  BOOST_TEST(nn::polynomial_schedule(1, 5, 0)(4) == 1);
  BOOST_TEST(nn::polynomial_schedule(1, 5, 0)(5) == 1);  // 0^0, as in PyTorch
  BOOST_TEST(nn::polynomial_schedule(1, 5, 0)(1'000'000) == 1);
  BOOST_TEST(nn::polynomial_schedule(1, 5, 1e-9)(5) == 0);
  BOOST_TEST(nn::warmup_schedule(1, 5)(1'000'000'000'000) == 1);
  BOOST_TEST(nn::cosine_restarts_schedule(1, 1, 2)((std::int64_t{1} << 40) - 1) == 1);  // 1 + 2 + ... + 2^39 steps have gone by
}

// The smallest and largest values that the options allow.
BOOST_AUTO_TEST_CASE(schedules_at_extreme_options) {
  const auto first = [](const nn::Schedule& schedule) { return std::vector<double>{schedule(0), schedule(1), schedule(2), schedule(3)}; };
  using Rates = std::vector<double>;
  BOOST_TEST(first(nn::linear_schedule(4, 1, 1)) == (Rates{4, 1, 1, 1}));
  BOOST_TEST(first(nn::linear_schedule(0, 2, 4)) == (Rates{0, 2, 4, 4}));
  BOOST_TEST(first(nn::step_schedule(4, 1, 0)) == (Rates{4, 0, 0, 0}));
  BOOST_TEST(first(nn::step_schedule(4, 2, 0)) == (Rates{4, 4, 0, 0}));
  BOOST_TEST(first(nn::step_schedule(4, 1, 1)) == Rates(4, 4));
  BOOST_TEST(first(nn::multistep_schedule(4, {}, 0.5)) == Rates(4, 4));
  BOOST_TEST(first(nn::multistep_schedule(4, {0, 2, 2}, 0.5)) == (Rates{2, 2, 0.5, 0.5}));
  BOOST_TEST(first(nn::multistep_schedule(4, {2}, 0)) == (Rates{4, 4, 0, 0}));
  BOOST_TEST(first(nn::exponential_schedule(4, 0)) == (Rates{4, 0, 0, 0}));
  BOOST_TEST(first(nn::exponential_schedule(4, 1)) == Rates(4, 4));
  // A rate of 0 stays 0 where the power of gamma overflows.
  BOOST_TEST(nn::exponential_schedule(0, 2)(5000) == 0);
  BOOST_TEST(nn::step_schedule(0, 1, 10)(5000) == 0);
  BOOST_TEST(nn::multistep_schedule(0, {0, 0}, 1e200)(0) == 0);
  BOOST_TEST(first(nn::cosine_schedule(4, 1)) == (Rates{4, 0, 4, 0}));
  BOOST_TEST(first(nn::cosine_restarts_schedule(4, 1)) == Rates(4, 4));
  BOOST_TEST(first(nn::cosine_restarts_schedule(4, 1, 2)) == (Rates{4, 4, 2, 4}));
  BOOST_TEST(first(nn::warmup_schedule(4, 1, 0)) == (Rates{0, 4, 4, 4}));
  BOOST_TEST(first(nn::warmup_schedule(4, 2, 0)) == (Rates{0, 2, 4, 4}));
  BOOST_TEST(first(nn::warmup_schedule(4, 1, 1)) == Rates(4, 4));
  BOOST_TEST(first(nn::polynomial_schedule(4, 1)) == (Rates{4, 0, 0, 0}));
  BOOST_TEST(first(nn::sequential_schedule({nn::constant_schedule(4)}, {})) == Rates(4, 4));
  BOOST_TEST(first(nn::sequential_schedule({nn::warmup_schedule(4, 1, 0), nn::step_schedule(4, 1, 0.5)}, {1})) == (Rates{0, 4, 2, 1}));
  // Of two steps, the first has the maximum and the second is the last.
  BOOST_TEST(first(nn::one_cycle_schedule(4, 2, {.pct_start = 0.5, .div_factor = 4, .final_div_factor = 2})) == (Rates{4, 0.5, 0.5, 0.5}));
  BOOST_TEST(first(nn::one_cycle_schedule(4, 3, {.pct_start = 0, .linear = true, .div_factor = 4, .final_div_factor = 1})) ==
             (Rates{3, 2, 1, 1}));
  BOOST_TEST(first(nn::one_cycle_schedule(0, 2)) == Rates(4, 0));
  BOOST_TEST(first(nn::one_cycle_schedule(4, 1, {.pct_start = 0.5, .div_factor = 4, .final_div_factor = 2, .three_phase = true})) ==
             Rates(4, 0.5));
  BOOST_TEST(message([] { nn::one_cycle_schedule(1, 2, {.div_factor = 1e-310}); }) ==
             "one_cycle_schedule: max_learning_rate / div_factor is inf, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([] { nn::warmup_schedule(1, 0); }) == "warmup_schedule: steps is 0, expected at least 1" + at_line());
  BOOST_TEST(message([] { nn::linear_schedule(1, -1); }) == "linear_schedule: steps is -1, expected at least 1" + at_line());
  BOOST_TEST(message([] { nn::cosine_schedule(1, 0); }) == "cosine_schedule: steps is 0, expected at least 1" + at_line());
  BOOST_TEST(message([] { nn::cosine_restarts_schedule(1, 0); }) ==
             "cosine_restarts_schedule: period is 0, expected at least 1" + at_line());
  BOOST_TEST(message([] { nn::polynomial_schedule(1, 0); }) == "polynomial_schedule: steps is 0, expected at least 1" + at_line());
  BOOST_TEST(message([] { nn::one_cycle_schedule(1, 0); }) == "one_cycle_schedule: steps is 0, expected at least 1" + at_line());
}

BOOST_AUTO_TEST_CASE(schedules_refuse) {
  BOOST_TEST(message([] { nn::step_schedule(1, 0); }) == "step_schedule: step_size is 0, expected at least 1" + at_line());
  BOOST_TEST(message([] { nn::exponential_schedule(1, -1); }) ==
             "exponential_schedule: gamma is -1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([] {
               nn::multistep_schedule(1, {3, 2});
             }) == "multistep_schedule: the milestones are not sorted, expected ascending order" + at_line());
  BOOST_TEST(message([] { nn::cosine_schedule(1, 2, kNaN); }) ==
             "cosine_schedule: end is nan, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([] { nn::cosine_restarts_schedule(1, 2, 0); }) ==
             "cosine_restarts_schedule: multiplier is 0, expected at least 1" + at_line());
  BOOST_TEST(message([] { nn::warmup_schedule(kInfinity, 2); }) ==
             "warmup_schedule: learning_rate is inf, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([] { nn::polynomial_schedule(1, 2, -1); }) ==
             "polynomial_schedule: power is -1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([] { nn::one_cycle_schedule(1, 2, {.pct_start = 0.6, .three_phase = true}); }) ==
             "one_cycle_schedule: pct_start is 0.6, expected 0 to 0.5" + at_line());
  BOOST_TEST(message([] { nn::one_cycle_schedule(1, 2, {.final_div_factor = 0}); }) ==
             "one_cycle_schedule: final_div_factor is 0, expected a finite number above 0" + at_line());
  BOOST_TEST(message([] { nn::sequential_schedule({nn::constant_schedule(1)}, {1}); }) ==
             "sequential_schedule: got 1 schedules and 1 milestones, expected one milestone less than schedules" + at_line());
  BOOST_TEST(message([] {
               nn::sequential_schedule({nn::constant_schedule(1), nn::constant_schedule(2)}, {0});
             }) == "sequential_schedule: milestone 0 is 0, expected numbers above 0, each above the one before" + at_line());
  BOOST_TEST(message([] { nn::sequential_schedule({nn::Schedule()}, {}); }) ==
             "sequential_schedule: one of the schedules is an empty function" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
