// Members: the paths of parameters and buffers, each once.
#include "nn/module/members.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/module/examples.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::Everything;
using cr::test::message_of;
using cr::test::names;
using cr::test::Residual;

BOOST_AUTO_TEST_SUITE(members)

BOOST_AUTO_TEST_CASE(parameters_have_paths_and_come_once) {
  const Everything model;
  const std::vector<std::string> parameters{"scale",           "dense.weight",  "dense.bias",     "layer.weight",
                                            "layers.0.weight", "layers.0.bias", "heads.0.weight", "heads.0.bias",
                                            "gains.0",         "owned.weight",  "owned.bias"};
  BOOST_TEST(names(model.named_parameters()) == parameters, boost::test_tools::per_element());
  BOOST_TEST(model.parameters().size() == parameters.size());
  BOOST_TEST(model.parameter_count() == 2 + 6 + 4 + 9 + 4 + 1 + 3);
  BOOST_TEST(names(model.named_buffers()) == (std::vector<std::string>{"running_mean", "batches"}), boost::test_tools::per_element());
  std::vector<std::string> state = parameters;
  state.insert(state.begin() + 1, {"running_mean", "batches"});
  BOOST_TEST(names(model.state()) == state, boost::test_tools::per_element());
  BOOST_TEST(model.named_parameters()[1].tensor.is(model.dense.weight()));
}

BOOST_AUTO_TEST_CASE(nested_paths) {
  const nn::Sequential model{nn::Dense(8, 64), Residual(), nn::Sequential{nn::ReLU(), nn::Dense(64, 3)}};
  BOOST_TEST(names(model.named_parameters()) == (std::vector<std::string>{"0.weight", "0.bias", "1.fc1.weight", "1.fc1.bias",
                                                                          "1.fc2.weight", "1.fc2.bias", "2.1.weight", "2.1.bias"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_int64_parameter_is_refused) {
  struct Wrong : nn::Module {
    cr::Tensor count = cr::zeros({2}, cr::DType::int64);
    cr::Tensor forward(const cr::Tensor& x) const override { return x; }
    void members(nn::Members& visit) override { visit("count", count); }
  };
  const nn::Sequential model{Wrong()};
  BOOST_TEST(message_of<std::invalid_argument>([&] { model.parameters(); }) ==
             "members: the parameter 0.count is int64, expected float32 or float64: visit.buffer takes any dtype" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
