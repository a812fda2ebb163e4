// Includes every public header of autograd/: tensors, ops and differentiation.
#pragma once

/// @namespace chainrule
/// Tensors, the ops that work on them, and their derivatives. Neural networks are in chainrule::nn.

#include "autograd/base/caller.h"
#include "autograd/base/default_dtype.h"
#include "autograd/base/dtype.h"
#include "autograd/base/random.h"
#include "autograd/base/shape.h"
#include "autograd/base/stats.h"
#include "autograd/derivatives/backward.h"
#include "autograd/derivatives/custom.h"
#include "autograd/derivatives/functional.h"
#include "autograd/derivatives/gradcheck.h"
#include "autograd/derivatives/tensor_function.h"
#include "autograd/graph/anomaly.h"
#include "autograd/graph/dot.h"
#include "autograd/graph/grad_mode.h"
#include "autograd/graph/hooks.h"
#include "autograd/graph/tensor.h"
#include "autograd/ops/activation.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/gather.h"
#include "autograd/ops/index.h"
#include "autograd/ops/linalg.h"
#include "autograd/ops/loss.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/update.h"
#include "autograd/parallel/flush_denormals.h"
#include "autograd/parallel/threads.h"
