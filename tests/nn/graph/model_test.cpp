#include "nn/graph/model.h"

#include <boost/test/unit_test.hpp>
#include <thread>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::message_of;

namespace {

struct Residual : nn::Module {
  nn::Dense fc1{8, 8}, fc2{8, 8};
  cr::Tensor forward(const cr::Tensor& x) const override { return x + fc2(cr::relu(fc1(x))); }
  void members(nn::Members& visit) override {
    visit("fc1", fc1);
    visit("fc2", fc2);
  }
};

struct SumAndProduct : nn::MultiModule {
  SumAndProduct() : MultiModule(2, 2) {}
  std::vector<cr::Tensor> forward_many(const std::vector<cr::Tensor>& x) const override { return {x[0] + x[1], x[0] * x[1]}; }
};

// The function of graph_of_everything(), written by hand: two inputs, a shared layer, a skip connection, a join of both kinds and two
// outputs.
struct ByHand : nn::MultiModule {
  nn::Dense encoder{6, 8, {.activation = "tanh"}}, mix{16, 8}, score{8, 1}, label{8, 3};
  Residual block;
  ByHand() : MultiModule(2, 2) {}
  std::vector<cr::Tensor> forward_many(const std::vector<cr::Tensor>& x) const override {
    const cr::Tensor a = encoder(x[0]), b = encoder(x[1]);
    const cr::Tensor h = block(mix(cr::concat({a, b}, 1)));
    const cr::Tensor skip = h + a;
    return {score(skip), label(skip)};
  }
  void members(nn::Members& visit) override {
    visit("dense", encoder);
    visit("dense_1", mix);
    visit("residual", block);
    visit("score", score);
    visit("dense_2", label);
  }
};

nn::Model graph_of_everything() {
  const nn::Symbol a = nn::input({6}, {.name = "left"}), b = nn::input({6});
  const nn::Layer encoder = nn::Dense(8, {.activation = "tanh"});
  const nn::Symbol ea = encoder(a), eb = encoder(b);
  const nn::Symbol h = nn::Layer(Residual())(nn::Dense(8)(nn::concatenate({ea, eb})));
  const nn::Symbol skip = nn::add(h, ea);
  nn::Dense score(1);
  score.set_name("score");
  return nn::Model({a, b}, {std::move(score)(skip), nn::Dense(3)(skip)});
}

std::vector<std::string> names_of(const nn::Model& model) {
  std::vector<std::string> names;
  for (const nn::NamedLayer& entry : model.layers()) names.push_back(entry.name);
  return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(model)

BOOST_AUTO_TEST_CASE(a_graph_equals_what_is_written_by_hand) {
  cr::manual_seed(1);
  nn::Model model = graph_of_everything();
  ByHand by_hand;
  by_hand.load_state(model.state());  // the names agree too
  const cr::Tensor a = cr::randn({5, 6}), b = cr::randn({5, 6});
  const std::vector<cr::Tensor> got = model({a, b}), wanted = by_hand({a, b});
  BOOST_REQUIRE(got.size() == 2u);
  BOOST_TEST(got[0].shape() == cr::Shape({5, 1}));
  for (std::size_t i = 0; i < 2; ++i) BOOST_TEST(got[i].to_vector<float>() == wanted[i].to_vector<float>());
  (cr::sum(cr::square(got[0])) + cr::sum(got[1])).backward();
  (cr::sum(cr::square(wanted[0])) + cr::sum(wanted[1])).backward();
  const std::vector<nn::NamedTensor> mine = model.named_parameters(), theirs = by_hand.named_parameters();
  BOOST_REQUIRE(mine.size() == theirs.size());
  for (std::size_t i = 0; i < mine.size(); ++i)
    BOOST_TEST(mine[i].tensor.grad().to_vector<float>() == theirs[i].tensor.grad().to_vector<float>(), mine[i].name);
}

BOOST_AUTO_TEST_CASE(names_are_given_or_made) {
  const nn::Model model = graph_of_everything();
  BOOST_TEST(names_of(model) == (std::vector<std::string>{"dense", "concatenate", "dense_1", "residual", "add", "score", "dense_2"}),
             boost::test_tools::per_element());
  BOOST_TEST(model.input_names() == (std::vector<std::string>{"left", "input"}), boost::test_tools::per_element());
  BOOST_TEST(model.output_names() == (std::vector<std::string>{"score", "dense_2"}), boost::test_tools::per_element());
  BOOST_TEST(model.value_name(3) == "dense#2");
  BOOST_TEST(model.calls()[1].again == 1u);
  BOOST_TEST(model.layer("residual")->describe() == "Residual");
  BOOST_TEST(model.named_parameters()[4].name == "residual.fc1.weight");
  BOOST_TEST(model.layer("dense")->name() == "");  // names belong to the Model
  BOOST_TEST(message_of<std::invalid_argument>([&] { model.layer("head"); }) ==
             "layer: there is no layer \"head\", the layers are dense, concatenate, dense_1, residual, add, score, dense_2" + at_line());

  const nn::Symbol x = nn::input({4}, {.name = "dense"});
  nn::Dense taken(4);
  taken.set_name("dense_1");
  const nn::Symbol h = nn::ReLU()(nn::BatchNorm(4)(nn::Dense(4)(std::move(taken)(x))));
  BOOST_TEST(
      names_of(nn::Model(x, nn::LogSoftmax()(h))) == (std::vector<std::string>{"dense_1", "dense_2", "batch_norm", "re_lu", "log_softmax"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_example_of_the_documentation) {
  nn::Symbol inputs = nn::input({784});
  nn::Symbol h = nn::Dense(128, {.activation = "relu"})(inputs);
  nn::Symbol skip = nn::Dense(128)(inputs);
  nn::Symbol outputs = nn::Dense(10)(nn::add(h, skip));
  const nn::Model model(inputs, outputs);
  const cr::Tensor x = cr::randn({3, 784});
  const cr::Tensor y = model(x);
  BOOST_TEST(y.shape() == cr::Shape({3, 10}));
  BOOST_TEST(y.to_vector<float>() == model.layer("dense_2")(model.layer("dense")(x) + model.layer("dense_1")(x)).to_vector<float>());
  BOOST_TEST(model({x})[0].to_vector<float>() == y.to_vector<float>());
  BOOST_TEST(model.parameter_count() == 2 * 785 * 128 + 1290);
}

BOOST_AUTO_TEST_CASE(the_gradient_of_a_shared_layer_is_the_sum) {
  const nn::Symbol a = nn::input({3}), b = nn::input({3});
  const nn::Layer shared = nn::Dense(2);
  const nn::Model model({a, b}, nn::add(shared(a), shared(b)));
  BOOST_TEST(model.parameters().size() == 2u);
  const cr::Tensor x = cr::randn({4, 3}), y = cr::randn({4, 3}), weight = shared->parameters()[0];
  cr::sum(model({x, y})[0]).backward();
  const cr::Tensor both = weight.grad();
  model.parameters()[0].zero_grad();
  cr::sum(shared(x)).backward();
  cr::sum(shared(y)).backward();
  check_close(both, weight.grad().to_vector<double>(), 1e-6);
}

BOOST_AUTO_TEST_CASE(layers_of_several_results) {
  const nn::Symbol a = nn::input({2}), b = nn::input({2});
  const nn::Layer both = SumAndProduct();
  const std::vector<nn::Symbol> first = both({a, b}), second = both({first[1], first[0]});
  const nn::Model model({a, b}, {second[1], second[0], first[1], a});
  const std::vector<cr::Tensor> y = model({cr::tensor({{1, 2}}), cr::tensor({{3, 4}})});
  check_close(y[0], {12, 48});
  check_close(y[1], {7, 14});
  check_close(y[2], {3, 8});
  check_close(y[3], {1, 2});
  BOOST_TEST(model.output_names() == (std::vector<std::string>{"sum_and_product#2:1", "sum_and_product#2:0", "sum_and_product:1", "input"}),
             boost::test_tools::per_element());
  // A result that is not used.
  check_close(nn::Model({a, b}, first[1])({cr::tensor({{1, 2}}), cr::tensor({{3, 4}})})[0], {3, 8});
}

BOOST_AUTO_TEST_CASE(a_model_is_a_module) {
  const nn::Symbol x = nn::input({4});
  nn::Model inner(x, nn::Dropout(0.5)(nn::Dense(4)(x)));
  inner.eval();
  BOOST_TEST(!inner.layer("dropout")->is_training());
  inner.train();
  nn::Symbol z = nn::input({4});
  nn::Model outer(z, nn::Dense(2)(nn::Layer(std::move(inner))(z)));
  BOOST_TEST(names_of(outer) == (std::vector<std::string>{"model", "dense"}), boost::test_tools::per_element());
  BOOST_TEST(outer.named_parameters()[0].name == "model.dense.weight");
  outer.eval();
  outer.to(cr::DType::float64);
  const cr::Tensor y = outer(cr::randn({3, 4}, cr::DType::float64));
  BOOST_TEST((y.dtype() == cr::DType::float64));
  BOOST_TEST(outer.build({4}) == cr::Shape({2}));
  nn::Model moved = std::move(outer);
  BOOST_TEST(moved(cr::zeros({1, 4}, cr::DType::float64)).size(1) == 2);
  BOOST_TEST(nn::Sequential{std::move(moved)}.parameter_count() == 30);
}

BOOST_AUTO_TEST_CASE(values_are_freed_after_their_last_use) {
  const nn::Symbol x = nn::input({1000});
  nn::Symbol h = x;
  for (int i = 0; i < 20; ++i) h = nn::lambda("double_" + std::to_string(i), h, [](const cr::Tensor& t) { return 2 * t; });
  std::int64_t before = 0, most = 0;
  h = nn::lambda("last", h, [&](const cr::Tensor& t) {
    most = std::max(most, static_cast<std::int64_t>(cr::graph_stats().bytes) - before);
    return t;
  });
  const nn::Model model(x, h);
  const cr::NoGrad no_grad;
  const cr::Tensor at = cr::ones({100, 1000});
  before = static_cast<std::int64_t>(cr::graph_stats().bytes);
  most = 0;
  check_close(cr::slice(model(at).reshape({100000}), 0, 0, 1), {1048576});
  BOOST_TEST(most > 0);
  BOOST_TEST(most < 3 * 400000);
}

BOOST_AUTO_TEST_CASE(ten_thousand_layers) {
  const cr::Tensor x = cr::ones({2, 3}).set_requires_grad(true);
  {
    nn::Symbol in = nn::input({3});
    nn::Symbol h = in;
    for (int i = 0; i < 10000; ++i) h = nn::LeakyReLU(0.5)(h);
    const nn::Model model(in, h);
    BOOST_TEST(model.layers().size() == 10000u);
    BOOST_TEST(model.layers().back().name == "leaky_re_lu_9999");
    const cr::Tensor y = model(x);
    check_close(y, {1, 1, 1, 1, 1, 1});
    cr::sum(y).backward();
    check_close(x.grad(), {1, 1, 1, 1, 1, 1});
  }  // and freed without recursion
}

BOOST_AUTO_TEST_CASE(graphs_that_make_no_model) {
  const nn::Symbol a = nn::input({2}, {.name = "a"}), b = nn::input({2}, {.name = "b"});
  const unsigned line = __LINE__ - 1;
  const std::string made = " of model_test.cpp:" + std::to_string(line);
  const nn::Symbol ha = nn::Dense(3)(a), hb = nn::Dense(4)(b);
  const auto error = [](const nn::SymbolList& inputs, const nn::SymbolList& outputs, cr::SourceLine where) {
    return message_of<std::invalid_argument>([&] { nn::Model(inputs, outputs, where); });
  };
  const cr::SourceLine here = cr::SourceLine::current();
  const std::string end = at_line(here.line());
  BOOST_TEST(error({a}, {ha, hb}, here) ==
             "Model: the output Dense 2 -> 4 depends on input \"b\"" + made + ", which is not among the inputs" + end);
  BOOST_TEST(error({a, b}, ha, here) == "Model: input \"b\"" + made + " is not used: no output depends on it" + end);
  BOOST_TEST(error({a, b, a}, {ha, hb}, here) == "Model: input \"a\"" + made + " is listed twice" + end);
  BOOST_TEST(error(ha, nn::Dense(2)(ha), here).starts_with("Model: the input Dense 2 -> 3 of model_test.cpp:"));
  BOOST_TEST(error(ha, nn::Dense(2)(ha), here).ends_with(" is the result of a layer, expected an input made by input()" + end));
  BOOST_TEST(error(std::vector<nn::Symbol>(), ha, here) == "Model: got no inputs, expected at least 1" + end);
  BOOST_TEST(error(a, std::vector<nn::Symbol>(), here) == "Model: got no outputs, expected at least 1" + end);
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::Model(a, hb); }).ends_with("is not among the inputs" + at_line()));

  const auto named = [](nn::Dense layer, const char* name) {
    layer.set_name(name);
    return layer;
  };
  const nn::Symbol h = named(nn::Dense(3), "h")(a), again = named(nn::Dense(1), "h")(h), as_input = named(nn::Dense(1), "a")(h);
  BOOST_TEST(error(a, again, here) == "Model: the name \"h\" is given to both Dense 2 -> 3 and Dense 3 -> 1" + end);
  BOOST_TEST(error(a, as_input, here) == "Model: the name \"a\" is given to both the input of shape [2] and Dense 3 -> 1" + end);
  BOOST_TEST(error(a, named(nn::Dense(1), "h.1")(a), here) ==
             "Model: the name \"h.1\" of Dense 2 -> 1 has a dot, which separates the names in a path" + end);
}

BOOST_AUTO_TEST_CASE(what_forward_is_given_is_checked) {
  const nn::Symbol pixels = nn::input({784}, {.name = "pixels"}), kind = nn::input({1}, {.name = "kind", .dtype = cr::DType::int64});
  const nn::Symbol kinds = nn::Flatten()(nn::Embedding(3, 10)(kind));
  nn::Model model({pixels, kind}, nn::add(nn::Dense(10)(pixels), kinds));
  const cr::Tensor x = cr::zeros({32, 784}), k = cr::zeros({32, 1}, cr::DType::int64);
  BOOST_TEST(model({x, k})[0].shape() == cr::Shape({32, 10}));
  const auto error = [&](const cr::Tensor& first, const cr::Tensor& second) {
    return message_of<std::invalid_argument>([&] { model({first, second}); });
  };
  const std::string end = at_line(__LINE__ - 2);
  BOOST_TEST(error(cr::zeros({32, 783}), k) == "Model: forward: input \"pixels\" got [32, 783], expected [n, 784]" + end);
  BOOST_TEST(error(cr::zeros({784}), k) == "Model: forward: input \"pixels\" got [784], expected [n, 784]" + end);
  BOOST_TEST(error(cr::Tensor(), k) == "Model: forward: input \"pixels\" got an undefined tensor" + end);
  BOOST_TEST(error(x, x) == "Model: forward: input \"kind\" got [32, 784], expected [n, 1]" + end);
  BOOST_TEST(error(x, cr::zeros({32, 1})) == "Model: forward: input \"kind\" got float32, expected int64" + end);
  BOOST_TEST(error(x.to(cr::DType::float64), k) == "Model: forward: input \"pixels\" got float64, expected float32" + end);
  BOOST_TEST(error(x, cr::zeros({31, 1}, cr::DType::int64)) ==
             "Model: forward: input \"kind\" got 31 examples, expected 32 like input \"pixels\"" + end);
  model.set_name("reader");
  BOOST_TEST(message_of<std::invalid_argument>([&] { model(x); }).starts_with("reader (Model): forward: takes 2 inputs"));
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               model.build_many({{784}, {2}});
             }) == "reader (Model): build: input \"kind\" got an example of shape [2], expected [1]" + at_line());
  // Errors within a model name the caller's line and the layer; errors within a user's module name the module's line.
  const nn::Symbol words = nn::input({}, {.dtype = cr::DType::int64});
  const nn::Model embed(words, nn::Embedding(3, 2)(words));
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               embed(cr::full({1}, 7, cr::DType::int64));
             }).starts_with("Model.embedding (Embedding 3 x 2): "));
  BOOST_TEST(message_of<std::invalid_argument>([&] { embed(cr::full({1}, 7, cr::DType::int64)); }).ends_with(at_line()));
}

