#include "nn/module/members.h"

#include <set>
#include <utility>

#include "autograd/base/check.h"
#include "nn/module/layer.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

struct Members::Met {
  std::set<const Module*> modules;
};

Members::Members() : met_(std::make_unique<Met>()) {}
Members::~Members() = default;

std::string Members::path_to(std::string_view name) const { return prefix_.empty() ? std::string(name) : text(prefix_, ".", name); }

void Members::walk(Module& root) {
  met_->modules.insert(&root);
  on_module(prefix_, root);
  root.members(*this);
}

void Members::operator()(std::string_view name, Module& child) {
  if (!met_->modules.insert(&child).second) return;
  std::string outer = std::exchange(prefix_, path_to(name));
  on_module(prefix_, child);
  child.members(*this);
  prefix_ = std::move(outer);
}

void Members::operator()(std::string_view name, const Layer& child) { (*this)(name, *child); }

void Members::operator()(std::string_view name, Tensor& parameter) {
  if (!parameter.defined()) {
    on_undefined(path_to(name), parameter);
    return;
  }
  if (!is_floating(parameter.dtype()))
    throw_invalid("members", text("the parameter ", path_to(name), " is int64, expected float32 or float64: visit.buffer takes any dtype"),
                  SourceLine::current());
  on_parameter(path_to(name), parameter);
}

void Members::buffer(std::string_view name, Tensor& tensor) {
  if (tensor.defined()) {
    on_buffer(path_to(name), tensor);
  } else {
    on_undefined(path_to(name), tensor);
  }
}

}  // namespace chainrule::nn
