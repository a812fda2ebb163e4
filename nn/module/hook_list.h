// HookList: the hooks of one module.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nn/module/hooks.h"

namespace chainrule::nn {

class HookList {
 public:
  std::uint64_t add(BeforeForward hook);
  std::uint64_t add(OnForward hook);
  void remove(std::uint64_t number);

  void call_before(const Module& module, std::span<Tensor> inputs) const;
  void call_after(const Module& module, std::span<const Tensor> inputs, std::span<Tensor> outputs) const;

 private:
  // One of the two functions is empty.
  struct Hook {
    std::uint64_t number;
    BeforeForward before;
    OnForward after;
  };
  // Hooks are held by shared_ptr, so that a call continues with the hooks it started with when one of them adds or removes hooks.
  using Hooks = std::vector<std::shared_ptr<const Hook>>;

  std::uint64_t add_to(Hooks& list, BeforeForward before, OnForward after);

  Hooks before_, after_;
  std::uint64_t added_ = 0;
};

}  // namespace chainrule::nn
