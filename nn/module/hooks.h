// Types of module hooks: functions that see the inputs or the outputs of every call of a module.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

class HookList;
class Module;

/// A function that is called before a module's forward; it may read or replace the inputs. See Module::before_forward().
using BeforeForward = std::function<void(const Module& module, std::span<Tensor> inputs)>;
/// A function that is called after a module's forward; it may read or replace the outputs. See Module::on_forward().
using OnForward = std::function<void(const Module& module, std::span<const Tensor> inputs, std::span<Tensor> outputs)>;

/// Removes a hook on request. Destroying the handle does not remove the hook.
class HookHandle {
 public:
  /// Makes a handle that refers to no hook.
  HookHandle() = default;
  /// Used by Module to create handles.
  HookHandle(std::weak_ptr<HookList> list, std::uint64_t number) noexcept : list_(std::move(list)), number_(number) {}
  /// Removes the hook from its module. It may be called more than once, after the module was moved or destroyed, and by the hook itself.
  void remove();

 private:
  std::weak_ptr<HookList> list_;
  std::uint64_t number_ = 0;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
