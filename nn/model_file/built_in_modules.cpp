// The names of the library's layers in model files, and the functions that make each layer from what its config() set.
#include <typeindex>

#include "nn/graph/merge.h"
#include "nn/graph/model.h"
#include "nn/layers/layers.h"
#include "nn/model_file/module_table.h"

namespace chainrule::nn {
namespace {

template <class M>
BuiltInModule entry(std::string_view name) {
  // Unlike make_shared<M>(), with the same control block for all M, which takes a fifth of the code.
  return {name, typeid(M),
          [](const Config& config) { return std::shared_ptr<Module>(std::unique_ptr<Module>(new M(M::from_config(config)))); }};
}

}  // namespace

std::span<const BuiltInModule> built_in_modules() {
  static const BuiltInModule all[] = {
#include "layer_entries.inc"  // made by nn/layers/CMakeLists.txt from nn/layers/layers.h
      entry<Merge>("Merge"),
      entry<Model>("Model"),
  };
  return all;
}

}  // namespace chainrule::nn
