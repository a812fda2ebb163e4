// What goes wrong with modules in files: what cannot be written, and files that are not what they should be.
// Covers nn/model_file/model_loader.cpp, nn/model_file/model_parser.cpp, nn/model_file/model_writer.cpp.
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/files/folder.h"
#include "tests/nn/files/peak_memory.h"
#include "tests/sanitized.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::Folder;
using cr::test::kSanitized;
using cr::test::message_of;
using cr::test::peak_mebibytes;
using cr::test::text_of;

namespace {

struct Unknown : nn::Module {
  cr::Tensor forward(const cr::Tensor& x) const override { return x; }
};

/// Stores the given setting.
struct Odd : nn::Module {
  std::function<void(nn::Config&)> set;
  std::vector<nn::Layer> inner;
  explicit Odd(std::function<void(nn::Config&)> what) : set(std::move(what)) {}
  cr::Tensor forward(const cr::Tensor& x) const override { return x; }
  void members(nn::Members& visit) override { visit("inner", inner); }
  void config(nn::Config& c) const override { set(c); }
};

struct Greedy : nn::Module {
  cr::Tensor weight;
  nn::Dense dense{1, 1};
  explicit Greedy(std::int64_t width, bool claims) : dense(claims ? 1 : width, 1) { weight = cr::zeros({claims ? width : 1}); }
  cr::Tensor forward(const cr::Tensor& x) const override { return x * weight; }
  void members(nn::Members& visit) override { visit("weight", weight); }
};

struct Thrower : Unknown {};

struct Files {
  Folder dir;
  std::filesystem::path path = dir / "model.json";

  Files() {
    nn::register_module<Odd>("test.Odd", [](const nn::Config&) { return Odd([](nn::Config&) {}); });
    nn::register_module<Greedy>("test.Greedy", [](const nn::Config& c) {
      const bool claims = c.boolean("claims");
      if (claims) c.claim({c.integer("width"), 1000});
      return Greedy(c.integer("width"), claims);
    });
    nn::register_module<Thrower>("test.Thrower", [](const nn::Config& c) -> std::shared_ptr<Thrower> {
      if (c.integer("what") == 0) return nullptr;
      if (c.integer("what") == 1) throw std::out_of_range("the table has no row 7");
      if (c.integer("what") == 2) throw std::runtime_error("the camera is off");
      throw std::bad_alloc();
    });
  }

