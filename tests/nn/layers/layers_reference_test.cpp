// Layers compared with torch 1.13.1 (numbers: tests/reference/layers_and_losses.py); their derivatives, modes and errors.
#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"
#include "tests/nn/layers/reference.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_as_reference;
using cr::test::check_close;
using cr::test::message_of;
using cr::test::tensor_in;
using nlohmann::json;

namespace {

constexpr cr::DType kDouble = cr::DType::float64;

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
  const cr::Shape weight = cr::test::shape_in(inputs.at("weight"));
  if (name == "embedding") return nn::Embedding(weight[0], weight[1]);
  return nn::Dense(weight[0], weight[1], {.bias = inputs.contains("bias"), .activation = entry.at("activation").get<std::string>()});
}

cr::Tensor random(const cr::Shape& shape, std::uint64_t seed) {
  cr::Generator generator(seed);
  return cr::randn(shape, generator, kDouble);
}

double zeros_in(const cr::Tensor& x) { return cr::sum(cr::eq(x, 0)).item(); }

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
  BOOST_TEST(met.size() == 7U);
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

BOOST_AUTO_TEST_CASE(dropout_has_the_gradient_of_its_mask) {
  // Drawn by the same seed at each call, the mask is the same: a linear function of x.
  const auto masked = [](double p) {
    return [p](const cr::Tensor& x) {
      cr::Generator generator(21);
      return nn::Dropout(p, {.generator = &generator})(x);
    };
  };
  const cr::Tensor x = random({6, 7}, 12);
  for (const double p : {0.0, 0.25, 0.8, 1.0}) {
    const cr::GradcheckResult first = cr::gradcheck(masked(p), {x});
    BOOST_TEST(first.passed, "Dropout " << p << ": " << first.report);
    const cr::GradcheckResult second = cr::gradgradcheck(masked(p), {x});
    BOOST_TEST(second.passed, "Dropout " << p << ", twice: " << second.report);
    for (const cr::DType dtype : {kDouble, cr::DType::float32}) {
      const cr::Tensor mask = masked(p)(cr::ones({6, 7}, dtype));
      const double tolerance = dtype == kDouble ? 1e-15 : 1e-6;
      for (const double factor : mask.to_vector<double>()) BOOST_TEST((factor == 0 || std::abs(factor * (1 - p) - 1) < tolerance));
      cr::Tensor z = x.to(dtype).detach().set_requires_grad(true);
      const cr::Tensor y = masked(p)(z), weights = cr::test::weights_like(y);
      BOOST_TEST(y.dtype() == dtype);
      check_close(y, (mask * z).to_vector<double>(), tolerance);
      y.backward({.gradient = weights});
      check_close(z.grad(), (mask * weights).to_vector<double>(), tolerance);
    }
  }
}

BOOST_AUTO_TEST_CASE(dropout_leaves_out_each_element_alone) {
  for (const double p : {0.1, 0.5, 0.75}) {
    cr::Generator generator(31);
    const nn::Dropout dropout(p, {.generator = &generator});
    const cr::Tensor left_out = cr::eq(dropout(cr::ones({300, 200}, kDouble)), 0).to(kDouble);
    const double share = cr::mean(left_out).item();
    // Bounds of five deviations: of the share, of its rows' and columns' shares, and of neighbours both left out.
    const auto within = [&](double got, double wanted, double draws) {
      BOOST_TEST(std::abs(got - wanted) < 5 * std::sqrt(wanted * (1 - wanted) / draws),
                 "p " << p << ": " << got << ", expected " << wanted);
    };
    within(share, p, 60000);
    within(cr::max(cr::mean(left_out, {1})).item(), p, 200);
    within(cr::min(cr::mean(left_out, {1})).item(), p, 200);
    within(cr::max(cr::mean(left_out, {0})).item(), p, 300);
    within(cr::min(cr::mean(left_out, {0})).item(), p, 300);
    within(cr::mean(cr::slice(left_out, 1, 0, 199) * cr::slice(left_out, 1, 1, 200)).item(), p * p, 299 * 199 / 3.0);
    within(cr::mean(cr::slice(left_out, 0, 0, 299) * cr::slice(left_out, 0, 1, 300)).item(), p * p, 299 * 199 / 3.0);
    // The next mask is independent of this one.
    const cr::Tensor next = cr::eq(dropout(cr::ones({300, 200}, kDouble)), 0).to(kDouble);
    within(cr::mean(left_out * next).item(), p * p, 60000);
  }
}

