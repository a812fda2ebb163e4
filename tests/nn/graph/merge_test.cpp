// Merges of branches in a layer graph, and functions as layers.
#include "nn/graph/merge.h"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::message_of;

namespace {

cr::Tensor values_of(const nn::Symbol& x, const nn::Symbol& y, const cr::Tensor& at) { return nn::Model(x, y)(at); }

}  // namespace

BOOST_AUTO_TEST_SUITE(merge)

BOOST_AUTO_TEST_CASE(merges_by_hand) {
  const nn::Symbol x = nn::input({2});
  const auto times = [&](int factor) {
    return nn::lambda("times_" + std::to_string(factor), x, [factor](const cr::Tensor& t) { return factor * t; });
  };
  const nn::Symbol two = times(2), three = times(3), four = times(4);
  const cr::Tensor at = cr::tensor({{1, -1}, {0, 5}});
  check_close(values_of(x, nn::add({two, three, four}), at), {9, -9, 0, 45});
  check_close(values_of(x, nn::add(two, three), at), {5, -5, 0, 25});
  check_close(values_of(x, nn::subtract(two, three), at), {-1, 1, 0, -5});
  check_close(values_of(x, nn::multiply({two, three, four}), at), {24, -24, 0, 3000});
  check_close(values_of(x, nn::average({two, three, four}), at), {3, -3, 0, 15});
  check_close(values_of(x, nn::maximum({two, three, four}), at), {4, -2, 0, 20});
  check_close(values_of(x, nn::minimum({two, three, four}), at), {2, -4, 0, 10});
  check_close(values_of(x, nn::concatenate({two, x}), at), {2, -2, 1, -1, 0, 10, 0, 5});
  check_close(values_of(x, nn::add(two), at), {2, -2, 0, 10});
}

BOOST_AUTO_TEST_CASE(concatenate_along_any_axis_of_an_example) {
  const nn::Symbol x = nn::input({2, 1});
  const cr::Tensor at = cr::tensor({{{1}, {2}}, {{3}, {4}}});
  const nn::Symbol down = nn::concatenate({x, x}, 0), right = nn::concatenate({x, x}), first = nn::concatenate({x, x}, -2);
  BOOST_TEST(down.shape() == cr::Shape({4, 1}));
  BOOST_TEST(right.shape() == cr::Shape({2, 2}));
  BOOST_TEST(first.shape() == down.shape());
  BOOST_TEST(down.describe() == "Concatenate along axis 0");
  check_close(values_of(x, down, at), {1, 2, 1, 2, 3, 4, 3, 4});
  check_close(values_of(x, right, at), {1, 1, 2, 2, 3, 3, 4, 4});
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::concatenate({x, x}, 2); }).find("axis 2") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(merges_of_unequal_shapes_name_both) {
  const nn::Symbol x = nn::input({6}, {.name = "x"});
  const nn::Symbol a = nn::Dense(4)(x), b = nn::Dense(1)(x);
  using Merging = nn::Symbol (*)(const nn::SymbolList&, cr::SourceLine);
  for (const Merging merging :
       {Merging(nn::add), Merging(nn::subtract), Merging(nn::multiply), Merging(nn::average), Merging(nn::maximum), Merging(nn::minimum)}) {
    const cr::SourceLine here = cr::SourceLine::current();
    BOOST_TEST(message_of<std::invalid_argument>([&] {
                 merging({a, b}, here);
               }).ends_with(": Dense 6 -> 4 has examples of shape [4], Dense 6 -> 1 of [1], expected equal shapes" + at_line(here.line())));
  }
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::add(x, b); }) ==
             "add: input \"x\" has examples of shape [6], Dense 6 -> 1 of [1], expected equal shapes" + at_line());
  const nn::Symbol square = nn::input({2, 2}), wide = nn::input({3, 5});
  BOOST_TEST(
      message_of<std::invalid_argument>([&] {
        nn::concatenate({square, wide});
      }) ==
      "concatenate: input of shape [2, 2] has examples of shape [2, 2], input of shape [3, 5] of [3, 5], expected equal sizes except along "
      "axis 1" +
          at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::concatenate({square, x});
             }).find("of [6], expected equal sizes") != std::string::npos);
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::add(std::vector<nn::Symbol>()); }) ==
             "add: got no symbols, expected at least 1" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::subtract({a, a, a}); }) == "subtract: got 3 inputs, expected 2" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::Merge("plus", 2); }) ==
             "Merge: unknown op \"plus\", known names: add, subtract, multiply, average, maximum, minimum, concatenate" + at_line());
  const nn::Merge add("add", 2);
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               add({cr::zeros({2, 3}), cr::zeros({2, 1})});
             }) == "Add: add: input 1 has shape [2, 1], expected [2, 3] like input 0" + at_line());
}

BOOST_AUTO_TEST_CASE(a_function_as_a_layer) {
  const nn::Symbol a = nn::input({3}), b = nn::input({3});
  const nn::Symbol y = nn::lambda("dot", {a, b}, [](const std::vector<cr::Tensor>& x) { return cr::sum(x[0] * x[1], 1, true); });
  BOOST_TEST(y.shape() == cr::Shape({1}));
  BOOST_TEST(y.describe() == "dot (Lambda)");
  check_close(nn::Model({a, b}, y)({cr::tensor({{1, 2, 3}}), cr::tensor({{1, 0, 2}})})[0], {7});
  unsigned line = 0;
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::lambda("bad", a, [&](const cr::Tensor& x) {
                 line = __LINE__ + 1;
                 return x + cr::zeros({2});
               });
             }) == "bad (Lambda) after input of shape [3]: add: shapes [1, 3] and [2] do not broadcast together" + at_line(line));
  BOOST_TEST(
      message_of<std::invalid_argument>([&] { nn::lambda("sum", a, [](const cr::Tensor& x) { return cr::sum(x); }); })
          .starts_with(
              "sum (Lambda) after input of shape [3]: build: forward returned [] for one example of shape [3], expected [1, ...] (at "));
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::lambda("none", a, std::function<cr::Tensor(const cr::Tensor&)>()); }) ==
             "lambda: got an empty function" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
