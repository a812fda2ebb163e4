// Weights of modules in files: in both layouts, and that a module is changed wholly or not at all.
#include "nn/weights/save.h"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "autograd/ops/create.h"
#include "autograd/ops/shape.h"
#include "nn/layers/batch_norm.h"
#include "nn/layers/dense.h"
#include "nn/layers/embedding.h"
#include "nn/layers/layer_norm.h"
#include "nn/layers/sequential.h"
#include "nn/weights/safetensors.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/data/idx_files.h"
#include "tests/nn/weights/weight_files.h"

namespace {

using namespace chainrule;
using namespace chainrule::nn;
using chainrule::test::message_of;
using chainrule::test::print;
using chainrule::test::text_of;
using chainrule::test::WeightFiles;

void write_text(const std::filesystem::path& path, const std::string& text) {
  chainrule::test::write_file(path, chainrule::test::Bytes(text.begin(), text.end()));
}

Sequential small_model(std::uint64_t seed) {
  Generator generator(seed);
  Sequential model(Dense(4, 5, {.generator = &generator}), BatchNorm(5), LayerNorm(5),
                   Dense(5, 3, {.bias = false, .generator = &generator}));
  model(randn({16, 4}, generator));  // moves the running statistics
  return model;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(state_files, WeightFiles)

BOOST_AUTO_TEST_CASE(save_and_load_in_both_layouts) {
  const Sequential trained = small_model(1);
  for (const bool pytorch : {false, true}) {
    save(trained, path, {.pytorch_layout = pytorch});
    Sequential fresh = small_model(2);
    const std::vector<NamedTensor> own = fresh.state();
    BOOST_TEST(print(own) != print(trained.state()));
    load(fresh, path, {.pytorch_layout = pytorch});
    BOOST_TEST(print(own) == print(trained.state()));  // the same Tensors have other values
    for (const NamedTensor& entry : fresh.named_parameters()) BOOST_TEST(entry.tensor.requires_grad());
  }
}

BOOST_AUTO_TEST_CASE(pytorch_layout_of_a_file) {
  struct Nested : Module {
    Dense fc{2, 3};
    Embedding table{4, 2};
    BatchNorm norm{3};
    Tensor forward(const Tensor& x) const override { return norm(fc(table(x))); }
    void members(Members& visit) override {
      visit("fc", fc);
      visit("table", table);
      visit("norm", norm);
    }
  };
  const Nested module;
  save(module, path, {.pytorch_layout = true});
  const SafetensorsFile file = read_safetensors(path);
  std::string found;
  for (const NamedTensor& entry : file.tensors) found += entry.name + " " + entry.tensor.shape().str() + "\n";
  BOOST_TEST(found ==
             "fc.weight [3, 2]\nfc.bias [3]\ntable.weight [4, 2]\nnorm.weight [3]\nnorm.bias [3]\nnorm.running_mean [3]\n"
             "norm.running_var [3]\nnorm.num_batches_tracked []\n");
  BOOST_TEST(file.metadata.at("format") == "pt");
  BOOST_TEST(print({{"w", file.tensors[0].tensor}}) == print({{"w", transpose(module.fc.weight()).detach()}}));
  BOOST_TEST((file.tensors.back().tensor.dtype() == DType::int64));
  const Dense alone(2, 3);
  save(alone, path, {.pytorch_layout = true});
  BOOST_TEST(print({load_safetensors(path).at(0)}) == print({{"weight", transpose(alone.weight()).detach()}}));
}

BOOST_AUTO_TEST_CASE(mismatches_change_nothing) {
  Sequential model = small_model(3);
  const std::string before = print(model.state());
  const auto refusal_of = [&](const std::vector<NamedTensor>& tensors, const StateFileOptions& options = {}) {
    save_safetensors(path, tensors);
    BOOST_CHECK_THROW(load(model, path, options), std::runtime_error);
    const std::string message = message_of<std::runtime_error>([&] { load(model, path, options); });
    BOOST_TEST(print(model.state()) == before);
    BOOST_TEST(message.rfind(path.string() + ": ", 0) == 0);
    return message.substr(path.string().size() + 2, message.find(" (at save_test.cpp:") - path.string().size() - 2);
  };
  std::vector<NamedTensor> state;
  for (const NamedTensor& entry : model.state()) state.push_back({entry.name, ones(entry.tensor.shape())});
  auto with = [&](std::size_t index, const Tensor& tensor) {
    auto changed = state;
    changed[index].tensor = tensor;
    return changed;
  };
  BOOST_TEST(refusal_of(with(0, ones({4, 6}))) == "load_state: 0.weight is float32 [4, 6], expected float32 [4, 5]");
  BOOST_TEST(refusal_of(with(1, ones({5}, DType::float64))) == "load_state: 0.bias is float64 [5], expected float32 [5]");
  BOOST_TEST(refusal_of({state.begin(), state.end() - 1}) == "load_state: 3.weight is missing");
  auto more = state;
  more.push_back({"4.weight", ones({1})});
  BOOST_TEST(refusal_of(more) == "load_state: 4.weight is not in this module");
  BOOST_TEST(refusal_of(state, {.pytorch_layout = true}) == "0.weight has shape [4, 5], expected [5, 4], the [d_out, d_in] of this Dense");
  BOOST_TEST(refusal_of(with(0, ones({20})), {.pytorch_layout = true}) ==
             "0.weight has shape [20], expected [5, 4], the [d_out, d_in] of this Dense");
  state.back().tensor = ones({3, 5});
  state.erase(state.begin());
  BOOST_TEST(refusal_of(state, {.pytorch_layout = true}).find("0.weight is missing") != std::string::npos);

  save(model, path);
  std::string bytes = text_of(path);
  bytes.pop_back();
  write_text(path, bytes);
  BOOST_TEST(message_of<std::runtime_error>([&] { load(model, path); }).find("but the file holds") != std::string::npos);
  BOOST_TEST(print(model.state()) == before);
}

BOOST_AUTO_TEST_CASE(layouts_are_not_taken_for_each_other) {
  Dense square(3, 3);
  const std::string before = print(square.state());
  save(square, path, {.pytorch_layout = true});
  BOOST_TEST(message_of<std::runtime_error>([&] { load(square, path); }) ==
             path.string() + ": has Dense weights as [d_out, d_in], expected [d_in, d_out]: load it with pytorch_layout = true");
  save(square, path);
  BOOST_TEST(message_of<std::runtime_error>([&] { load(square, path, {.pytorch_layout = true}); }) ==
             path.string() + ": has Dense weights as [d_in, d_out], expected [d_out, d_in]: load it with pytorch_layout = false");
  save_safetensors(path, square.state(), {{"chainrule.version", "2"}});
  BOOST_TEST(message_of<std::runtime_error>([&] { load(square, path); }) ==
             path.string() + ": has version 2 of the weights format, this version of chainrule reads version 1");
  BOOST_TEST(print(square.state()) == before);
}

BOOST_AUTO_TEST_CASE(files_of_other_programs_say_their_layout_or_are_asked_for_it) {
  Dense square(3, 3);
  const std::string before = print(square.state());
  const auto refusal_of = [&](Module& module, const std::vector<NamedTensor>& tensors, const std::map<std::string, std::string>& metadata) {
    save_safetensors(path, tensors, metadata);
    return message_of<std::runtime_error>([&] { load(module, path); });
  };
  const std::string name = path.string() + ": ", to_do = ": load it with pytorch_layout = true";
  const std::string pytorch = name + "was written by PyTorch, which stores the weight of a Dense as [d_out, d_in]" + to_do;
  BOOST_TEST(refusal_of(square, square.state(), {{"format", "pt"}}) == pytorch);
  BOOST_TEST(refusal_of(square, square.state(), {}) ==
             name +
                 "does not say whether weight, of shape [3, 3], is [d_in, d_out] or [d_out, d_in] as in PyTorch: set pytorch_layout to "
                 "false or true");
  BOOST_TEST(print(square.state()) == before);

  // With the option, the file is believed.
  Dense other(3, 3);
  load(other, path, {.pytorch_layout = false});
  BOOST_TEST(print(other.state()) == before);
  load(other, path, {.pytorch_layout = true});
  BOOST_TEST(print({{"w", other.weight().detach()}}) == print({{"w", transpose(square.weight()).detach()}}));

  // Shapes that have one meaning only decide it.
  Sequential wide(Dense(2, 3), Dense(3, 3));
  std::vector<NamedTensor> own, swapped;
  for (const NamedTensor& entry : wide.state()) {
    own.push_back({entry.name, ones(entry.tensor.shape())});
    swapped.push_back({entry.name, entry.tensor.rank() == 2 ? ones({entry.tensor.size(1), entry.tensor.size(0)}) : own.back().tensor});
  }
  BOOST_TEST(refusal_of(wide, own, {{"format", "pt"}}) == "no exception");
  BOOST_TEST(refusal_of(wide, swapped, {}) == name + "0.weight has shape [3, 2], expected [2, 3], but [3, 2] in PyTorch's layout" + to_do);
  BOOST_TEST(refusal_of(wide, swapped, {{"format", "pt"}}) ==
             name + "0.weight has shape [3, 2], expected [2, 3], but [3, 2] in PyTorch's layout" + to_do);

  // Without a Dense there is no difference, apart from the counters of PyTorch's batch normalization.
  BatchNorm norm(2);
  BOOST_TEST(refusal_of(norm, norm.state(), {{"format", "pt"}}) == "no exception");
  std::vector<NamedTensor> counted = norm.state();
  counted.push_back({"num_batches_tracked", zeros({}, DType::int64)});
  BOOST_TEST(refusal_of(norm, counted, {}) == pytorch);
  Dense single(1, 1);  // the same in both
  BOOST_TEST(refusal_of(single, single.state(), {{"format", "pt"}}) == "no exception");
}

BOOST_AUTO_TEST_CASE(an_open_layer_is_not_saved) {
  const Sequential model(Dense(2, 3), Dense(4));
  const std::string message = message_of<std::logic_error>([&] { save(model, path); });
  BOOST_TEST(message.find("save: 1 (Dense ? -> 4): the input size is not known: call build() with the shape of one example") == 0u);
  BOOST_CHECK_THROW(save(model, path), std::logic_error);
  BOOST_TEST(names().empty());
}

BOOST_AUTO_TEST_SUITE_END()