BOOST_AUTO_TEST_CASE(no_examples_are_an_empty_batch) {
  const nn::Model model = graph_of_everything();
  BOOST_TEST(model({cr::zeros({0, 6}), cr::zeros({0, 6})})[1].shape() == cr::Shape({0, 3}));
}

BOOST_AUTO_TEST_CASE(a_graph_learns) {
  cr::Generator generator(3);
  const nn::Symbol x = nn::input({2});
  const nn::Symbol h = nn::Dense(16, {.generator = &generator, .activation = "tanh"})(x);
  const nn::Model model(x, nn::Dense(1, {.generator = &generator})(nn::concatenate({h, x})));
  nn::Adam optimizer(model.parameters(), {.learning_rate = 0.05});
  const cr::Tensor inputs = cr::tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}}), targets = cr::tensor({{0}, {1}, {1}, {0}});
  for (int step = 0; step < 300; ++step) optimizer.step(nn::binary_cross_entropy_with_logits(model(inputs), targets));
  BOOST_TEST(nn::binary_cross_entropy_with_logits(model(inputs), targets).item() < 0.05);
}

BOOST_AUTO_TEST_CASE(a_graph_trains_as_the_same_network_by_hand) {
  nn::Model model = graph_of_everything();
  ByHand by_hand;
  by_hand.load_state(model.state());
  cr::Generator generator(11);
  const cr::Tensor left = cr::randn({50, 6}, generator), right = cr::randn({50, 6}, generator);
  const nn::Dataset data({left, right}, {cr::randn({50, 1}, generator), cr::randint(0, 3, {50}, generator)});
  cr::Generator order(5), same_order(5);
  model.compile({.loss = {"mse_loss", "cross_entropy"},
                 .loss_weights = {1, 0.5},
                 .optimizer = nn::adam({.learning_rate = 0.02}),
                 .output_metrics = {{"mae"}, {"accuracy"}}});
  const nn::History of_model = model.fit(data, {.epochs = 6, .batch_size = 16, .generator = &order, .validation_split = 0.2});
  const nn::History of_hand = nn::fit(by_hand, data,
                                      {.loss = {"mse_loss", "cross_entropy"},
                                       .loss_weights = {1, 0.5},
                                       .optimizer = nn::adam({.learning_rate = 0.02}),
                                       .output_metrics = {{"mae"}, {"accuracy"}},
                                       .epochs = 6,
                                       .batch_size = 16,
                                       .generator = &same_order,
                                       .validation_split = 0.2});
  BOOST_TEST(of_model["loss"] == of_hand["loss"], boost::test_tools::per_element());
  BOOST_TEST(of_model["loss"].back() < of_model["loss"].front());
  BOOST_TEST(of_model["val_score_mae"] == of_hand["val_output0_mae"], boost::test_tools::per_element());
  BOOST_TEST(of_model["dense_2_accuracy"] == of_hand["output1_accuracy"], boost::test_tools::per_element());
  for (const nn::NamedTensor& entry : model.state()) {
    for (const nn::NamedTensor& same : by_hand.state())
      if (same.name == entry.name) BOOST_TEST(same.tensor.to_vector<double>() == entry.tensor.to_vector<double>());
  }
  const std::vector<cr::Tensor> predicted = model.predict({left, right});
  check_close(predicted[1], nn::predict(by_hand, {left, right})[1].to_vector<double>(), 0);
  const nn::Metrics metrics = model.evaluate(data, {.batch_size = 7});
  BOOST_TEST(metrics.size() == 5u);
  BOOST_TEST(std::abs(metrics["loss"] - (metrics["score_loss"] + 0.5 * metrics["dense_2_loss"])) < 1e-6);
}

