// Sequential: its layers in turn, access to them, and errors that name both layers of a mismatch.
#include "nn/layers/sequential.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::message_of;

BOOST_AUTO_TEST_SUITE(sequential)

BOOST_AUTO_TEST_CASE(sequential_runs_its_layers_in_turn) {
  nn::Sequential model;
  const cr::Tensor x = cr::tensor({{-1, 2}});
  BOOST_TEST(model(x).is(x));
  model.push_back(nn::ReLU());
  model.push_back(nn::Dense(2, 1, {.initializer = "ones"}));
  check_close(model(x), {2});
  BOOST_TEST(model.size() == 2U);
  BOOST_TEST(model[0]->describe() == "ReLU");
  BOOST_TEST(model[-1]->describe() == "Dense 2 -> 1");
  std::vector<std::string> words;
  for (const nn::Layer& layer : model) words.push_back(layer->describe());
  BOOST_TEST(words == (std::vector<std::string>{"ReLU", "Dense 2 -> 1"}), boost::test_tools::per_element());
  BOOST_TEST(message_of<std::invalid_argument>([&] { model[2]; }) == "Sequential: there is no layer 2 among 2" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { model[-3]; }) == "Sequential: there is no layer -3 among 2" + at_line());
  std::vector<nn::Layer> list;
  list.push_back(nn::Tanh());
  list.push_back(model[1]);
  const nn::Sequential sharing(list);
  BOOST_TEST(sharing.parameters()[0].is(model.parameters()[0]));
}

BOOST_AUTO_TEST_CASE(a_width_mismatch_names_both_layers_and_both_sizes) {
  const auto message = [](nn::Sequential model, const cr::Shape& example) {
    return message_of<std::invalid_argument>([&] { model.build(example); });
  };
  const std::string mismatch = " (Dense 64 -> 10) after Dense 784 -> 128: Dense: an example has shape [128], expected [..., 64] (at ";
  const auto names_both = [&](nn::Sequential model, const char* path, const cr::Shape& example) {
    const std::string found = message(std::move(model), example);
    BOOST_TEST(found.starts_with(path + mismatch), found);
  };
  names_both(nn::Sequential{nn::Flatten(), nn::Dense(784, 128), nn::Dense(64, 10)}, "Sequential.2", {28, 28});
  // Past what leaves the size as it is, also where it was left open, and within one another.
  names_both(nn::Sequential{nn::Dense(128), nn::ReLU(), nn::Dropout(0.5), nn::Dense(64, 10)}, "Sequential.3", {784});
  names_both(nn::Sequential{nn::Sequential{nn::Dense(784, 128), nn::Tanh()}, nn::Dense(64, 10)}, "Sequential.1", {784});
  names_both(nn::Sequential{nn::Dense(784, 128), nn::Sequential{nn::ReLU(), nn::Dense(64, 10)}}, "Sequential.1.1", {784});
  BOOST_TEST(
      message(nn::Sequential{nn::Dense(4, 6), nn::GLU(), nn::Dense(6, 2)}, {4})
          .starts_with("Sequential.2 (Dense 6 -> 2) after GLU over axis -1: Dense: an example has shape [3], expected [..., 6] (at "));
  BOOST_TEST(
      message(nn::Sequential{nn::Dense(4, 6), nn::BatchNorm(5)}, {4}).starts_with("Sequential.1 (BatchNorm 5) after Dense 4 -> 6: "));
  nn::Dense named(4, 6);
  named.set_name("body");
  BOOST_TEST(message(nn::Sequential{std::move(named), nn::Dense(5, 2)}, {4})
                 .starts_with("Sequential.1 (Dense 5 -> 2) after body (Dense 4 -> 6): "));
  // Nothing comes before the first.
  BOOST_TEST(message(nn::Sequential{nn::ReLU(), nn::Dense(4, 6)}, {5})
                 .starts_with("Sequential.1 (Dense 4 -> 6): Dense: an example has shape [5]"));
  nn::Sequential model{nn::Flatten(), nn::Dense(784, 128), nn::Dense(64, 10)};
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               model.build({28, 28});
             }) == "Sequential.2" + mismatch.substr(0, mismatch.find(" (at")) + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
