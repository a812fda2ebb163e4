// What is drawn in between changes nothing that is drawn later.
#include "nn/module/keep_default_generator.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>

namespace cr = chainrule;
namespace nn = chainrule::nn;

BOOST_AUTO_TEST_SUITE(keep_default_generator)

BOOST_AUTO_TEST_CASE(the_generator_is_put_back) {
  cr::manual_seed(5);
  cr::default_generator().next();
  const cr::Generator before = cr::default_generator();
  try {
    const nn::KeepDefaultGenerator keep;
    cr::default_generator().next();
    {
      const nn::KeepDefaultGenerator inner;
      cr::manual_seed(6);
    }
    BOOST_TEST(cr::default_generator().seed() == 5U);
    BOOST_TEST(cr::default_generator().counter() == 2U);
    throw std::runtime_error("leaves the scope");
  } catch (const std::runtime_error&) {
  }
  BOOST_TEST((cr::default_generator() == before));
}

BOOST_AUTO_TEST_SUITE_END()
