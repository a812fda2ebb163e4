// set_num_threads() and run_steps(): the same bits on any number of threads.
#include "autograd/parallel/threads.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <vector>

#include "tests/autograd/parallel/threads.h"

namespace cr = chainrule;
using cr::Tensor;
using cr::test::ThreadsRestored;

namespace {

// Values and gradients of a small network over large enough data that its loops are shared among threads.
std::vector<std::vector<float>> run_network() {
  cr::Generator generator(3);
  Tensor x = cr::randn({301, 257}, generator), w1 = cr::randn({257, 190}, generator), b1 = cr::randn({190}, generator),
         w2 = cr::randn({190, 10}, generator);
  Tensor labels = cr::randint(0, 10, {301, 1}, generator);
  for (Tensor* leaf : {&x, &w1, &b1, &w2}) leaf->set_requires_grad(true);
  Tensor logits = cr::linear(cr::relu(cr::linear(x, w1 * 0.1, b1)), w2 * 0.1);
  Tensor loss =
      -cr::mean(cr::gather(cr::log_softmax(logits, 1), 1, labels)) + cr::mean(cr::exp(cr::sigmoid(x))) + cr::sum(cr::transpose(x)) * 1e-3;
  loss.backward();
  return {loss.to_vector<float>(),      logits.to_vector<float>(),    x.grad().to_vector<float>(),
          w1.grad().to_vector<float>(), b1.grad().to_vector<float>(), w2.grad().to_vector<float>()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(num_threads)

// Also run with an OMP_NUM_THREADS that is too large for int (tests/autograd/CMakeLists.txt).
BOOST_AUTO_TEST_CASE(the_default_is_usable) {
  BOOST_TEST(cr::num_threads() >= 1);
  BOOST_TEST(cr::sum(cr::ones({1000, 1000})).item() == 1e6);
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_threads) {
  const ThreadsRestored restored;
  cr::set_num_threads(1);
  const auto serial = run_network();
  for (int threads : {2, 3, 8}) {
    cr::set_num_threads(threads);
    const auto shared = run_network();
    for (std::size_t i = 0; i < serial.size(); ++i)
      BOOST_CHECK_MESSAGE(serial[i] == shared[i], "value " << i << " differs with " << threads << " threads");
  }
  BOOST_CHECK_THROW(cr::set_num_threads(0), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_threads_kept_for_steps) {
  const cr::test::AlwaysFork forks;
  cr::set_num_threads(1);
  const auto alone = run_network();
  for (const int threads : {1, 2, 3, 8}) {
    cr::set_num_threads(threads);
    int steps = 0;
    cr::run_steps([&] {
      BOOST_TEST((run_network() == alone), "step " << steps << " differs with " << threads << " threads");
      return ++steps < 10;
    });
    BOOST_TEST(steps == 10);
  }
}

BOOST_AUTO_TEST_CASE(steps_end_with_an_exception_and_want_a_function) {
  int steps = 0;
  BOOST_CHECK_THROW(cr::run_steps([&]() -> bool {
                      if (++steps == 3) throw std::runtime_error("three");
                      return true;
                    }),
                    std::runtime_error);
  BOOST_TEST(steps == 3);
  BOOST_CHECK_THROW(cr::run_steps(nullptr), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
