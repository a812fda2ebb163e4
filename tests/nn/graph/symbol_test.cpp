#include "nn/graph/symbol.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <type_traits>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::message_of;

namespace {

struct Swap : nn::MultiModule {
  Swap() : MultiModule(2, 2) {}
  std::vector<cr::Tensor> forward_many(const std::vector<cr::Tensor>& x) const override { return {x[1], x[0]}; }
};

// The class of the largest of each row.
struct Largest : nn::Module {
  cr::Tensor forward(const cr::Tensor& x) const override { return cr::argmax(x, 1); }
};

struct Squared : nn::Module {
  nn::Dense fc{4, 4};
  static constexpr unsigned kCallLine = __LINE__ + 1;
  cr::Tensor forward(const cr::Tensor& x) const override { return cr::square(fc(x)); }
  void members(nn::Members& visit) override { visit("fc", fc); }
};

// Declares a shape that differs from that of its output.
struct Untrue : nn::Module {
  cr::Tensor forward(const cr::Tensor& x) const override { return x; }
  cr::Shape on_build(const cr::Shape&) override { return {7}; }
};

cr::Tensor values_of(const nn::Symbol& x, const nn::Symbol& y, const cr::Tensor& at) { return nn::Model(x, y)(at); }

}  // namespace

BOOST_AUTO_TEST_SUITE(symbol)

BOOST_AUTO_TEST_CASE(an_input_is_what_it_is_told) {
  const nn::Symbol x = nn::input({28, 28}, {.name = "pixels"});
  const unsigned line = __LINE__ - 1;
  BOOST_TEST(x.shape() == cr::Shape({28, 28}));
  BOOST_TEST((x.dtype() == cr::DType::float32));
  BOOST_TEST(x.name() == "pixels");
  BOOST_TEST(x.line().line() == line);
  BOOST_TEST(x.layer() == nullptr);
  BOOST_TEST(x.inputs().empty());
  BOOST_TEST(x.describe() == "input \"pixels\"");
  BOOST_TEST((nn::input({}, {.dtype = cr::DType::int64}).dtype() == cr::DType::int64));
  BOOST_TEST(message_of<std::invalid_argument>([] {
               nn::input({3, -1});
             }) == "input: got shape [3, -1], expected sizes of 1 or more and at most 7 axes" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([] {
               nn::input({1, 1, 1, 1, 1, 1, 1, 1});
             }).starts_with("input: got shape [1, 1, 1, 1, 1, 1, 1, 1], expected"));
}

BOOST_AUTO_TEST_CASE(calling_a_layer_builds_it) {
  const nn::Symbol x = nn::input({784});
  const nn::Symbol h = nn::Dense(128, {.activation = "relu"})(x);
  const nn::Symbol y = nn::Dense(10)(h);
  BOOST_TEST(y.shape() == cr::Shape({10}));
  BOOST_TEST(y.inputs()[0].is(h));
  BOOST_TEST(!h.is(x));
  BOOST_TEST((*h.layer())->describe() == "Dense 784 -> 128, relu");
  BOOST_TEST((*h.layer())->parameter_count() == 785 * 128);
  BOOST_TEST((*h.layer())->parameters()[0].requires_grad());
  BOOST_TEST((*h.layer())->is_training());
  BOOST_TEST(h.describe() == "Dense 784 -> 128, relu");
  nn::Symbol moved = h, other = std::move(moved);
  BOOST_TEST(moved.is(other));  // nothing empties a Symbol
}

BOOST_AUTO_TEST_CASE(only_a_temporary_layer_moves_into_a_graph) {
  // Calling an lvalue fails a static_assert, but only when used; custom modules are called as a Layer.
  static_assert(std::is_invocable_v<nn::Dense, const nn::Symbol&> && std::is_invocable_v<nn::Layer&, const nn::Symbol&>);
  static_assert(!std::is_invocable_v<Squared, const nn::Symbol&>);
  const nn::Symbol x = nn::input({4});
  BOOST_TEST(nn::Layer(Squared())(x).shape() == cr::Shape({4}));
  const nn::Symbol y = nn::Sequential{nn::Dense(3), nn::ReLU(), nn::Dense(2)}(x);
  BOOST_TEST(y.shape() == cr::Shape({2}));
}

