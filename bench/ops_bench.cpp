// Single ops, compared with plain loops and with the machine's peak: bytes read and written, or floating-point operations, per second.
// *_step is the forward and backward pass, plain_* the same forward loop without the library, peak_* the machine's peak.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "autograd/autograd.h"

namespace {

namespace cr = chainrule;
using cr::Tensor;

constexpr std::int64_t kSmall = 1 << 10,
                       kLarge = 1 << 22;  // elements that fit the first-level cache, and that exceed the last-level cache by far

void count_bytes(benchmark::State& state, std::int64_t floats_an_element) {
  state.SetBytesProcessed(state.iterations() * state.range(0) * floats_an_element * static_cast<std::int64_t>(sizeof(float)));
}

// y = f(x) reads and writes each element once; backward reads the gradient and x or y, and writes the gradient of x.
template <class F>
void forward(benchmark::State& state, F f) {
  const cr::NoGrad no_grad;
  const Tensor x = cr::rand({state.range(0)});
  for (auto unused : state) benchmark::DoNotOptimize(f(x).template data<float>().data());
  count_bytes(state, 2);
}

template <class F>
void step(benchmark::State& state, F f) {
  Tensor x = cr::rand({state.range(0)});
  x.set_requires_grad(true);
  const Tensor gradient = cr::rand({state.range(0)});
  for (auto unused : state) {
    f(x).backward({.gradient = gradient});
    x.zero_grad();
  }
  count_bytes(state, 5);
}

template <class F>
void plain(benchmark::State& state, F f) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::vector<float> x(size, 0.5F);
  std::vector<float> y(size);
  for (auto unused : state) {
    std::transform(x.begin(), x.end(), y.begin(), f);
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, 2);
}

// An op with its backward pass, and the plain loop it is compared with.
template <class Op, class Plain>
void register_unary(const std::string& name, Op op, Plain in_plain) {
  for (auto* bench :
       {benchmark::RegisterBenchmark(name.c_str(), [op](benchmark::State& state) { forward(state, op); }),
        benchmark::RegisterBenchmark((name + "_step").c_str(), [op](benchmark::State& state) { step(state, op); }),
        benchmark::RegisterBenchmark(("plain_" + name).c_str(), [in_plain](benchmark::State& state) { plain(state, in_plain); })})
    bench->Arg(kSmall)->Arg(kLarge)->UseRealTime();
}

void register_unary_ops() {
  register_unary(
      "relu", [](const Tensor& x) { return cr::relu(x); }, [](float x) { return std::max(x, 0.0F); });
  register_unary(
      "square", [](const Tensor& x) { return cr::square(x); }, [](float x) { return x * x; });
  register_unary(
      "exp", [](const Tensor& x) { return cr::exp(x); }, [](float x) { return std::exp(x); });
  register_unary(
      "tanh", [](const Tensor& x) { return cr::tanh(x); }, [](float x) { return std::tanh(x); });
  register_unary(
      "sigmoid", [](const Tensor& x) { return cr::sigmoid(x); }, [](float x) { return 1 / (1 + std::exp(-x)); });
}

void add(benchmark::State& state) {
  const cr::NoGrad no_grad;
  const Tensor a = cr::rand({state.range(0)}), b = cr::rand({state.range(0)});
  for (auto unused : state) benchmark::DoNotOptimize((a + b).data<float>().data());
  count_bytes(state, 3);
}
BENCHMARK(add)->Arg(kSmall)->Arg(kLarge)->UseRealTime();

// A row added to each row of a matrix, as a bias is.
void add_row(benchmark::State& state) {
  constexpr std::int64_t kColumns = 64;
  const cr::NoGrad no_grad;
  const Tensor a = cr::rand({state.range(0) / kColumns, kColumns}), row = cr::rand({kColumns});
  for (auto unused : state) benchmark::DoNotOptimize((a + row).data<float>().data());
  count_bytes(state, 2);
}
BENCHMARK(add_row)->Arg(kSmall)->Arg(kLarge)->UseRealTime();

void sum(benchmark::State& state) {
  const cr::NoGrad no_grad;
  const Tensor x = cr::rand({state.range(0)});
  for (auto unused : state) benchmark::DoNotOptimize(cr::sum(x).item());
  count_bytes(state, 1);
}
BENCHMARK(sum)->Arg(kSmall)->Arg(kLarge)->UseRealTime();

void softmax(benchmark::State& state) {
  const cr::NoGrad no_grad;
  const Tensor x = cr::rand({state.range(0) / 64, 64});
  for (auto unused : state) benchmark::DoNotOptimize(cr::softmax(x, 1).data<float>().data());
  count_bytes(state, 2);
}
BENCHMARK(softmax)->Arg(kSmall)->Arg(kLarge)->UseRealTime();

// Products and variances of each row (axis 1) or column (axis 0) of a matrix.
constexpr std::int64_t kWidth = 64;

