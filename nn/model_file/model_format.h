// The format of model files, and the limits on the size of each part.
//   {
//     "format": "chainrule.model",
//     "version": 1,
//     "architecture": LAYER,
//     "shared": [LAYER, ...],
//     "modules": {PATH: {"name": "score", "training": false}, ...},
//     "weights": {PATH: {"dtype": "float32", "shape": [2, 1], "values": [0.1, -2]}, PATH: {"same_as": PATH}, ...}
//   }
// A LAYER is {"type": NAME, "config": {SETTING: value, ...}}; "config" is omitted if it is empty. A layer that occurs in several places is
// written as {"shared": i} in each of them, and stands at position i of the list "shared". The list is omitted if it is empty. PATH is a
// path as in Module::state(). "modules" has an entry for each module that has a name, or whose mode differs from that of the module around
// it; the root is in training mode by default. "modules" is omitted if it is empty. An entry of "weights" also has "requires_grad" if it is
// false for a parameter or true for a buffer, and "name" if the Tensor has a name; both stand before "values". NaN and infinities are
// written as the strings "nan", "inf" and "-inf".
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

// Limits, so that memory and time are proportional to the size of the file. Files that are written respect them.
constexpr std::size_t kMaxDepth = 256;       // nesting of lists and objects
constexpr std::size_t kMaxValues = 200'000;  // not counting the weights
constexpr std::size_t kMaxTensors = 100'000;
constexpr std::size_t kMaxTextBytes = 16'000'000;  // all names and strings together
constexpr std::size_t kMaxTokenBytes = 65'536;     // a single name, string or number
constexpr std::size_t kMaxGapBytes = 4'000'000;    // between two names, strings or numbers

/// An entry of "weights".
struct Weight {
  std::string path;
  Tensor tensor;
  std::string name;
  bool given_requires_grad = false, requires_grad = false;
  bool is_repeated = false;  // "same_as": the Tensor is that of an earlier entry
};

/// The contents of a file. Its form has been checked, its meaning has not.
struct Content {
  detail::ConfigValue architecture;
  detail::ConfigValue::List shared;
  detail::ConfigValue::Fields modules;
  std::vector<Weight> weights;
};

}  // namespace chainrule::nn::model_format
