// Everything for networks: layers, losses, optimizers, data, and the engine beneath.
#pragma once

#include "autograd/autograd.h"
#include "nn/activation.h"
#include "nn/data/idx.h"
#include "nn/data/mnist.h"
#include "nn/init.h"
#include "nn/layer.h"
#include "nn/layers/activations.h"
#include "nn/layers/dense.h"
#include "nn/layers/flatten.h"
#include "nn/layers/sequential.h"
#include "nn/losses.h"
#include "nn/module.h"
#include "nn/optim/adam.h"
#include "nn/optim/optimizer.h"
#include "nn/optim/sgd.h"
