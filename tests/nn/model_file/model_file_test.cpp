// Modules in files: every layer, graphs, modules of one's own, there and back with every bit.
// Covers nn/model_file/built_in_modules.cpp, nn/model_file/graph_config.cpp, nn/model_file/module_paths.cpp.
#include "nn/model_file/model_file.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <thread>
#include <typeindex>
#include <typeinfo>
#include <vector>

#include "nn/model_file/module_table.h"
#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/files/folder.h"
#include "tests/nn/module/every_layer.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::every_layer;
using cr::test::Folder;
using cr::test::input_for;
using cr::test::message_of;
using cr::test::text_of;

namespace {

template <class T>
std::string bits(const cr::Tensor& tensor) {
  const auto values = tensor.data<T>();
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

std::string bits_of(const cr::Tensor& tensor) {
  if (tensor.dtype() == cr::DType::float32) return bits<float>(tensor);
  return tensor.dtype() == cr::DType::float64 ? bits<double>(tensor) : bits<std::int64_t>(tensor);
}

/// Fails unless paths, dtypes, shapes, names, requires_grad and bits agree.
void check_same_state(const nn::Module& got, const nn::Module& wanted) {
  const std::vector<nn::NamedTensor> left = got.state(), right = wanted.state();
  BOOST_REQUIRE_EQUAL(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    BOOST_TEST_CONTEXT(right[i].name) {
      BOOST_TEST(left[i].name == right[i].name);
      BOOST_TEST(left[i].tensor.shape() == right[i].tensor.shape());
      BOOST_TEST((left[i].tensor.dtype() == right[i].tensor.dtype()));
      BOOST_TEST(left[i].tensor.name() == right[i].tensor.name());
      BOOST_TEST(left[i].tensor.requires_grad() == right[i].tensor.requires_grad());
      BOOST_TEST(left[i].tensor.is_leaf());
      BOOST_TEST((bits_of(left[i].tensor) == bits_of(right[i].tensor)));
    }
  }
}

struct Residual : nn::Module {
  nn::Dense fc1, fc2;
  double scale;
  explicit Residual(std::int64_t width, double factor = 1) : fc1(width, width), fc2(width, width), scale(factor) {}
  cr::Tensor forward(const cr::Tensor& x) const override { return x + fc2(cr::relu(fc1(x))) * scale; }
  void members(nn::Members& visit) override {
    visit("fc1", fc1);
    visit("fc2", fc2);
  }
  void config(nn::Config& c) const override { c.set("width", fc1.d_in()).set("scale", scale); }
};

/// Holds Layers that it was given, a Tensor in two places and a buffer.
struct Tied : nn::Module {
  nn::Layer first, second;
  cr::Tensor gain = cr::variable(2.0), again = gain, count = cr::zeros({}, cr::DType::int64);
  Tied(nn::Layer a, nn::Layer b) : first(std::move(a)), second(std::move(b)) {}
  cr::Tensor forward(const cr::Tensor& x) const override { return second(first(x) * gain) * again; }
  void members(nn::Members& visit) override {
    visit("first", first);
    visit("second", second);
    visit("gain", gain);
    visit("again", again);
    visit.buffer("count", count);
  }
  void config(nn::Config& c) const override { c.set("first", first).set("second", second); }
};

struct Values : nn::Module {
  cr::Tensor floats, doubles, integers = cr::zeros({4}, cr::DType::int64);
  Values(std::int64_t a, std::int64_t b)
      : floats(cr::zeros({a}).set_requires_grad(true)), doubles(cr::zeros({b}).set_requires_grad(true)) {}
  cr::Tensor forward(const cr::Tensor& x) const override { return x; }
  void members(nn::Members& visit) override {
    visit("floats", floats);
    visit("doubles", doubles);
    visit.buffer("integers", integers);
  }
  void config(nn::Config& c) const override { c.set("floats", floats.numel()).set("doubles", doubles.numel()); }
};

struct Plain : nn::Module {
  nn::Dense head{3, 2};
  cr::Tensor noise = cr::randn({3}).set_requires_grad(true);
  cr::Tensor forward(const cr::Tensor& x) const override { return head(x + noise); }
  void members(nn::Members& visit) override {
    visit("head", head);
    visit("noise", noise);
  }
};

/// Every kind of setting.
struct Everything : nn::Module {
  nn::Config settings;
  explicit Everything(nn::Config s) : settings(std::move(s)) {}
  cr::Tensor forward(const cr::Tensor& x) const override { return x; }
  void config(nn::Config& c) const override {
    const double inf = std::numeric_limits<double>::infinity();
    c.set("flag", true).set("least", std::numeric_limits<std::int64_t>::min()).set("most", std::numeric_limits<std::int64_t>::max());
    c.set("third", 1.0 / 3).set("minus_zero", -0.0).set("nan", std::numeric_limits<double>::quiet_NaN()).set("inf", -inf).set("two", 2.0);
    c.set("words", "a \"b\"\n重み\t").set("empty", "").set("dtype", cr::DType::int64).set("shape", cr::Shape{2, 0, 3});
    c.set("numbers", std::vector<double>{0.1, inf, 1}).set("none", std::vector<double>());
    nn::Config inner;
    inner.set("x", 1);
    std::vector<nn::Config> list(2);
    list[1].set("y", 2);
    c.set("inner", std::move(inner)).set("list", std::move(list));
  }
};

/// A graph with two inputs, a layer that is used twice, a skip, a nested module and two outputs.
nn::Model two_towers() {
  nn::Symbol left = nn::input({6}, {.name = "left"}), right = nn::input({4, 6}), words = nn::input({3}, {.dtype = cr::DType::int64});
  const nn::Layer shared = nn::Layer(nn::Dense(5, {.activation = "tanh"})).named("encoder");
  nn::Symbol h = shared(left), g = shared(nn::Reshape({6})(nn::Dense(6)(nn::Flatten()(right))));
  nn::Symbol e = nn::Dense(5)(nn::Flatten()(nn::Embedding(7, 2)(words)));
  nn::Symbol sum = nn::add({h, g, e});
  nn::Symbol skip = nn::concatenate({sum, nn::Sequential{nn::BatchNorm(5), nn::ReLU(), nn::Dropout(0.5)}(sum), left});
  const nn::Layer score = nn::Layer(nn::Dense(1)).named("score");
  return nn::Model({left, right, words}, {score(skip), nn::Softmax()(nn::Dense(3)(nn::subtract(h, g)))});
}

struct Files {
  Folder dir;
  std::filesystem::path path = dir / "model.json";

  Files() {
    nn::register_module<Residual>("test.Residual", [](const nn::Config& c) { return Residual(c.integer("width", 1), c.number("scale")); });
    nn::register_module<Tied>("test.Tied", [](const nn::Config& c) { return Tied(c.layer("first"), c.layer("second")); });
    nn::register_module<Plain>("test.Plain");
    nn::register_module<Values>("test.Values", [](const nn::Config& c) {
      c.claim({c.integer("floats", 0)});
      c.claim({c.integer("doubles", 0)});
      return Values(c.integer("floats"), c.integer("doubles"));
    });
  }

  nn::Layer there_and_back(const nn::Module& module) const {
    nn::save_model(module, path);
    return nn::load_model(path);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(model_file, Files)

BOOST_AUTO_TEST_CASE(every_layer_gives_the_same) {
  cr::Generator generator(3);
  for (const auto& [name, layer] : every_layer()) {
    BOOST_TEST_CONTEXT(name) {
      const cr::Tensor x = input_for(name, generator);
      layer(x);  // moves running statistics away from what they are at first
      const nn::Layer copy = there_and_back(*layer);
      BOOST_TEST(copy->describe() == layer->describe());
      check_same_state(*copy, *layer);
      const std::string text = text_of(path);
      nn::save_model(*copy, path);
      BOOST_TEST(text_of(path) == text);
      for (const bool training : {true, false}) {
        layer->train(training);
        copy->train(training);
        cr::manual_seed(11);
        const cr::Tensor expected = layer(x);
        cr::manual_seed(11);
        BOOST_TEST((bits_of(copy(x)) == bits_of(expected)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_layer_of_the_library_is_tested) {
  const auto layers = every_layer();
  for (const nn::BuiltInModule& known : nn::built_in_modules()) {
    if (known.name == "Merge" || known.name == "Model") continue;  // no layers of one input: they have tests of their own
    BOOST_TEST_CONTEXT(known.name << " in tests/nn/module/every_layer.h") {
      const auto found = layers.find(std::string(known.name));
      BOOST_REQUIRE(found != layers.end());
      const nn::Module& layer = *found->second;
      BOOST_TEST((std::type_index(typeid(layer)) == known.type));
    }
  }
}

BOOST_AUTO_TEST_CASE(twenty_thousand_parameters) {
  nn::Sequential model;
  for (int i = 0; i < 20'000; ++i) model.push_back(nn::PReLU());
  BOOST_TEST(model.named_parameters().size() == 20'000U);
  const nn::Layer copy = there_and_back(*model.clone());
  copy->load_state(model.state());
  copy->to(cr::DType::float64);
  BOOST_TEST(copy->parameter_count() == 20'000);
}

BOOST_AUTO_TEST_CASE(every_merge_gives_the_same) {
  const std::vector<cr::Tensor> inputs{cr::randn({2, 3, 4}), cr::randn({2, 3, 4})};
  for (const char* op : {"add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate"}) {
    const nn::Merge merge(op, 2, 0);
    const nn::Layer copy = there_and_back(merge);
    BOOST_TEST(copy->describe() == merge.describe());
    BOOST_TEST((bits_of(copy(inputs)[0]) == bits_of(merge(inputs)[0])));
  }
}

BOOST_AUTO_TEST_CASE(every_activation_of_a_dense) {
  const cr::Tensor x = cr::randn({4, 3});
  for (const char* name : {"linear", "relu", "leaky_relu", "elu", "celu", "gelu", "softplus", "hardtanh", "softmax", "log_softmax"}) {
    const nn::Dense dense(3, 5, {.activation = name});
    const nn::Layer copy = there_and_back(dense);
    BOOST_TEST(copy->describe() == dense.describe());
    BOOST_TEST((bits_of(copy(x)) == bits_of(dense(x))));
  }
  BOOST_TEST(there_and_back(nn::Dense(3, 5, {.activation = cr::sigmoid}))->describe() == "Dense 3 -> 5, sigmoid");
}

BOOST_AUTO_TEST_CASE(text_of_a_file) {
  nn::Sequential model{nn::Dense(2, 1, {.initializer = nn::init::constant(0.1), .activation = "tanh"}), nn::Dropout(0.5)};
  model.eval();
  model[0]->set_name("first");
  model[0]->parameters()[1].set_requires_grad(false);
  nn::save_model(model, path);
  BOOST_TEST(text_of(path) == R"({
  "format": "chainrule.model",
  "version": 1,
  "architecture": {
    "type": "Sequential",
    "config": {
      "layers": [
        {"type": "Dense", "config": {"d_in": 2, "d_out": 1, "bias": true, "activation": "tanh"}},
        {"type": "Dropout", "config": {"p": 0.5}}
      ]
    }
  },
  "modules": {"": {"training": false}, "0": {"name": "first"}},
  "weights": {
    "0.weight": {"dtype": "float32", "shape": [2, 1], "values": [0.1, 0.1]},
    "0.bias": {"dtype": "float32", "shape": [1], "requires_grad": false, "values": [0]}
  }
}
)");
  nn::save_model(nn::ReLU(), path);
  BOOST_TEST(text_of(path) ==
             "{\n  \"format\": \"chainrule.model\",\n  \"version\": 1,\n  \"architecture\": {\"type\": \"ReLU\"},\n  \"weights\": {}\n}\n");
}

BOOST_AUTO_TEST_CASE(every_bit_of_the_values) {
  using Limits = std::numeric_limits<float>;
  std::vector<float> hard{0.f,
                          -0.f,
                          Limits::infinity(),
                          -Limits::infinity(),
                          Limits::quiet_NaN(),
                          Limits::denorm_min(),
                          Limits::min(),
                          Limits::max(),
                          Limits::lowest(),
                          16777216.f,
                          16777215.f,
                          1e20f,
                          1e-20f,
                          1.f / 3,
                          8388609.f,
                          9007199791611905.f,
                          1.00000017881393432617187499f,
                          5.f,
                          -5.f,
                          1e10f};
  cr::Generator generator(4);
  for (int i = 0; i < 100'000; ++i) {  // any bits at all
    const auto pattern = static_cast<std::uint32_t>(generator.next());
    float value = 0;
    std::memcpy(&value, &pattern, sizeof value);
    if (value == value) hard.push_back(value);
  }
  std::vector<double> doubles(hard.begin(), hard.end());
  doubles.insert(doubles.end(),
                 {5e-324, 1.7976931348623157e308, 0.1, 1e22, 9007199254740993.0, 18446744073709551615.0, -9223372036854775808.0});
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t pattern = generator.next();
    double value = 0;
    std::memcpy(&value, &pattern, sizeof value);
    if (value == value) doubles.push_back(value);
  }
  Values model(static_cast<std::int64_t>(hard.size()), static_cast<std::int64_t>(doubles.size()));
  model.floats = cr::from_vector(hard).set_requires_grad(true);
  model.doubles = cr::from_vector(doubles).set_requires_grad(true);
  model.integers =
      cr::from_vector<std::int64_t>({std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), 0, -1});
  check_same_state(*there_and_back(model), model);
}

BOOST_AUTO_TEST_CASE(graphs) {
  cr::manual_seed(3);
  nn::Model model = two_towers();
  const std::vector<cr::Tensor> inputs{cr::randn({9, 6}), cr::randn({9, 4, 6}), cr::randint(0, 7, {9, 3})};
  model(inputs);
  model.layer("score")->set_requires_grad(false);
  model.save(path);
  const nn::Model same = nn::Model::load(path);
  check_same_state(same, model);
  BOOST_TEST(same.summary() == model.summary());
  BOOST_TEST(same.input_names() == model.input_names(), boost::test_tools::per_element());
  BOOST_TEST(same.output_names() == model.output_names(), boost::test_tools::per_element());
  BOOST_TEST((same.inputs()[2].dtype() == cr::DType::int64));
  BOOST_TEST(same.layer("encoder")->name() == "encoder");
  const std::vector<cr::Tensor> wanted = model.predict(inputs), got = same.predict(inputs);
  for (std::size_t i = 0; i < 2; ++i) BOOST_TEST((bits_of(got[i]) == bits_of(wanted[i])));

  // The loaded model trains, and is built, like the saved one.
  const std::string text = text_of(path);
  same.save(path);
  BOOST_TEST(text_of(path) == text);
  nn::Model again = nn::Model::load(path);
  const nn::Dataset data(inputs, {cr::randn({9, 1}), cr::randint(0, 3, {9})});
  for (nn::Model* each : {&model, &again}) {
    cr::manual_seed(5);
    each->compile({.loss = {"mse", "cross_entropy"}});
    each->fit(data, {.epochs = 2, .batch_size = 3});
  }
  check_same_state(again, model);
  BOOST_TEST(again.build_many({{6}, {4, 6}, {3}}) == model.build_many({{6}, {4, 6}, {3}}), boost::test_tools::per_element());
  BOOST_TEST(again.clone()->parameter_count() == model.parameter_count());
}

BOOST_AUTO_TEST_CASE(graphs_within_graphs_and_names_that_were_made) {
  nn::Symbol a = nn::input({3});
  nn::Model inner(a, nn::Dense(3)(nn::Dense(3)(a)));
  nn::Symbol x = nn::input({3});
  const nn::Layer used = nn::Layer(std::move(inner)).named("inner");
  nn::Model outer(x, nn::add(used(x), used(used(x))));
  outer.layers()[0].layer->set_name("renamed later");
  outer.save(path);
  const nn::Model same = nn::Model::load(path);
  check_same_state(same, outer);
  BOOST_TEST(same.layers()[0].name == "inner");
  BOOST_TEST(same.layers()[0].layer->name() == "renamed later");
  const cr::Tensor one = cr::randn({2, 3});
  BOOST_TEST((bits_of(same.predict(one)) == bits_of(outer.predict(one))));
  BOOST_TEST(message_of<std::runtime_error>([&] {
               nn::save_model(nn::ReLU(), path);
               nn::Model::load(path);
             }) == path.string() + ": holds ReLU, expected a Model: nn::load_model() reads any module");
}

BOOST_AUTO_TEST_CASE(float64_frozen_named_and_mode) {
  nn::Sequential model{nn::Dense(3, 4), nn::Sequential{nn::BatchNorm(4), Residual(4, 0.5)}};
  model.to(cr::DType::float64);
  model[0]->set_requires_grad(false);
  model[1]->eval();
  model.set_name("mlp");
  const auto& tail = dynamic_cast<const nn::Sequential&>(*model[1]);
  auto& residual = dynamic_cast<Residual&>(*tail[1]);
  residual.fc2.set_name("second \"重み\"");
  residual.fc2.train();
  model.parameters()[0].set_name("first weight");
  const nn::Layer copy = there_and_back(model);
  check_same_state(*copy, model);
  BOOST_TEST(copy->name() == "mlp");
  BOOST_TEST(copy->is_training());
  const auto& top = dynamic_cast<const nn::Sequential&>(*copy);
  BOOST_TEST(!top[1]->is_training());
  const auto& made = dynamic_cast<const Residual&>(*dynamic_cast<const nn::Sequential&>(*top[1])[1]);
  BOOST_TEST(made.scale == 0.5);
  BOOST_TEST(!made.fc1.is_training());
  BOOST_TEST(made.fc2.is_training());
  BOOST_TEST(made.fc2.name() == "second \"重み\"");
}

BOOST_AUTO_TEST_CASE(what_is_shared_stays_shared) {
  const nn::Layer shared = nn::Dense(3, 3);
  const nn::Sequential model{shared, nn::Sequential{nn::Tanh(), shared}, Tied(shared, shared), shared, nn::Dense(3, 3)};
  const nn::Layer copy = there_and_back(model);
  check_same_state(*copy, model);
  const auto& top = dynamic_cast<const nn::Sequential&>(*copy);
  const nn::Module* one = top[0].shared().get();
  BOOST_TEST(dynamic_cast<const nn::Sequential&>(*top[1])[1].shared().get() == one);
  BOOST_TEST(top[3].shared().get() == one);
  BOOST_TEST(top[4].shared().get() != one);
  const auto& tied = dynamic_cast<const Tied&>(*top[2]);
  BOOST_TEST(tied.first.shared().get() == one);
  BOOST_TEST(tied.second.shared().get() == one);
  BOOST_TEST(tied.again.is(tied.gain));
  // The compiler chooses the order in which constructors read their arguments.
  const nn::Layer twice = there_and_back(Tied(shared, nn::Sequential{shared}));
  const auto& made = dynamic_cast<const Tied&>(*twice);
  BOOST_TEST(dynamic_cast<const nn::Sequential&>(*made.second)[0].shared().get() == made.first.shared().get());
  BOOST_TEST(text_of(path).find("\"shared\": [{\"type\": \"Dense\", ") != std::string::npos);
  const cr::Tensor x = cr::randn({2, 3});
  BOOST_TEST((bits_of(copy(x)) == bits_of(model(x))));
  // Its weights were untied after construction.
  Tied untied(nn::Dense(2, 2), nn::Dense(2, 2));
  untied.again = cr::variable(5.0);
  const nn::Layer apart = there_and_back(untied);
  BOOST_TEST(!dynamic_cast<const Tied&>(*apart).again.is(dynamic_cast<const Tied&>(*apart).gain));
  BOOST_TEST(dynamic_cast<const Tied&>(*apart).first.shared().get() != dynamic_cast<const Tied&>(*apart).second.shared().get());
}

BOOST_AUTO_TEST_CASE(every_kind_of_setting) {
  const double inf = std::numeric_limits<double>::infinity();
  bool seen = false;
  struct Reader : Everything {
    using Everything::Everything;
  };
  static bool* asked = nullptr;
  asked = &seen;
  nn::register_module<Reader>("test.Reader", [inf](const nn::Config& c) {
    *asked = true;
    BOOST_TEST(c.boolean("flag"));
    BOOST_TEST(c.integer("least") == std::numeric_limits<std::int64_t>::min());
    BOOST_TEST(c.integer("most") == std::numeric_limits<std::int64_t>::max());
    BOOST_TEST(c.number("third") == 1.0 / 3);
    BOOST_TEST(std::signbit(c.number("minus_zero")));
    BOOST_TEST(std::isnan(c.number("nan")));
    BOOST_TEST(c.number("inf") == -inf);
    BOOST_TEST(c.number("two") == 2);
    BOOST_TEST(c.string("words") == "a \"b\"\n重み\t");
    BOOST_TEST(c.string("empty").empty());
    BOOST_TEST((c.dtype("dtype") == cr::DType::int64));
    BOOST_TEST((c.shape("shape") == cr::Shape{2, 0, 3}));
    BOOST_TEST((c.numbers("numbers") == std::vector<double>{0.1, inf, 1}));
    BOOST_TEST(c.integers("none").empty());
    BOOST_TEST(c.config("inner").integer("x") == 1);
    const std::vector<nn::Config> list = c.configs("list");
    BOOST_TEST(list.size() == 2U);
    BOOST_TEST(!list[0].has("y"));
    BOOST_TEST(list[1].integer("y") == 2);
    return Reader(nn::Config());
  });
  nn::load_model((nn::save_model(Reader(nn::Config()), path), path));
  BOOST_TEST(seen);
}

BOOST_AUTO_TEST_CASE(the_default_generator_is_left_alone) {
  cr::manual_seed(5);
  const Plain model;
  nn::save_model(nn::Sequential{nn::Dense(3, 3), Residual(3)}, path);
  nn::save_model(model, dir / "plain.json");
  const cr::Generator before = cr::default_generator();
  nn::load_model(path);
  const nn::Layer copy = nn::load_model(dir / "plain.json");
  BOOST_TEST((cr::default_generator() == before));
  check_same_state(*copy, model);
}

BOOST_AUTO_TEST_CASE(deep_and_wide) {
  nn::Sequential nested{nn::Dense(2, 2)};
  for (int i = 0; i < 60; ++i) nested = nn::Sequential{nn::Layer(std::move(nested))};
  check_same_state(*there_and_back(nested), nested);
  nn::Symbol x = nn::input({2});
  nn::Symbol y = x;
  for (int i = 0; i < 3000; ++i) y = nn::Tanh()(y);
  const nn::Model deep(x, y);
  deep.save(path);
  BOOST_TEST((bits_of(nn::Model::load(path).predict(cr::ones({1, 2}))) == bits_of(deep.predict(cr::ones({1, 2})))));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(model_file_threads, Files)

BOOST_AUTO_TEST_CASE(several_threads_register_save_and_load) {
  const nn::Sequential model{Residual(3), nn::Dense(3, 2)};
  std::vector<std::thread> threads;
  std::array<std::int64_t, 4> counts = {};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 20; ++k) {
        nn::register_module<Plain>("test.Plain");
        const std::filesystem::path own = dir / std::to_string(i);
        nn::save_model(model, own);
        counts[i] += nn::load_model(own)->parameter_count();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::int64_t count : counts) BOOST_TEST(count == 20 * model.parameter_count());
}

BOOST_AUTO_TEST_SUITE_END()
