// Copies of modules.
// Covers nn/module/built_in_layer.h.
#include "nn/module/clone.h"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"
#include "tests/nn/module/every_layer.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::every_layer;
using cr::test::input_for;
using cr::test::message_of;

namespace {

struct Residual : nn::Module {
  nn::Dense fc1{6, 6}, fc2{6, 6};
  cr::Tensor forward(const cr::Tensor& x) const override { return x + fc2(cr::relu(fc1(x))); }
  void members(nn::Members& visit) override {
    visit("fc1", fc1);
    visit("fc2", fc2);
  }
  std::shared_ptr<nn::Module> copy_structure(nn::Cloner&) const override { return std::make_shared<Residual>(); }
};

struct Mute : nn::Module {
  cr::Tensor forward(const cr::Tensor& x) const override { return x; }
};

struct Widened : nn::Dense {
  using Dense::Dense;
};

// Has a Layer passed to its constructor, and a Tensor in two places.
struct Tied : nn::Module {
  nn::Layer first, second;
  cr::Tensor gain = cr::variable(2.0), again = gain, count = cr::zeros({}, cr::DType::int64);
  explicit Tied(nn::Layer layer) : first(layer), second(std::move(layer)) {}
  Tied(nn::Layer a, nn::Layer b) : first(std::move(a)), second(std::move(b)) {}
  cr::Tensor forward(const cr::Tensor& x) const override { return second(first(x) * gain) * again; }
  void members(nn::Members& visit) override {
    visit("first", first);
    visit("second", second);
    visit("gain", gain);
    visit("again", again);
    visit.buffer("count", count);
  }
  std::shared_ptr<nn::Module> copy_structure(nn::Cloner& copy) const override { return std::make_shared<Tied>(copy(first), copy(second)); }
};

struct Wrapper : nn::Module {
  nn::Layer inner;
  std::function<std::shared_ptr<nn::Module>(const Wrapper&, nn::Cloner&)> make;
  Wrapper(nn::Layer layer, decltype(make) how) : inner(std::move(layer)), make(std::move(how)) {}
  cr::Tensor forward(const cr::Tensor& x) const override { return inner(x); }
  void members(nn::Members& visit) override { visit("inner", inner); }
  std::shared_ptr<nn::Module> copy_structure(nn::Cloner& cloner) const override { return make(*this, cloner); }
};

// Has a size that build() sets.
struct Learner : nn::Module {
  nn::Dense body{4}, head{2};
  std::int64_t seen = 0;
  cr::Tensor forward(const cr::Tensor& x) const override { return head(cr::tanh(body(x))); }
  void members(nn::Members& visit) override {
    visit("body", body);
    visit("head", head);
  }
  std::shared_ptr<nn::Module> copy_structure(nn::Cloner&) const override { return std::make_shared<Learner>(); }
  void copy_settings(const nn::Module& original) override { seen = static_cast<const Learner&>(original).seen; }

