// Scopes, errors and registered types work between a program and the library, also where the library is a shared object.
#include <nn/nn.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace cr = chainrule;
namespace nn = chainrule::nn;

struct Twice : nn::Module {
  nn::Dense fc{2, 2};
  cr::Tensor forward(const cr::Tensor& x) const override { return 2 * fc(x); }
  void members(nn::Members& visit) override { visit("fc", fc); }
};

static void check(bool condition, const std::string& what) {
  if (condition) return;
  std::cerr << what << '\n';
  std::exit(1);
}

int main() {
  {
    const cr::DefaultDType precise(cr::float64);
    check(cr::default_dtype() == cr::float64 && cr::ones({2}).dtype() == cr::float64, "the program or the library ignores DefaultDType");
    std::thread([] {
      check(cr::default_dtype() == cr::float32 && cr::ones({2}).dtype() == cr::float32, "DefaultDType acts in another thread");
    }).join();
  }
  try {
    cr::matmul(cr::ones({2, 3}), cr::ones({2, 3}));
    check(false, "matmul accepts {2, 3} and {2, 3}");
  } catch (const std::invalid_argument& error) {
    check(std::string(error.what()).find("scopes.cpp:") != std::string::npos, std::string("the error names no line: ") + error.what());
  }
  nn::register_module<Twice>("Twice");
  const auto path = std::filesystem::temp_directory_path() / ("scopes_" + std::to_string(std::random_device{}()) + ".json");
  Twice model;
  nn::save_model(model, path);
  const auto loaded = nn::load_model(path);
  std::filesystem::remove(path);
  check(dynamic_cast<const Twice*>(loaded.shared().get()) != nullptr, "the loaded module has another type");
  const cr::Tensor x = cr::from_vector(std::vector<float>{1, 1}, {1, 2});
  check(cr::sum(cr::abs(loaded(x) - model(x))).item() == 0, "the loaded module has other weights");
}
