// Benchmark loops shared by the programs of this library and of other libraries.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

/// Builds the chain y = y·w + b of `state.range(0)` ops from x, differentiates it and frees it; `clear` resets the gradients of the leaves.
template <class Tensor, class Clear>
void time_chain(benchmark::State& state, const Tensor& x, const Tensor& w, const Tensor& b, Clear clear) {
  const std::int64_t length = state.range(0);
  for (auto unused : state) {
    Tensor y = x;
    for (std::int64_t i = 0; i < length; i += 2) y = y * w + b;
    y.backward();
    clear();
  }
  state.SetItemsProcessed(state.iterations() * length);
}

/// Runs training steps, each of which counts as `items` items.
template <class Optimizer, class Loss>
void time_steps(benchmark::State& state, Optimizer& optimizer, Loss loss, std::int64_t items = 1) {
  for (auto unused : state) {
    optimizer.zero_grad();
    loss().backward();
    optimizer.step();
  }
  state.SetItemsProcessed(state.iterations() * items);
}
