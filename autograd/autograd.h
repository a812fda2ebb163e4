// Everything of the engine: Tensors, ops, differentiation.
#pragma once

#include "autograd/backward.h"
#include "autograd/caller.h"
#include "autograd/dtype.h"
#include "autograd/gather.h"
#include "autograd/ops/activation.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/index.h"
#include "autograd/ops/linalg.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "autograd/random.h"
#include "autograd/shape.h"
#include "autograd/stats.h"
#include "autograd/tensor.h"
#include "autograd/update.h"
