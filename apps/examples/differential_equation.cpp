// Solves a differential equation by a network: u'' = -u with u(0) = 0 and u'(0) = 1 on [0, π], whose solution is sin. The loss is the
// equation's squared residual, which contains second derivatives of the network (Lagaris et al., "Artificial neural networks for solving
// ordinary and partial differential equations", 1998).
#include <cmath>
#include <iostream>
#include <numbers>

#include "nn/nn.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;

namespace {

// t + t²·network(t), which has the value 0 and the slope 1 at 0 for any network.
cr::Tensor solution(const nn::Sequential& network, const cr::Tensor& t) { return t + cr::square(t) * network(t); }

// The derivative of each element of u by its element of t. Element i of u depends on element i of t only, so one backward pass computes
// all.
cr::Tensor derivative(const cr::Tensor& u, const cr::Tensor& t) { return cr::grad(cr::sum(u), {t}, {.create_graph = true})[0]; }

}  // namespace

int main() {
  constexpr int kSteps = 6000;
  constexpr double kLearningRate = 1e-2;
  cr::Generator generator(1);
  const nn::DenseOptions options{.initializer = "xavier_uniform", .generator = &generator};
  nn::Sequential network{nn::Dense(1, 24, options), nn::Tanh(), nn::Dense(24, 1, options)};
  network.to(cr::DType::float64);
  nn::Adam optimizer(network.parameters());
  const nn::Schedule schedule = nn::linear_schedule(kLearningRate, kSteps);

  cr::Tensor t = cr::reshape(cr::linspace(0, std::numbers::pi, 41, cr::DType::float64), {41, 1}).set_requires_grad(true);
  for (int step = 0; step < kSteps; ++step) {
    const cr::Tensor u = solution(network, t);
    const cr::Tensor second = derivative(derivative(u, t), t);
    const cr::Tensor loss = cr::mean(cr::square(second + u));
    optimizer.set_learning_rate(schedule(step));
    optimizer.step(loss);
    if ((step + 1) % 2000 == 0) std::cout << "step " << step + 1 << ": loss " << loss.item() << '\n';
  }

  const cr::NoGrad none;
  const cr::Tensor between = cr::reshape(cr::linspace(0, std::numbers::pi, 1000, cr::DType::float64), {1000, 1});
  const double worst = cr::max(cr::abs(solution(network, between) - cr::sin(between))).item();
  std::cout << "largest error " << worst << '\n';
  return worst < 1e-2 ? 0 : 1;
}