BOOST_AUTO_TEST_CASE(the_optimizer_lasts_from_fit_to_fit) {
  const nn::Symbol x = nn::input({2});
  cr::Generator generator(3);
  nn::Model model(x, nn::Dense(1, {.generator = &generator})(x));
  const nn::Dataset data(cr::randn({8, 2}, generator), cr::randn({8, 1}, generator));
  model.compile({.loss = "mse_loss"});
  model.fit(data, {.epochs = 2});
  const auto steps = [&] {
    for (const nn::NamedTensor& entry : model.optimizer().state())
      if (entry.name == "0.steps") return entry.tensor.item();
    return -1.0;
  };
  BOOST_TEST(steps() == 2);
  model.fit(data);
  BOOST_TEST(steps() == 3);
}

BOOST_AUTO_TEST_CASE(compiling_and_fitting_are_checked) {
  const nn::Symbol x = nn::input({2}, {.name = "pixels"});
  nn::Model model(x, nn::Dense(3)(x));
  const nn::Dataset data(cr::zeros({4, 2}), cr::zeros({4}, cr::DType::int64));
  BOOST_TEST(message_of<std::logic_error>([&] { model.fit(data); }) ==
             "fit: the model is not compiled: call compile() with a loss first" + at_line());
  BOOST_TEST(message_of<std::logic_error>([&] { model.evaluate(data); }) ==
             "evaluate: the model is not compiled: call compile() with a loss first" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { model.compile({}); }) == "compile: got no loss to minimize" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               model.compile({.loss = {"mse_loss", "mse_loss"}});
             }) == "compile: got 2 losses for 1 output, expected one each" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               model.compile({.loss = "mse_los"});
             }).find("unknown loss \"mse_los\", known names: mse_loss") != std::string::npos);
  model.compile({.loss = "cross_entropy", .metrics = {"accuracy"}});
  BOOST_TEST(model.is_compiled());
  BOOST_TEST(message_of<std::invalid_argument>([&] { model.fit(data, {.loss = "mse_loss"}); }).find("which compile() chooses") !=
             std::string::npos);
  const nn::Dataset wide(cr::zeros({4, 5}), cr::zeros({4}, cr::DType::int64));
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               model.fit(wide);
             }).find("input \"pixels\" got an example of shape [5], expected [2]") != std::string::npos);
  const nn::Dataset many(cr::zeros({4, 2}), cr::from_vector(std::vector<std::int64_t>{0, 1, 2, 3}));
  BOOST_TEST(message_of<std::invalid_argument>([&] { model.fit(many); }).find("targets hold labels up to 3") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_copy_is_the_same_graph_of_layers_of_its_own) {
  const nn::Layer encoder = nn::Dense(3, 4);
  encoder->set_name("encoder");
  const nn::Symbol a = nn::input({3}, {.name = "left"}), b = nn::input({3}), words = nn::input({2}, {.dtype = cr::DType::int64});
  const nn::Symbol both = nn::concatenate({encoder(a), nn::Tanh()(encoder(b)), nn::Flatten()(nn::Embedding(5, 3)(words))});
  const nn::Symbol halved = nn::lambda("half", both, [](const cr::Tensor& x) { return x / 2; });
  nn::Model model({a, b, words}, {nn::Dense(2)(halved), both});
  encoder->set_name("renamed later");
  encoder->set_requires_grad(false);
  const nn::Layer copy = model.clone();
  const auto& same = dynamic_cast<const nn::Model&>(*copy);
  BOOST_TEST(same.summary() == model.summary());
  BOOST_TEST(same.input_names() == model.input_names(), boost::test_tools::per_element());
  BOOST_TEST(same.output_names() == model.output_names(), boost::test_tools::per_element());
  BOOST_TEST(same.layers().size() == model.layers().size());
  BOOST_TEST(same.layer("encoder")->name() == "renamed later");
  BOOST_TEST(same.layer("encoder").shared().get() != encoder.shared().get());
  BOOST_TEST(same.trainable_parameter_count() == model.trainable_parameter_count());
  // The copy's graph contains the copy's layers, so that models built on it train the copy.
  const nn::Model first(same.inputs(), same.outputs()[1]);
  BOOST_TEST(first.layer("renamed later").shared().get() == same.layer("encoder").shared().get());
  const std::vector<cr::Tensor> x{cr::randn({2, 3}), cr::randn({2, 3}), cr::randint(0, 5, {2, 2})};
  const std::vector<cr::Tensor> expected = model(x);
  BOOST_TEST(copy(x)[0].to_vector<float>() == expected[0].to_vector<float>(), boost::test_tools::per_element());
  nn::SGD(copy->trainable_parameters(), {.learning_rate = 0.1}).step(cr::sum(copy(x)[0]));
  BOOST_TEST(copy(x)[0].to_vector<float>() != expected[0].to_vector<float>());
  BOOST_TEST(model(x)[0].to_vector<float>() == expected[0].to_vector<float>(), boost::test_tools::per_element());

  nn::Symbol deep = nn::input({1});
  const nn::Symbol start = deep;
  const nn::Layer step = nn::Tanh();
  for (int i = 0; i < 20000; ++i) deep = step(deep);
  BOOST_TEST(dynamic_cast<const nn::Model&>(*nn::Model(start, deep).clone()).calls().size() == 20000U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(model_threads)

BOOST_AUTO_TEST_CASE(many_threads_may_call_one_graph) {
  const nn::Model model = graph_of_everything();
  const cr::Tensor a = cr::randn({8, 6}), b = cr::randn({8, 6});
  const std::vector<float> expected = model({a, b})[1].to_vector<float>();
  std::vector<int> right(4);
  std::vector<std::thread> threads;
  for (int& count : right)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) count += model({a, b})[1].to_vector<float>() == expected;
    });
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(right == std::vector<int>(4, 50), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
