// The dtype of Tensors that are created without one: float32, unless a DefaultDType is in force.
#pragma once

#include "autograd/base/caller.h"
#include "autograd/base/dtype.h"

#pragma GCC visibility push(default)
namespace chainrule {

namespace detail {
extern constinit thread_local DType dtype_in_force;
}

/// Returns the dtype of Tensors that are created in this thread without a dtype: float32, unless a DefaultDType exists in this thread.
inline DType default_dtype() noexcept { return detail::dtype_in_force; }

/// Sets default_dtype() for this thread until the end of the scope, and then restores the previous value. Scopes can be nested; the
/// innermost one counts. A new thread starts with float32.
///
///     const cr::DefaultDType precise(cr::float64);
///     cr::Tensor x = cr::tensor({1, 2});                       // float64
///     nn::Sequential model{nn::Dense(2, 8), nn::Dense(8, 1)};  // its weights too
///
/// It applies to `tensor`, `variable`, `zeros`, `ones`, `full`, `eye`, `arange`, `linspace`, `rand`, `randn`, `bernoulli`, `one_hot` and
/// `nn::input` when they are called without a dtype, and to the parameters and buffers that layers create within the scope. A layer whose
/// input size was left open creates them when it is built, with the default dtype at that time.
///
/// It does not apply where the dtype follows from something else: `from_vector` (the element type of the vector), `zeros_like` and similar
/// (the dtype of the Tensor), functions that return integers, such as `randint`, `randperm` and `argmax`, and data read from files. Modules
/// that exist already do not change; Module::to() converts them.
class DefaultDType {
 public:
  /// Starts the scope.
  /// @throws std::invalid_argument for int64.
  [[nodiscard]] explicit DefaultDType(DType dtype, SourceLine line = SourceLine::current());
  /// Ends the scope.
  ~DefaultDType() { detail::dtype_in_force = previous_; }
  DefaultDType(const DefaultDType&) = delete;
  DefaultDType& operator=(const DefaultDType&) = delete;

 private:
  DType previous_;
};

}  // namespace chainrule
#pragma GCC visibility pop
