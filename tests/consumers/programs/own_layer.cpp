// A custom layer and a custom loss, written as plain expressions without derivatives.
#include <nn/nn.h>

#include <iostream>

namespace cr = chainrule;
namespace nn = chainrule::nn;

struct Residual : nn::Module {
  nn::Dense fc1{64, 64}, fc2{64, 64};
  cr::Tensor forward(const cr::Tensor& x) const override { return x + fc2(cr::relu(fc1(x))); }
  void members(nn::Members& visit) override {
    visit("fc1", fc1);
    visit("fc2", fc2);
  }
};

static cr::Tensor log_cosh(const cr::Tensor& prediction, const cr::Tensor& target) {
  return cr::mean(cr::log(cr::cosh(prediction - target)));
}

int main() {
  Residual layer;
  cr::Tensor x = cr::randn({8, 64});
  cr::Tensor loss = log_cosh(layer(x), cr::zeros({8, 64}));
  loss.backward();
  for (const auto& parameter : layer.parameters()) {
    if (!parameter.grad().defined()) {
      std::cerr << "a parameter has no gradient\n";
      return 1;
    }
  }
}
