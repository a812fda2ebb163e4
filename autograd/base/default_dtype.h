// The dtype of Tensors whose maker is not given one: float32, or what a DefaultDType in force says.
#pragma once

#include "autograd/base/caller.h"
#include "autograd/base/dtype.h"

namespace chainrule {

namespace detail {
extern constinit thread_local DType dtype_in_force;
}

/// The dtype that makers give in this thread where they are given none: float32 unless a DefaultDType is in force.
inline DType default_dtype() noexcept { return detail::dtype_in_force; }

/// Sets default_dtype() in this thread, from its construction to the end of its scope; then it is what it was before. Scopes nest; the
/// innermost counts. A new thread starts with float32.
///
///     const cr::DefaultDType precise(cr::float64);
///     cr::Tensor x = cr::tensor({1, 2});                      // float64
///     nn::Sequential model{nn::Dense(2, 8), nn::Dense(8, 1)};  // its weights too
///
/// It is the dtype of `tensor variable zeros ones full eye arange linspace rand randn bernoulli one_hot`, of the parameters and buffers
/// that layers make while it is in force (one whose input size is open makes them when it is built), and of `nn::input`. An argument of
/// type DType goes before it. Left alone are makers whose dtype comes from elsewhere: `from_vector` (the vector's element type),
/// `zeros_like` and the like (the Tensor's), `randint`, `randperm`, `argmax` and other indices (int64), what is read from files, and
/// modules that exist already, which to() converts.
class DefaultDType {
 public:
  /// @throws std::invalid_argument for int64.
  [[nodiscard]] explicit DefaultDType(DType dtype, SourceLine line = SourceLine::current());
  ~DefaultDType() { detail::dtype_in_force = previous_; }
  DefaultDType(const DefaultDType&) = delete;
  DefaultDType& operator=(const DefaultDType&) = delete;

 private:
  DType previous_;
};

}  // namespace chainrule
