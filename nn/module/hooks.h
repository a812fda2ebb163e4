// Hooks of modules: functions that are called with what goes into a module and what comes out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "autograd/graph/tensor.h"

namespace chainrule::nn {

class HookList;
class Module;

/// Reads or replaces what a module is called with.
using BeforeForward = std::function<void(const Module& module, std::span<Tensor> inputs)>;
/// Reads or replaces what a module's call gives.
using OnForward = std::function<void(const Module& module, std::span<const Tensor> inputs, std::span<Tensor> outputs)>;

/// Takes a module's hook away again when told; that it is destroyed means nothing.
class HookHandle {
 public:
  /// Of no hook.
  HookHandle() = default;
  HookHandle(std::weak_ptr<HookList> list, std::uint64_t number) noexcept : list_(std::move(list)), number_(number) {}
  /// The hook is not called any more. May be said more than once, after the module moved or is gone, and by the hook itself.
  void remove();

 private:
  std::weak_ptr<HookList> list_;
  std::uint64_t number_ = 0;
};

}  // namespace chainrule::nn
