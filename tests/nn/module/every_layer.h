// Every layer of the library, for tests of the functions common to all layers.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "nn/nn.h"

namespace chainrule::test {

/// Every layer of the library, with settings other than the defaults.
inline std::map<std::string, nn::Layer> every_layer() {
  nn::Dense built(5, {.bias = false, .activation = "gelu"});
  built.build({6});
  return {{"ReLU", nn::ReLU()},
          {"ReLU6", nn::ReLU6()},
          {"SELU", nn::SELU()},
          {"GELU", nn::GELU()},
          {"GELUTanh", nn::GELUTanh()},
          {"SiLU", nn::SiLU()},
          {"Mish", nn::Mish()},
          {"Sigmoid", nn::Sigmoid()},
          {"LogSigmoid", nn::LogSigmoid()},
          {"Tanh", nn::Tanh()},
          {"Softsign", nn::Softsign()},
          {"Hardsigmoid", nn::Hardsigmoid()},
          {"Hardswish", nn::Hardswish()},
          {"LeakyReLU", nn::LeakyReLU(0.3)},
          {"ELU", nn::ELU(0.7)},
          {"CELU", nn::CELU(0.7)},
          {"Softplus", nn::Softplus(2, 0.5)},
          {"Hardtanh", nn::Hardtanh(-0.5, 0.25)},
          {"GLU", nn::GLU(0)},
          {"Softmax", nn::Softmax(0)},
          {"LogSoftmax", nn::LogSoftmax(0)},
          {"PReLU", nn::PReLU(6, 0.1)},
          {"Dense", nn::Dense(6, 3, {.bias_initializer = nn::init::normal(1), .activation = "tanh"})},
          {"Dense, built", std::move(built)},
          {"BatchNorm", nn::BatchNorm(6, {.momentum = 0.4, .epsilon = 0.1})},
          {"BatchNorm, plain", nn::BatchNorm(6, {.epsilon = 0.1, .affine = false})},
          {"LayerNorm", nn::LayerNorm(6, {.epsilon = 0.1})},
          {"LayerNorm, plain", nn::LayerNorm({4, 6}, {.epsilon = 0.1, .affine = false})},
          {"RMSNorm", nn::RMSNorm(6, {.epsilon = 0.1})},
          {"RMSNorm, plain", nn::RMSNorm({4, 6}, {.affine = false})},
          {"Dropout", nn::Dropout(0.3)},
          {"Embedding", nn::Embedding(9, 4)},
          {"Flatten", nn::Flatten()},
          {"Reshape", nn::Reshape({3, -1})},
          {"Sequential", nn::Sequential{nn::Dense(6, 4), nn::Tanh(), nn::BatchNorm(4)}},
          {"Sequential, empty", nn::Sequential()}};
}

/// A valid input of the layer of this name.
inline Tensor input_for(const std::string& name, Generator& generator) {
  return name == "Embedding" ? randint(0, 9, {4, 6}, generator) : randn({4, 6}, generator);
}

}  // namespace chainrule::test
