#include "nn/module/module.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <thread>
#include <type_traits>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/autograd/derivatives/on_threads.h"
#include "tests/nn/layers/check_close.h"
#include "tests/nn/module/examples.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::Everything;
using cr::test::message_of;
using cr::test::numbers;
using cr::test::Residual;
using cr::test::same_on_all_threads;

namespace {

struct Bad : nn::Module {
  nn::Dense fc{2, 3};
  static constexpr unsigned kCallLine = __LINE__ + 2;
  cr::Tensor forward(const cr::Tensor& x) const override {
    const cr::Tensor y = fc(x);
    return y + x;
  }
  void members(nn::Members& visit) override { visit("fc", fc); }
};

struct TwoTowers : nn::MultiModule {
  nn::Dense left{3, 2}, right{4, 2};
  TwoTowers() : MultiModule(2, 2) {}
  std::vector<cr::Tensor> forward_many(const std::vector<cr::Tensor>& x) const override {
    const cr::Tensor a = left(x[0]), b = right(x[1]);
    return {a + b, a * b};
  }
  void members(nn::Members& visit) override {
    visit("left", left);
    visit("right", right);
  }
};

struct Doubling : nn::MultiModule {
  Doubling() : MultiModule(1, 1) {}
  std::vector<cr::Tensor> forward_many(const std::vector<cr::Tensor>& x) const override { return {2 * x[0]}; }
};

struct Miscounting : nn::MultiModule {
  Miscounting() : MultiModule(1, 2) {}
  std::vector<cr::Tensor> forward_many(const std::vector<cr::Tensor>& x) const override { return {x[0]}; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(module)

BOOST_AUTO_TEST_CASE(modules_move_and_do_not_copy) {
  static_assert(std::is_move_constructible_v<nn::Dense> && !std::is_copy_constructible_v<nn::Dense>);
  static_assert(std::is_move_assignable_v<nn::Sequential> && !std::is_copy_assignable_v<nn::Sequential>);
  static_assert(std::is_move_constructible_v<Residual> && !std::is_copy_constructible_v<Residual>);
  static_assert(!std::is_convertible_v<nn::Dense&, nn::Layer> && !std::is_constructible_v<nn::Sequential, nn::Dense&>);
  static_assert(std::is_convertible_v<nn::Dense, nn::Layer> && std::is_constructible_v<nn::Sequential, nn::Dense, nn::Layer&>);
  nn::Sequential first{nn::Dense(2, 3), nn::ReLU()};
  const cr::Tensor x = cr::randn({4, 2}), y = first(x), weight = first.parameters()[0];
  nn::Sequential second(std::move(first));
  BOOST_TEST(second(x).to_vector<double>() == y.to_vector<double>());
  BOOST_TEST(second.parameters()[0].is(weight));
  nn::Sequential third;
  third = std::move(second);
  BOOST_TEST(third.size() == 2U);
  const nn::Sequential outer{std::move(third)};  // one Sequential is moved, not nested
  BOOST_TEST(outer.size() == 2U);
}

BOOST_AUTO_TEST_CASE(train_and_eval_reach_everything) {
  Everything model;
  const auto all = [&] {
    return std::vector<bool>{model.is_training(),          model.dense.is_training(),
                             model.layer->is_training(),   model.layers[0]->is_training(),
                             model.heads[0].is_training(), model.owned->is_training()};
  };
  BOOST_TEST(all() == std::vector<bool>(6, true), boost::test_tools::per_element());
  model.eval();
  BOOST_TEST(all() == std::vector<bool>(6, false), boost::test_tools::per_element());
  model.heads[0].train();
  BOOST_TEST(!model.is_training());
  model.train();
  BOOST_TEST(all() == std::vector<bool>(6, true), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(to_keeps_ties_names_and_what_requires_grad) {
  Everything model;
  model.scale.set_name("scale");
  model.gains[0].set_requires_grad(false);
  const std::vector<double> before = model.dense.weight().to_vector<double>();
  cr::sum(model(cr::ones({1, 2}))).backward();
  model.to(cr::DType::float64);
  for (const nn::NamedTensor& entry : model.state())
    BOOST_TEST(entry.tensor.dtype() == (entry.name == "batches" ? cr::DType::int64 : cr::DType::float64));
  BOOST_TEST(model.gains[1].is(model.scale));
  BOOST_TEST(model.scale.name() == "scale");
  BOOST_TEST(model.scale.requires_grad());
  BOOST_TEST(!model.scale.grad().defined());
  BOOST_TEST(!model.gains[0].requires_grad());
  BOOST_TEST(model.dense.weight().to_vector<double>() == before);
  BOOST_TEST(model(cr::ones({1, 2}, cr::DType::float64)).dtype() == cr::DType::float64);
  const cr::Tensor same = model.scale;
  model.to(cr::DType::float64);
  BOOST_TEST(model.scale.is(same));
  BOOST_TEST(message_of<std::invalid_argument>([&] { model.to(cr::DType::int64); }) ==
             "to: got int64, expected float32 or float64 for a module" + at_line());
}

BOOST_AUTO_TEST_CASE(load_state_writes_where_optimizers_look) {
  Everything from, into;
  from.scale.mutable_data<float>()[0] = 9;
  from.batches.mutable_data<std::int64_t>()[0] = 7;
  nn::SGD optimizer(into.parameters(), {.learning_rate = 1});
  const cr::Tensor scale = into.scale;
  std::vector<nn::NamedTensor> state = from.state();
  std::reverse(state.begin(), state.end());  // names count, not the order
  into.load_state(state);
  BOOST_TEST(into.scale.is(scale));
  for (std::size_t i = 0; i < state.size(); ++i)
    BOOST_TEST(into.state()[i].tensor.to_vector<double>() == from.state()[i].tensor.to_vector<double>());
  optimizer.step(cr::sum(into(cr::ones({1, 2}))));
  check_close(into.scale, {8, 1});
  check_close(from.scale, {9, 2});
}

BOOST_AUTO_TEST_CASE(load_state_names_all_that_is_wrong_and_changes_nothing) {
  nn::Dense dense(2, 3);
  const std::vector<double> before = dense.weight().to_vector<double>();
  const auto load = [&](const std::vector<nn::NamedTensor>& state) {
    return message_of<std::invalid_argument>([&] { dense.load_state(state); });
  };
  const cr::Tensor weight = cr::zeros({2, 3}), bias = cr::zeros({3});
  BOOST_TEST(load({{"weight", cr::zeros({3, 2})}, {"gain", bias}})
                 .starts_with("load_state: weight is float32 [3, 2], expected float32 [2, 3]; bias is missing; gain is not in this module "
                              "(at module_test.cpp:"));
  BOOST_TEST(load({{"weight", weight}, {"weight", weight}, {"bias", cr::Tensor()}})
                 .starts_with("load_state: weight is given twice; bias is an undefined tensor (at "));
  BOOST_TEST(load({{"weight", weight}, {"bias", cr::zeros({3}, cr::DType::float64)}})
                 .starts_with("load_state: bias is float64 [3], expected float32 [3] (at "));
  BOOST_TEST(dense.weight().to_vector<double>() == before);
  BOOST_TEST(load({{"weight", weight}, {"bias", bias}}) == "no exception");
}

BOOST_AUTO_TEST_CASE(frozen_parameters_stay_out_of_training) {
  Residual model;
  const std::int64_t all = model.parameter_count();
  BOOST_TEST(model.trainable_parameter_count() == all);
  BOOST_TEST(&model.fc1.set_requires_grad(false) == &model.fc1);
  BOOST_TEST(model.parameter_count() == all);
  BOOST_TEST(model.trainable_parameter_count() == all / 2);
  const std::vector<cr::Tensor> trainable = model.trainable_parameters();
  BOOST_REQUIRE(trainable.size() == 2u);
  BOOST_TEST(trainable[0].is(model.fc2.weight()));
  BOOST_TEST(trainable[1].is(model.fc2.bias()));
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::SGD(model.parameters()); }) ==
             "SGD: parameter 0 of shape [64, 64] does not require grad: to leave out frozen parameters, pass trainable_parameters()" +
                 at_line());
  const std::vector<double> frozen = model.fc1.weight().to_vector<double>(), bias = model.fc2.bias().to_vector<double>();
  nn::SGD optimizer(trainable, {.learning_rate = 0.1});
  optimizer.step(cr::sum(model(cr::ones({2, 64}))));
  BOOST_TEST(model.fc1.weight().to_vector<double>() == frozen, boost::test_tools::per_element());
  BOOST_TEST(!model.fc1.weight().grad().defined());
  BOOST_TEST(model.fc2.bias().to_vector<double>() != bias);
  model.set_requires_grad(true);
  BOOST_TEST(model.trainable_parameter_count() == all);
  BOOST_TEST(model.set_requires_grad(false).trainable_parameters().empty());
  BOOST_TEST(!model(cr::ones({1, 64})).requires_grad());
  nn::Dense open(3);
  open.set_requires_grad(false);
  open.build({2});
  BOOST_TEST(open.trainable_parameter_count() == 9);
}

// Optimizers take parameters, not layers, so custom layers are equal to the library's.
BOOST_AUTO_TEST_CASE(a_module_of_ones_own_has_a_group_of_its_own) {
  nn::Sequential model{nn::Dense(64, 64), Residual()};
  nn::SGD optimizer(model[0]->parameters(), {.learning_rate = 0});
  optimizer.add_group(model[1]->parameters(), {.learning_rate = 0.5});
  const std::vector<double> slow = model.parameters()[0].to_vector<double>(), fast = model.parameters()[2].to_vector<double>();
  optimizer.step(cr::sum(model(cr::ones({2, 64}))));
  BOOST_TEST(model.parameters()[0].to_vector<double>() == slow, boost::test_tools::per_element());
  BOOST_TEST(model.parameters()[2].to_vector<double>() != fast);
}

BOOST_AUTO_TEST_CASE(zero_grad_forgets_all_gradients) {
  Residual model;
  cr::sum(model(cr::ones({1, 64}))).backward();
  for (const cr::Tensor& parameter : model.parameters()) BOOST_TEST(parameter.grad().defined());
  model.zero_grad();
  for (const cr::Tensor& parameter : model.parameters()) BOOST_TEST(!parameter.grad().defined());
}

BOOST_AUTO_TEST_CASE(errors_name_the_path_and_the_users_line) {
  nn::Sequential model{nn::Dense(784, 256), nn::ReLU(), nn::Dense(255, 10)};
  const cr::Tensor x = cr::zeros({32, 784});
  const std::string what = " (Dense 255 -> 10): linear: the input has shape [32, 256], expected [..., 255] to match weight [255, 10]";
  BOOST_TEST(message_of<std::invalid_argument>([&] { model(x); }) == "Sequential.2" + what + at_line());
  model.set_name("mlp");
  BOOST_TEST(message_of<std::invalid_argument>([&] { model(x); }) == "mlp.2" + what + at_line());
  const nn::Sequential outer{nn::Flatten(), std::move(model)};
  BOOST_TEST(message_of<std::invalid_argument>([&] { outer(x); }) == "Sequential.1.2" + what + at_line());
  // No scope remains in force.
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::linear(x, x); }).starts_with("linear: "));
  nn::Dense dense(3, 2);
  BOOST_TEST(message_of<std::invalid_argument>([&] { dense(x); }) ==
             "Dense 3 -> 2: linear: the input has shape [32, 784], expected [..., 3] to match weight [3, 2]" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { dense.set_name("head")(x); }) ==
             "head (Dense 3 -> 2): linear: the input has shape [32, 784], expected [..., 3] to match weight [3, 2]" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { dense(cr::Tensor()); }) ==
             "head (Dense 3 -> 2): linear: undefined tensor" + at_line());
}

