// Layers against torch 1.13.1 (numbers: tests/reference/layers_and_losses.py), their derivatives and their errors.
// Covers nn/layers.
#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"
#include "tests/nn/layers/random.h"
#include "tests/nn/layers/reference.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_as_reference;
using cr::test::kDouble;
using cr::test::message_of;
using cr::test::random;
using cr::test::tensor_in;
using nlohmann::json;

namespace {

// An activation's layer made with its first arguments, or with its defaults.
using MakeActivation = std::function<nn::Layer(const std::vector<double>&)>;

template <class L>
nn::Layer plain(const std::vector<double>&) {
  return L();
}

template <class L>
nn::Layer with_number(const std::vector<double>& a) {
  return a.empty() ? L() : L(a[0]);
}

template <class L>
nn::Layer with_two(const std::vector<double>& a) {
  return a.empty() ? L() : L(a.at(0), a.at(1));
}

template <class L>
nn::Layer with_integer(const std::vector<double>& a) {
  return a.empty() ? L() : L(static_cast<int>(a[0]));
}

const std::map<std::string, MakeActivation>& activation_layers() {
  static const std::map<std::string, MakeActivation> layers{
      {"relu", plain<nn::ReLU>},
      {"relu6", plain<nn::ReLU6>},
      {"leaky_relu", with_number<nn::LeakyReLU>},
      {"elu", with_number<nn::ELU>},
      {"selu", plain<nn::SELU>},
      {"celu", with_number<nn::CELU>},
      {"gelu", plain<nn::GELU>},
      {"gelu_tanh", plain<nn::GELUTanh>},
      {"silu", plain<nn::SiLU>},
      {"mish", plain<nn::Mish>},
      {"softplus", with_two<nn::Softplus>},
      {"softsign", plain<nn::Softsign>},
      {"hardtanh", with_two<nn::Hardtanh>},
      {"hardsigmoid", plain<nn::Hardsigmoid>},
      {"hardswish", plain<nn::Hardswish>},
      {"sigmoid", plain<nn::Sigmoid>},
      {"log_sigmoid", plain<nn::LogSigmoid>},
      {"tanh", plain<nn::Tanh>},
      {"softmax", with_integer<nn::Softmax>},
      {"log_softmax", with_integer<nn::LogSoftmax>},
      {"glu", with_integer<nn::GLU>},
      {"prelu", with_integer<nn::PReLU>},
  };
  return layers;
}

// The case's layer, with weights and buffers not yet the case's.
nn::Layer layer_of(const json& entry) {
  const std::string name = entry.at("layer");
  const json& inputs = entry.at("inputs");
  if (name == "activation") return activation_layers().at(entry.at("name"))(entry.at("arguments").get<std::vector<double>>());
  if (name == "flatten") return nn::Flatten();
  if (name == "reshape") return nn::Reshape(cr::Shape(entry.at("sizes").get<std::vector<std::int64_t>>()));
  const cr::Shape x = cr::test::shape_in(inputs.at("x"));
  const bool affine = inputs.contains("weight");
  if (name == "batch_norm")
    return nn::BatchNorm(x.size(1), {.momentum = entry.at("momentum"), .epsilon = entry.at("epsilon"), .affine = affine});
  if (name == "layer_norm")
    return nn::LayerNorm(cr::Shape(entry.at("normalized").get<std::vector<std::int64_t>>()),
                         {.epsilon = entry.at("epsilon"), .affine = affine});
  if (name == "rms_norm")
    return nn::RMSNorm(cr::Shape(entry.at("normalized").get<std::vector<std::int64_t>>()),
                       {.epsilon = entry.at("epsilon"), .affine = affine});
  const cr::Shape weight = cr::test::shape_in(inputs.at("weight"));
  if (name == "embedding") return nn::Embedding(weight[0], weight[1]);
  return nn::Dense(weight[0], weight[1], {.bias = inputs.contains("bias"), .activation = entry.at("activation").get<std::string>()});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(layers_reference)

BOOST_AUTO_TEST_CASE(values_gradients_and_buffers_as_torch) {
  std::set<std::string> met;
  for (const cr::DType dtype : {kDouble, cr::DType::float32}) {
    for (const json& entry : cr::test::reference().at("layers")) {
      const std::string name = entry.at("layer");
      met.insert(name);
      const json& inputs = entry.at("inputs");
      nn::Layer layer = layer_of(entry);
      layer->to(dtype);
      std::vector<nn::NamedTensor> state = layer->state();
      for (nn::NamedTensor& own : state)
        own.tensor = tensor_in(inputs.contains(own.name) ? inputs.at(own.name) : entry.at(own.name), dtype);
      layer->load_state(state);
      layer->train(entry.value("training", true));

      cr::Tensor x = tensor_in(inputs.at("x"), name == "embedding" ? cr::DType::int64 : dtype);
      if (name != "embedding") x.set_requires_grad(true);
      const std::string what = name + " of " + x.shape().str() + " " + layer->describe();
      const cr::Tensor y = layer(x);
      BOOST_TEST(y.shape() == cr::test::shape_in(entry.at("y")));
      check_as_reference(y, entry.at("y").at("values"), what);
      y.backward({.gradient = cr::test::weights_like(y)});
      std::size_t compared = 0;
      const auto compare = [&](const std::string& input, const cr::Tensor& tensor) {
        check_as_reference(tensor.grad(), entry.at("gradients").at(input), "the gradient of " + input + " of " + what);
        ++compared;
      };
      if (name != "embedding") compare("x", x);
      for (const nn::NamedTensor& own : layer->named_parameters()) compare(own.name, own.tensor);
      BOOST_TEST(compared == entry.at("gradients").size());
      for (const nn::NamedTensor& own : layer->named_buffers())
        check_as_reference(own.tensor, entry.at(own.name + "_after").at("values"), own.name + " after " + what);
    }
  }
  BOOST_TEST(met.size() == 8U);
}

BOOST_AUTO_TEST_CASE(activations_by_name_as_torch) {
  std::set<std::string> met;
  for (const cr::DType dtype : {kDouble, cr::DType::float32}) {
    for (const json& entry : cr::test::reference().at("layers")) {
      if (entry.at("layer") != "activation" || !entry.at("arguments").empty()) continue;
      const std::string name = entry.at("name");
      met.insert(name);
      cr::Tensor x = tensor_in(entry.at("inputs").at("x"), dtype).set_requires_grad(true);
      const cr::Tensor y = nn::Activation(name)(x);
      check_as_reference(y, entry.at("y").at("values"), name + " by name");
      y.backward({.gradient = cr::test::weights_like(y)});
      check_as_reference(x.grad(), entry.at("gradients").at("x"), "the gradient of " + name + " by name");
    }
  }
  // All activations except "linear". glu and prelu have no names, because one changes the shape and the other has a weight.
  BOOST_TEST(met.size() == activation_layers().size() - 2);
  const std::string known = message_of<std::invalid_argument>([] { nn::Activation("none"); });
  for (const std::string& name : met) BOOST_TEST(known.find(name) != std::string::npos, name);
  BOOST_TEST(std::count(known.begin(), known.end(), ',') == static_cast<std::ptrdiff_t>(met.size()) + 1, known);
}

BOOST_AUTO_TEST_CASE(gradients_agree_with_differences) {
  const auto check = [](nn::Layer layer, const cr::Tensor& x) {
    layer->to(kDouble);
    const cr::GradcheckResult first = cr::gradcheck([layer](const cr::Tensor& a) { return layer(a); }, {x});
    BOOST_TEST(first.passed, layer->describe() << ": " << first.report);
    const cr::GradcheckResult second = cr::gradgradcheck([layer](const cr::Tensor& a) { return layer(a); }, {x});
    BOOST_TEST(second.passed, layer->describe() << ", twice: " << second.report);
    std::vector<cr::Tensor> leaves = layer->parameters();
    if (!leaves.empty()) BOOST_TEST(cr::test::worst_gradient([&] { return layer(x); }, leaves) < 1e-7);
  };
  check(nn::BatchNorm(3), random({5, 3}, 1));
  nn::BatchNorm still(3, {.affine = false});
  still.eval();
  check(std::move(still), random({1, 3}, 2));
  check(nn::LayerNorm(4), random({2, 3, 4}, 3));
  check(nn::LayerNorm({3, 4}), random({2, 3, 4}, 4));
  check(nn::RMSNorm(4), random({2, 3, 4}, 11));
  check(nn::RMSNorm({3, 4}, {.epsilon = 0.1, .affine = false}), random({2, 3, 4}, 12));
  check(nn::Reshape({2, -1}), random({3, 8}, 5));
  check(nn::Flatten(), random({3, 2, 4}, 6));
  check(nn::Dense(4, 3), random({5, 4}, 7));
  check(nn::Dense(4, 3, {.bias = false, .activation = "mish"}), random({2, 3, 4}, 8));
  for (const auto& [name, make] : activation_layers()) check(make({}), random({3, 4}, 9));
  check(nn::PReLU(4), random({3, 4}, 10));
  nn::Layer embedded = nn::Embedding(5, 3);
  embedded->to(kDouble);
  const cr::Tensor words = cr::from_vector(std::vector<std::int64_t>{4, 0, 4, 2, 4});
  BOOST_TEST(cr::test::worst_gradient([&] { return cr::square(embedded(words)); }, embedded->parameters()) < 1e-7);
}

BOOST_AUTO_TEST_CASE(errors_of_the_layers) {
  const auto message = [](auto f) { return message_of<std::invalid_argument>(f); };
  BOOST_TEST(message([] { nn::BatchNorm(0); }) == "BatchNorm: features is 0, expected at least 1" + at_line());
  BOOST_TEST(message([] { nn::BatchNorm(2, {.momentum = 2}); }) == "BatchNorm: momentum is 2, expected 0 to 1" + at_line());
  BOOST_TEST(message([] { nn::BatchNorm(2, {.epsilon = -1}); }) == "BatchNorm: epsilon is -1, expected 0 or more" + at_line());
  BOOST_TEST(message([] {
               nn::BatchNorm(2)(cr::zeros({4, 3}));
             }) == "BatchNorm 2: BatchNorm: x has shape [4, 3], expected [n, 2]" + at_line());
  BOOST_TEST(message([] { nn::LayerNorm(cr::Shape{}); }) == "LayerNorm: got sizes [], expected one or more, at least 1 each" + at_line());
  BOOST_TEST(message([] {
               nn::LayerNorm(3)(cr::zeros({4, 2}));
             }) == "LayerNorm 3: LayerNorm: x has shape [4, 2], expected its last axes to be [3]" + at_line());
  BOOST_TEST(message([] { nn::RMSNorm({2, 0}); }) == "RMSNorm: got sizes [2, 0], expected one or more, at least 1 each" + at_line());
  BOOST_TEST(message([] { nn::RMSNorm(2, {.epsilon = -1}); }) == "RMSNorm: epsilon is -1, expected 0 or more" + at_line());
  BOOST_TEST(message([] {
               nn::RMSNorm(3)(cr::zeros({4, 2}));
             }) == "RMSNorm 3: RMSNorm: x has shape [4, 2], expected its last axes to be [3]" + at_line());
  BOOST_TEST(message([] { nn::Dropout(1.5); }) == "Dropout: p is 1.5, expected 0 to 1" + at_line());
  BOOST_TEST(message([] { nn::Embedding(0, 2); }) == "Embedding: got count 0 and size 2, expected at least 1 each" + at_line());
  BOOST_TEST(message([] { nn::Embedding(3, 2)(cr::zeros({4})); }) ==
             "Embedding 3 x 2: Embedding: x is float32, expected int64" + at_line());
  BOOST_TEST(message([] { nn::Embedding(3, 2)(cr::full({1}, 3, cr::DType::int64)); }).starts_with("Embedding 3 x 2: index_select: "));
  BOOST_TEST(message([] {
               nn::Reshape({-1, -1});
             }) == "Reshape: got shape [-1, -1], expected sizes of 0 or more and at most one -1" + at_line());
  BOOST_TEST(message([] {
               nn::Reshape({4})(cr::zeros({2, 3}));
             }) == "Reshape to [4]: Reshape: an example of x [2, 3] has 3 elements, which cannot be reshaped to [4]" + at_line());
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

BOOST_AUTO_TEST_SUITE(layers_threads)

BOOST_AUTO_TEST_CASE(a_model_in_eval_serves_several_threads) {
  nn::Sequential model{nn::Dense(4, 8), nn::BatchNorm(8), nn::Dropout(0.5), nn::LayerNorm(8), nn::Dense(8, 2)};
  model.eval();
  const cr::Tensor x = cr::randn({16, 4});
  const std::vector<float> expected = model(x).to_vector<float>();
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (int& count : wrong)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) count += model(x).to_vector<float>() != expected;
    });
  for (std::thread& thread : threads) thread.join();
  for (const int count : wrong) BOOST_TEST(count == 0);
}

BOOST_AUTO_TEST_SUITE_END()
