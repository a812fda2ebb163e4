// The cost of a training step by batch size, width and depth of the network. One item is one floating-point operation.
#include <benchmark/benchmark.h>

#include <cstdint>

#include "autograd/parallel/flush_denormals.h"
#include "bench/jobs.h"
#include "nn/nn.h"

namespace {

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::Tensor;

constexpr std::int64_t kClasses = 10;

// Steps of Adam on `rows` random rows.
void train(benchmark::State& state, nn::Sequential& model, std::int64_t rows, std::int64_t d_in) {
  const cr::FlushDenormals flush;
  nn::Adam optimizer(model.parameters());
  const Tensor inputs = cr::randn({rows, d_in}), labels = cr::randint(0, kClasses, {rows});
  // Two operations per weight and row for each of the forward pass, the weights' gradients and the inputs' gradients.
  const std::int64_t operations = 6 * rows * model.parameter_count();
  time_steps(
      state, optimizer, [&] { return nn::cross_entropy(model(inputs), labels); }, operations);
}

void batch(benchmark::State& state) {
  cr::manual_seed(1);
  nn::Sequential model{nn::Dense(784, 128), nn::ReLU(), nn::Dense(128, 64), nn::ReLU(), nn::Dense(64, kClasses)};
  train(state, model, state.range(0), 784);
}
BENCHMARK(batch)->RangeMultiplier(2)->Range(1, 4096)->UseRealTime();

void width(benchmark::State& state) {
  cr::manual_seed(1);
  const std::int64_t size = state.range(0);
  nn::Sequential model{nn::Dense(size, size), nn::ReLU(), nn::Dense(size, size), nn::ReLU(), nn::Dense(size, kClasses)};
  train(state, model, 64, size);
}
BENCHMARK(width)->RangeMultiplier(2)->Range(16, 4096)->UseRealTime();

void depth(benchmark::State& state) {
  cr::manual_seed(1);
  constexpr std::int64_t kWidth = 64;
  nn::Sequential model;
  for (std::int64_t layer = 0; layer < state.range(0); ++layer) {
    model.push_back(nn::Dense(kWidth, kWidth));
    model.push_back(nn::ReLU());
  }
  model.push_back(nn::Dense(kWidth, kClasses));
  train(state, model, 64, kWidth);
}
BENCHMARK(depth)->RangeMultiplier(2)->Range(1, 256)->UseRealTime();

// Products and sums of scalars. One item is one op.
void graph(benchmark::State& state) {
  Tensor x = cr::variable(1.0), w = cr::variable(0.999), b = cr::variable(0.001);
  time_chain(state, x, w, b, [&] {
    for (Tensor* leaf : {&x, &w, &b}) leaf->zero_grad();
  });
}
BENCHMARK(graph)->RangeMultiplier(2)->Range(128, 1 << 20)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
