// LBFGS against PyTorch (tests/reference/optimizers.py), steps by a closure, and what it refuses.
#include "nn/optim/lbfgs.h"

#include "tests/autograd/base/throws.h"
#include "tests/nn/optim/message.h"
#include "tests/nn/optim/optim_reference.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_relative;
using cr::test::kReferenceSteps;
using cr::test::message;
using cr::test::ReferenceParameters;

namespace {

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

BOOST_AUTO_TEST_SUITE(lbfgs)

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
             "LBFGS: it computes the loss several times in a step, expected step(closure)" + at_line());
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
                    "load_state: LBFGS's other is not part of the state"));
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

BOOST_AUTO_TEST_SUITE_END()
