// The cost of small graphs and small networks, in which the arithmetic takes less time than the graph. Items are ops or steps, which Google
// Benchmark's items_per_second counts.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "bench/jobs.h"
#include "nn/nn.h"

namespace {

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::Tensor;

// A chain of products and sums of scalars, built, differentiated and freed.
void scalar_chain(benchmark::State& state) {
  Tensor x = cr::variable(1.0), w = cr::variable(0.999), b = cr::variable(0.001);
  time_chain(state, x, w, b, [&] {
    for (Tensor* leaf : {&x, &w, &b}) leaf->zero_grad();
  });
}
BENCHMARK(scalar_chain)->RangeMultiplier(10)->Range(100, 1'000'000);

// The small graph of BurTorch's paper (arXiv 2503.13795, figure 1): 11 nodes, constants included.
void eleven_nodes(benchmark::State& state) {
  Tensor a = cr::variable(-41.0, cr::DType::float64), b = cr::variable(2.0, cr::DType::float64);
  for (auto unused : state) {
    Tensor c = a + b;
    Tensor d = a * b + cr::pow(b, 3);
    Tensor e = c - d;
    Tensor f = cr::square(e);
    Tensor g = f / 2;
    g.backward();
    a.zero_grad();
    b.zero_grad();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(eleven_nodes);

// 2-16-1 on the truth table of xor.
void xor_step(benchmark::State& state) {
  cr::manual_seed(1);
  nn::Sequential model{nn::Dense(2, 16), nn::Tanh(), nn::Dense(16, 1)};
  nn::SGD optimizer(model.parameters(), {.learning_rate = 0.1});
  const Tensor inputs = cr::tensor({{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}}), outputs = cr::tensor({{0.0}, {1.0}, {1.0}, {0.0}});
  time_steps(state, optimizer, [&] { return nn::mse_loss(model(inputs), outputs); });
}
BENCHMARK(xor_step);

// 4-8-8-3, 32 rows, Adam.
void iris_step(benchmark::State& state) {
  cr::manual_seed(1);
  nn::Sequential model{nn::Dense(4, 8), nn::Tanh(), nn::Dense(8, 8), nn::ReLU(), nn::Dense(8, 3)};
  nn::Adam optimizer(model.parameters(), {.learning_rate = 0.01});
  const Tensor rows = cr::randn({32, 4}), labels = cr::randint(0, 3, {32});
  time_steps(state, optimizer, [&] { return nn::cross_entropy(model(rows), labels); });
}
BENCHMARK(iris_step);

// The Jacobian of each of some samples, of 4-8-3.
void batch_jacobian(benchmark::State& state) {
  cr::manual_seed(1);
  nn::Sequential model{nn::Dense(4, 8), nn::Tanh(), nn::Dense(8, 3)};
  const Tensor rows = cr::randn({state.range(0), 4});
  for (auto unused : state)
    benchmark::DoNotOptimize(cr::batch_jacobian([&](const Tensor& x) { return model(x); }, rows).data<float>().data());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(batch_jacobian)->Arg(1)->Arg(1000);

// One image at a time through 784-128-64-10.
void inference(benchmark::State& state) {
  cr::manual_seed(1);
  nn::Sequential model{nn::Dense(784, 128), nn::ReLU(), nn::Dense(128, 64), nn::ReLU(), nn::Dense(64, 10)};
  model.eval();
  const cr::NoGrad no_grad;
  const Tensor image = cr::rand({1, 784});
  for (auto unused : state) benchmark::DoNotOptimize(model(image).data<float>().data());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(inference);

}  // namespace

BENCHMARK_MAIN();
