// GroupedOptimizer of the optimizers here.
#include "nn/optim/adadelta.h"
#include "nn/optim/adagrad.h"
#include "nn/optim/adam.h"
#include "nn/optim/adamax.h"
#include "nn/optim/adamw.h"
#include "nn/optim/lion.h"
#include "nn/optim/nadam.h"
#include "nn/optim/radam.h"
#include "nn/optim/rmsprop.h"
#include "nn/optim/sgd.h"

namespace chainrule::nn {

template class GroupedOptimizer<AdadeltaOptions>;
template class GroupedOptimizer<AdagradOptions>;
template class GroupedOptimizer<AdamOptions>;
template class GroupedOptimizer<AdamaxOptions>;
template class GroupedOptimizer<AdamWOptions>;
template class GroupedOptimizer<LionOptions>;
template class GroupedOptimizer<NAdamOptions>;
template class GroupedOptimizer<RAdamOptions>;
template class GroupedOptimizer<RMSpropOptions>;
template class GroupedOptimizer<SGDOptions>;

}  // namespace chainrule::nn