BOOST_AUTO_TEST_CASE(errors_in_a_users_forward_name_its_own_lines) {
  const nn::Sequential model{nn::ReLU(), Bad()};
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               model(cr::zeros({4, 5}));
             }) == "Sequential.1.fc (Dense 2 -> 3): linear: the input has shape [4, 5], expected [..., 2] to match weight [2, 3]" +
                       at_line(Bad::kCallLine));
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               model(cr::zeros({4, 2}));
             }) == "Sequential.1 (Bad): add: shapes [4, 3] and [4, 2] do not broadcast together" + at_line(Bad::kCallLine + 1));
}

BOOST_AUTO_TEST_CASE(eval_scope_is_of_its_thread) {
  const nn::Sequential model{nn::Dense(2, 2), nn::Dropout(0.5)};
  const cr::Tensor x = cr::ones({64, 2});
  {
    const nn::EvalScope eval;
    BOOST_TEST(!model.is_training());
    BOOST_TEST(!model[1]->is_training());
    check_close(model(x), model[0](x).to_vector<double>());
    bool elsewhere = false;
    std::thread([&] { elsewhere = model.is_training(); }).join();
    BOOST_TEST(elsewhere);
    const nn::EvalScope inner;
  }
  BOOST_TEST(model.is_training());
}

