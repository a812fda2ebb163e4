#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "autograd/ops/create.h"
#include "nn/optim/adam.h"
#include "nn/optim/schedule.h"
#include "nn/optim/sgd.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::message_of;

namespace {

template <class E = std::invalid_argument, class F>
std::string message(F f) {
  return message_of<E>(f);
}

// Steps first to last (from 0) of the script's run.
void run(nn::Optimizer& optimizer, int first, int last) {
  cr::Tensor parameter = optimizer.parameters()[0];
  const cr::Tensor base = cr::tensor({0.1, -0.3, 0.2}, cr::DType::float64);
  for (int step = first; step <= last; ++step) {
    parameter.set_grad((base * std::cos(step) + parameter / 10).detach());
    optimizer.step();
  }
}

cr::Tensor start() { return cr::variable({1, -2, 0.5}, cr::DType::float64); }

template <class Optimizer>
void check_run(const typename Optimizer::Options& options, const std::vector<double>& after_1, const std::vector<double>& after_5) {
  const cr::Tensor parameter = start();
  Optimizer optimizer({parameter}, options);
  run(optimizer, 0, 0);
  check_close(parameter, after_1);
  run(optimizer, 1, 4);
  check_close(parameter, after_5);
}

}  // namespace

// Reference numbers: torch 1.13.1, tests/reference/losses_and_optimizers.py.
BOOST_AUTO_TEST_SUITE(optim)

BOOST_AUTO_TEST_CASE(sgd_as_torch) {
  check_run<nn::SGD>({.learning_rate = 0.1}, {0.97999999999999998, -1.95, 0.47499999999999998},
                     {0.9565575589991635, -1.9186826270974908, 0.48663004314832714});
  check_run<nn::SGD>({.learning_rate = 0.1, .weight_decay = 0.2}, {0.95999999999999996, -1.9099999999999999, 0.46500000000000002},
                     {0.86500479334669644, -1.7362803543400895, 0.4419085481433932});
  check_run<nn::SGD>({.learning_rate = 0.1, .momentum = 0.9}, {0.97999999999999998, -1.95, 0.47499999999999998},
                     {0.85065271817703392, -1.6803241286311017, 0.39385439750406787});
  check_run<nn::SGD>({.learning_rate = 0.1, .momentum = 0.9, .dampening = 0.4}, {0.97999999999999998, -1.95, 0.47499999999999998},
                     {0.87725615989570394, -1.7254932947880719, 0.39509954244284778});
  check_run<nn::SGD>({.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true},
                     {0.96009999999999995, -1.9012, 0.45155000000000001}, {0.81159009823870876, -1.6117580440469823, 0.38866182047370168});
}

BOOST_AUTO_TEST_CASE(adam_as_torch) {
  check_run<nn::Adam>({}, {0.99900000005, -1.9990000000199999, 0.49900000004},
                      {0.99572192805097903, -1.9961181173951734, 0.49707654433581866});
  check_run<nn::Adam>({.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1},
                      {0.95016611295681064, -1.9500713266761769, 0.45016611295681064},
                      {0.77544199901348532, -1.7848512223028556, 0.347937821210489});
}

BOOST_AUTO_TEST_CASE(first_steps_by_hand) {
  cr::Tensor w = cr::variable({3.0}, cr::DType::float64);
  nn::SGD sgd({w}, {.learning_rate = 0.5, .momentum = 0.5});
  sgd.step(cr::sum(cr::square(w)));  // gradient 6: 3 - 0.5·6
  BOOST_TEST(w.item() == 0);
  sgd.step(cr::sum(cr::square(w)));  // gradient 0, momentum 3: 0 - 0.5·3
  BOOST_TEST(w.item() == -1.5);
  cr::Tensor v = cr::variable({3.0}, cr::DType::float64);
  nn::Adam adam({v}, {.learning_rate = 0.1, .epsilon = 0});
  adam.step(cr::sum(5 * v));  // the first step is the learning rate, whatever the gradient
  check_close(v, {2.9});
}

BOOST_AUTO_TEST_CASE(float32_follows_float64) {
  cr::Tensor wide = start(), narrow = cr::variable({1, -2, 0.5});
  nn::Adam exact({wide}), single({narrow});
  for (int step = 0; step < 20; ++step) {
    exact.step(cr::sum(cr::square(wide - 0.25)));
    single.step(cr::sum(cr::square(narrow - 0.25)));
  }
  check_close(narrow, wide.to_vector<double>(), 1e-6);
}

