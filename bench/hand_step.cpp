// The hand-written baseline: a training step of 784-128-64-10 or 784-1024-1024-10 with ReLU, softmax cross-entropy and Adam, written with
// oneDNN's sgemm, OpenMP and plain loops. It does not use this library, whose training step is compared with it.
//
// Each thread runs the forward and backward pass of its rows of the batch. After one barrier it computes its rows of every weight's
// gradient and updates those weights at once. Images are stored as bytes and converted to floats while they are gathered; the bytes of the
// next batch are prefetched meanwhile.
#include <dnnl.h>
#include <omp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <new>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/print_steps.h"
#include "bench/training_images.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace {

constexpr std::int64_t kPixels = TrainingImages::kPixels, kClasses = TrainingImages::kClasses, kImages = TrainingImages::kCount;
constexpr std::int64_t kOut = 16;     // the classes, padded with zeros to a whole vector; the padding stays zero
constexpr std::int64_t kChunk = 196;  // rows of a weight whose gradient is computed at a time

struct AlignedDelete {
  void operator()(float* p) const { ::operator delete[](p, std::align_val_t{64}); }
};
using Floats = std::unique_ptr<float[], AlignedDelete>;

Floats zeros(std::int64_t n) {
  const auto size = static_cast<std::size_t>(n);
  auto* p = static_cast<float*>(::operator new[](size * sizeof(float), std::align_val_t{64}));
  std::fill_n(p, size, 0.0F);
  return Floats(p);
}

// Loops, each compiled for three instruction sets, one of which is chosen when the program starts.

[[gnu::target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")]] void convert_row(const std::uint8_t* __restrict from,
                                                                                       float* __restrict to) {
  for (std::int64_t i = 0; i < kPixels; ++i) to[i] = static_cast<float>(from[i]) * (1.0F / 255.0F);
}

[[gnu::target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")]] void add_bias_relu(const float* __restrict bias, std::int64_t rows,
                                                                                         std::int64_t d, float* __restrict y) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < d; ++i) y[r * d + i] = std::max(y[r * d + i] + bias[i], 0.0F);
  }
}

[[gnu::target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")]] void mask(const float* __restrict h, std::int64_t n,
                                                                                float* __restrict g) {
  for (std::int64_t i = 0; i < n; ++i) g[i] = h[i] > 0.0F ? g[i] : 0.0F;
}

[[gnu::target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")]] void sum_rows(const float* __restrict g, std::int64_t rows,
                                                                                    std::int64_t stride, std::int64_t d,
                                                                                    float* __restrict sum) {
  for (std::int64_t i = 0; i < d; ++i) sum[i] = 0.0F;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < d; ++i) sum[i] += g[r * stride + i];
  }
}

[[gnu::target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")]] void add_bias(const float* __restrict bias, std::int64_t rows,
                                                                                    float* __restrict y) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < kOut; ++i) y[r * kOut + i] += bias[i];
  }
}

