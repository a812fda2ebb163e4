#include "nn/graph/symbol.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <type_traits>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
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
             "Untrue after Dense 784 -> 128: build: on_build returned [7], but forward returned [1, 128] for one example, expected [1, 7]" +
                 at_line());
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
             "Layer: Swap has 2 outputs: call it with a list, which returns a list" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               swap({a, b, a});
             }) ==
             "Swap after input of shape [2], input of shape [3] and input of shape [2]: forward: got 3 inputs, expected 2" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