BOOST_AUTO_TEST_CASE(dtypes_are_found) {
  const nn::Symbol words = nn::input({5}, {.name = "words", .dtype = cr::DType::int64});
  const nn::Symbol vectors = nn::Embedding(100, 8)(words);
  BOOST_TEST(vectors.shape() == cr::Shape({5, 8}));
  BOOST_TEST((vectors.dtype() == cr::DType::float32));
  const nn::Symbol label = nn::Layer(Largest())(nn::Dense(3)(nn::Flatten()(vectors)));
  BOOST_TEST(label.shape() == cr::Shape());
  BOOST_TEST((label.dtype() == cr::DType::int64));
  const nn::Symbol hot = nn::lambda("hot", words, [](const cr::Tensor& x) { return cr::one_hot(x, 100); });
  BOOST_TEST(hot.shape() == cr::Shape({5, 100}));
  const unsigned line = __LINE__ + 1;
  const std::string what = message_of<std::invalid_argument>([&] { nn::Dense(3)(words); });
  BOOST_TEST(what.starts_with("Dense 5 -> 3 after input \"words\": linear: "), what);
  BOOST_TEST(what.ends_with(at_line(line)), what);
}

BOOST_AUTO_TEST_CASE(a_mismatch_names_both_layers_and_the_line) {
  const nn::Symbol x = nn::input({784}, {.name = "pixels"});
  const nn::Symbol h = nn::Dense(128)(x);
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::Dense(64, 10)(h); }) ==
             "Dense 64 -> 10 after Dense 784 -> 128: Dense: an example has shape [128], expected [..., 64]" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::Dense(64, 10)(x); }) ==
             "Dense 64 -> 10 after input \"pixels\": Dense: an example has shape [784], expected [..., 64]" + at_line());
  nn::Dense named(784, 128), head(64, 10);
  named.set_name("body");
  head.set_name("head");
  const nn::Symbol body = std::move(named)(x);
  BOOST_TEST(body.describe() == "body (Dense 784 -> 128)");
  BOOST_TEST(message_of<std::invalid_argument>([&] { std::move(head)(body); }) ==
             "head (Dense 64 -> 10) after body (Dense 784 -> 128): Dense: an example has shape [128], expected [..., 64]" + at_line());
  BOOST_TEST(
      message_of<std::invalid_argument>([&] {
        nn::Sequential{nn::ReLU(), nn::Dense(64, 10)}(h);
      }).starts_with("Sequential.1 (Dense 64 -> 10) after Dense 784 -> 128: Dense: an example has shape [128], expected [..., 64] (at "));
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::Layer{Squared()}(h); }) ==
             "Squared.fc (Dense 4 -> 4) after Dense 784 -> 128: linear: the input has shape [1, 128], expected [..., 4] to match weight "
             "[4, 4]" +
                 at_line(Squared::kCallLine));
  BOOST_TEST(message_of<std::logic_error>([&] { nn::Layer{Untrue()}(h); }) ==
             "Untrue after Dense 784 -> 128: build: told of [1, 7] for one example, but forward gives [1, 128]" + at_line());
}

BOOST_AUTO_TEST_CASE(a_module_of_several_inputs_takes_a_list) {
  const nn::Symbol a = nn::input({2}), b = nn::input({3});
  const nn::Layer swap = Swap();
  const std::vector<nn::Symbol> swapped = swap({a, b});
  BOOST_TEST(swapped.size() == 2u);
  BOOST_TEST(swapped[0].shape() == cr::Shape({3}));
  BOOST_TEST(swapped[1].output() == 1u);
  BOOST_TEST(swapped[1].describe() == "output 1 of Swap");
  BOOST_TEST(message_of<std::invalid_argument>([&] { swap(a); }) ==
             "Layer: Swap gives 2 outputs: call it with a list, which returns one" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               swap({a, b, a});
             }) ==
             "Swap after input of shape [2], input of shape [3] and input of shape [2]: forward: got 3 inputs, expected 2" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()

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
      "concatenate: input of shape [2, 2] has examples of shape [2, 2], input of shape [3, 5] of [3, 5], expected equal sizes but for "
      "axis 1" +
          at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::concatenate({square, x});
             }).find("of [6], expected equal sizes") != std::string::npos);
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::add(std::vector<nn::Symbol>()); }) ==
             "add: got no symbols, expected at least 1" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::subtract({a, a, a}); }) == "subtract: got 3 inputs, expected 2" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::Merge("plus", 2); }) ==
             "Merge: unknown op \"plus\", known are add, subtract, multiply, average, maximum, minimum, concatenate" + at_line());
  const nn::Merge add("add", 2);
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               add({cr::zeros({2, 3}), cr::zeros({2, 1})});
             }) == "Add: add: input 1 has shape [2, 1], expected [2, 3] as input 0" + at_line());
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
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::lambda("sum", a, [](const cr::Tensor& x) { return cr::sum(x); });
             }).starts_with("sum (Lambda) after input of shape [3]: build: one example of shape [3] gave [], expected [1, ...] (at "));
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::lambda("none", a, std::function<cr::Tensor(const cr::Tensor&)>()); }) ==
             "lambda: got no function" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