// g[r, :] = dz[r, :]·wᵀ with d columns; zero where h is zero. `transposed` is a buffer for wᵀ.
[[gnu::target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")]] void output_layer_back(const float* __restrict dz,
                                                                                             const float* __restrict w,
                                                                                             const float* __restrict h, std::int64_t rows,
                                                                                             std::int64_t d, float* __restrict transposed,
                                                                                             float* __restrict g) {
  for (std::int64_t k = 0; k < d; ++k) {
    for (std::int64_t j = 0; j < kClasses; ++j) transposed[j * d + k] = w[k * kOut + j];
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    float* const sums = g + r * d;
    for (std::int64_t k = 0; k < d; ++k) sums[k] = dz[r * kOut] * transposed[k];
    for (std::int64_t j = 1; j < kClasses; ++j) {
      for (std::int64_t k = 0; k < d; ++k) sums[k] += dz[r * kOut + j] * transposed[j * d + k];
    }
    for (std::int64_t k = 0; k < d; ++k) sums[k] = h[r * d + k] > 0.0F ? sums[k] : 0.0F;
  }
}

// The moments of gradients that stay 0 decay to denormal numbers, which are slow.
void flush_denormals() {
#if defined(__SSE2__)
  _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
}

struct AdamStep {
  float step_size, inverse_correction2;
};

[[gnu::target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")]] void adam(AdamStep step, const float* __restrict g,
                                                                                float* __restrict m, float* __restrict v,
                                                                                float* __restrict p, std::int64_t n) {
  constexpr float kBeta1 = 0.9F, kBeta2 = 0.999F, kEpsilon = 1e-8F;
  for (std::int64_t i = 0; i < n; ++i) {
    m[i] = kBeta1 * m[i] + (1.0F - kBeta1) * g[i];
    v[i] = kBeta2 * v[i] + (1.0F - kBeta2) * g[i] * g[i];
    p[i] -= step.step_size * m[i] / (std::sqrt(v[i]) * step.inverse_correction2 + kEpsilon);
  }
}

// Replaces logits by their gradient, (softmax - one hot) / batch, and returns the sum of the rows' losses. Computes exp of kOut values at a
// time.
float softmax_cross_entropy(std::int64_t rows, const std::uint8_t* labels, float scale, float* z) {
  float loss = 0.0F;
  for (std::int64_t r = 0; r < rows; ++r, z += kOut) {
    const float top = *std::max_element(z, z + kClasses);
    float e[kClasses], sum = 0.0F;
    for (std::int64_t j = 0; j < kClasses; ++j) sum += e[j] = std::exp(z[j] - top);
    const std::uint8_t label = labels[r];
    loss += std::log(sum) - (z[label] - top);
    for (std::int64_t j = 0; j < kClasses; ++j) z[j] = e[j] / sum * scale;
    z[label] -= scale;
  }
  return loss;
}

void multiply(char ta, char tb, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda, const float* b,
              std::int64_t ldb, float* c) {
  dnnl_sgemm(ta, tb, m, n, k, 1.0F, a, lda, b, ldb, 0.0F, c, n);
}

struct Range {
  std::int64_t begin, end;
  std::int64_t size() const { return end - begin; }
};

Range share(std::int64_t n, int thread, int threads) { return {n * thread / threads, n * (thread + 1) / threads}; }

template <std::int64_t kHidden1, std::int64_t kHidden2>
class Trainer {
 public:
  Trainer(std::int64_t batch, int threads, std::mt19937& random) : batch_(batch), labels_(static_cast<std::size_t>(batch)) {
    for (int i = 0; i < threads; ++i) {
      gradients_.push_back(zeros(kChunk * std::max({kHidden1, kHidden2, kOut})));
      transposed_.push_back(zeros(kClasses * kHidden2));
    }
    const auto init = [&](std::int64_t offset, std::int64_t rows, std::int64_t columns, std::int64_t used) {
      std::uniform_real_distribution<float> uniform(-1.0F / std::sqrt(static_cast<float>(rows)),
                                                    1.0F / std::sqrt(static_cast<float>(rows)));
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t c = 0; c < used; ++c) p_[static_cast<std::size_t>(offset + r * columns + c)] = uniform(random);
      }
    };
    init(kW1, kPixels, kHidden1, kHidden1);
    init(kW2, kHidden1, kHidden2, kHidden2);
    init(kW3, kHidden2, kOut, kClasses);
  }

  // Makes one step on the images with the indices `order`; `next`, unless null, has those of the next batch. Returns the sum of the losses.
  float step(const TrainingImages& data, const std::int32_t* order, const std::int32_t* next, int threads) {
    ++steps_;
    const double correction1 = 1.0 - std::pow(0.9, steps_), correction2 = 1.0 - std::pow(0.999, steps_);
    const AdamStep adam_step{static_cast<float>(1e-3 / correction1), static_cast<float>(1.0 / std::sqrt(correction2))};
    float loss = 0.0F;
#pragma omp parallel num_threads(threads) reduction(+ : loss)
    {
      flush_denormals();
      const int thread = omp_get_thread_num(), team = omp_get_num_threads();
      loss += rows(data, order, next, share(batch_, thread, team), transposed_[static_cast<std::size_t>(thread)].get());
#pragma omp barrier
      weights(adam_step, thread, team);
    }
    return loss;
  }

 private:
  static constexpr std::int64_t kW1 = 0, kB1 = kW1 + kPixels * kHidden1, kW2 = kB1 + kHidden1, kB2 = kW2 + kHidden1 * kHidden2,
                                kW3 = kB2 + kHidden2, kB3 = kW3 + kHidden2 * kOut, kCount = kB3 + kOut;

  float rows(const TrainingImages& data, const std::int32_t* order, const std::int32_t* next, Range range, float* transposed) {
    const std::int64_t n = range.size();
    if (n == 0) return 0.0F;
    float *x = x_.get() + range.begin * kPixels, *h1 = h1_.get() + range.begin * kHidden1, *h2 = h2_.get() + range.begin * kHidden2;
    float *z = z_.get() + range.begin * kOut, *g1 = g1_.get() + range.begin * kHidden1, *g2 = g2_.get() + range.begin * kHidden2;
    std::uint8_t* labels = labels_.data() + range.begin;
    for (std::int64_t r = 0; r < n; ++r) {
      const std::int64_t image = order[range.begin + r];
      convert_row(data.images.data() + image * kPixels, x + r * kPixels);
      labels[r] = data.labels[static_cast<std::size_t>(image)];
      if (next == nullptr) continue;
      const std::uint8_t* coming = data.images.data() + std::int64_t{next[range.begin + r]} * kPixels;
      for (std::int64_t i = 0; i < kPixels; i += 64) __builtin_prefetch(coming + i, 0, 2);
    }
    const float* p = p_.get();
    multiply('N', 'N', n, kHidden1, kPixels, x, kPixels, p + kW1, kHidden1, h1);
    add_bias_relu(p + kB1, n, kHidden1, h1);
    multiply('N', 'N', n, kHidden2, kHidden1, h1, kHidden1, p + kW2, kHidden2, h2);
    add_bias_relu(p + kB2, n, kHidden2, h2);
    multiply('N', 'N', n, kOut, kHidden2, h2, kHidden2, p + kW3, kOut, z);
    add_bias(p + kB3, n, z);
    const float loss = softmax_cross_entropy(n, labels, 1.0F / static_cast<float>(batch_), z);
    for (std::int64_t r = 0; r < n; ++r) std::fill(z + r * kOut + kClasses, z + (r + 1) * kOut, 0.0F);
    output_layer_back(z, p + kW3, h2, n, kHidden2, transposed, g2);
    multiply('N', 'T', n, kHidden1, kHidden2, g2, kHidden2, p + kW2, kHidden2, g1);
    mask(h1, n * kHidden1, g1);
    return loss;
  }

  void weights(AdamStep adam_step, int thread, int team) {
    // `gradient` is that of one chunk of a weight's rows, so that it is still in the cache when Adam reads it.
    const Floats& g = gradients_[static_cast<std::size_t>(thread)];
    const auto update = [&](std::int64_t begin, std::int64_t count) {
      adam(adam_step, g.get(), m_.get() + begin, v_.get() + begin, p_.get() + begin, count);
    };
    const auto weight = [&](std::int64_t offset, const float* x, std::int64_t d_in, const float* gy, std::int64_t d_out) {
      const Range rows = share(d_in, thread, team);
      const std::int64_t chunks = (rows.size() + kChunk - 1) / kChunk;
      for (std::int64_t c = 0; c < chunks; ++c) {
        const std::int64_t begin = rows.begin + rows.size() * c / chunks, count = rows.begin + rows.size() * (c + 1) / chunks - begin;
        multiply('T', 'N', count, d_out, batch_, x + begin, d_in, gy, d_out, g.get());
        update(offset + begin * d_out, count * d_out);
      }
    };
    const auto bias = [&](std::int64_t offset, const float* gy, std::int64_t d_out) {
      const Range columns = share(d_out, thread, team);
      sum_rows(gy + columns.begin, batch_, d_out, columns.size(), g.get());
      update(offset + columns.begin, columns.size());
    };
    weight(kW1, x_.get(), kPixels, g1_.get(), kHidden1);
    weight(kW2, h1_.get(), kHidden1, g2_.get(), kHidden2);
    weight(kW3, h2_.get(), kHidden2, z_.get(), kOut);
    bias(kB1, g1_.get(), kHidden1);
    bias(kB2, g2_.get(), kHidden2);
    bias(kB3, z_.get(), kOut);
  }

  std::int64_t batch_;
  int steps_ = 0;
  Floats p_ = zeros(kCount), m_ = zeros(kCount), v_ = zeros(kCount);
  Floats x_ = zeros(batch_ * kPixels), h1_ = zeros(batch_ * kHidden1), h2_ = zeros(batch_ * kHidden2), z_ = zeros(batch_ * kOut);
  Floats g1_ = zeros(batch_ * kHidden1), g2_ = zeros(batch_ * kHidden2);
  std::vector<std::uint8_t> labels_;
  std::vector<Floats> gradients_, transposed_;  // per thread
};

