// The format of model files: what stands in them, and how large each part may be.
//   {
//     "format": "chainrule.model",
//     "version": 1,
//     "architecture": LAYER,
//     "shared": [LAYER, ...],
//     "modules": {PATH: {"name": "score", "training": false}, ...},
//     "weights": {PATH: {"dtype": "float32", "shape": [2, 1], "values": [0.1, -2]}, PATH: {"same_as": PATH}, ...}
//   }
// A LAYER is {"type": NAME, "config": {SETTING: value, ...}}, the config being left out where it is empty. One that stands in several
// places is {"shared": i} in each, that of place i in the list "shared", which may be left out. PATH is as in Module::state(). "modules"
// has those with a name or in another mode than the one around them (at first training), and may be left out. Weights have besides
// "requires_grad", where it is false of a parameter or true of a buffer, and "name", each before "values". NaN and infinities are the
// strings "nan", "inf" and "-inf".
// Internal header: not installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/module/config_value.h"
#include "nn/module/module.h"

namespace chainrule::nn::model_format {

constexpr std::string_view kFormat = "chainrule.model";
constexpr std::int64_t kVersion = 1;

// Limits, so that memory and time stay in proportion to the file; what is written keeps to them.
constexpr std::size_t kMaxDepth = 256;       // of lists and objects within each other
constexpr std::size_t kMaxValues = 200'000;  // besides the weights
constexpr std::size_t kMaxTensors = 100'000;
constexpr std::size_t kMaxTextBytes = 16'000'000;  // of all names and strings
constexpr std::size_t kMaxTokenBytes = 65'536;     // of a name, string or number
constexpr std::size_t kMaxGapBytes = 4'000'000;    // between two of them

/// A Tensor as a file has it.
struct Weight {
  std::string path;
  Tensor tensor;
  std::string name;
  bool given_requires_grad = false, requires_grad = false;
  bool is_repeated = false;  // "same_as": the tensor is that of an earlier one
};

/// What a file holds, its form checked.
struct Content {
  detail::ConfigValue architecture;
  detail::ConfigValue::List shared;
  detail::ConfigValue::Fields modules;
  std::vector<Weight> weights;
};

}  // namespace chainrule::nn::model_format