template <class F>
void reduce_step(benchmark::State& state, F f) {
  Tensor x = cr::rand({state.range(0) / kWidth, kWidth});
  x.set_requires_grad(true);
  const auto axis = static_cast<int>(state.range(1));
  const Tensor gradient = cr::ones({axis == 0 ? kWidth : state.range(0) / kWidth});
  for (auto unused : state) {
    f(x, axis).backward({.gradient = gradient});
    x.zero_grad();
  }
  count_bytes(state, 3);
}
void prod_step(benchmark::State& state) {
  reduce_step(state, [](const Tensor& x, int axis) { return cr::prod(x, axis); });
}
BENCHMARK(prod_step)->Args({kSmall, 0})->Args({kSmall, 1})->Args({kLarge, 0})->Args({kLarge, 1})->UseRealTime();
void var_step(benchmark::State& state) {
  reduce_step(state, [](const Tensor& x, int axis) { return cr::var(x, axis); });
}
BENCHMARK(var_step)->Args({kSmall, 0})->Args({kSmall, 1})->Args({kLarge, 0})->Args({kLarge, 1})->UseRealTime();

// As many random elements along an axis as it has, and their gradients added up.
void gather_step(benchmark::State& state) {
  Tensor x = cr::rand({state.range(0) / kWidth, kWidth});
  x.set_requires_grad(true);
  const auto axis = static_cast<int>(state.range(1));
  const Tensor index = cr::randint(0, x.size(axis), x.shape()), gradient = cr::rand(x.shape());
  for (auto unused : state) {
    cr::gather(x, axis, index).backward({.gradient = gradient});
    x.zero_grad();
  }
  count_bytes(state, 8);  // an index is as long as two floats
}
BENCHMARK(gather_step)->Args({kSmall, 0})->Args({kSmall, 1})->Args({kLarge, 0})->Args({kLarge, 1})->UseRealTime();

// Random rows, and their gradients added up.
void index_select_step(benchmark::State& state) {
  Tensor x = cr::rand({state.range(0) / kWidth, kWidth});
  x.set_requires_grad(true);
  const Tensor index = cr::randint(0, x.size(0), {x.size(0)}), gradient = cr::rand(x.shape());
  for (auto unused : state) {
    cr::index_select(x, 0, index).backward({.gradient = gradient});
    x.zero_grad();
  }
  count_bytes(state, 4);
}
BENCHMARK(index_select_step)->Arg(kSmall)->Arg(kLarge)->UseRealTime();

// Square matrices: 2·n³ operations, and three times as many with both gradients.
void matmul(benchmark::State& state) {
  const cr::NoGrad no_grad;
  const std::int64_t n = state.range(0);
  const Tensor a = cr::rand({n, n}), b = cr::rand({n, n});
  for (auto unused : state) benchmark::DoNotOptimize(cr::matmul(a, b).data<float>().data());
  state.SetItemsProcessed(state.iterations() * 2 * n * n * n);
}
BENCHMARK(matmul)->Arg(64)->Arg(256)->Arg(1024)->UseRealTime();

void matmul_step(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  Tensor a = cr::rand({n, n}), b = cr::rand({n, n});
  a.set_requires_grad(true);
  b.set_requires_grad(true);
  const Tensor gradient = cr::rand({n, n});
  for (auto unused : state) {
    cr::matmul(a, b).backward({.gradient = gradient});
    a.zero_grad();
    b.zero_grad();
  }
  state.SetItemsProcessed(state.iterations() * 6 * n * n * n);
}
BENCHMARK(matmul_step)->Arg(64)->Arg(256)->Arg(1024)->UseRealTime();

// memcpy on one thread.
void peak_copy(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::vector<float> x(size, 0.5F);
  std::vector<float> y(size);
  for (auto unused : state) {
    std::copy(x.begin(), x.end(), y.begin());
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, 2);
}
BENCHMARK(peak_copy)->Arg(kSmall)->Arg(kLarge)->UseRealTime();

// Products and sums of values in registers, on one thread. Twelve independent vectors hide the latency.
using Vector [[gnu::vector_size(64)]] = float;

#if defined(__x86_64__)
[[gnu::target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")]]
#endif
void multiply_add(Vector* values, std::int64_t rounds) {
  constexpr int kVectors = 12;
  Vector x[kVectors];
  std::copy_n(values, kVectors, x);
  for (std::int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kVectors; ++i) x[i] = x[i] * 0.999F + 0.001F;
  }
  std::copy_n(x, kVectors, values);
}

void peak_flops(benchmark::State& state) {
  constexpr std::int64_t kRounds = 1000, kVectors = 12, kLanes = 16;
  Vector values[kVectors] = {};
  for (auto unused : state) {
    multiply_add(values, kRounds);
    benchmark::DoNotOptimize(values);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * 2 * kRounds * kVectors * kLanes);
}
BENCHMARK(peak_flops)->UseRealTime();

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  register_unary_ops();
  benchmark::RunSpecifiedBenchmarks();
}
