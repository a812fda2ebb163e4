// The C++ side of model_file_test.py: model_file_tool COMMAND FILE...
//   save MODEL OTHER      a model as JSON; in OTHER, a safetensors file, inputs x, predictions y and the model's weights
//   predict MODEL OTHER   prints the predictions of the model for x in OTHER, one number a line with all its digits
#include <iomanip>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/nn.h"

namespace {

using namespace chainrule;
using namespace chainrule::nn;

Sequential make_model() {
  Generator generator(1);
  const DenseOptions options = {.bias_initializer = init::normal(1), .generator = &generator};
  Sequential model(Dense(6, 5, options), BatchNorm(5), Tanh(), LayerNorm(5), LeakyReLU(0.2), Dense(5, 3, options));
  for (int i = 0; i < 20; ++i) model(randn({32, 6}, generator) * 3 + 1);  // moves the running statistics
  model.eval();
  return model;
}

void run(const std::vector<std::string>& arguments) {
  const NoGrad no_grad;
  const std::string command = arguments.at(0);
  if (command == "save") {
    const Sequential model = make_model();
    Generator generator(2);
    std::vector<NamedTensor> other = model.state();
    other.push_back({"x", randn({64, 6}, generator)});
    other.push_back({"y", model(other.back().tensor)});
    save_model(model, arguments.at(1));
    save_safetensors(arguments.at(2), other);
  } else if (command == "predict") {
    const Layer model = load_model(arguments.at(1));
    for (const NamedTensor& entry : load_safetensors(arguments.at(2))) {
      if (entry.name != "x") continue;
      std::cout << std::setprecision(std::numeric_limits<float>::max_digits10);
      for (const float value : model(entry.tensor).to_vector<float>()) std::cout << value << '\n';
    }
  } else {
    throw std::invalid_argument("unknown command '" + command + "', expected save or predict");
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "model_file_tool: " << error.what() << '\n';
    return 1;
  }
}
