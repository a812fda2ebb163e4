#include "autograd/base/context.h"

namespace chainrule::detail {

constinit thread_local ThreadContext thread_context;

}  // namespace chainrule::detail
