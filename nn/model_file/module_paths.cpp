#include "nn/model_file/module_paths.h"

namespace chainrule::nn {

void ModulePaths::on_module(const std::string& path, Module& module) {
  // A module is visited after the module that contains it, whose path is a prefix of its own.
  while (!around_.empty()) {
    const std::string& outer = modules[around_.back()].path;
    if (outer.empty() || (path.size() > outer.size() && path.starts_with(outer) && path[outer.size()] == '.')) break;
    around_.pop_back();
  }
  modules.push_back({path, &module, around_.empty() ? 0 : around_.back()});
  around_.push_back(modules.size() - 1);
}

}  // namespace chainrule::nn
