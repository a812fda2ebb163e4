// Optimizers made by name.
// Covers nn/optim/named_optimizer.h.
#include "nn/optim/factory.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autograd/autograd.h"
#include "nn/optim/optimizers.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/optim/message.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::message;

namespace {

// What a name makes.
struct Known {
  const char* name;
  double learning_rate;  // the default
  bool full_batch;
  bool (*is)(const nn::Optimizer&);
  nn::OptimizerFactory factory;  // the same with default options, by the function of that name
};

template <class O>
Known known(const char* name, nn::OptimizerFactory (*factory)(const typename O::Options&)) {
  const auto is = [](const nn::Optimizer& optimizer) { return dynamic_cast<const O*>(&optimizer) != nullptr; };
  return {name, typename O::Options().learning_rate, std::string(name) == "lbfgs", is, factory({})};
}

// The optimizers of the table in nn/optim/optimizers.h, and two names for SGD.
const std::vector<Known>& known_names() {
  static const std::vector<Known> all = [] {
    std::vector<Known> names{
#include <known_optimizers.inc>  // generated from the table
    };
    names.insert(names.begin() + 1, {"momentum", 1e-3, false, names[0].is, nn::sgd({.momentum = 0.9})});
    names.push_back({"iterative", 1e-3, true, names[0].is, nn::sgd()});
    return names;
  }();
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(factory)

BOOST_AUTO_TEST_CASE(every_name_makes_its_optimizer) {
  for (const Known& entry : known_names()) {
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
  for (const Known& entry : known_names())
    if (std::string(entry.name) != "lbfgs") BOOST_TEST(after(entry.name) == after(entry.factory), entry.name);
  BOOST_TEST(after({"rmsprop", {.momentum = 0.3}}) == after(nn::rmsprop({.momentum = 0.3})));
  BOOST_TEST(after({"adagrad", {.weight_decay = 0.3}}) == after(nn::adagrad({.weight_decay = 0.3})));
  BOOST_TEST(after(std::string("adadelta")) == after(nn::adadelta()));
  BOOST_TEST(after("adam") != after(nn::adam({.beta1 = 0.5})));
  BOOST_TEST(after({"own", [](std::vector<cr::Tensor> parameters, const cr::SourceLine& line) {
                      return std::make_unique<nn::SGD>(std::move(parameters), nn::SGDOptions{}, line);
                    }}) == after("sgd"));
  BOOST_TEST(nn::lbfgs().full_batch());
  BOOST_TEST(nn::adam().name() == "adam");
}

BOOST_AUTO_TEST_CASE(names_and_settings_refused) {
  const cr::Tensor x = cr::variable({1});
  std::string names;
  for (const Known& entry : known_names()) names += (names.empty() ? "" : ", ") + std::string(entry.name);
  BOOST_TEST(message([] { nn::OptimizerFactory("adamm"); }) ==
             "OptimizerFactory: unknown optimizer \"adamm\", known names: " + names + at_line());
  BOOST_TEST(message([&] { nn::make_optimizer("lbfgs", {x}, {.weight_decay = 1}); }) ==
             "OptimizerFactory: lbfgs has no weight_decay" + at_line());
  BOOST_TEST(message([&] { nn::make_optimizer("adam", {x}, {.momentum = 1}); }) == "OptimizerFactory: adam has no momentum" + at_line());
  BOOST_TEST(message([&] { nn::make_optimizer("adam", {x}, {.learning_rate = -1}); }) ==
             "Adam: learning_rate is -1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::sgd({.momentum = -1})({x}); }) == "SGD: momentum is -1, expected a finite number, 0 or more" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