BOOST_AUTO_TEST_CASE(a_parameter_without_gradient_is_left_alone) {
  cr::Tensor used = start(), unused = start();
  nn::Adam optimizer({used, unused});
  optimizer.step(cr::sum(used));
  check_close(unused, {1, -2, 0.5});
  BOOST_TEST(used.to_vector<double>()[0] < 1);
  // Its own steps count from its first gradient, so that this one is a whole learning rate long.
  optimizer.step(cr::sum(unused));
  check_close(unused, {1 - 1e-3, -2 - 1e-3, 0.5 - 1e-3}, 1e-10);
  BOOST_TEST(!used.grad().defined());
}

BOOST_AUTO_TEST_CASE(zero_grad_and_step_of_a_loss) {
  cr::Tensor w = start();
  nn::SGD optimizer({w}, {.learning_rate = 1});
  cr::sum(w).backward();
  cr::sum(w).backward();
  BOOST_TEST(w.grad().to_vector<double>()[0] == 2);
  optimizer.step(cr::sum(w));  // forgets what was there
  check_close(w, {0, -3, -0.5});
  BOOST_TEST(w.grad().defined());
  optimizer.zero_grad();
  BOOST_TEST(!w.grad().defined());
  optimizer.step();
  check_close(w, {0, -3, -0.5});
  BOOST_TEST(message([&] { optimizer.step(cr::Tensor()); }) == "SGD: undefined tensor for the loss" + at_line());
}

BOOST_AUTO_TEST_CASE(learning_rate_may_change) {
  cr::Tensor w = start();
  nn::SGD optimizer({w});
  BOOST_TEST(optimizer.learning_rate() == 1e-3);
  const nn::Schedule schedule = nn::linear_schedule(1, 2);
  for (int step = 0; step < 4; ++step) {
    optimizer.set_learning_rate(schedule(step));
    optimizer.step(cr::sum(w));
  }
  check_close(w, {-0.5, -3.5, -1});  // 1 + 0.5 + 0 + 0
}

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

BOOST_AUTO_TEST_CASE(state_goes_on_where_it_was) {
  const auto check = [](auto options_of) {
    using Optimizer = typename decltype(options_of)::type;
    const typename Optimizer::Options options = options_of.options;
    cr::Tensor whole = start(), parts = start();
    Optimizer one({whole}, options);
    run(one, 0, 9);
    auto first = std::make_unique<Optimizer>(std::vector<cr::Tensor>{parts}, options);
    run(*first, 0, 4);
    Optimizer second({parts}, options);
    second.load_state(first->state());
    const std::vector<nn::NamedTensor> saved = first->state();
    run(second, 5, 9);
    BOOST_TEST(parts.to_vector<double>() == whole.to_vector<double>());
    // What was loaded is a copy.
    for (const nn::NamedTensor& entry : second.state()) {
      if (entry.name == "0.steps") BOOST_TEST(entry.tensor.item() == 10);
      for (const nn::NamedTensor& old : saved) BOOST_TEST(!entry.tensor.is(old.tensor));
    }
    return saved;
  };
  struct OfAdam {
    using type = nn::Adam;
    nn::AdamOptions options;
  };
  struct OfSGD {
    using type = nn::SGD;
    nn::SGDOptions options;
  };
  const std::vector<nn::NamedTensor> adam = check(OfAdam{{.learning_rate = 0.1}});
  BOOST_REQUIRE_EQUAL(adam.size(), 3U);
  BOOST_TEST(adam[0].name == "0.steps");
  BOOST_TEST(adam[0].tensor.item() == 5);
  BOOST_TEST(adam[1].name == "0.moment1");
  BOOST_TEST(adam[2].name == "0.moment2");
  const std::vector<nn::NamedTensor> sgd = check(OfSGD{{.learning_rate = 0.1, .momentum = 0.9}});
  BOOST_REQUIRE_EQUAL(sgd.size(), 2U);
  BOOST_TEST(sgd[1].name == "0.momentum");
}

