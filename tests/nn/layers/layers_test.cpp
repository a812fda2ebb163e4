#include <boost/test/unit_test.hpp>
#include <numeric>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::message_of;

namespace {

double mean_square(const cr::Tensor& x) { return cr::mean(cr::square(x)).item(); }
double largest(const cr::Tensor& x) { return cr::max(cr::abs(x)).item(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(layers)

BOOST_AUTO_TEST_CASE(dense_computes_x_w_plus_b) {
  nn::Dense dense(2, 3, {.initializer = nn::init::constant(2), .bias_initializer = nn::init::constant(-1)});
  BOOST_TEST(dense.weight().shape() == (cr::Shape{2, 3}));
  BOOST_TEST(dense.bias().shape() == (cr::Shape{3}));
  check_close(dense(cr::tensor({{1, 2}, {3, 4}})), {5, 5, 5, 13, 13, 13});
  BOOST_TEST(dense(cr::zeros({4, 5, 2})).shape() == (cr::Shape{4, 5, 3}));
  BOOST_TEST(dense(cr::zeros({0, 2})).shape() == (cr::Shape{0, 3}));
  const nn::Dense plain(2, 3, {.bias = false, .initializer = "ones"});
  BOOST_TEST(!plain.bias().defined());
  BOOST_TEST(plain.parameters().size() == 1U);
  check_close(plain(cr::tensor({{1, 2}})), {3, 3, 3});
}

BOOST_AUTO_TEST_CASE(dense_gradients_agree_with_central_differences) {
  cr::Generator generator(3);
  nn::Sequential model{nn::Dense(3, 4, {.generator = &generator, .activation = "tanh"}), nn::Dense(4, 2, {.generator = &generator}),
                       nn::LogSoftmax()};
  model.to(cr::DType::float64);
  const cr::Tensor x = cr::randn({5, 3}, generator, cr::DType::float64).set_requires_grad(true);
  std::vector<cr::Tensor> leaves = model.parameters();
  leaves.push_back(x);
  BOOST_TEST(cr::test::worst_gradient([&] { return model(x); }, leaves) < 1e-7);
}

BOOST_AUTO_TEST_CASE(dense_applies_its_activation) {
  const auto dense = [](nn::Activation activation) {
    return nn::Dense(1, 2, {.initializer = "ones", .bias_initializer = nn::init::constant(-2), .activation = activation});
  };
  const cr::Tensor x = cr::tensor({{1}, {3}});
  check_close(dense("")(x), {-1, -1, 1, 1});
  check_close(dense("linear")(x), {-1, -1, 1, 1});
  check_close(dense("relu")(x), {0, 0, 1, 1});
  check_close(dense(cr::relu)(x), {0, 0, 1, 1});
  check_close(dense("tanh")(x), {-std::tanh(1), -std::tanh(1), std::tanh(1), std::tanh(1)}, 1e-6);
  check_close(dense("sigmoid")(x), {1 / (1 + std::exp(1)), 1 / (1 + std::exp(1)), 1 / (1 + std::exp(-1)), 1 / (1 + std::exp(-1))}, 1e-6);
  check_close(dense("softmax")(x), {0.5, 0.5, 0.5, 0.5}, 1e-6);
  check_close(dense("log_softmax")(x), {-std::log(2), -std::log(2), -std::log(2), -std::log(2)}, 1e-6);
  check_close(dense([](const cr::Tensor& y) { return cr::square(y) + 1; })(x), {2, 2, 2, 2});
}

BOOST_AUTO_TEST_CASE(errors_of_dense_and_activation) {
  const auto message = [](auto f) { return message_of<std::invalid_argument>(f); };
  BOOST_TEST(message([] { nn::Dense(0, 3); }) == "Dense: got sizes 0 -> 3, expected at least 1 each" + at_line());
  BOOST_TEST(message([] { nn::Dense(3, -1); }) == "Dense: got sizes 3 -> -1, expected at least 1 each" + at_line());
  BOOST_TEST(message([] { nn::Dense(3, 1, {.activation = "rleu"}); }) ==
             "Activation: unknown activation \"rleu\", known are linear, relu, leaky_relu, relu6, elu, selu, celu, gelu, gelu_tanh, silu, "
             "mish, softplus, softsign, hardtanh, hardsigmoid, hardswish, sigmoid, log_sigmoid, tanh, softmax, log_softmax" +
                 at_line());
  unsigned line = 0;
  const nn::Dense dense(1, 2, {.activation = [&](const cr::Tensor& y) {
                          line = __LINE__ + 1;
                          return y + cr::zeros({3});
                        }});
  const std::string found = message([&] { dense(cr::zeros({1, 1})); });
  BOOST_TEST(found == "Dense 1 -> 2, function: add: shapes [1, 2] and [3] do not broadcast together" + at_line(line));
}

BOOST_AUTO_TEST_CASE(one_generator_gives_the_same_weights) {
  cr::Generator first(42), second(42), other(43);
  const nn::Dense a(20, 30, {.generator = &first}), b(20, 30, {.generator = &second}), c(20, 30, {.generator = &other}),
      d(20, 30, {.generator = &first});
  BOOST_TEST(a.weight().to_vector<float>() == b.weight().to_vector<float>());
  BOOST_TEST(a.weight().to_vector<float>() != c.weight().to_vector<float>());
  BOOST_TEST(a.weight().to_vector<float>() != d.weight().to_vector<float>());
  cr::manual_seed(5);
  const nn::Dense e(4, 4);
  cr::manual_seed(5);
  const nn::Dense f(4, 4);
  BOOST_TEST(e.weight().to_vector<float>() == f.weight().to_vector<float>());
}

BOOST_AUTO_TEST_CASE(initializers_have_their_variance_and_bounds) {
  cr::Generator generator(9);
  const cr::Shape shape{200, 300};
  const auto draw = [&](const nn::Initializer& initializer) { return initializer(shape, cr::DType::float64, generator); };
  const auto near = [](double got, double wanted) { return std::abs(got / wanted - 1) < 0.03; };
  // 60,000 draws: the variance is met within about 0.6 % (one deviation, normal).
  BOOST_TEST(near(mean_square(draw("he_normal")), 2.0 / 200));
  BOOST_TEST(near(mean_square(draw("he_uniform")), 2.0 / 200));
  BOOST_TEST(near(mean_square(draw("xavier_normal")), 2.0 / 500));
  BOOST_TEST(near(mean_square(draw("xavier_uniform")), 2.0 / 500));
  BOOST_TEST(near(mean_square(draw(nn::init::normal(0.1))), 0.01));
  BOOST_TEST(largest(draw("he_uniform")) <= std::sqrt(6.0 / 200));
  BOOST_TEST(largest(draw("xavier_uniform")) <= std::sqrt(6.0 / 500));
  const cr::Tensor uniform = draw(nn::init::uniform(2, 3));
  BOOST_TEST(cr::min(uniform).item() >= 2);
  BOOST_TEST(cr::max(uniform).item() <= 3);
  BOOST_TEST(std::abs(cr::mean(uniform).item() - 2.5) < 0.01);
  BOOST_TEST(largest(draw("zeros")) == 0);
  BOOST_TEST(cr::min(draw("ones")).item() == 1);
  BOOST_TEST(draw("he_normal").requires_grad());
  BOOST_TEST(draw("he_normal").is_leaf());
  BOOST_TEST(draw("he_normal").dtype() == cr::DType::float64);
}

BOOST_AUTO_TEST_CASE(initializers_of_ones_own_and_their_errors) {
  const cr::Tensor kept = cr::tensor({{1, 2}, {3, 4}});
  const nn::Initializer own = [&](const cr::Shape&, cr::DType, cr::Generator&) { return kept; };
  const nn::Dense dense(2, 2, {.initializer = own});
  check_close(dense.weight(), {1, 2, 3, 4});
  BOOST_TEST(!dense.weight().is(kept));
  BOOST_TEST(!kept.requires_grad());
  const auto message = [](auto f) { return message_of<std::invalid_argument>(f); };
  BOOST_TEST(message([&] { nn::Dense(2, 3, {.initializer = own}); }) ==
             "Initializer: the function gave float32 [2, 2], expected float32 [2, 3]" + at_line());
  BOOST_TEST(message([] { nn::Initializer("he"); }) ==
             "Initializer: unknown initializer \"he\", known are he_normal, he_uniform, xavier_normal, xavier_uniform, lecun_normal, "
             "lecun_uniform, orthogonal, zeros, ones" +
                 at_line());
  BOOST_TEST(message([] { nn::init::normal(-1); }) == "normal: the standard deviation is -1, expected 0 or more" + at_line());
  BOOST_TEST(message([] { nn::init::uniform(1, 0); }) == "uniform: got low 1 and high 0, expected low <= high" + at_line());
}

BOOST_AUTO_TEST_CASE(activation_layers_are_their_ops) {
  const cr::Tensor x = cr::tensor({{-1, 0, 2}, {3, -4, 5}});
  const auto same = [&](const nn::Layer& layer, const cr::Tensor& expected) {
    BOOST_TEST(layer->parameters().empty());
    BOOST_TEST(layer(x).to_vector<float>() == expected.to_vector<float>());
  };
  same(nn::ReLU(), cr::relu(x));
  same(nn::ReLU6(), cr::relu6(x));
  same(nn::LeakyReLU(), cr::leaky_relu(x));
  same(nn::LeakyReLU(0.3), cr::leaky_relu(x, 0.3));
  same(nn::ELU(0.5), cr::elu(x, 0.5));
  same(nn::SELU(), cr::selu(x));
  same(nn::CELU(0.5), cr::celu(x, 0.5));
  same(nn::GELU(), cr::gelu(x));
  same(nn::GELUTanh(), cr::gelu_tanh(x));
  same(nn::SiLU(), cr::silu(x));
  same(nn::Mish(), cr::mish(x));
  same(nn::Softplus(2, 3), cr::softplus(x, 2, 3));
  same(nn::Softsign(), cr::softsign(x));
  same(nn::Hardtanh(-2, 4), cr::hardtanh(x, -2, 4));
  same(nn::Hardsigmoid(), cr::hardsigmoid(x));
  same(nn::Hardswish(), cr::hardswish(x));
  same(nn::Sigmoid(), cr::sigmoid(x));
  same(nn::LogSigmoid(), cr::log_sigmoid(x));
  same(nn::Tanh(), cr::tanh(x));
  same(nn::GLU(0), cr::glu(x, 0));
  same(nn::Softmax(), cr::softmax(x, 1));
  same(nn::Softmax(0), cr::softmax(x, 0));
  same(nn::LogSoftmax(), cr::log_softmax(x, 1));
  same(nn::LogSoftmax(0), cr::log_softmax(x, 0));
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::Softmax(2)(x); }) ==
             "Softmax over axis 2: softmax: axis 2 is out of range for a tensor of rank 2, expected -2 to 1" + at_line());
}