BOOST_AUTO_TEST_CASE(batch_norm_refuses_one_example_in_training_only) {
  nn::BatchNorm norm(2);
  const cr::Tensor one = cr::tensor({{3, -1}});
  BOOST_TEST(message_of<std::invalid_argument>([&] { norm(one); }) ==
             "BatchNorm 2: BatchNorm: x has shape [1, 2], expected 2 examples or more in training (drop_last leaves a smaller last "
             "batch out)" +
                 at_line());
  check_close(norm.running_mean(), {0, 0});
  norm.eval();
  check_close(norm(one), {3, -1}, 1e-4);
  check_close(norm.running_mean(), {0, 0});
}

BOOST_AUTO_TEST_CASE(batch_norm_keeps_its_buffers_and_records_nothing_in_them) {
  nn::BatchNorm norm(2, {.momentum = 0.5});
  const cr::Tensor before = norm.running_mean();
  const cr::Tensor x = cr::variable({{1, 2}, {3, 6}});
  const cr::Tensor y = norm(x);
  BOOST_TEST(norm.running_mean().is(before));
  BOOST_TEST(norm.running_mean().is_leaf());
  BOOST_TEST(!norm.running_var().requires_grad());
  check_close(norm.running_mean(), {1, 2});
  check_close(norm.running_var(), {1.5, 4.5}, 1e-6);
  norm(x);  // moves the buffers, which the first graph does not use
  cr::sum(y * y).backward();
  BOOST_TEST(norm.named_buffers().size() == 2U);
  BOOST_TEST(norm.parameters().size() == 2U);
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
             }) == "Reshape to [4]: Reshape: an example of x [2, 3] has 3 elements, which do not fill [4]" + at_line());
}

BOOST_AUTO_TEST_CASE(reshape_leaves_the_first_axis) {
  const cr::Tensor x = random({4, 6}, 1);
  BOOST_TEST(nn::Reshape({2, 3})(x).shape() == (cr::Shape{4, 2, 3}));
  BOOST_TEST(nn::Reshape({3, -1})(x).shape() == (cr::Shape{4, 3, 2}));
  BOOST_TEST(nn::Reshape({3, -1})(cr::zeros({0, 6})).shape() == (cr::Shape{0, 3, 2}));
  BOOST_TEST(nn::Reshape(cr::Shape{})(cr::zeros({5, 1})).shape() == cr::Shape{5});
  BOOST_TEST(nn::Reshape({2, 3})(x).to_vector<double>() == x.to_vector<double>());
}

BOOST_AUTO_TEST_CASE(dropout_in_training_leaves_out_p_and_scales_the_rest) {
  cr::Generator generator(11);
  const nn::Dropout dropout(0.3, {.generator = &generator});
  const cr::Tensor x = cr::ones({200, 300}, kDouble).set_requires_grad(true);
  const cr::Tensor y = dropout(x);
  // 60,000 draws: a deviation of the share is 0.0019.
  BOOST_TEST(std::abs(zeros_in(y) / 60000 - 0.3) < 0.01);
  BOOST_TEST(std::abs(cr::mean(y).item() - 1) < 0.02);
  BOOST_TEST(cr::max(y).item() == 1 / 0.7);
  cr::sum(y).backward();
  BOOST_TEST(x.grad().to_vector<double>() == y.to_vector<double>());  // the mask itself, x being 1
  BOOST_TEST(dropout(x).to_vector<double>() != y.to_vector<double>());
}

BOOST_AUTO_TEST_CASE(dropout_draws_by_its_seed) {
  cr::Generator first(4), second(4);
  const cr::Tensor x = cr::ones({50, 4});
  const cr::Tensor a = nn::Dropout(0.5, {.generator = &first})(x), b = nn::Dropout(0.5, {.generator = &second})(x);
  BOOST_TEST(a.to_vector<float>() == b.to_vector<float>());
  const nn::Dropout by_default;
  cr::manual_seed(8);
  const std::vector<float> c = by_default(x).to_vector<float>();
  cr::manual_seed(8);
  BOOST_TEST(by_default(x).to_vector<float>() == c);
  BOOST_TEST(by_default(x).to_vector<float>() != c);
}

BOOST_AUTO_TEST_CASE(dropout_of_nothing_of_all_and_in_eval) {
  const cr::Tensor x = cr::ones({3, 2});
  BOOST_TEST(nn::Dropout(0)(x).is(x));
  BOOST_TEST(zeros_in(nn::Dropout(1)(x)) == 6);
  nn::Sequential model{nn::Dropout(0.5)};
  model.eval();
  BOOST_TEST(model(x).is(x));
  BOOST_TEST(nn::Dropout(0.5)(cr::zeros({0, 2})).shape() == (cr::Shape{0, 2}));
}

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

