// Random number generators. A random number is a function of seed and counter (Philox), so it does not depend on the number of threads.
#pragma once

#include <cstdint>
#include <memory>

#pragma GCC visibility push(default)
namespace chainrule {

namespace detail {
class DrawLog;
}

/// A random number generator: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). It yields blocks of four
/// 32-bit numbers. Its whole state is a seed and the number of blocks used so far, so a generator is cheap to copy and to save.
class Generator {
 public:
  /// Creates the generator that has used `counter` blocks of the sequence given by `seed`.
  explicit Generator(std::uint64_t seed = 0, std::uint64_t counter = 0) noexcept : seed_(seed), counter_(counter) {}

  /// Creates a generator with the same seed and counter.
  Generator(const Generator& other) noexcept : seed_(other.seed_), counter_(other.counter_) {}
  /// Takes over seed and counter.
  Generator& operator=(const Generator& other) noexcept;
  ~Generator() = default;

  /// Returns the seed.
  std::uint64_t seed() const noexcept { return seed_; }
  /// Returns the number of blocks used so far.
  std::uint64_t counter() const noexcept { return counter_; }

  /// Marks the next `blocks` blocks as used and returns the index of the first of them.
  std::uint64_t take(std::uint64_t blocks) noexcept;

  /// Returns a uniformly distributed integer in [0, 2^64). Uses one block.
  std::uint64_t next() noexcept;
  /// Returns a uniformly distributed integer in [0, bound); bound must be at least 1. Uses one block, rarely more.
  std::uint64_t below(std::uint64_t bound) noexcept;

  /// Returns true if seeds and counters are equal.
  bool operator==(const Generator& other) const noexcept { return seed_ == other.seed_ && counter_ == other.counter_; }

 private:
  friend class detail::DrawLog;

  std::uint64_t seed_, counter_;
  std::shared_ptr<const void> life_;  // made when a checkpoint notes this generator; expires with it
};

/// Restarts this thread's default generator with `seed`. Other threads are affected only if they have not used their default generator yet:
/// each of those starts with a sequence of its own, derived from `seed`.
void manual_seed(std::uint64_t seed) noexcept;

/// Returns the default generator of this thread, which rand(), randn() and the like use if they are given none. Without manual_seed(), the
/// first thread that calls default_generator() gets seed 0, and each later thread a seed derived from 0 and the order of these first calls.
Generator& default_generator() noexcept;

namespace detail {

// The four random numbers of a block.
struct PhiloxBlock {
  std::uint32_t words[4];
};

/// Returns block number `counter` of the sequence given by `seed`.
PhiloxBlock philox(std::uint64_t seed, std::uint64_t counter) noexcept;

}  // namespace detail
}  // namespace chainrule
#pragma GCC visibility pop
