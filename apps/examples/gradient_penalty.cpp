// A loss that contains gradients: trains a critic of slope 1 everywhere, which measures the distance between two point clouds
// (the Wasserstein distance; Gulrajani et al., "Improved Training of Wasserstein GANs", arXiv 1704.00028).
#include <cmath>
#include <iostream>

#include "nn/nn.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;

namespace {

// The length of the critic's gradient at each of the points [n, 2].
cr::Tensor slopes(const nn::Sequential& critic, const cr::Tensor& points) {
  cr::Tensor x = points.detach().set_requires_grad(true);
  cr::Tensor g = cr::grad(cr::sum(critic(x)), {x}, {.create_graph = true})[0];
  return cr::sqrt(cr::sum(cr::square(g), 1) + 1e-12);
}

}  // namespace

int main() {
  constexpr int kPoints = 64, kSteps = 1500;
  constexpr double kPenalty = 100;
  cr::Generator generator(3);
  const nn::DenseOptions options{.initializer = "xavier_uniform", .generator = &generator};
  nn::Sequential critic{nn::Dense(2, 32, options), nn::Tanh(), nn::Dense(32, 32, options), nn::Tanh(), nn::Dense(32, 1, options)};
  nn::Adam optimizer(critic.parameters(), {.learning_rate = 3e-3, .beta1 = 0.5});

  // The second cloud is the first one shifted by (3, 4), so their distance is 5. The penalty allows slopes up to 1 + 5 / (2 · 100).
  const cr::Tensor move = cr::tensor({3, 4});
  cr::Tensor distance, slope;
  for (int step = 0; step < kSteps; ++step) {
    const cr::Tensor near = cr::randn({kPoints, 2}, generator), far = near + move;
    const cr::Tensor between = cr::lerp(near, far, cr::rand({kPoints, 1}, generator));
    distance = cr::mean(critic(far)) - cr::mean(critic(near));
    slope = slopes(critic, between);
    optimizer.step(kPenalty * cr::mean(cr::square(slope - 1)) - distance);
    if ((step + 1) % 500 == 0)
      std::cout << "step " << step + 1 << ": distance " << distance.item() << ", mean slope " << cr::mean(slope).item() << '\n';
  }
  const bool right = std::abs(distance.item() - 5) < 0.5 && std::abs(cr::mean(slope).item() - 1) < 0.15;
  std::cout << "distance " << distance.item() << ", expected about 5\n";
  return right ? 0 : 1;
}