BOOST_AUTO_TEST_CASE(dense_learns_its_input_size_by_build) {
  cr::Generator one(3), two(3);
  nn::Sequential open{nn::Flatten(), nn::Dense(5, {.generator = &one, .activation = "relu"}), nn::BatchNorm(5), nn::Dropout(0.5),
                      nn::Dense(2, {.bias = false, .generator = &one})};
  BOOST_TEST(open[1]->describe() == "Dense ? -> 5, relu");
  BOOST_TEST(message_of<std::logic_error>([&] {
               open(cr::zeros({1, 2, 3}));
             }) ==
             "Sequential.1 (Dense ? -> 5, relu): Dense: the input size is not known: call build() with the shape of one example, or name "
             "the size" +
                 at_line());
  BOOST_TEST(open.build({2, 3}) == cr::Shape{2});
  const nn::Dense first(6, 5, {.generator = &two}), last(5, 2, {.bias = false, .generator = &two});
  BOOST_TEST(open.named_parameters().size() == 5U);
  BOOST_TEST(open[1]->parameters()[0].to_vector<float>() == first.weight().to_vector<float>());
  BOOST_TEST(open[4]->parameters()[0].to_vector<float>() == last.weight().to_vector<float>());
  BOOST_TEST(open[3]->is_training());
  check_close(open.named_buffers()[0].tensor, {0, 0, 0, 0, 0});
  const cr::Tensor weight = open.parameters()[0];
  BOOST_TEST(open.build({6}) == cr::Shape{2});  // a second time only the shapes are looked at
  BOOST_TEST(open.parameters()[0].is(weight));
  BOOST_TEST(message_of<std::invalid_argument>([&] { open.build({7}); }) ==
             "Sequential.1 (Dense 6 -> 5, relu): Dense: an example has shape [7], expected [..., 6]" + at_line());
  BOOST_TEST(nn::Embedding(4, 3).build({2}) == (cr::Shape{2, 3}));
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::Dense(0, nn::DenseOptions{}); }) ==
             "Dense: got size 0, expected at least 1" + at_line());
}

BOOST_AUTO_TEST_CASE(orthogonal_weights_keep_lengths) {
  cr::Generator generator(2);
  for (const cr::Shape& shape : {cr::Shape{5, 9}, cr::Shape{9, 5}, cr::Shape{6, 6}, cr::Shape{1, 4}, cr::Shape{2, 3, 4}}) {
    const cr::Tensor w = nn::init::orthogonal(2)(shape, kDouble, generator).detach();
    BOOST_TEST(w.shape() == shape);
    const cr::Tensor m = w.reshape({-1, shape.size(-1)});
    const cr::Tensor product = m.size(0) <= m.size(1) ? cr::matmul(m, cr::transpose(m)) : cr::matmul(cr::transpose(m), m);
    check_close(product, (4 * cr::eye(product.size(0), kDouble)).to_vector<double>(), 1e-13);
  }
  // Each direction is equally likely, so that no entry has a preferred sign.
  double sum = 0;
  for (int i = 0; i < 400; ++i) sum += nn::init::orthogonal()({2, 2}, kDouble, generator).to_vector<double>()[0] > 0 ? 1 : -1;
  BOOST_TEST(std::abs(sum) < 80);
  BOOST_TEST(nn::Initializer("orthogonal")({0, 3}, cr::DType::float32, generator).numel() == 0);
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::init::orthogonal()({3}, kDouble, generator); }) ==
             "orthogonal: got shape [3], expected two axes or more" + at_line());
}

BOOST_AUTO_TEST_CASE(lecun_has_its_variance_and_values_are_copied) {
  cr::Generator generator(9);
  for (const char* name : {"lecun_normal", "lecun_uniform"}) {
    const cr::Tensor w = nn::Initializer(name)({200, 300}, kDouble, generator);
    BOOST_TEST(std::abs(cr::mean(cr::square(w)).item() * 200 - 1) < 0.03);
  }
  const cr::Tensor given = cr::tensor({{1, 2}, {3, 4}}, kDouble);
  const nn::Dense dense(2, 2, {.initializer = nn::init::values(given)});
  check_close(dense.weight(), {1, 2, 3, 4});
  BOOST_TEST(dense.weight().dtype() == cr::DType::float32);
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::Dense(2, 3, {.initializer = nn::init::values(given)}); }) ==
             "Initializer: the function gave float32 [2, 2], expected float32 [2, 3]" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::init::values(cr::Tensor()); }) == "values: undefined tensor" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
