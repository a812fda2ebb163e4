// Random numbers from a counter (Philox): the same from one seed whatever the number of threads.
#pragma once

#include <cstdint>

namespace chainrule {

/// A stream of random numbers: a seed and how far it was used. Small, copyable, and saved by its two numbers.
/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
class Generator {
 public:
  explicit Generator(std::uint64_t seed = 0, std::uint64_t counter = 0) noexcept : seed_(seed), counter_(counter) {}

  std::uint64_t seed() const noexcept { return seed_; }
  /// Blocks of four 32-bit numbers taken so far.
  std::uint64_t counter() const noexcept { return counter_; }

  /// Takes `blocks` blocks: returns the number of the first.
  std::uint64_t take(std::uint64_t blocks) noexcept {
    const std::uint64_t first = counter_;
    counter_ += blocks;
    return first;
  }

  /// A number in [0, 2^64); takes one block.
  std::uint64_t next() noexcept;
  /// A number in [0, bound), each equally likely; bound >= 1. Takes one block, seldom more.
  std::uint64_t below(std::uint64_t bound) noexcept;

  bool operator==(const Generator&) const noexcept = default;

 private:
  std::uint64_t seed_, counter_;
};

/// Seeds the default generator of this thread, and of those that have not used theirs yet.
void manual_seed(std::uint64_t seed) noexcept;

/// This thread's generator, which the random makers use when given none. Unless seeded, threads start from seed 0 and their number.
Generator& default_generator() noexcept;

namespace detail {

struct PhiloxBlock {
  std::uint32_t words[4];
};

/// Block number `counter` of the stream `seed`.
PhiloxBlock philox(std::uint64_t seed, std::uint64_t counter) noexcept;

}  // namespace detail
}  // namespace chainrule
