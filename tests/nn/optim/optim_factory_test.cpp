// LBFGS compared with PyTorch, steps with a closure, and optimizers created by name.
#include "nn/optim/factory.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/optim/optim_reference.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_relative;
using cr::test::kReferenceSteps;
using cr::test::message_of;
using cr::test::ReferenceParameters;

namespace {

template <class E = std::invalid_argument, class F>
std::string message(F f) {
  return message_of<E>(f);
}

void check_lbfgs(const std::string& name, const nn::LBFGSOptions& options) {
  const auto& wanted = cr::test::reference(name);
  BOOST_REQUIRE_EQUAL(wanted.size(), std::size_t{kReferenceSteps});
  for (const cr::DType dtype : {cr::DType::float64, cr::DType::float32}) {
    ReferenceParameters whole(dtype), halves(dtype);
    nn::LBFGS one({whole.a, whole.b}, options), before({halves.a, halves.b}, options), after({halves.a, halves.b}, options);
    for (int step = 0; step < kReferenceSteps; ++step) {
      std::vector<double> got{one.step([&] { return whole.loss(); })};
      const std::vector<double> values = whole.values();
      got.insert(got.end(), values.begin(), values.end());
      check_relative(got, wanted[static_cast<std::size_t>(step)], cr::test::reference_tolerance(dtype),
                     name + " step " + std::to_string(step));
      if (step == kReferenceSteps / 2) after.load_state(before.state());
      (step < kReferenceSteps / 2 ? before : after).step([&] { return halves.loss(); });
      BOOST_TEST(halves.values() == values, name << " in two halves, step " << step);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(optim_factory)

BOOST_AUTO_TEST_CASE(lbfgs_as_torch) {
  check_lbfgs("lbfgs", {.learning_rate = 0.5, .max_iter = 2});
  check_lbfgs("lbfgs_limits",
              {.learning_rate = 0.3, .max_iter = 4, .max_eval = 3, .tolerance_grad = 1e-4, .tolerance_change = 1e-6, .history_size = 2});
  check_lbfgs("lbfgs_strong_wolfe", {.max_iter = 2, .history_size = 3, .line_search = nn::LineSearch::strong_wolfe});
  check_lbfgs("lbfgs_tolerance_grad", {.learning_rate = 0.5, .max_iter = 5, .tolerance_grad = 0.05});
  check_lbfgs("lbfgs_tolerance_change", {.learning_rate = 0.5, .max_iter = 5, .tolerance_change = 0.01});
  check_lbfgs("lbfgs_strong_wolfe_limits", {.learning_rate = 0.4,
                                            .max_iter = 6,
                                            .max_eval = 5,
                                            .tolerance_grad = 0.05,
                                            .tolerance_change = 1e-3,
                                            .history_size = 2,
                                            .line_search = nn::LineSearch::strong_wolfe});
}

BOOST_AUTO_TEST_CASE(lbfgs_finds_the_minimum) {
  cr::Tensor x = cr::variable({-1.2, 1.0}, cr::DType::float64);
  nn::LBFGS optimizer({x}, {.max_iter = 100, .tolerance_change = 1e-15, .line_search = nn::LineSearch::strong_wolfe});
  const double first = optimizer.step([&] { return cr::square(1 - x[0]) + 100 * cr::square(x[1] - cr::square(x[0])); });
  BOOST_TEST(first == 24.2, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(x.to_vector<double>()[0] == 1, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(x.to_vector<double>()[1] == 1, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(lbfgs_refuses) {
  cr::Tensor x = cr::variable({1, 2});
  nn::LBFGS optimizer({x}, {.history_size = 2});
  BOOST_TEST(message<std::logic_error>([&] { optimizer.step(); }) ==
             "LBFGS: one gradient is not enough, expected step(closure)" + at_line());
  BOOST_TEST(message([&] { nn::LBFGS({x}, {.max_iter = 0}); }) == "LBFGS: max_iter is 0, expected at least 1" + at_line());
  BOOST_TEST(message([&] { nn::LBFGS({x}, {.max_eval = -1}); }) == "LBFGS: max_eval is -1, expected 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::LBFGS({x}, {.history_size = 0}); }) == "LBFGS: history_size is 0, expected at least 1" + at_line());
  BOOST_TEST(message([&] { nn::LBFGS({x}, {.tolerance_grad = -1}); }) ==
             "LBFGS: tolerance_grad is -1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::LBFGS({}); }) == "LBFGS: got no parameters: does the module's members() name them?" + at_line());
  BOOST_TEST(optimizer.state().empty());
  for (int i = 0; i < 2; ++i) optimizer.step([&] { return cr::sum(cr::square(cr::square(x))); });
  std::vector<nn::NamedTensor> state = optimizer.state();
  BOOST_REQUIRE_EQUAL(state.size(), 7U);
  const auto loading = [&](std::size_t i, const cr::Tensor& value) {
    std::vector<nn::NamedTensor> changed = state;
    changed[i].tensor = value;
    return message([&] { optimizer.load_state(changed); });
  };
  const auto starts = [](const std::string& whole, const std::string& with) { return whole.starts_with(with); };
  BOOST_TEST(starts(loading(0, cr::zeros({}, cr::DType::int64)), "load_state: LBFGS's iterations is 0, expected above 0"));
  BOOST_TEST(starts(loading(1, cr::Tensor()), "load_state: LBFGS's step_size is missing"));
  BOOST_TEST(starts(loading(2, cr::zeros({})), "load_state: LBFGS's scale is float32, expected float64"));
  BOOST_TEST(starts(loading(3, cr::zeros({3}, cr::DType::float64)), "load_state: LBFGS's direction is of shape [3], expected [2]"));
  BOOST_TEST(starts(loading(5, cr::zeros({3, 2}, cr::DType::float64)),
                    "load_state: LBFGS's steps is of shape [3, 2], expected at most 2 rows of 2"));
  BOOST_TEST(starts(message([&] {
                      optimizer.load_state({{"other", cr::zeros({})}});
                    }),
                    "load_state: LBFGS's other is nothing that is remembered here"));
  BOOST_TEST(optimizer.state()[3].tensor.to_vector<double>() == state[3].tensor.to_vector<double>());
  optimizer.load_state({});
  BOOST_TEST(optimizer.state().empty());
}

BOOST_AUTO_TEST_CASE(what_a_closure_throws_leaves_the_parameters) {
  for (const nn::LineSearch search : {nn::LineSearch::none, nn::LineSearch::strong_wolfe}) {
    cr::Tensor x = cr::variable({1, 2});
    nn::LBFGS optimizer({x}, {.line_search = search});
    int calls = 0;
    const auto closure = [&] {
      if (++calls == 2) throw std::runtime_error("the data is gone");
      return cr::sum(cr::square(x));
    };
    BOOST_TEST(message<std::runtime_error>([&] { optimizer.step(closure); }) == "the data is gone");
    BOOST_TEST(x.to_vector<double>() == std::vector<double>({1, 2}));
    optimizer.step(closure);
    BOOST_TEST(std::abs(x.to_vector<double>()[0]) < 1e-3);
  }
}

BOOST_AUTO_TEST_CASE(a_closure_for_any_optimizer) {
  cr::Tensor x = cr::variable({3.0});
  nn::SGD optimizer({x}, {.learning_rate = 0.25});
  BOOST_TEST(optimizer.step([&] { return cr::sum(cr::square(x)); }) == 9);
  BOOST_TEST(x.item() == 1.5);
  BOOST_TEST(message([&] { optimizer.step([] { return cr::Tensor(); }); }) == "SGD: undefined tensor for the loss" + at_line());
  BOOST_TEST(message([&] { optimizer.step(std::function<cr::Tensor()>()); }) == "SGD: the closure is an empty function" + at_line());
}

BOOST_AUTO_TEST_CASE(every_name_makes_its_optimizer) {
  struct Known {
    const char* name;
    double learning_rate;
    bool full_batch;
    bool (*is)(const nn::Optimizer&);
  };
  const auto is = []<class O>(std::type_identity<O>) {
    return [](const nn::Optimizer& optimizer) { return dynamic_cast<const O*>(&optimizer) != nullptr; };
  };
  const Known known[] = {
      {"sgd", 1e-3, false, is(std::type_identity<nn::SGD>())},         {"momentum", 1e-3, false, is(std::type_identity<nn::SGD>())},
      {"rmsprop", 1e-2, false, is(std::type_identity<nn::RMSprop>())}, {"adagrad", 1e-2, false, is(std::type_identity<nn::Adagrad>())},
      {"adadelta", 1, false, is(std::type_identity<nn::Adadelta>())},  {"adam", 1e-3, false, is(std::type_identity<nn::Adam>())},
      {"adamw", 1e-3, false, is(std::type_identity<nn::AdamW>())},     {"adamax", 2e-3, false, is(std::type_identity<nn::Adamax>())},
      {"nadam", 2e-3, false, is(std::type_identity<nn::NAdam>())},     {"radam", 1e-3, false, is(std::type_identity<nn::RAdam>())},
      {"lion", 1e-4, false, is(std::type_identity<nn::Lion>())},       {"lbfgs", 1, true, is(std::type_identity<nn::LBFGS>())},
      {"iterative", 1e-3, true, is(std::type_identity<nn::SGD>())},
  };
  for (const Known& entry : known) {
    BOOST_TEST_CONTEXT(entry.name) {
      cr::Tensor x = cr::variable({3.0, -2.0});
      const auto plain = nn::make_optimizer(entry.name, {x});
      BOOST_TEST(entry.is(*plain));
      BOOST_TEST(plain->learning_rate() == entry.learning_rate);
      const nn::OptimizerFactory factory(entry.name, {.learning_rate = 0.5});
      BOOST_TEST(factory.name() == entry.name);
      BOOST_TEST(factory.full_batch() == entry.full_batch);
      const auto made = factory({x});
      BOOST_TEST(made->learning_rate() == 0.5);
      const auto loss = [&] { return cr::sum(cr::square(x)); };
      made->set_learning_rate(0.1);
      BOOST_TEST(made->step(loss) == 13);
      BOOST_TEST(loss().item() < 13);
    }
  }
}

BOOST_AUTO_TEST_CASE(settings_and_options_arrive) {
  const auto after = [](const nn::OptimizerFactory& factory) {
    cr::Tensor x = cr::variable({3.0, -2.0}, cr::DType::float64);
    const auto optimizer = factory({x});
    for (int i = 0; i < 3; ++i) optimizer->step(cr::sum(cr::square(x)));
    return x.to_vector<double>();
  };
  BOOST_TEST(after({"sgd", {.learning_rate = 0.1, .weight_decay = 0.2, .momentum = 0.7}}) ==
             after(nn::sgd({.learning_rate = 0.1, .momentum = 0.7, .weight_decay = 0.2})));
  BOOST_TEST(after("momentum") == after(nn::sgd({.momentum = 0.9})));
  BOOST_TEST(after("iterative") == after(nn::sgd()));
  BOOST_TEST(after({"rmsprop", {.momentum = 0.3}}) == after(nn::rmsprop({.momentum = 0.3})));
  BOOST_TEST(after({"adagrad", {.weight_decay = 0.3}}) == after(nn::adagrad({.weight_decay = 0.3})));
  BOOST_TEST(after(std::string("adadelta")) == after(nn::adadelta()));
  BOOST_TEST(after("adam") == after(nn::adam()));
  BOOST_TEST(after("adamw") == after(nn::adamw()));
  BOOST_TEST(after("adamax") == after(nn::adamax()));
  BOOST_TEST(after("nadam") == after(nn::nadam()));
  BOOST_TEST(after("radam") == after(nn::radam()));
  BOOST_TEST(after("lion") == after(nn::lion()));
  BOOST_TEST(after("adam") != after(nn::adam({.beta1 = 0.5})));
  BOOST_TEST(after({"own", [](std::vector<cr::Tensor> parameters, const cr::SourceLine& line) {
                      return std::make_unique<nn::SGD>(std::move(parameters), nn::SGDOptions{}, line);
                    }}) == after("sgd"));
  BOOST_TEST(nn::lbfgs().full_batch());
  BOOST_TEST(nn::adam().name() == "adam");
}

BOOST_AUTO_TEST_CASE(names_and_settings_refused) {
  const cr::Tensor x = cr::variable({1});
  BOOST_TEST(message([] { nn::OptimizerFactory("adamm"); }) ==
             "OptimizerFactory: unknown optimizer \"adamm\", known are sgd, momentum, rmsprop, adagrad, adadelta, adam, adamw, adamax, "
             "nadam, radam, lion, lbfgs, iterative" +
                 at_line());
  BOOST_TEST(message([&] { nn::make_optimizer("lbfgs", {x}, {.weight_decay = 1}); }) ==
             "OptimizerFactory: lbfgs has no weight_decay" + at_line());
  BOOST_TEST(message([&] { nn::make_optimizer("adam", {x}, {.momentum = 1}); }) == "OptimizerFactory: adam has no momentum" + at_line());
  BOOST_TEST(message([&] { nn::make_optimizer("adam", {x}, {.learning_rate = -1}); }) ==
             "Adam: learning_rate is -1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::sgd({.momentum = -1})({x}); }) == "SGD: momentum is -1, expected a finite number, 0 or more" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