BOOST_AUTO_TEST_CASE(a_state_that_does_not_fit_is_refused_whole) {
  cr::Tensor w = start();
  nn::Adam optimizer({w});
  run(optimizer, 0, 0);
  const std::vector<double> before = optimizer.state()[1].tensor.to_vector<double>();
  const auto load = [&](std::string name, cr::Tensor tensor) {
    return message([&] { optimizer.load_state({optimizer.state()[0], {name, tensor}}, std::source_location::current()); });
  };
  const auto starts = [](const std::string& text, const std::string& with) { return text.substr(0, with.size()) == with; };
  BOOST_TEST(starts(load("1.moment1", start()), "load_state: Adam's 1.moment1 belongs to none of the 1 parameters"));
  BOOST_TEST(starts(load("x.moment1", start()), "load_state: Adam's x.moment1 belongs to none of the 1 parameters"));
  BOOST_TEST(starts(load("", start()), "load_state: Adam's  belongs to none of the 1 parameters"));
  BOOST_TEST(starts(load("0.momentum", start()), "load_state: Adam's 0.momentum is nothing that is remembered here"));
  BOOST_TEST(starts(load("0.moment1", cr::zeros({2})), "load_state: Adam's 0.moment1 is float32 [2], expected float64 [3]"));
  BOOST_TEST(starts(load("0.moment1", cr::Tensor()), "load_state: Adam's 0.moment1 is an undefined tensor"));
  BOOST_TEST(starts(load("0.steps", start()), "load_state: Adam's 0.steps is "));
  BOOST_TEST(optimizer.state()[1].tensor.to_vector<double>() == before);
}

// Leaves of many sizes and both dtypes, one group in three with amsgrad, some without a gradient in some steps.
BOOST_AUTO_TEST_CASE(many_parameters_at_once_move_as_each_alone) {
  constexpr int kGroups = 12, kSteps = 4;
  std::vector<cr::Tensor> together, alone;
  std::optional<nn::Adam> optimizer;
  std::vector<nn::Adam> optimizers;
  cr::Generator generator(3);
  for (int i = 0; i < 3 * kGroups; ++i) {
    const cr::Dim size = i % 7 == 0 ? 40000 : i;
    cr::Tensor leaf = cr::randn({size}, generator, i % 2 == 0 ? cr::DType::float32 : cr::DType::float64);
    together.push_back(leaf.clone());
    alone.push_back(leaf.clone());
    for (cr::Tensor* copy : {&together.back(), &alone.back()}) copy->set_requires_grad(true);
    const nn::AdamOptions options{.learning_rate = 0.01 * (i / 3 + 1), .weight_decay = 0.1 * (i / 3 % 2), .amsgrad = i / 3 % 3 == 0};
    optimizers.emplace_back(std::vector{alone.back()}, options);
    if (i % 3 != 2) continue;
    const std::vector group(together.end() - 3, together.end());
    if (!optimizer) {
      optimizer.emplace(group, options);
    } else {
      optimizer->add_group(group, options);
    }
  }
  for (int step = 0; step < kSteps; ++step) {
    for (std::size_t i = 0; i < together.size(); ++i) {
      if ((i + static_cast<std::size_t>(step)) % 5 == 0) continue;
      const cr::Tensor gradient = cr::randn(together[i].shape(), generator, together[i].dtype());
      together[i].set_grad(gradient.clone());
      alone[i].set_grad(gradient.clone());
    }
    optimizer->step();
    optimizer->zero_grad();
    for (nn::Adam& one : optimizers) {
      one.step();
      one.zero_grad();
    }
  }
  for (std::size_t i = 0; i < together.size(); ++i) {
    BOOST_TEST(together[i].to_vector<double>() == alone[i].to_vector<double>(), "parameter " << i);
  }
  std::vector<double> moved;
  for (const nn::NamedTensor& entry : optimizer->state())
    if (entry.name.ends_with(".steps")) moved.push_back(entry.tensor.item());
  BOOST_TEST(moved.size() == together.size());
  BOOST_TEST(*std::ranges::max_element(moved) == kSteps);
}

BOOST_AUTO_TEST_CASE(a_class_derived_from_adam_may_change_its_update) {
  struct Halved : nn::Adam {
    using nn::Adam::Adam;
    void update(const ParameterStep& step) override {
      ++calls;
      const cr::Tensor half = (step.gradient / 2).detach();
      nn::Adam::update({step.parameter, half, step.memory, step.number, step.index, step.group, step.learning_rate});
    }
    int calls = 0;
  };
  const cr::Tensor first = start(), second = start();
  Halved optimizer({first, second}, {.learning_rate = 0.1});
  for (cr::Tensor parameter : {first, second}) parameter.set_grad(cr::ones({3}, cr::DType::float64));
  optimizer.step();
  BOOST_TEST(optimizer.calls == 2);
  check_close(optimizer.state()[1].tensor, {0.05, 0.05, 0.05});  // moment1 of half the gradient
}