  /// The error of saving, without the line of this file at the end.
  std::string saving(const nn::Module& module) const {
    const std::string message = message_of<std::logic_error>([&] { nn::save_model(module, path); });
    const std::size_t end = message.rfind(" (at model_file_errors_test.cpp:");
    return end == message.npos ? "no line named: " + message : message.substr(0, end);
  }
  /// The error of reading this text, without the file's name in front.
  std::string refusal(const std::string& text) const {
    const std::string message = message_of<std::runtime_error>([&] { nn::load_model(dir.file("model.json", text)); });
    const std::string name = path.string() + ": ";
    return message.starts_with(name) ? message.substr(name.size()) : "no file named: " + message;
  }
  std::string refusal_of_architecture(const std::string& architecture) const {
    return refusal(R"({"format": "chainrule.model", "version": 1, "architecture": )" + architecture + R"(, "weights": {}})");
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(model_file_errors, Files)

BOOST_AUTO_TEST_CASE(every_beginning_of_a_file) {
  const std::string whole = text_of(CHAINRULE_CORPUS_DIR "/json/whole.json");
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
    const std::string message = refusal(whole.substr(0, size));
    BOOST_TEST(message.find("not JSON") != std::string::npos, size << ": " << message);
  }
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_read) {
  BOOST_TEST(message_of<std::runtime_error>([&] { nn::load_model(dir / "none"); }) ==
             (dir / "none").string() + ": cannot be opened: No such file or directory");
  BOOST_TEST(message_of<std::runtime_error>([&] { nn::Model::load(dir.path); }) ==
             dir.path.string() + ": is a directory, expected a regular file");
  BOOST_TEST(message_of<std::runtime_error>([&] { nn::save_model(nn::ReLU(), dir / "no" / "folder"); }) ==
             (dir / "no" / "folder").string() + ": cannot be written: No such file or directory");
}

BOOST_AUTO_TEST_CASE(numbers_at_the_limits_of_their_dtype) {
  const auto with_bias = [](const std::string& dtype, const std::string& value) {
    return R"({"format": "chainrule.model", "version": 1, "architecture": {"type": "Dense", "config": {"d_in": 1, "d_out": 1, "bias": true,)"
           R"( "activation": "linear"}}, "weights": {"weight": {"dtype": "float32", "shape": [1, 1], "values": [1]}, "bias": {"dtype": ")" +
           dtype + R"(", "shape": [1], "values": [)" + value + "]}}}";
  };
  for (const char* tiny : {"1e-50", "-1e-50", "1e-400"}) {
    const nn::Layer model = nn::load_model(dir.file("model.json", with_bias("float32", tiny)));
    BOOST_TEST(model->parameters()[1].item() == 0, tiny);
  }
  const std::string place = "weights.bias.values[0] is ";
  BOOST_TEST(refusal(with_bias("float32", "1e39")) == place + "1e39, which is too large for float32");
  BOOST_TEST(refusal(with_bias("float32", "-1e400")) == place + "-1e400, which is too large for float32");
  BOOST_TEST(refusal(with_bias("float64", "1e400")) == place + "1e400, which is too large for float64");
  BOOST_TEST(refusal(with_bias("int64", "1e400")) == place + "1e400, expected an integer of 64 bits");
  BOOST_TEST(refusal(with_bias("int64", "2.0")) == place + "2.0, expected an integer of 64 bits");

  const auto setting = [](const std::string& value) { return R"({"type": "Dropout", "config": {"p": )" + value + "}}"; };
  BOOST_TEST(refusal_of_architecture(setting("1e400")) == "architecture.config.p is 1e400, which is too large for float64");
  BOOST_TEST(refusal_of_architecture(setting("[0, {}, -1e999]")) == "architecture.config.p[2] is -1e999, which is too large for float64");
  BOOST_TEST(refusal(R"({"version": 1e400})") == "version is 1e400, which is too large for float64");
  BOOST_TEST(refusal("1e400") == "is 1e400, expected an object");
  BOOST_TEST(refusal(R"({"format": "chainrule.model", "version": 1.0})") == "version is 1.0, expected an integer from 1");
  BOOST_TEST(refusal_of_architecture(R"({"type": "Dense", "config": {"d_in": 2.0, "d_out": 1, "bias": true, "activation": "tanh"}})") ==
             "architecture.config.d_in is 2.0, expected an integer");
  const std::string whole = R"({"format": "chainrule.model", "version": 1, "architecture": )" + setting("1e-400") + R"(, "weights": {}})";
  BOOST_CHECK_NO_THROW(nn::load_model(dir.file("model.json", whole)));
}

