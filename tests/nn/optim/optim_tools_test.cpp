// Schedules, the plateau, clipping and averages against PyTorch.
#include <limits>

#include "nn/optim/clip.h"
#include "nn/optim/ema.h"
#include "nn/optim/plateau.h"
#include "nn/optim/schedule.h"
#include "nn/optim/sgd.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/optim/optim_reference.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_relative;
using cr::test::kReferenceSteps;
using cr::test::message_of;
using cr::test::reference;
using cr::test::ReferenceParameters;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class E = std::invalid_argument, class F>
std::string message(F f) {
  return message_of<E>(f);
}

void check_schedule(const std::string& name, const nn::Schedule& schedule) {
  const auto& wanted = reference("schedule_" + name);
  BOOST_REQUIRE_EQUAL(wanted.size(), std::size_t{kReferenceSteps});
  for (int step = 0; step < kReferenceSteps; ++step)
    check_relative({schedule(step)}, wanted[static_cast<std::size_t>(step)], 1e-9, name + " step " + std::to_string(step));
}

std::vector<double> gradients(const ReferenceParameters& p) {
  std::vector<double> all = p.a.grad().to_vector<double>();
  const std::vector<double> more = p.b.grad().to_vector<double>();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

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

BOOST_AUTO_TEST_SUITE(optim_tools)

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
  BOOST_TEST(nn::polynomial_schedule(1, 5, 0)(5) == 0);
  BOOST_TEST(nn::warmup_schedule(1, 5)(1'000'000'000'000) == 1);
  BOOST_TEST(nn::cosine_restarts_schedule(1, 1, 2)((std::int64_t{1} << 40) - 1) == 1);  // 1 + 2 + ... + 2^39 steps have gone by
}

BOOST_AUTO_TEST_CASE(schedules_refuse) {
  BOOST_TEST(message([] { nn::step_schedule(1, 0); }) == "step_schedule: step_size is 0, expected at least 1" + at_line());
  BOOST_TEST(message([] { nn::exponential_schedule(1, -1); }) ==
             "exponential_schedule: gamma is -1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([] {
               nn::multistep_schedule(1, {3, 2});
             }) == "multistep_schedule: the milestones fall, expected them in order" + at_line());
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
             "sequential_schedule: got 1 schedules and 1 milestones, expected one less" + at_line());
  BOOST_TEST(message([] {
               nn::sequential_schedule({nn::constant_schedule(1), nn::constant_schedule(2)}, {0});
             }) == "sequential_schedule: milestone 0 is 0, expected them to rise from above 0" + at_line());
  BOOST_TEST(message([] { nn::sequential_schedule({nn::Schedule()}, {}); }) ==
             "sequential_schedule: one of the schedules is an empty function" + at_line());
}

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

BOOST_AUTO_TEST_CASE(averages_as_torch) {
  const auto& wanted = reference("ema");
  for (const cr::DType dtype : {cr::DType::float64, cr::DType::float32}) {
    ReferenceParameters p(dtype);
    nn::SGD optimizer({p.a, p.b}, {.learning_rate = 0.1, .momentum = 0.9});
    nn::EMA whole({p.a, p.b}, {.decay = 0.8}), first({p.a, p.b}, {.decay = 0.8}), second({p.a, p.b}, {.decay = 0.8});
    for (int step = 0; step < kReferenceSteps; ++step) {
      p.set_gradients(step);
      optimizer.step();
      whole.update();
      if (step == 9) second.load_state(first.state());
      (step < 9 ? first : second).update();
      const std::vector<double> trained = p.values();
      whole.apply();
      BOOST_TEST(whole.applied());
      const std::vector<double> averages = p.values();
      check_relative(averages, wanted[static_cast<std::size_t>(step)], cr::test::reference_tolerance(dtype),
                     "ema step " + std::to_string(step));
      whole.restore();
      BOOST_TEST(p.values() == trained);
      nn::EMA& part = step < 9 ? first : second;
      BOOST_TEST(part.averages()[0].to_vector<double>() == whole.averages()[0].to_vector<double>());
    }
  }
}

BOOST_AUTO_TEST_CASE(averages_refuse) {
  cr::Tensor w = cr::variable({1, 2});
  nn::EMA ema({w});
  const std::vector<nn::NamedTensor> state = ema.state();
  BOOST_TEST(message<std::logic_error>([&] { ema.restore(); }) == "EMA: the averages are not applied, expected apply() first" + at_line());
  ema.apply();
  const std::string applied = "EMA: the averages are applied, expected restore() first";
  BOOST_TEST(message<std::logic_error>([&] { ema.apply(); }) == applied + at_line());
  BOOST_TEST(message<std::logic_error>([&] { ema.update(); }) == applied + at_line());
  BOOST_TEST(message<std::logic_error>([&] { ema.state(); }) == applied + at_line());
  ema.restore();
  BOOST_TEST(message([&] { nn::EMA({w}, {.decay = 1}); }) == "EMA: decay is 1, expected 0 or more and below 1" + at_line());
  BOOST_TEST(message([&] { nn::EMA({w, cr::Tensor()}); }) == "EMA: parameter 1 is an undefined tensor" + at_line());
  BOOST_TEST(message([&] { nn::EMA({w * 2}); }) == "EMA: parameter 0 of shape [2] is the result of mul, expected a leaf" + at_line());
  BOOST_TEST(message([&] { ema.load_state({state[0]}); }) == "load_state: EMA's state has 1 entries, expected 2" + at_line());
  BOOST_TEST(message([&] {
               ema.load_state({state[0], {"0.average", cr::zeros({3})}});
             }) == "load_state: EMA's 0.average is float32 [3], expected float32 [2]" + at_line());
  BOOST_TEST(message([&] {
               ema.load_state({state[0], {"1.average", cr::zeros({2})}});
             }) == "load_state: EMA's 0.average is missing" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
