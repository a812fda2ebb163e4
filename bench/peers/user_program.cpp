// A user's program that trains a small network on XOR with either library. compare.py measures its compile time.
#ifdef CHAINRULE
#include <cstdio>

#include "nn/nn.h"

namespace nn = chainrule::nn;

int main() {
  chainrule::manual_seed(1);
  nn::Sequential model{nn::Dense(2, 16), nn::Tanh(), nn::Dense(16, 1)};
  nn::SGD optimizer(model.parameters(), {.learning_rate = 0.1});
  const chainrule::Tensor inputs = chainrule::tensor({{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}});
  const chainrule::Tensor outputs = chainrule::tensor({{0.0}, {1.0}, {1.0}, {0.0}});
  for (int epoch = 0; epoch < 1000; ++epoch) {
    optimizer.zero_grad();
    const chainrule::Tensor loss = nn::mse_loss(model(inputs), outputs);
    loss.backward();
    optimizer.step();
    if (epoch % 100 == 0) std::printf("%d: %.4f\n", epoch, loss.item());
  }
}
#else
#include <torch/torch.h>

#include <cstdio>

int main() {
  torch::manual_seed(1);
  torch::nn::Sequential model(torch::nn::Linear(2, 16), torch::nn::Tanh(), torch::nn::Linear(16, 1));
  torch::optim::SGD optimizer(model->parameters(), 0.1);
  const torch::Tensor inputs = torch::tensor({{0.0F, 0.0F}, {0.0F, 1.0F}, {1.0F, 0.0F}, {1.0F, 1.0F}});
  const torch::Tensor outputs = torch::tensor({{0.0F}, {1.0F}, {1.0F}, {0.0F}});
  for (int epoch = 0; epoch < 1000; ++epoch) {
    optimizer.zero_grad();
    const torch::Tensor loss = torch::mse_loss(model->forward(inputs), outputs);
    loss.backward();
    optimizer.step();
    if (epoch % 100 == 0) std::printf("%d: %.4f\n", epoch, loss.item<double>());
  }
}
#endif
