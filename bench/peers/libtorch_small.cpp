// The jobs of small_bench, written for LibTorch, under the same names.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include "bench/jobs.h"

namespace {

torch::Tensor variable(double value, torch::Dtype dtype = torch::kFloat32) {
  return torch::tensor(value, torch::TensorOptions(dtype).requires_grad(true));
}

void scalar_chain(benchmark::State& state) {
  torch::Tensor x = variable(1.0), w = variable(0.999), b = variable(0.001);
  time_chain(state, x, w, b, [&] {
    for (torch::Tensor* leaf : {&x, &w, &b}) leaf->mutable_grad().reset();
  });
}
BENCHMARK(scalar_chain)->RangeMultiplier(10)->Range(100, 1'000'000);

void eleven_nodes(benchmark::State& state) {
  torch::Tensor a = variable(-41.0, torch::kFloat64), b = variable(2.0, torch::kFloat64);
  for (auto unused : state) {
    const torch::Tensor c = a + b;
    const torch::Tensor d = a * b + torch::pow(b, 3);
    const torch::Tensor e = c - d;
    const torch::Tensor f = torch::square(e);
    const torch::Tensor g = f / 2;
    g.backward();
    a.mutable_grad().reset();
    b.mutable_grad().reset();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(eleven_nodes);

void xor_step(benchmark::State& state) {
  torch::manual_seed(1);
  torch::nn::Sequential model(torch::nn::Linear(2, 16), torch::nn::Tanh(), torch::nn::Linear(16, 1));
  torch::optim::SGD optimizer(model->parameters(), 0.1);
  const torch::Tensor inputs = torch::tensor({{0.0F, 0.0F}, {0.0F, 1.0F}, {1.0F, 0.0F}, {1.0F, 1.0F}});
  const torch::Tensor outputs = torch::tensor({{0.0F}, {1.0F}, {1.0F}, {0.0F}});
  time_steps(state, optimizer, [&] { return torch::mse_loss(model->forward(inputs), outputs); });
}
BENCHMARK(xor_step);

void iris_step(benchmark::State& state) {
  torch::manual_seed(1);
  torch::nn::Sequential model(torch::nn::Linear(4, 8), torch::nn::Tanh(), torch::nn::Linear(8, 8), torch::nn::ReLU(),
                              torch::nn::Linear(8, 3));
  torch::optim::Adam optimizer(model->parameters(), 0.01);
  const torch::Tensor rows = torch::randn({32, 4}), labels = torch::randint(0, 3, {32}, torch::kInt64);
  time_steps(state, optimizer, [&] { return torch::nn::functional::cross_entropy(model->forward(rows), labels); });
}
BENCHMARK(iris_step);

void inference(benchmark::State& state) {
  torch::manual_seed(1);
  torch::nn::Sequential model(torch::nn::Linear(784, 128), torch::nn::ReLU(), torch::nn::Linear(128, 64), torch::nn::ReLU(),
                              torch::nn::Linear(64, 10));
  model->eval();
  const torch::NoGradGuard no_grad;
  const torch::Tensor image = torch::rand({1, 784});
  for (auto unused : state) benchmark::DoNotOptimize(model->forward(image).data_ptr<float>());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(inference);

}  // namespace

int main(int argc, char** argv) {
  torch::set_num_threads(1);  // the fastest setting for graphs of this size
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
