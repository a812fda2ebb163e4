#include "autograd/base/random.h"

#include <atomic>

namespace chainrule {
namespace {

constinit std::atomic<std::uint64_t> process_seed{0};
constinit std::atomic<std::uint64_t> threads_seen{0};

// The first thread uses the seed itself; each later thread gets a seed derived from it.
std::uint64_t thread_stream(std::uint64_t seed) noexcept {
  const std::uint64_t number = threads_seen.fetch_add(1, std::memory_order_relaxed);
  if (number == 0) return seed;
  const detail::PhiloxBlock block = detail::philox(seed, ~number);
  return std::uint64_t{block.words[0]} << 32 | block.words[1];
}

}  // namespace

detail::PhiloxBlock detail::philox(std::uint64_t seed, std::uint64_t counter) noexcept {
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  std::uint32_t x0 = static_cast<std::uint32_t>(counter), x1 = static_cast<std::uint32_t>(counter >> 32), x2 = 0, x3 = 0;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53} * x0, product1 = std::uint64_t{0xCD9E8D57} * x2;
    const std::uint32_t y0 = static_cast<std::uint32_t>(product1 >> 32) ^ x1 ^ key0;
    const std::uint32_t y2 = static_cast<std::uint32_t>(product0 >> 32) ^ x3 ^ key1;
    x1 = static_cast<std::uint32_t>(product1);
    x3 = static_cast<std::uint32_t>(product0);
    x0 = y0;
    x2 = y2;
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return {{x0, x1, x2, x3}};
}

std::uint64_t Generator::next() noexcept {
  const detail::PhiloxBlock block = detail::philox(seed_, take(1));
  return std::uint64_t{block.words[0]} << 32 | block.words[1];
}

std::uint64_t Generator::below(std::uint64_t bound) noexcept {
  const std::uint64_t surplus = (~std::uint64_t{0} % bound + 1) % bound;  // 2^64 mod bound: numbers that would make small results likelier
  std::uint64_t number = next();
  while (number > ~std::uint64_t{0} - surplus) number = next();
  return number % bound;
}

void manual_seed(std::uint64_t seed) noexcept {
  process_seed.store(seed, std::memory_order_relaxed);
  default_generator() = Generator(seed);
}

Generator& default_generator() noexcept {
  thread_local Generator generator(thread_stream(process_seed.load(std::memory_order_relaxed)));
  return generator;
}

}  // namespace chainrule