BOOST_AUTO_TEST_CASE(prelu_trains_its_weight) {
  nn::PReLU one, each(3);
  const cr::Tensor x = cr::tensor({{-1, 0, 2}, {3, -4, 5}});
  check_close(one(x), {-0.25, 0, 2, 3, -1, 5});
  BOOST_TEST(one.parameter_count() == 1);
  BOOST_TEST(each.parameter_count() == 3);
  cr::sum(each(x)).backward();
  check_close(each.weight().grad(), {-1, -4, 0});
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::PReLU(0); }) == "PReLU: channels is 0, expected at least 1" + at_line());
}

BOOST_AUTO_TEST_CASE(activations_have_the_names_of_their_ops) {
  const cr::Tensor x = cr::tensor({{-1, 0, 2}, {3, -4, 5}});
  const auto same = [&](const char* name, const cr::Tensor& expected) {
    const nn::Activation activation(name);
    BOOST_TEST(activation.name() == name);
    BOOST_TEST(activation(x).to_vector<float>() == expected.to_vector<float>(), name);
  };
  same("relu", cr::relu(x));
  same("leaky_relu", cr::leaky_relu(x));
  same("relu6", cr::relu6(x));
  same("elu", cr::elu(x));
  same("selu", cr::selu(x));
  same("celu", cr::celu(x));
  same("gelu", cr::gelu(x));
  same("gelu_tanh", cr::gelu_tanh(x));
  same("silu", cr::silu(x));
  same("mish", cr::mish(x));
  same("softplus", cr::softplus(x));
  same("softsign", cr::softsign(x));
  same("hardtanh", cr::hardtanh(x));
  same("hardsigmoid", cr::hardsigmoid(x));
  same("hardswish", cr::hardswish(x));
  same("sigmoid", cr::sigmoid(x));
  same("log_sigmoid", cr::log_sigmoid(x));
  same("tanh", cr::tanh(x));
  same("softmax", cr::softmax(x, -1));
  same("log_softmax", cr::log_softmax(x, -1));
}

