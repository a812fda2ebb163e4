#include "nn/module/clone.h"

#include <algorithm>
#include <string>
#include <typeinfo>
#include <unordered_map>
#include <utility>

#include "autograd/base/check.h"
#include "nn/module/keep_default_generator.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_misuse;

namespace {

// All modules with their paths, and all members that are Tensors, including undefined ones.
class Places : public Members {
 public:
  explicit Places(Module& root) { walk(root); }

  std::vector<std::pair<std::string, Module*>> modules;
  std::vector<std::pair<std::string, Tensor*>> tensors;

 private:
  void on_module(const std::string& path, Module& module) override { modules.emplace_back(path, &module); }
  void on_parameter(const std::string& path, Tensor& parameter) override { tensors.emplace_back(path, &parameter); }
  void on_buffer(const std::string& path, Tensor& tensor) override { tensors.emplace_back(path, &tensor); }
  void on_undefined(const std::string& path, Tensor& tensor) override { tensors.emplace_back(path, &tensor); }
};

template <class T>
void require_same_paths(const std::vector<std::pair<std::string, T*>>& wanted, const std::vector<std::pair<std::string, T*>>& got,
                        const SourceLine& line) {
  for (std::size_t i = 0; i < std::max(wanted.size(), got.size()); ++i) {
    const std::string expected = i < wanted.size() ? wanted[i].first : "nothing", met = i < got.size() ? got[i].first : "nothing";
    if (i >= wanted.size() || i >= got.size() || met != expected)
      throw_misuse("clone",
                   text("copy_structure returned a copy with ", met, ", but the original has ", expected, ", expected the same members"),
                   line);
    if (wanted[i].second == got[i].second)
      throw_misuse("clone",
                   text("the copy shares ", met, " with the original: copy_structure must pass the Layers it holds through the Cloner"),
                   line);
  }
}

std::string where(const std::string& path) { return path.empty() ? "that is " : "whose " + path + " is "; }

// Copies Tensors. A Tensor that occurs in two places of the original gets one copy, which is used in both.
class TensorCopies {
 public:
  Tensor operator()(const Tensor& tensor) {
    if (!tensor.defined()) return tensor;
    Tensor& copy = copies_[tensor.id()];
    if (copy.defined()) return copy;
    copy = tensor.detach().clone();
    if (tensor.requires_grad()) copy.set_requires_grad(true);
    if (!tensor.name().empty()) copy.set_name(tensor.name());
    return copy;
  }

 private:
  std::unordered_map<const void*, Tensor> copies_;  // by the id() of the original
};

}  // namespace

Layer Cloner::operator()(const Layer& layer) {
  const Module* original = layer.shared().get();
  if (const auto known = copies_.find(original); known != copies_.end()) return Layer(known->second);
  return Layer(copies_[original] = original->copy_unfilled(*this));
}

std::vector<Layer> Cloner::operator()(const std::vector<Layer>& layers) {
  std::vector<Layer> copies;
  copies.reserve(layers.size());
  for (const Layer& layer : layers) copies.push_back((*this)(layer));
  return copies;
}

Layer Module::clone(SourceLine line) const {
  const CallerScope caller(line);
  const KeepDefaultGenerator keeps;
  Cloner cloner;
  const std::shared_ptr<Module> copy = copy_unfilled(cloner);

  Module& original = const_cast<Module&>(*this);  // safe: members() only reports the members
  const std::vector<std::pair<std::string, Module*>> from = Places(original).modules, into = Places(*copy).modules;
  require_same_paths(from, into, line);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Module& source = *from[i].second;
    Module& made = *into[i].second;
    if (typeid(made) != typeid(source))
      throw_misuse("clone",
                   text("copy_structure returned a copy ", where(from[i].first), made.describe(), ", but the original has ",
                        source.describe(), ", expected the same type"),
                   line);
    made.name_ = source.name_;
    made.training_ = source.training_;
    made.copy_settings(source);
  }
  const std::vector<std::pair<std::string, Tensor*>> filled = Places(original).tensors, empty = Places(*copy).tensors;
  require_same_paths(filled, empty, line);
  TensorCopies copies;
  for (std::size_t i = 0; i < filled.size(); ++i) *empty[i].second = copies(*filled[i].second);
  // Otherwise a setting that copy_structure() forgot would be noticed late.
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::string wanted = from[i].second->describe(), got = into[i].second->describe();
    if (got != wanted)
      throw_misuse("clone", text("copy_structure returned a copy ", where(from[i].first), got, ", but the original has ", wanted), line);
  }
  return Layer(copy);
}

}  // namespace chainrule::nn
