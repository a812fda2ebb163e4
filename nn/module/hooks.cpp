#include "nn/module/hooks.h"

#include <utility>

#include "autograd/base/check.h"
#include "nn/module/hook_list.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_misuse;

namespace {

void require_defined(const char* hook, std::span<const Tensor> tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (!tensors[i].defined()) throw_misuse(hook, text("a hook left an undefined tensor at position ", i), SourceLine::current());
}

}  // namespace

void HookHandle::remove() {
  if (const std::shared_ptr<HookList> list = list_.lock()) list->remove(number_);
}

std::uint64_t HookList::add_to(Hooks& list, BeforeForward before, OnForward after) {
  list.push_back(std::make_shared<const Hook>(Hook{++added_, std::move(before), std::move(after)}));
  return added_;
}

std::uint64_t HookList::add(BeforeForward hook) { return add_to(before_, std::move(hook), nullptr); }
std::uint64_t HookList::add(OnForward hook) { return add_to(after_, nullptr, std::move(hook)); }

void HookList::remove(std::uint64_t number) {
  for (Hooks* list : {&before_, &after_}) std::erase_if(*list, [number](const auto& hook) { return hook->number == number; });
}

void HookList::call_before(const Module& module, std::span<Tensor> inputs) const {
  for (const auto& hook : Hooks(before_)) {
    {
      const UserCodeScope user;
      hook->before(module, inputs);
    }
    require_defined("before_forward", inputs);
  }
}

void HookList::call_after(const Module& module, std::span<const Tensor> inputs, std::span<Tensor> outputs) const {
  for (const auto& hook : Hooks(after_)) {
    {
      const UserCodeScope user;
      hook->after(module, inputs, outputs);
    }
    require_defined("on_forward", outputs);
  }
}

}  // namespace chainrule::nn
