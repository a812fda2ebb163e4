// What a module is made of as files have it: all modules beneath and all places for Tensors, with their paths.
// Internal header: not installed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/module/module.h"

namespace chainrule::nn {

/// What only files need of a Module.
class ModuleFile {
 public:
  static void config(const Module& module, Config& config) { module.config(config); }
  static bool training(const Module& module) noexcept { return module.training_; }
  static void set_training(Module& module, bool on) noexcept { module.training_ = on; }
};

class ModulePaths : public Members {
 public:
  /// Of `root` and all beneath, in the order of members().
  explicit ModulePaths(Module& root) { walk(root); }

  struct TensorPath {
    std::string path;
    Tensor* tensor;
    bool is_parameter;
  };
  /// Those that hold a Tensor, also where another holds the same.
  std::vector<TensorPath> tensors;
  /// Each once, with its path and the place of the one around it here (its own for the root).
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

  std::vector<std::size_t> around_;  // from the root to the one met last
};

}  // namespace chainrule::nn
