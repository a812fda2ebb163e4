// Modules for tests of what modules do.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/nn.h"

namespace chainrule::test {

struct Residual : nn::Module {
  nn::Dense fc1{64, 64}, fc2{64, 64};
  Tensor forward(const Tensor& x) const override { return x + fc2(relu(fc1(x))); }
  void members(nn::Members& visit) override {
    visit("fc1", fc1);
    visit("fc2", fc2);
  }
};

// Every kind of member there is.
struct Everything : nn::Module {
  Tensor scale = variable({1, 2}), absent;
  Tensor running_mean = tensor({3, 4}), batches = zeros({}, DType::int64);
  nn::Dense dense{2, 2};
  nn::Layer layer = nn::Dense(2, 2, {.bias = false});
  std::vector<nn::Layer> layers;
  std::vector<nn::Dense> heads;
  std::vector<Tensor> gains;
  std::unique_ptr<nn::Dense> owned = std::make_unique<nn::Dense>(2, 1), none;

  Everything() {
    layers.push_back(nn::Dense(2, 3));
    layers.push_back(layer);
    heads.emplace_back(3, 1);
    gains.push_back(variable(1.0));
    gains.push_back(scale);
  }
  Tensor forward(const Tensor& x) const override { return x * scale; }
  void members(nn::Members& visit) override {
    visit("scale", scale);
    visit("absent", absent);
    visit.buffer("running_mean", running_mean);
    visit.buffer("batches", batches);
    visit("dense", dense);
    visit("layer", layer);
    visit("layers", layers);
    visit("heads", heads);
    visit("gains", gains);
    visit("owned", owned);
    visit("none", none);
  }
};

inline std::vector<std::string> names(const std::vector<nn::NamedTensor>& list) {
  std::vector<std::string> names;
  for (const nn::NamedTensor& entry : list) names.push_back(entry.name);
  return names;
}

}  // namespace chainrule::test
