// Notes which generators a function draws from, so that the function can be run again with the same numbers.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "autograd/base/random.h"

namespace chainrule::detail {

/// A generator and the state it had before it was first drawn from.
struct Draw {
  Generator* generator;
  std::weak_ptr<const void> life;  // expires with the generator
  std::uint64_t seed, counter;
  bool is_default;  // the default generator of the thread, whichever thread that is

  bool is_alive() const noexcept { return is_default || !life.expired(); }
  /// Returns the generator, which must be alive.
  Generator& target() const noexcept;
  /// Returns true if this is the draw from `other`.
  bool is(const Generator& other) const noexcept;
};

/// While it lives, notes each generator that this thread draws from or assigns to. An inner DrawLog takes the place of the outer one.
class DrawLog {
 public:
  [[nodiscard]] DrawLog() noexcept;
  ~DrawLog();
  DrawLog(const DrawLog&) = delete;
  DrawLog& operator=(const DrawLog&) = delete;

  /// Notes the generator as it is now, unless it has been noted before.
  void note(Generator& generator) noexcept;
  /// Adds the draws from generators that have not been noted before.
  void note(const std::vector<Draw>& draws);
  const std::vector<Draw>& draws() const noexcept { return draws_; }
  /// Returns the draws from generators that still exist, and removes them.
  /// @throws std::bad_alloc if there was no memory for a draw.
  std::vector<Draw> take();

  /// Sets each generator that still exists to the state that was noted.
  static void set(const std::vector<Draw>& draws) noexcept;
  /// Makes noted draws from the generator count as draws from one that does not exist.
  static void expire(Generator& generator) noexcept;

 private:
  DrawLog* outer_;
  std::vector<Draw> draws_;
  bool out_of_memory_ = false;
};

/// While it lives, generators continue from the states in a list of draws. Afterwards they have the states that they had before, and so has
/// every other generator that was drawn from.
class DrawsAgain {
 public:
  /// All generators of `draws` must exist.
  [[nodiscard]] explicit DrawsAgain(const std::vector<Draw>& draws);
  ~DrawsAgain();
  DrawsAgain(const DrawsAgain&) = delete;
  DrawsAgain& operator=(const DrawsAgain&) = delete;

 private:
  DrawLog before_;
};

}  // namespace chainrule::detail
