// ModulePaths: all modules and Tensors of a module, with their paths, for model files.
// Internal header: not installed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/module/module.h"

namespace chainrule::nn {

/// Access to members of Module that only model files need.
class ModuleFile {
 public:
  static void config(const Module& module, Config& config) { module.config(config); }
  static bool training(const Module& module) noexcept { return module.training_; }
  static void set_training(Module& module, bool on) noexcept { module.training_ = on; }
};

class ModulePaths : public Members {
 public:
  /// Collects `root` and everything below it, in the order of members().
  explicit ModulePaths(Module& root) { walk(root); }

  struct TensorPath {
    std::string path;
    Tensor* tensor;
    bool is_parameter;
  };
  /// All parameters and buffers that are defined. A Tensor that occurs in several places has an entry for each.
  std::vector<TensorPath> tensors;
  /// A module with its path. `outer` is the index in `modules` of the module that contains it; for the root, it is the index of the root
  /// itself.
  struct ModulePath {
    std::string path;
    Module* module;
    std::size_t outer;
  };
  std::vector<ModulePath> modules;

 private:
  void on_module(const std::string& path, Module& module) override;
  void on_parameter(const std::string& path, Tensor& parameter) override { tensors.push_back({path, &parameter, true}); }
  void on_buffer(const std::string& path, Tensor& tensor) override { tensors.push_back({path, &tensor, false}); }

  std::vector<std::size_t> around_;  // the modules that contain the one visited last, from the root, and that one
};

}  // namespace chainrule::nn
