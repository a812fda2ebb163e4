// Averages of weights against PyTorch (tests/reference/optimizers.py), and what they refuse.
#include "nn/optim/ema.h"

#include "nn/optim/sgd.h"
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
using cr::test::ReferenceParameters;

BOOST_AUTO_TEST_SUITE(ema)

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
  const std::string applied = "EMA: the averages are already applied, expected restore() first";
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
