// All optimizers, one a line: the header, the name for OptimizerFactory (and of the function that makes a factory), and the class.
//
// This is the table of the optimizers. The build reads it, so that a new line puts the .h and the .cpp of that name into the library, the
// umbrella header and the names of OptimizerFactory. Error messages list the names in this order, which clang-format would sort.
#pragma once

// clang-format off
#include "nn/optim/sgd.h"  // sgd SGD
#include "nn/optim/rmsprop.h"  // rmsprop RMSprop
#include "nn/optim/adagrad.h"  // adagrad Adagrad
#include "nn/optim/adadelta.h"  // adadelta Adadelta
#include "nn/optim/adam.h"  // adam Adam
#include "nn/optim/adamw.h"  // adamw AdamW
#include "nn/optim/adamax.h"  // adamax Adamax
#include "nn/optim/nadam.h"  // nadam NAdam
#include "nn/optim/radam.h"  // radam RAdam
#include "nn/optim/rprop.h"  // rprop Rprop
#include "nn/optim/lion.h"  // lion Lion
#include "nn/optim/lbfgs.h"  // lbfgs LBFGS
// clang-format on
