// Members: how a module names its children, parameters and buffers.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/graph/tensor.h"

namespace chainrule::nn {

class Layer;
class Module;

/// A Tensor and its path within a module (`block.fc1.weight`) or an optimizer.
struct NamedTensor {
  /// The path, and the module's or optimizer's own Tensor.
  std::string name;
  Tensor tensor;
};

/// What Module::members() is handed: called once for each member by name, `visit("fc1", fc1)`. Nothing is stored, so modules may move.
class Members {
 public:
  virtual ~Members();
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  /// A child; its own members come under `name.`. A child met before is passed over.
  void operator()(std::string_view name, Module& child);
  void operator()(std::string_view name, const Layer& child);
  /// A parameter: something to train, float32 or float64. An undefined one is passed over.
  /// @throws std::invalid_argument for int64.
  void operator()(std::string_view name, Tensor& parameter);
  /// Children, Layers or parameters, named `name.0`, `name.1`, ...
  template <class T>
  void operator()(std::string_view name, std::vector<T>& list) {
    std::size_t i = 0;
    for (T& item : list) (*this)(std::string(name) + "." + std::to_string(i++), item);
  }
  /// A child behind a pointer, or none.
  template <class P>
  requires requires(P& pointer) {
    { *pointer } -> std::convertible_to<Module&>;
    { pointer == nullptr } -> std::convertible_to<bool>;
  }
  void operator()(std::string_view name, P& pointer) {
    if (pointer != nullptr) (*this)(name, static_cast<Module&>(*pointer));
  }
  /// A Tensor that belongs to the state but is not trained, such as a running mean. An undefined one is passed over.
  void buffer(std::string_view name, Tensor& tensor);

 protected:
  Members();

  /// Meets `root` with an empty path, then all that is beneath it in the order of its members.
  void walk(Module& root);

  virtual void on_module(const std::string& /*path*/, Module& /*module*/) {}
  virtual void on_parameter(const std::string& /*path*/, Tensor& /*parameter*/) {}
  virtual void on_buffer(const std::string& /*path*/, Tensor& /*tensor*/) {}
  virtual void on_undefined(const std::string& /*path*/, Tensor& /*tensor*/) {}

 private:
  std::string path_to(std::string_view name) const;

  std::string prefix_;
  struct Met;
  std::unique_ptr<Met> met_;
};

}  // namespace chainrule::nn
