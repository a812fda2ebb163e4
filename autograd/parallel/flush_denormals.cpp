#include "autograd/parallel/flush_denormals.h"

#include "autograd/parallel/float_mode.h"

namespace chainrule {

FlushDenormals::FlushDenormals() noexcept : before_(kernels::FloatMode::current().bits) { kernels::set_float_mode(kernels::flushing()); }

FlushDenormals::~FlushDenormals() { kernels::set_float_mode({before_}); }

}  // namespace chainrule