BOOST_AUTO_TEST_CASE(a_class_derived_from_adam_sees_what_adam_changed) {
  struct Clamped : nn::AdamW {
    using nn::AdamW::AdamW;
    void update(const ParameterStep& step) override {
      if (step.index == 1) nn::AdamW::update(step);
      cr::assign(step.parameter, cr::minimum(step.parameter, 0).detach());
    }
  };
  const cr::Tensor first = start(), second = start();
  Clamped optimizer({first, second}, {.learning_rate = 0.1, .epsilon = 0, .weight_decay = 0});
  for (cr::Tensor parameter : {first, second}) parameter.set_grad(-cr::ones({3}, cr::DType::float64));
  optimizer.step();
  check_close(first, {0, -2, 0});
  check_close(second, {0, -1.9, 0});
}

// An optimizer of the user's own that fails at its second parameter.
BOOST_AUTO_TEST_CASE(a_step_that_fails_counts_what_it_did) {
  struct Failing : nn::Optimizer {
    explicit Failing(std::vector<cr::Tensor> parameters) : Optimizer("Failing", {}) {
      add_parameters(std::move(parameters), 0.1, cr::SourceLine::current());
    }
    void update(const ParameterStep& step) override {
      if (step.index == 1) throw std::runtime_error("no");
    }
  };
  const cr::Tensor first = start(), second = start();
  Failing optimizer({first, second});
  for (cr::Tensor parameter : {first, second}) parameter.set_grad(cr::ones({3}, cr::DType::float64));
  BOOST_CHECK_THROW(optimizer.step(), std::runtime_error);
  const auto state = optimizer.state();
  BOOST_REQUIRE(state.size() == 1U);
  BOOST_TEST(state[0].name == "0.steps");
  BOOST_TEST(state[0].tensor.item() == 1);
}

BOOST_AUTO_TEST_CASE(invalid_parameters_and_options_are_refused) {
  const cr::Tensor w = start();
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  BOOST_TEST(message([] { nn::SGD({}); }) == "SGD: got no parameters: does the module's members() name them?" + at_line());
  BOOST_TEST(message([&] { nn::SGD({w, cr::Tensor()}); }) == "SGD: parameter 1 is an undefined tensor" + at_line());
  BOOST_TEST(message([&] {
               nn::Adam({w, cr::zeros({2, 3})});
             }) ==
             "Adam: parameter 1 of shape [2, 3] does not require grad: frozen parameters stay out with trainable_parameters()" + at_line());
  BOOST_TEST(message([&] { nn::Adam({w * 2}); }) == "Adam: parameter 0 of shape [3] is the result of mul, expected a leaf" + at_line());
  BOOST_TEST(message([&] { nn::Adam({w, w}); }) == "Adam: parameter 1 of shape [3] is also parameter 0" + at_line());
  BOOST_TEST(message([&] { nn::SGD({w}, {.learning_rate = -1}); }) ==
             "SGD: learning_rate is -1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::SGD({w}, {.learning_rate = kNaN}); }) ==
             "SGD: learning_rate is nan, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::SGD({w}, {.momentum = -0.1}); }) ==
             "SGD: momentum is -0.1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::SGD({w}, {.weight_decay = -0.1}); }) ==
             "SGD: weight_decay is -0.1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::SGD({w}, {.nesterov = true}); }) ==
             "SGD: nesterov needs a momentum above 0 and a dampening of 0" + at_line());
  BOOST_TEST(message([&] { nn::Adam({w}, {.beta1 = 1}); }) == "Adam: beta1 is 1, expected 0 or more and below 1" + at_line());
  BOOST_TEST(message([&] { nn::Adam({w}, {.beta2 = -0.5}); }) == "Adam: beta2 is -0.5, expected 0 or more and below 1" + at_line());
  BOOST_TEST(message([&] { nn::Adam({w}, {.epsilon = -1}); }) == "Adam: epsilon is -1, expected a finite number, 0 or more" + at_line());
  nn::SGD optimizer({w});
  BOOST_TEST(message([&] { optimizer.set_learning_rate(-2); }) ==
             "SGD: learning_rate is -2, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(optimizer.learning_rate() == 1e-3);
}

BOOST_AUTO_TEST_CASE(moves_and_does_not_copy) {
  static_assert(std::is_move_constructible_v<nn::Adam> && !std::is_copy_constructible_v<nn::Adam>);
  static_assert(std::is_move_assignable_v<nn::SGD> && !std::is_copy_assignable_v<nn::SGD>);
  cr::Tensor moved = start(), kept = start();
  nn::Adam first({moved}), second({kept});
  run(first, 0, 1);
  nn::Adam third(std::move(first));
  run(third, 2, 4);
  run(second, 0, 4);
  BOOST_TEST(moved.to_vector<double>() == kept.to_vector<double>());
}

BOOST_AUTO_TEST_SUITE_END()
