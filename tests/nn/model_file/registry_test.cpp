// The names of module types in files.
#include "nn/model_file/registry.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::message_of;

namespace {

struct Unknown : nn::Module {
  cr::Tensor forward(const cr::Tensor& x) const override { return x; }
};
struct Other : Unknown {};

}  // namespace

BOOST_AUTO_TEST_SUITE(registry)

BOOST_AUTO_TEST_CASE(names_of_types) {
  const auto error = [](auto action) { return message_of<std::invalid_argument>(action); };
  nn::register_module<Other>("test.Other");
  nn::register_module<Other>("test.Other");
  BOOST_TEST(error([] { nn::register_module<Unknown>("test.Other"); }) ==
             "register_module: the name \"test.Other\" is used by another type" + at_line());
  BOOST_TEST(error([] {
               nn::register_module<Other>("test.Another");
             }).starts_with("register_module: the name \"test.Another\" is given to a type that is already registered as \"test.Other\""));
  BOOST_TEST(error([] { nn::register_module<Unknown>("Dense"); }) ==
             "register_module: the name \"Dense\" is used by a layer of the library" + at_line());
  BOOST_TEST(error([] { nn::register_module<nn::ReLU>("test.ReLU"); }) ==
             "register_module: ReLU is a layer of the library and already has a name" + at_line());
  BOOST_TEST(error([] { nn::register_module<Unknown>(""); }) ==
             "register_module: the name \"\", expected 1 to 200 bytes of UTF-8" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
