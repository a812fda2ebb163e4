// Includes all layers. Each line also names the layers that its header declares; from these lines follow the files of the library that are
// compiled, the layers that model files may contain, and the layers that the tests expect.
#pragma once

#include "nn/layers/activations.h"  // ReLU ReLU6 SELU GELU GELUTanh SiLU Mish Sigmoid LogSigmoid Tanh Softsign Hardsigmoid Hardswish
                                    // LeakyReLU ELU CELU Softplus Hardtanh GLU Softmax LogSoftmax PReLU
#include "nn/layers/batch_norm.h"   // BatchNorm
#include "nn/layers/dense.h"        // Dense
#include "nn/layers/dropout.h"      // Dropout
#include "nn/layers/embedding.h"    // Embedding
#include "nn/layers/flatten.h"      // Flatten
#include "nn/layers/layer_norm.h"   // LayerNorm
#include "nn/layers/reshape.h"      // Reshape
#include "nn/layers/rms_norm.h"     // RMSNorm
#include "nn/layers/sequential.h"   // Sequential