BOOST_AUTO_TEST_CASE(what_is_open_is_known) {
  nn::Sequential model{nn::Dense(2), nn::Tanh(), nn::Dense(3)};
  BOOST_TEST(model.needs_build());
  model.build({4});
  BOOST_TEST(!model.needs_build());
  BOOST_TEST(!Residual().needs_build());
}

BOOST_AUTO_TEST_CASE(several_inputs_and_outputs) {
  const TwoTowers towers;
  const cr::Tensor a = cr::tensor({{1, 2, 3}}), b = cr::tensor({{4, 3, 2, 1}});
  const std::vector<cr::Tensor> y = towers({a, b});
  BOOST_TEST(y.size() == 2u);
  check_close(y[1], (towers.left(a) * towers.right(b)).to_vector<double>(), 0);
  BOOST_TEST(towers.parameter_count() == 8 + 10);
  BOOST_TEST(Doubling()(a).to_vector<double>() == (std::vector<double>{2, 4, 6}), boost::test_tools::per_element());
  BOOST_TEST(Doubling()({a})[0].to_vector<double>() == (std::vector<double>{2, 4, 6}), boost::test_tools::per_element());
  const std::vector<cr::Tensor> only{a};
  BOOST_TEST(nn::Dense(3, 1)(only).size() == 1u);  // any module takes a list
  const std::vector<cr::Shape> shapes = TwoTowers().build_many({{3}, {4}});
  BOOST_TEST(shapes.size() == 2u);
  BOOST_TEST(shapes[0] == cr::Shape({2}));
}

