// Counts the allocations of a training step after the first steps: every operator new of the program, those of the library's pools
// included.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#include "nn/nn.h"

namespace {

std::size_t allocations = 0;

void* count_and_allocate(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) { return count_and_allocate(bytes, alignof(std::max_align_t)); }
void* operator new[](std::size_t bytes) { return count_and_allocate(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) { return count_and_allocate(bytes, static_cast<std::size_t>(alignment)); }
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return count_and_allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::Tensor;

template <class Step>
void count(const char* job, Step step) {
  constexpr int kWarmUp = 20, kSteps = 100;
  for (int i = 0; i < kWarmUp; ++i) step();
  const std::size_t before = allocations;
  for (int i = 0; i < kSteps; ++i) step();
  std::printf("%s %.2f\n", job, static_cast<double>(allocations - before) / kSteps);
}

void scalar_chain() {
  Tensor x = cr::variable(1.0), w = cr::variable(0.999), b = cr::variable(0.001);
  count("chain", [&] {
    Tensor y = x;
    for (int i = 0; i < 500; ++i) y = y * w + b;
    y.backward();
    for (Tensor* leaf : {&x, &w, &b}) leaf->zero_grad();
  });
}

void xor_step() {
  nn::Sequential model{nn::Dense(2, 16), nn::Tanh(), nn::Dense(16, 1)};
  nn::SGD optimizer(model.parameters(), {.learning_rate = 0.1});
  const Tensor inputs = cr::tensor({{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}}), outputs = cr::tensor({{0.0}, {1.0}, {1.0}, {0.0}});
  count("xor", [&] { optimizer.step(nn::mse_loss(model(inputs), outputs)); });
}

// Trains 784-128-64-10 on batches of 64, which a DataLoader gathers from bytes.
void mnist_step() {
  constexpr std::int64_t kImages = 8192, kPixels = 784;
  nn::Sequential model{nn::Dense(kPixels, 128), nn::ReLU(), nn::Dense(128, 64), nn::ReLU(), nn::Dense(64, 10)};
  nn::Adam optimizer(model.parameters());
  nn::IdxArray images;
  images.shape = {kImages, kPixels};
  images.bytes.assign(kImages * kPixels, 100);
  const nn::Dataset data(std::move(images), std::vector<std::uint8_t>(kImages, 3));
  const nn::DataLoader loader(data, {.batch_size = 64, .shuffle = true});
  auto batch = loader.begin();
  count("mnist", [&] {
    optimizer.step(nn::cross_entropy(model(batch->inputs), batch->targets));
    ++batch;
  });
}

}  // namespace

int main() {
  cr::manual_seed(1);
  scalar_chain();
  xor_step();
  mnist_step();
}
