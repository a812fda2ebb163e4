// SGD against torch 1.13.1 (numbers: tests/reference/losses_and_optimizers.py).
#include "nn/optim/sgd.h"

#include <boost/test/unit_test.hpp>

#include "tests/nn/optim/small_run.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::check_run;

BOOST_AUTO_TEST_SUITE(sgd)

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

BOOST_AUTO_TEST_SUITE_END()
