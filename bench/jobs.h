// Loops that several bench programs time, also those on other libraries.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

/// Builds y = y·w + b from x, `state.range(0)` ops long, differentiates and frees it; `clear` takes the gradients of the leaves away.
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

/// Training steps; `items` to count for each.
template <class Optimizer, class Loss>
void time_steps(benchmark::State& state, Optimizer& optimizer, Loss loss, std::int64_t items = 1) {
  for (auto unused : state) {
    optimizer.zero_grad();
    loss().backward();
    optimizer.step();
  }
  state.SetItemsProcessed(state.iterations() * items);
}