BOOST_AUTO_TEST_CASE(counts_of_inputs_and_outputs_are_checked) {
  const TwoTowers towers;
  const cr::Tensor a = cr::zeros({1, 3});
  const unsigned line = __LINE__ + 1;
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               towers({a, a, a});
             }) == "TwoTowers: forward: got 3 inputs, expected 2" + at_line(line));
  BOOST_TEST(message_of<std::invalid_argument>([&] { towers(a); }).find("takes 2 inputs and returns 2 outputs") != std::string::npos);
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::Dense(3, 1)({a, a}); }).find("got 2 inputs, expected 1") != std::string::npos);
  BOOST_TEST(message_of<std::logic_error>([&] { Miscounting()({a}); }).find("returned 1 output, expected 2") != std::string::npos);
  BOOST_TEST(message_of<std::invalid_argument>([&] { TwoTowers().build({3}); }).find("call build_many()") != std::string::npos);
  BOOST_TEST(message_of<std::invalid_argument>([&] { TwoTowers().build_many({{3}}); }).find("got shapes of 1 input, expected 2") !=
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(module_threads)

BOOST_AUTO_TEST_CASE(many_threads_may_call_one_model) {
  const nn::Sequential model{nn::Dense(16, 64, {.activation = "tanh"}), Residual(), nn::Dense(64, 4)};
  const cr::Tensor x = cr::randn({8, 16});
  const std::vector<float> expected = model(x).to_vector<float>();
  std::vector<int> right(4);
  std::vector<std::thread> threads;
  for (int& count : right)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) count += model(x).to_vector<float>() == expected;
    });
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(right == std::vector<int>(4, 50), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_const_model_serves_all_threads) {
  cr::Generator generator(9);
  const cr::nn::Sequential model{cr::nn::Dense(6, 16, {.generator = &generator}), cr::nn::Tanh(),
                                 cr::nn::Dense(16, 3, {.generator = &generator})};
  const cr::Tensor batch = cr::randn({10, 6}, generator), labels = cr::randint(0, 3, {10}, generator);
  same_on_all_threads([&] {
    const cr::NoGrad none;
    const cr::Tensor logits = model(batch);
    if (logits.requires_grad()) throw std::runtime_error("recorded");
    return numbers({logits, cr::softmax(logits, -1)});
  });
  const std::vector<cr::Tensor> parameters = model.parameters();
  same_on_all_threads([&] { return numbers(cr::grad(cr::nn::cross_entropy(model(batch), labels), parameters)); });
  same_on_all_threads([&] { return numbers(cr::grad(cr::nn::cross_entropy(model(batch), labels), model.parameters())); });
}

BOOST_AUTO_TEST_SUITE_END()
