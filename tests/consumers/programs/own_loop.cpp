// Trains a network on XOR with a hand-written training loop.
#include <nn/nn.h>

#include <iostream>

namespace cr = chainrule;
namespace nn = chainrule::nn;

int main() {
  cr::Generator generator(1);
  nn::Sequential model{nn::Dense(2, 16, {.generator = &generator}), nn::Tanh(), nn::Dense(16, 1, {.generator = &generator})};
  nn::SGD optimizer(model.parameters(), {.learning_rate = 0.5});
  cr::Tensor x = cr::tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  cr::Tensor y = cr::tensor({{0}, {1}, {1}, {0}});
  double last = 0;
  for (int step = 0; step < 1000; ++step) {
    cr::Tensor loss = nn::binary_cross_entropy_with_logits(model(x), y);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    last = loss.item();
  }
  if (!(last < 0.05)) {
    std::cerr << "the loss is still " << last << '\n';
    return 1;
  }
}
