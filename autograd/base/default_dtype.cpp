#include "autograd/base/default_dtype.h"

#include "autograd/base/check.h"

namespace chainrule {

constinit thread_local DType detail::dtype_in_force = DType::float32;

DefaultDType::DefaultDType(DType dtype, SourceLine line) : previous_(detail::dtype_in_force) {
  if (!is_floating(dtype)) detail::throw_invalid("DefaultDType", detail::text("got ", dtype, ", expected float32 or float64"), line);
  detail::dtype_in_force = dtype;
}

}  // namespace chainrule