 protected:
  cr::Shape on_build(const cr::Shape& example) override {
    seen = example[0];
    return head.build(body.build(example));
  }
};

struct TwoTowers : nn::MultiModule {
  nn::Dense left{3, 2}, right{4, 2};
  TwoTowers() : MultiModule(2, 1) {}
  std::vector<cr::Tensor> forward_many(const std::vector<cr::Tensor>& x) const override { return {left(x[0]) * right(x[1])}; }
  void members(nn::Members& visit) override {
    visit("left", left);
    visit("right", right);
  }
  std::shared_ptr<nn::Module> copy_structure(nn::Cloner&) const override { return std::make_shared<TwoTowers>(); }
};

std::vector<std::vector<double>> values_of(const nn::Module& module) {
  std::vector<std::vector<double>> values;
  for (const nn::NamedTensor& entry : module.state()) values.push_back(entry.tensor.to_vector<double>());
  return values;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(module_clone)

BOOST_AUTO_TEST_CASE(every_layer_gives_the_same_and_is_its_own) {
  cr::Generator generator(3);
  for (const auto& [name, layer] : every_layer()) {
    BOOST_TEST_CONTEXT(name) {
      const cr::Tensor x = input_for(name, generator);
      layer(x);  // moves running statistics away from what they are at first
      const nn::Layer copy = layer->clone();
      BOOST_TEST(copy->describe() == layer->describe());
      BOOST_TEST(copy->is_training());
      for (const bool training : {true, false}) {
        layer->train(training);
        copy->train(training);
        cr::manual_seed(11);
        const cr::Tensor expected = layer(x);
        cr::manual_seed(11);
        const cr::Tensor y = copy(x);
        BOOST_TEST(y.shape() == expected.shape());
        BOOST_TEST(y.to_vector<float>() == expected.to_vector<float>(), boost::test_tools::per_element());
      }
      const std::vector<nn::NamedTensor> own = layer->state(), copied = copy->state();
      BOOST_REQUIRE(own.size() == copied.size());
      const auto before = values_of(*layer);
      for (std::size_t i = 0; i < own.size(); ++i) {
        BOOST_TEST(copied[i].name == own[i].name);
        BOOST_TEST(copied[i].tensor.requires_grad() == own[i].tensor.requires_grad());
        BOOST_TEST(!copied[i].tensor.is(own[i].tensor));
        cr::Tensor changed = copied[i].tensor;
        cr::fill(changed, 77);
      }
      BOOST_TEST((values_of(*layer) == before));
    }
  }
}

BOOST_AUTO_TEST_CASE(float64_frozen_named_and_mode) {
  nn::Sequential model{nn::Dense(3, 4), nn::Sequential{nn::BatchNorm(4), nn::Dense(4, 2)}};
  model.to(cr::DType::float64);
  model[0]->set_requires_grad(false);
  model[1]->eval();
  model.set_name("mlp");
  model[1]->set_name("tail");
  model.parameters()[0].set_name("first weight");
  cr::sum(model(cr::ones({4, 3}, cr::DType::float64))).backward();
  const nn::Layer copy = model.clone();
  BOOST_TEST(copy->name() == "mlp");
  const auto& top = dynamic_cast<const nn::Sequential&>(*copy);
  BOOST_TEST(top[1]->name() == "tail");
  BOOST_TEST(top.is_training());
  BOOST_TEST(!top[1]->is_training());
  BOOST_TEST(!dynamic_cast<const nn::Sequential&>(*top[1])[0]->is_training());
  const std::vector<nn::NamedTensor> own = model.state(), copied = copy->state();
  BOOST_REQUIRE(own.size() == 8U);
  BOOST_REQUIRE(copied.size() == 8U);
  for (std::size_t i = 0; i < own.size(); ++i) {
    BOOST_TEST(copied[i].tensor.dtype() == cr::DType::float64);
    BOOST_TEST(copied[i].tensor.requires_grad() == own[i].tensor.requires_grad());
    BOOST_TEST(copied[i].tensor.name() == own[i].tensor.name());
    BOOST_TEST(!copied[i].tensor.grad().defined());
    BOOST_TEST(copied[i].tensor.to_vector<double>() == own[i].tensor.to_vector<double>(), boost::test_tools::per_element());
  }
  BOOST_TEST(model.parameters()[2].grad().defined());
  BOOST_TEST(copy->trainable_parameters().size() == 4U);
}

BOOST_AUTO_TEST_CASE(what_is_shared_stays_shared) {
  const nn::Layer shared = nn::Dense(3, 3);
  const nn::Sequential model{shared, nn::Sequential{nn::Tanh(), shared}, Tied(shared), shared};
  const nn::Layer copy = model.clone();
  const auto& top = dynamic_cast<const nn::Sequential&>(*copy);
  const nn::Module* one = top[0].shared().get();
  BOOST_TEST(one != shared.shared().get());
  BOOST_TEST(dynamic_cast<const nn::Sequential&>(*top[1])[1].shared().get() == one);
  BOOST_TEST(top[3].shared().get() == one);
  const auto& tied = dynamic_cast<const Tied&>(*top[2]);
  BOOST_TEST(tied.first.shared().get() == one);
  BOOST_TEST(tied.second.shared().get() == one);
  BOOST_TEST(tied.again.is(tied.gain));
  BOOST_TEST(tied.count.dtype() == cr::DType::int64);
  BOOST_TEST(copy->parameter_count() == model.parameter_count());
  const cr::Tensor x = cr::randn({2, 3});
  BOOST_TEST(copy(x).to_vector<float>() == model(x).to_vector<float>(), boost::test_tools::per_element());
  // Two equal modules stay separate.
  const nn::Layer apart = Tied(nn::Dense(2, 2), nn::Dense(2, 2)).clone();
  BOOST_TEST(dynamic_cast<const Tied&>(*apart).first.shared().get() != dynamic_cast<const Tied&>(*apart).second.shared().get());
}

BOOST_AUTO_TEST_CASE(what_was_tied_or_untied_later_is_so_in_the_copy) {
  Tied model{nn::Layer(nn::Dense(2, 2))};
  model.again = cr::variable(5.0);
  const nn::Layer untied = model.clone();
  BOOST_TEST(!dynamic_cast<const Tied&>(*untied).again.is(dynamic_cast<const Tied&>(*untied).gain));
  BOOST_TEST(dynamic_cast<const Tied&>(*untied).again.item() == 5);
  model.again = cr::Tensor();
  BOOST_TEST(!dynamic_cast<const Tied&>(*model.clone()).again.defined());
}

BOOST_AUTO_TEST_CASE(an_open_dense_stays_open) {
  nn::Sequential model{nn::Dense(5, {.bias = false, .initializer = "ones"}), nn::ReLU()};
  const nn::Layer copy = model.clone();
  BOOST_TEST(copy->needs_build());
  model.build({3});
  BOOST_TEST(copy->needs_build());
  copy->build({7});
  BOOST_TEST(copy->parameter_count() == 35);
  BOOST_TEST(model.parameter_count() == 15);
  BOOST_TEST(copy->parameters()[0].to_vector<double>() == std::vector<double>(35, 1), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_build_learned_is_taken_over) {
  Learner model;
  const nn::Layer before = model.clone();
  BOOST_TEST(before->needs_build());
  model.build({3});
  const nn::Layer copy = model.clone();
  BOOST_TEST(!copy->needs_build());
  BOOST_TEST(dynamic_cast<const Learner&>(*copy).seen == 3);
  const cr::Tensor x = cr::randn({2, 3});
  BOOST_TEST(copy(x).to_vector<float>() == model(x).to_vector<float>(), boost::test_tools::per_element());
  copy->build({3});  // refuses what does not fit, as the original
  BOOST_TEST(message_of<std::invalid_argument>([&] { copy->build({4}); }).find("expected [..., 3]") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(modules_of_ones_own) {
  const nn::Sequential model{Residual(), nn::Dense(6, 2)};
  const nn::Layer copy = model.clone();
  const cr::Tensor x = cr::randn({3, 6});
  BOOST_TEST(copy(x).to_vector<float>() == model(x).to_vector<float>(), boost::test_tools::per_element());
  const TwoTowers towers;
  const nn::Layer twin = towers.clone();
  const std::vector<cr::Tensor> inputs{cr::randn({2, 3}), cr::randn({2, 4})};
  BOOST_TEST(twin(inputs)[0].to_vector<float>() == towers(inputs)[0].to_vector<float>(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(merges) {
  const std::vector<cr::Tensor> inputs{cr::randn({2, 3, 4}), cr::randn({2, 3, 4})};
  for (const char* op : {"add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate"}) {
    BOOST_TEST_CONTEXT(op) {
      const nn::Merge merge(op, 2, 0);
      const nn::Layer copy = merge.clone();
      BOOST_TEST(copy->describe() == merge.describe());
      BOOST_TEST(copy(inputs)[0].shape() == merge(inputs)[0].shape());
      BOOST_TEST(copy(inputs)[0].to_vector<float>() == merge(inputs)[0].to_vector<float>(), boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(training_the_copy_leaves_the_original) {
  const Residual model;
  const auto before = values_of(model);
  const nn::Layer copy = model.clone();
  nn::Adam optimizer(copy->parameters(), {.learning_rate = 0.1});
  for (int i = 0; i < 3; ++i) optimizer.step(cr::mean(cr::square(copy(cr::ones({2, 6})))));
  BOOST_TEST((values_of(model) == before));
  BOOST_TEST((values_of(*copy) != before));
  for (const cr::Tensor& parameter : model.parameters()) BOOST_TEST(!parameter.grad().defined());
  copy->load_state(model.state());
  BOOST_TEST((values_of(*copy) == before));
}

BOOST_AUTO_TEST_CASE(the_default_generator_is_left_alone) {
  cr::manual_seed(5);
  const Residual model;
  const cr::Generator before = cr::default_generator();
  model.clone();
  BOOST_TEST((cr::default_generator() == before));
  BOOST_CHECK_THROW((nn::Sequential{Residual(), Mute()}.clone()), std::logic_error);
}

BOOST_AUTO_TEST_CASE(a_copy_outlives_and_records_nothing) {
  std::unique_ptr<nn::Sequential> model = std::make_unique<nn::Sequential>(std::vector<nn::Layer>{Residual()});
  const cr::Tensor x = cr::ones({1, 6});
  const std::vector<float> expected = (*model)(x).to_vector<float>();
  const nn::Layer copy = model->clone();
  model.reset();
  BOOST_TEST(copy(x).to_vector<float>() == expected, boost::test_tools::per_element());
  for (const cr::Tensor& parameter : copy->parameters()) BOOST_TEST(parameter.is_leaf());
}

BOOST_AUTO_TEST_CASE(a_module_that_does_not_say_how_is_refused) {
  static_assert(!std::is_copy_constructible_v<Residual> && !std::is_copy_constructible_v<nn::Dense> &&
                !std::is_copy_assignable_v<nn::LeakyReLU>);
  const nn::Sequential model{nn::ReLU(), Mute()};
  BOOST_TEST(message_of<std::logic_error>([&] { model.clone(); }) ==
             "Sequential.1 (Mute): clone: Mute cannot be cloned: add the member "
             "`std::shared_ptr<nn::Module> copy_structure(nn::Cloner&) const override { return std::make_shared<Mute>(); }`, "
             "with the arguments of its constructor" +
                 at_line());
  BOOST_TEST(message_of<std::logic_error>([&] {
               Widened(2, 3).clone();
             }).starts_with("Dense 2 -> 3: clone: copy_structure returned a Dense, expected a Widened: add to Widened the member `"));
}

BOOST_AUTO_TEST_CASE(a_wrong_copy_structure_is_found) {
  const auto error = [](nn::Layer layer, decltype(Wrapper::make) make) {
    return message_of<std::logic_error>([&] { Wrapper(layer, make).clone(); });
  };
  const nn::Layer inner = nn::Sequential{nn::Dense(2, 2)};
  BOOST_TEST(error(inner, [](const Wrapper& w, nn::Cloner&) {
               return std::make_shared<Wrapper>(w.inner, w.make);
             }).starts_with("clone: the copy shares inner with the original: copy_structure must pass the Layers"));
  BOOST_TEST(
      error(inner, [](const Wrapper& w, nn::Cloner&) {
        return std::make_shared<Wrapper>(nn::Sequential{nn::Dense(2, 2), nn::ReLU()}, w.make);
      }).starts_with("clone: copy_structure returned a copy with inner.1, but the original has nothing, expected the same members (at "));
  BOOST_TEST(error(inner, [](const Wrapper& w, nn::Cloner&) {
               return std::make_shared<Wrapper>(nn::Sequential(), w.make);
             }).starts_with("clone: copy_structure returned a copy with nothing, but the original has inner.0, expected"));
  BOOST_TEST(
      error(inner, [](const Wrapper& w, nn::Cloner&) {
        return std::make_shared<Wrapper>(nn::Sequential{nn::ReLU()}, w.make);
      }).starts_with("clone: copy_structure returned a copy whose inner.0 is ReLU, but the original has Dense 2 -> 2, expected the same"));
  BOOST_TEST(error(nn::Dropout(0.2), [](const Wrapper& w, nn::Cloner&) {
               return std::make_shared<Wrapper>(nn::Dropout(0.5), w.make);
             }).starts_with("clone: copy_structure returned a copy whose inner is Dropout 0.5, but the original has Dropout 0.2 (at "));
  BOOST_TEST(error(inner, [](const Wrapper&, nn::Cloner&) {
               return std::shared_ptr<nn::Module>();
             }).starts_with("Wrapper: clone: copy_structure returned a null pointer (at "));
  BOOST_TEST(error(inner, [](const Wrapper& w, nn::Cloner& copy) { return std::make_shared<Wrapper>(copy(w.inner), w.make); }) ==
             "no exception");
}

BOOST_AUTO_TEST_SUITE_END()
