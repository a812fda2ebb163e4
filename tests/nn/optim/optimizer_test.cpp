// What all optimizers share: steps, gradients, learning rates, states, and what is refused.
#include "nn/optim/optimizer.h"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "autograd/ops/create.h"
#include "nn/optim/adam.h"
#include "nn/optim/schedule.h"
#include "nn/optim/sgd.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"
#include "tests/nn/optim/message.h"
#include "tests/nn/optim/small_run.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::message;
using cr::test::run;
using cr::test::start;

BOOST_AUTO_TEST_SUITE(optimizer)

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
  // Its steps count from its first gradient, so this step has the length of the whole learning rate.
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
  BOOST_TEST(message([&] { optimizer.step(cr::Tensor()); }) == "SGD: the loss is an undefined tensor" + at_line());
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

BOOST_AUTO_TEST_CASE(a_closure_for_any_optimizer) {
  cr::Tensor x = cr::variable({3.0});
  nn::SGD optimizer({x}, {.learning_rate = 0.25});
  BOOST_TEST(optimizer.step([&] { return cr::sum(cr::square(x)); }) == 9);
  BOOST_TEST(x.item() == 1.5);
  BOOST_TEST(message([&] { optimizer.step([] { return cr::Tensor(); }); }) == "SGD: the loss is an undefined tensor" + at_line());
  BOOST_TEST(message([&] { optimizer.step(std::function<cr::Tensor()>()); }) == "SGD: the closure is an empty function" + at_line());
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
    // The loaded state is a copy.
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
  BOOST_TEST(starts(load("0.momentum", start()), "load_state: Adam's 0.momentum is not part of the state"));
  BOOST_TEST(starts(load("0.moment1", cr::zeros({2})), "load_state: Adam's 0.moment1 is float32 [2], expected float64 [3]"));
  BOOST_TEST(starts(load("0.moment1", cr::Tensor()), "load_state: Adam's 0.moment1 is an undefined tensor"));
  BOOST_TEST(starts(load("0.steps", start()), "load_state: Adam's 0.steps is "));
  BOOST_TEST(optimizer.state()[1].tensor.to_vector<double>() == before);
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
             }) == "Adam: parameter 1 of shape [2, 3] does not require grad: to leave out frozen parameters, pass trainable_parameters()" +
                       at_line());
  BOOST_TEST(message([&] { nn::Adam({w * 2}); }) == "Adam: parameter 0 of shape [3] is the result of mul, expected a leaf" + at_line());
  BOOST_TEST(message([&] { nn::Adam({w, w}); }) == "Adam: parameter 1 of shape [3] was already given as parameter 0" + at_line());
  BOOST_TEST(message([&] { nn::SGD({w}, {.learning_rate = -1}); }) ==
             "SGD: learning_rate is -1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::SGD({w}, {.learning_rate = kNaN}); }) ==
             "SGD: learning_rate is nan, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::SGD({w}, {.momentum = -0.1}); }) ==
             "SGD: momentum is -0.1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::SGD({w}, {.weight_decay = -0.1}); }) ==
             "SGD: weight_decay is -0.1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::SGD({w}, {.nesterov = true}); }) ==
             "SGD: got nesterov with momentum 0 and dampening 0, expected momentum above 0 and dampening 0" + at_line());
  BOOST_TEST(message([&] { nn::Adam({w}, {.beta1 = 1}); }) == "Adam: beta1 is 1, expected 0 or more and below 1" + at_line());
  BOOST_TEST(message([&] { nn::Adam({w}, {.beta2 = -0.5}); }) == "Adam: beta2 is -0.5, expected 0 or more and below 1" + at_line());
  BOOST_TEST(message([&] { nn::Adam({w}, {.epsilon = -1}); }) == "Adam: epsilon is -1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::Rprop({w}, {.eta_minus = 1}); }) ==
             "Rprop: eta_minus is 1, expected a number above 0 and below 1" + at_line());
  BOOST_TEST(message([&] { nn::Rprop({w}, {.eta_plus = 1}); }) == "Rprop: eta_plus is 1, expected a finite number above 1" + at_line());
  BOOST_TEST(message([&] { nn::Rprop({w}, {.step_max = 0}); }) == "Rprop: step_max is 0, expected at least step_min" + at_line());
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
