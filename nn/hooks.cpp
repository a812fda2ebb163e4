#include "nn/hooks.h"

#include "autograd/check.h"
#include "nn/hook_list.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_misuse;

namespace {

void require_defined(const char* hook, std::span<const Tensor> tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (!tensors[i].defined()) throw_misuse(hook, text("a hook left an undefined tensor as ", i), SourceLine::current());
}

}  // namespace

void HookHandle::remove() {
  if (const std::shared_ptr<HookList> list = list_.lock()) list->remove(number_);
}

std::uint64_t HookList::add(BeforeForward hook) {
  before_.emplace_back(++added_, std::make_shared<const BeforeForward>(std::move(hook)));
  return added_;
}

std::uint64_t HookList::add(OnForward hook) {
  after_.emplace_back(++added_, std::make_shared<const OnForward>(std::move(hook)));
  return added_;
}

void HookList::remove(std::uint64_t number) {
  const auto is_it = [number](const auto& entry) { return entry.first == number; };
  std::erase_if(before_, is_it);
  std::erase_if(after_, is_it);
}

void HookList::call_before(const Module& module, std::span<Tensor> inputs) const {
  for (const auto& [number, hook] : Entries<BeforeForward>(before_)) {
    {
      const UserCodeScope user;
      (*hook)(module, inputs);
    }
    require_defined("before_forward", inputs);
  }
}

void HookList::call_after(const Module& module, std::span<const Tensor> inputs, std::span<Tensor> outputs) const {
  for (const auto& [number, hook] : Entries<OnForward>(after_)) {
    {
      const UserCodeScope user;
      (*hook)(module, inputs, outputs);
    }
    require_defined("on_forward", outputs);
  }
}

}  // namespace chainrule::nn