BOOST_AUTO_TEST_CASE(flatten_keeps_the_first_axis) {
  const nn::Flatten flatten;
  const cr::Tensor x = cr::randn({4, 3, 5});
  BOOST_TEST(flatten(x).shape() == (cr::Shape{4, 15}));
  BOOST_TEST(flatten(x).to_vector<float>() == x.to_vector<float>());
  BOOST_TEST(flatten(cr::zeros({0, 3, 5})).shape() == (cr::Shape{0, 15}));
  BOOST_TEST(flatten(cr::zeros({7})).shape() == (cr::Shape{7, 1}));
  BOOST_TEST(message_of<std::invalid_argument>([&] { flatten(cr::zeros({})); }) ==
             "Flatten: Flatten: x has shape [], expected [n, ...]" + at_line());
}

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
  // Passes layers that do not change the size, also those without a given size, and nested ones.
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
  // The first layer has no predecessor.
  BOOST_TEST(message(nn::Sequential{nn::ReLU(), nn::Dense(4, 6)}, {5})
                 .starts_with("Sequential.1 (Dense 4 -> 6): Dense: an example has shape [5]"));
  nn::Sequential model{nn::Flatten(), nn::Dense(784, 128), nn::Dense(64, 10)};
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               model.build({28, 28});
             }) == "Sequential.2" + mismatch.substr(0, mismatch.find(" (at")) + at_line());
}