BOOST_AUTO_TEST_CASE(too_long_too_many_too_deep) {
  BOOST_TEST(refusal_of_architecture("{\"type\": \"" + std::string(70'000, 'x') + "\"}") ==
             "byte 69: a name, string or number of more than 65536 bytes");
  BOOST_TEST(refusal_of_architecture("{\"type\": " + std::string(70'000, '1') + "}") ==
             "byte 69: a name, string or number of more than 65536 bytes");
  BOOST_TEST(refusal_of_architecture("{" + std::string(5'000'000, ' ') + "\"type\": 1}") ==
             "byte 58: more than 4000000 bytes without a name, string or number");
  std::string many = "[0";
  for (int i = 0; i < 200'000; ++i) many += ",0";
  BOOST_TEST(refusal_of_architecture(many + "]") == "has more than 200000 values besides the weights");
  std::string texts = "[\"\"";
  for (int i = 0; i < 400; ++i) texts += ",\"" + std::string(60'000, 'x') + "\"";
  BOOST_TEST(refusal_of_architecture(texts + "]") == "names and strings take more than 16000000 bytes");
  BOOST_TEST(refusal_of_architecture("{\"type\": \"" + std::string(1000, 'x') + "\"}")
                 .starts_with("architecture.type is \"" + std::string(200, 'x') + "...\", which"));
  std::string tensors = R"({"format": "chainrule.model", "version": 1, "architecture": {"type": "ReLU"}, "weights": {)";
  for (int i = 0; i <= 100'000; ++i)
    tensors += (i == 0 ? "\"" : ",\"") + std::to_string(i) + R"(":{"dtype":"float32","shape":[0],"values":[]})";
  BOOST_TEST(refusal(tensors + "}}") == "weights has more than 100000 tensors");

  std::string chain;
  for (int i = 1; i <= 20'000; ++i)
    chain += (i == 1 ? "" : ",") + (R"({"type": "Sequential", "config": {"layers": [{"shared": )" + std::to_string(i) + "}]}}");
  BOOST_TEST(refusal(R"({"format": "chainrule.model", "version": 1, "architecture": {"shared": 0}, "weights": {}, "shared": [)" + chain +
                     R"(, {"type": "ReLU"}]})") == "layers are nested more than 256 deep");
  nn::Sequential nested;
  for (int i = 0; i < 100; ++i) nested = nn::Sequential{nn::Layer(std::move(nested))};
  BOOST_TEST(saving(nested) == "save_model: layers are nested too deep: more than 256 lists and objects");
}

BOOST_AUTO_TEST_CASE(memory_is_what_the_file_holds) {
  const double before = peak_mebibytes();
  std::string spaces;
  for (int i = 0; i < 200'000; ++i) spaces += (i == 0 ? "" : ",") + std::string(99, ' ') + "7";
  // The file is long enough for so many values, but does not contain them.
  const std::string claims =
      R"({"format": "chainrule.model", "version": 1, "weights": {"weight": {"dtype": "float64", "shape": [9000000], "values": [)" + spaces +
      R"(]}}, "architecture": {"type": "Embedding", "config": {"count": 9000000, "size": 1}}})";
  BOOST_TEST(refusal(claims) == "weights.weight.values has 200000 numbers, expected 9000000 for shape [9000000]");
  if (!kSanitized) BOOST_TEST(peak_mebibytes() - before < 64 + 2 * 20);  // the text above and its copy in the stream
  BOOST_TEST(refusal_of_architecture(R"({"type": "Embedding", "config": {"count": 900000000, "size": 1000}})").find("exceed the") !=
             std::string::npos);
  for (const char* layer : {R"({"type": "BatchNorm", "config": {"features": 4000000000, "momentum": 0.1, "epsilon": 0, "affine": false}})",
                            R"({"type": "LayerNorm", "config": {"sizes": [100000, 100000], "epsilon": 0, "affine": true}})",
                            R"({"type": "PReLU", "config": {"channels": 4000000000}})",
                            R"({"type": "test.Greedy", "config": {"width": 4000000000, "claims": false}})",
                            R"({"type": "test.Greedy", "config": {"width": 4000000000, "claims": true}})"})
    BOOST_TEST(refusal_of_architecture(layer).find("exceed the 1000000 weights in the file") != std::string::npos);
  // Each alone would fit.
  std::string layers;
  for (int i = 0; i < 200; ++i) layers += std::string(i == 0 ? "" : ",") + R"({"type": "PReLU", "config": {"channels": 900000}})";
  BOOST_TEST(refusal_of_architecture(R"({"type": "Sequential", "config": {"layers": [)" + layers + "]}}")
                 .starts_with("architecture.config.layers[1]: PReLU: parameters of shape [900000] exceed"));
  if (!kSanitized) BOOST_TEST(peak_mebibytes() - before < 64 + 2 * 20);
}

BOOST_AUTO_TEST_CASE(what_registered_functions_do) {
  const auto thrown = [&](int what) {
    return refusal_of_architecture(R"({"type": "Sequential", "config": {"layers": [{"type": "test.Thrower", "config": {"what": )" +
                                   std::to_string(what) + "}}]}}");
  };
  BOOST_TEST(thrown(0) == "architecture.config.layers[0]: the registered function returned a null pointer");
  BOOST_TEST(thrown(1) == "architecture.config.layers[0]: the table has no row 7");
  BOOST_TEST(thrown(2) == "the camera is off");
  BOOST_TEST(thrown(3) == "not enough memory to hold it");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written) {
  BOOST_TEST(saving(nn::Sequential{nn::Dense(2, 3), nn::Dense(4)}) ==
             "save_model: 1 (Dense ? -> 4): the input size is not known: call build() with the shape of one example");
  const nn::Sequential own{nn::Dense(2, 3), Unknown()};
  BOOST_TEST(saving(own) ==
             "save_model: 1 (Unknown): its type is not registered: call nn::register_module<Unknown>(\"Unknown\", ...) and set "
             "the arguments of its constructor in config()");
  const nn::Sequential function{nn::Dense(2, 3, {.activation = [](const cr::Tensor& x) { return x * 2; }})};
  BOOST_TEST(saving(function) ==
             "0 (Dense 2 -> 3, function): config: the activation of Dense is a function, which cannot be saved: give it by "
             "name, or put it into a module of a registered type");
  nn::Symbol x = nn::input({2});
  const nn::Model model(x, nn::lambda("double", x, [](const cr::Tensor& y) { return y * 2; }));
  BOOST_TEST(message_of<std::logic_error>([&] { model.save(path); }) ==
             "double (Lambda): config: it is a custom function, which a file cannot store: write a custom module and register it" +
                 at_line());
  BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(wrong_configs) {
  BOOST_TEST(saving(Odd([](nn::Config& c) { c.set("a", 1).set("a", 2); })) == "Odd: Config: \"a\" is set twice");
  BOOST_TEST(saving(Odd([](nn::Config& c) { c.set("a", "\xff"); })) == "Odd: Config: \"a\" is \"\xEF\xBF\xBD\", which is not UTF-8");
  BOOST_TEST(saving(Odd([](nn::Config& c) { c.set("a", nn::Layer(nn::ReLU())); })) ==
             "save_model: config() sets a layer, ReLU, that members() does not name");
  const auto odd = std::make_shared<Odd>([](nn::Config&) {});
  odd->set = [self = std::weak_ptr<Odd>(odd)](nn::Config& c) { c.set("me", nn::Layer(self.lock())); };
  BOOST_TEST(saving(*odd) == "save_model: Odd: its config() sets the module itself or a layer that contains it");
  Odd long_name([](nn::Config&) {});
  long_name.set_name(std::string(20'000, 'x'));
  BOOST_TEST(saving(long_name) == "save_model: names and strings are too long");
  long_name.set_name("\xc3");
  BOOST_TEST(saving(long_name) == "save_model: the text \"\xEF\xBF\xBD\" is not UTF-8");
  // Read without a file.
  nn::Config config;
  config.set("a", 1);
  BOOST_TEST(message_of<std::invalid_argument>([&] { config.string("a"); }).starts_with("Config: a is 1, expected a string"));
  BOOST_TEST(message_of<std::invalid_argument>([&] { config.integer("b"); }).starts_with("Config: has no field \"b\""));
  BOOST_TEST(message_of<std::invalid_argument>([&] { config.integer("a", 2); }).starts_with("Config: a is 1, expected at least 2"));
  BOOST_TEST(
      message_of<std::invalid_argument>([&] { config.integer("a", 2, 3); }).starts_with("Config: a is 1, expected an integer from 2 to 3"));
}

BOOST_AUTO_TEST_SUITE_END()
