// Settings of modules: all kinds there and back, from a file too, and what each refuses.
// Covers nn/module/config_value.h.
#include "nn/module/config.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "nn/module/config_value.h"
#include "nn/nn.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::detail::ConfigState;
using cr::detail::ConfigValue;
using cr::test::message_of;

namespace {

template <class F>
std::string refusal(F&& f) {
  const std::string message = message_of<std::invalid_argument>(f);
  return message.substr(0, message.rfind(" (at "));
}

/// Makes a Dense of the size that a value is, and fails as a file does.
struct Maker : cr::detail::LayerMaker {
  nn::Layer make(const ConfigValue& value, const std::string& path) override {
    paths.push_back(path);
    return nn::Dense(std::get<std::int64_t>(value.is), 1);
  }
  [[noreturn]] void fail(const std::string& what) const override { throw std::runtime_error("model.json: " + what); }
  std::vector<std::string> paths;
};

constexpr double kInf = std::numeric_limits<double>::infinity();

}  // namespace

BOOST_AUTO_TEST_SUITE(config)

BOOST_AUTO_TEST_CASE(every_kind_of_setting_comes_back) {
  nn::Config config, inner, first, second;
  inner.set("depth", 2);
  first.set("x", 1);
  second.set("x", 2);
  const nn::Layer layer = nn::ReLU();
  config.set("flag", true).set("count", 7U).set("third", 1.0F / 3).set("words", "a \"b\"").set("dtype", cr::DType::float64);
  config.set("shape", cr::Shape{2, 0, 3}).set("integers", std::vector<std::int64_t>{4, -5}).set("numbers", std::vector<double>{0.1, kInf});
  config.set("layer", layer).set("layers", std::vector<nn::Layer>{layer, nn::Tanh()}).set("inner", std::move(inner));
  std::vector<nn::Config> both;
  both.push_back(std::move(first));
  both.push_back(std::move(second));
  config.set("both", std::move(both));
  BOOST_TEST(config.boolean("flag"));
  BOOST_TEST(config.integer("count") == 7);
  BOOST_TEST(config.number("count") == 7);
  BOOST_TEST(config.number("third") == static_cast<double>(1.0F / 3));
  BOOST_TEST(config.string("words") == "a \"b\"");
  BOOST_TEST((config.dtype("dtype") == cr::DType::float64));
  BOOST_TEST((config.shape("shape") == cr::Shape{2, 0, 3}));
  BOOST_TEST(config.integers("integers") == (std::vector<std::int64_t>{4, -5}), boost::test_tools::per_element());
  BOOST_TEST(config.numbers("numbers") == (std::vector<double>{0.1, kInf}), boost::test_tools::per_element());
  BOOST_TEST(config.layer("layer").shared().get() == layer.shared().get());
  BOOST_TEST(config.layers("layers")[1]->describe() == "Tanh");
  BOOST_TEST(config.config("inner").integer("depth") == 2);
  BOOST_TEST(config.configs("both")[1].integer("x") == 2);
  BOOST_TEST(config.has("both"));
  BOOST_TEST(!config.has("neither"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_set) {
  nn::Config config;
  config.set("a", 1);
  BOOST_TEST(refusal([&] { config.set("a", 2); }) == "Config: \"a\" is set twice");
  BOOST_TEST(refusal([&] { config.set("b", "\xff"); }) == "Config: \"b\" is \"\xEF\xBF\xBD\", which is not UTF-8");
  BOOST_TEST(refusal([&] { config.set("\xff", 2); }) == "Config: the name \"\xEF\xBF\xBD\" is not UTF-8");
  BOOST_TEST(config.integer("a") == 1);
}

BOOST_AUTO_TEST_CASE(what_is_of_another_kind_is_refused) {
  nn::Config config;
  config.set("one", 1).set("half", 0.5).set("word", "w").set("list", std::vector<double>{0.5}).set("yes", true);
  BOOST_TEST(refusal([&] { config.boolean("one"); }) == "Config: one is 1, expected true or false");
  BOOST_TEST(refusal([&] { config.integer("half"); }) == "Config: half is 0.5, expected an integer");
  BOOST_TEST(refusal([&] { config.integer("one", 2); }) == "Config: one is 1, expected at least 2");
  BOOST_TEST(refusal([&] { config.integer("one", -5, 0); }) == "Config: one is 1, expected an integer from -5 to 0");
  BOOST_TEST(refusal([&] { config.number("word"); }) == "Config: word is \"w\", expected a number");
  BOOST_TEST(refusal([&] { config.string("yes"); }) == "Config: yes is true, expected a string");
  BOOST_TEST(refusal([&] { config.dtype("word"); }) == "Config: word is \"w\", expected float32, float64 or int64");
  BOOST_TEST(refusal([&] { config.shape("one"); }) == "Config: one is 1, expected a list of integers");
  BOOST_TEST(refusal([&] { config.integers("list"); }) == "Config: list[0] is 0.5, expected an integer");
  BOOST_TEST(refusal([&] { config.layer("one"); }) == "Config: one is not a layer");
  BOOST_TEST(refusal([&] { config.config("list"); }) == "Config: list is a list, expected an object");
  BOOST_TEST(refusal([&] { config.configs("list"); }) == "Config: list[0] is 0.5, expected an object");
  BOOST_TEST(refusal([&] { config.number("none"); }) == "Config: has no field \"none\"");
  config.set("long", std::vector<std::int64_t>(9, 1));
  BOOST_TEST(refusal([&] { config.shape("long"); }) == "Config: long has 9 sizes, expected at most 8");
}

BOOST_AUTO_TEST_CASE(fields_of_a_file_are_read_under_its_path) {
  Maker maker;
  ConfigValue::Fields inner{{"x", {true}}};
  const ConfigValue::Fields fields{{"width", {std::int64_t{3}}}, {"scale", {std::string("nan")}},
                                   {"layer", {std::int64_t{4}}}, {"layers", {ConfigValue::List{{std::int64_t{5}}, {std::int64_t{6}}}}},
                                   {"inner", {inner}},           {"nothing", {}}};
  const auto error = [](auto f) { return message_of<std::runtime_error>(f); };
  const nn::Config config = ConfigState::reading(fields, "architecture.config", maker);
  BOOST_TEST(config.integer("width") == 3);
  BOOST_TEST(std::isnan(config.number("scale")));
  BOOST_TEST(config.layer("layer")->describe() == "Dense 4 -> 1");
  BOOST_TEST(config.layers("layers")[1]->describe() == "Dense 6 -> 1");
  BOOST_TEST(maker.paths ==
                 (std::vector<std::string>{"architecture.config.layer", "architecture.config.layers[0]", "architecture.config.layers[1]"}),
             boost::test_tools::per_element());
  BOOST_TEST(error([&] { config.integer("width", 5); }) == "model.json: architecture.config.width is 3, expected at least 5");
  BOOST_TEST(error([&] { config.string("nothing"); }) == "model.json: architecture.config.nothing is null, expected a string");
  BOOST_TEST(error([&] { config.string("none"); }) == "model.json: architecture.config has no field \"none\"");
  const nn::Config within = config.config("inner");
  BOOST_TEST(error([&] { within.number("x"); }) == "model.json: architecture.config.inner.x is true, expected a number");
}

BOOST_AUTO_TEST_CASE(fields_that_nobody_read_are_named) {
  Maker maker;
  const ConfigValue::Fields fields{{"a", {std::int64_t{1}}}, {"inner", {ConfigValue::Fields{{"b", {true}}}}}};
  const nn::Config config = ConfigState::reading(fields, "c", maker);
  const auto unread = [&] { return message_of<std::runtime_error>([&] { ConfigState::of(config).require_all_read(); }); };
  BOOST_TEST(unread() == "model.json: c has an unknown field \"a\"");
  BOOST_TEST(config.has("a"));  // asking is not reading
  BOOST_TEST(unread() == "model.json: c has an unknown field \"a\"");
  config.integer("a");
  BOOST_TEST(unread() == "model.json: c has an unknown field \"inner\"");
  const nn::Config inner = config.config("inner");
  BOOST_TEST(unread() == "model.json: c.inner has an unknown field \"b\"");
  inner.boolean("b");
  BOOST_TEST(unread() == "no exception");
}

BOOST_AUTO_TEST_CASE(paths_of_odd_names_are_quoted) {
  using cr::detail::path_of_field;
  BOOST_TEST(path_of_field("", "a_1") == "a_1");
  BOOST_TEST(path_of_field("x", "a_1") == "x.a_1");
  BOOST_TEST(path_of_field("x", "a b") == "x[\"a b\"]");
  BOOST_TEST(path_of_field("x", "a.b") == "x[\"a.b\"]");
  BOOST_TEST(path_of_field("x", "") == "x[\"\"]");
  BOOST_TEST(path_of_field("x", std::string(61, 'a')) == "x[\"" + std::string(61, 'a') + "\"]");
  BOOST_TEST(cr::detail::path_of_item("x", 3) == "x[3]");
  BOOST_TEST(cr::detail::words_for({ConfigValue::Fields()}) == "an object");
}

BOOST_AUTO_TEST_CASE(numbers_and_integers_are_shown_differently) {
  BOOST_TEST(cr::detail::words_for({std::int64_t{2}}) == "2");
  BOOST_TEST(cr::detail::words_for({2.0}) == "2.0");
  BOOST_TEST(cr::detail::words_for({-3.0}) == "-3.0");
  BOOST_TEST(cr::detail::words_for({2.5}) == "2.5");
  BOOST_TEST(cr::detail::words_for({1e20}) == "1e+20");
  BOOST_TEST(cr::detail::words_for({std::numeric_limits<double>::infinity()}) == "\"inf\"");
}

BOOST_AUTO_TEST_SUITE_END()