BOOST_AUTO_TEST_CASE(layers_describe_themselves) {
  BOOST_TEST(nn::Dense(784, 128).describe() == "Dense 784 -> 128");
  BOOST_TEST(nn::Dense(2, 3, {.activation = "relu"}).describe() == "Dense 2 -> 3, relu");
  BOOST_TEST(nn::Sequential().describe() == "Sequential");
  BOOST_TEST(nn::Flatten().describe() == "Flatten");
  BOOST_TEST(nn::Sigmoid().describe() == "Sigmoid");
  BOOST_TEST(nn::Tanh().describe() == "Tanh");
  BOOST_TEST(nn::LeakyReLU().describe() == "LeakyReLU 0.01");
  BOOST_TEST(nn::Softplus().describe() == "Softplus");
  BOOST_TEST(nn::Softplus(2).describe() == "Softplus, beta 2");
  BOOST_TEST(nn::Hardtanh().describe() == "Hardtanh -1 to 1");
  BOOST_TEST(nn::PReLU(3).describe() == "PReLU 3");
  BOOST_TEST(nn::Softmax().describe() == "Softmax over axis -1");
  BOOST_TEST(nn::LogSoftmax(0).describe() == "LogSoftmax over axis 0");
}

BOOST_AUTO_TEST_SUITE_END()
