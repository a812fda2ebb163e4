// The C++ side of safetensors_test.py: safetensors_tool COMMAND FILE...
//   write FILE                 tensors of every dtype that is written
//   dump FILE                  prints name, dtype, shape and elements of each tensor, then the metadata, in lines of JSON
//   save PLAIN PYTORCH OTHER   a model in both layouts; in OTHER inputs x, and predictions y
//   predict WEIGHTS OTHER OUT  the same model with the weights of a file in PyTorch's layout: from x in OTHER, y in OUT
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "autograd/derivatives/backward.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "nn/layers/activations.h"
#include "nn/layers/batch_norm.h"
#include "nn/layers/dense.h"
#include "nn/layers/layer_norm.h"
#include "nn/layers/sequential.h"
#include "nn/weights/safetensors.h"
#include "nn/weights/save.h"

namespace {

using namespace chainrule;
using namespace chainrule::nn;

void write(const std::string& path) {
  save_safetensors(path,
                   {{"f32", tensor({{1.5, -2, 0.1}, {1e-45, 3e38, 0}})},
                    {"f64", tensor({0.1, -1e300}, DType::float64)},
                    {"i64", from_vector<std::int64_t>({INT64_MIN, INT64_MAX, -1}, {3, 1})},
                    {"scalar", tensor(2)},
                    {"empty", zeros({0, 4})},
                    {"\"weight\" 重み", tensor({7})}},
                   {{"note", "a \"b\"\n重み"}});
}

void dump(const std::string& path) {
  const SafetensorsFile file = read_safetensors(path);
  for (const auto& [name, value] : file.tensors) {
    const Shape shape = value.shape();
    nlohmann::json elements;
    if (value.dtype() == DType::int64) {
      elements = value.to_vector<std::int64_t>();
    } else {
      elements = value.to_vector<double>();
    }
    std::cout << nlohmann::json{name, dtype_name(value.dtype()), std::vector(shape.begin(), shape.end()), elements} << '\n';
  }
  std::cout << nlohmann::json(file.metadata) << '\n';
}

Sequential make_model(std::uint64_t seed) {
  Generator generator(seed);
  DenseOptions options = {.bias_initializer = init::normal(1), .generator = &generator};
  Sequential model(Dense(6, 5, options), BatchNorm(5), Tanh(), Dense(5, 5, options), LayerNorm(5), ReLU(), Dense(5, 3, options));
  for (int i = 0; i < 20; ++i) model(randn({32, 6}, generator) * 3 + 1);  // moves the running statistics
  model.eval();
  return model;
}

void run(const std::vector<std::string>& arguments) {
  const auto file = [&](std::size_t i) -> const std::string& { return arguments.at(i); };
  const std::string command = arguments.empty() ? "" : arguments[0];
  const NoGrad no_grad;
  if (command == "write") {
    write(file(1));
  } else if (command == "dump") {
    dump(file(1));
  } else if (command == "save") {
    const Sequential model = make_model(1);
    Generator generator(2);
    const Tensor x = randn({64, 6}, generator);
    save(model, file(1));
    save(model, file(2), {.pytorch_layout = true});
    save_safetensors(file(3), {{"x", x}, {"y", model(x)}});
  } else if (command == "predict") {
    Sequential model = make_model(3);
    load(model, file(1), {.pytorch_layout = true});
    save_safetensors(file(3), {{"y", model(load_safetensors(file(2)).at(0).tensor)}});
  } else {
    throw std::invalid_argument("unknown command '" + command + "', expected write, dump, save or predict");
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "safetensors_tool: " << error.what() << '\n';
    return 1;
  }
}
