// Members: receives the child modules, parameters and buffers that a module names.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

class Layer;
class Module;

/// A Tensor with its path within a module, such as `block.fc1.weight`, or its name within the state of an optimizer.
struct NamedTensor {
  /// The path or name.
  std::string name;
  /// A handle to the Tensor; it shares the values with the module or optimizer.
  Tensor tensor;
};

/// Passed to Module::members(), which calls it once for each member with the member's name: `visit("fc1", fc1)`. The calls store nothing in
/// the module, so modules can be moved.
class Members {
 public:
  /// Destructor.
  virtual ~Members();
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  /// Reports a child module. The paths of its members begin with `name.`. A child that was reported before is skipped.
  /// @{
  void operator()(std::string_view name, Module& child);
  void operator()(std::string_view name, const Layer& child);
  /// @}

  /// Reports a parameter: a Tensor of dtype float32 or float64 that is trained. An undefined Tensor goes to on_undefined().
  /// @throws std::invalid_argument for an int64 Tensor.
  void operator()(std::string_view name, Tensor& parameter);
  /// Reports a list of child modules, Layers, pointers to modules, or parameters with the names `name.0`, `name.1`, ...
  template <class T>
  void operator()(std::string_view name, std::vector<T>& list) {
    std::size_t i = 0;
    for (T& item : list) (*this)(std::string(name) + "." + std::to_string(i++), item);
  }
  /// Reports a child module held by a (smart) pointer. A null pointer is skipped.
  template <class P>
  requires requires(P& pointer) {
    { *pointer } -> std::convertible_to<Module&>;
    { pointer == nullptr } -> std::convertible_to<bool>;
  }
  void operator()(std::string_view name, P& pointer) {
    if (pointer != nullptr) (*this)(name, static_cast<Module&>(*pointer));
  }
  /// Reports a buffer: a Tensor of any dtype that belongs to the state but is not trained, such as a running mean. An undefined Tensor
  /// goes to on_undefined().
  void buffer(std::string_view name, Tensor& tensor);

 protected:
  /// Constructor for derived classes, which define what happens to the members.
  Members();

  /// Visits `root`, with an empty path, and then everything below it in the order in which members() reports it.
  void walk(Module& root);

  /// Called for each module with its path. The default does nothing.
  virtual void on_module(const std::string& /*path*/, Module& /*module*/) {}
  /// Called for each parameter with its path. The default does nothing.
  virtual void on_parameter(const std::string& /*path*/, Tensor& /*parameter*/) {}
  /// Called for each buffer with its path. The default does nothing.
  virtual void on_buffer(const std::string& /*path*/, Tensor& /*tensor*/) {}
  /// Called for each undefined parameter or buffer with its path. The default does nothing.
  virtual void on_undefined(const std::string& /*path*/, Tensor& /*tensor*/) {}

 private:
  std::string path_to(std::string_view name) const;

  std::string prefix_;
  struct Met;
  std::unique_ptr<Met> met_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