struct Options {
  std::int64_t batch = 32;
  int steps = 2000, threads = omp_get_max_threads();
  unsigned seed = 1;
  std::string layers = "128,64", directory;
};

template <std::int64_t kHidden1, std::int64_t kHidden2>
void run(const Options& options) {
  omp_set_num_threads(options.threads);  // also limits oneDNN
  std::mt19937 random(options.seed);
  const TrainingImages data = load_training_images(options.directory, random);
  Trainer<kHidden1, kHidden2> trainer(options.batch, options.threads, random);
  std::vector<std::int32_t> order(kImages);
  std::iota(order.begin(), order.end(), 0);

  constexpr int kWarmUp = 50;
  std::vector<double> times;
  std::vector<double> losses;
  for (std::int64_t done = 0, at = kImages; done < kWarmUp + options.steps; ++done, at += options.batch) {
    if (at + options.batch > kImages) {
      std::shuffle(order.begin(), order.end(), random);
      at = 0;
    }
    const std::int32_t* now = order.data() + at;
    const auto begin = std::chrono::steady_clock::now();
    const float loss = trainer.step(data, now, at + 2 * options.batch <= kImages ? now + options.batch : nullptr, options.threads);
    const auto end = std::chrono::steady_clock::now();
    losses.push_back(loss / static_cast<double>(options.batch));
    if (done >= kWarmUp) times.push_back(std::chrono::duration<double, std::micro>(end - begin).count());
  }
  print_steps("hand_step", options.batch, options.threads, times, losses);
}

}  // namespace

int main(int argc, char** argv) try {
  Options options;
  CLI::App app{"The MNIST training step by hand: what the library's step is compared with."};
  app.add_option("--layers", options.layers, "Sizes of the hidden layers")
      ->check(CLI::IsMember({"128,64", "1024,1024"}))
      ->capture_default_str();
  app.add_option("--batch", options.batch, "Images a step")->check(CLI::Range(1, 60000))->capture_default_str();
  app.add_option("--steps", options.steps, "Steps to time")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--threads", options.threads, "Threads")->check(CLI::Range(1, 1024))->capture_default_str();
  app.add_option("--seed", options.seed, "Of weights, order and, without --data, images")->capture_default_str();
  app.add_option("--data", options.directory, "Folder with MNIST's training files, plain or .gz");
  CLI11_PARSE(app, argc, argv);
  if (options.layers == "128,64") {
    run<128, 64>(options);
  } else {
    run<1024, 1024>(options);
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "hand_step: %s\n", error.what());
  return 1;
}
