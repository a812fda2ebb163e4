// Scratch memory for the computing part of an op.
// Internal header: not installed.
#pragma once

#include <array>
#include <cstdint>

#include "autograd/graph/record.h"

namespace chainrule::detail {

/// Room for n values, not initialised: a few lie on the stack, more come from the pool of buffers.
template <class T>
class Scratch {
 public:
  explicit Scratch(std::int64_t n) {
    if (n > kFew) many_ = make_plain(dtype_of<T>, Shape{n});
    data_ = n > kFew ? mutable_values<T>(many_) : few_.data();
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* data() noexcept { return data_; }

 private:
  static constexpr std::int64_t kFew = 256;
  std::array<T, kFew> few_;
  Tensor many_;
  T* data_;
};

}  // namespace chainrule::detail
