#include "nn/weights/save.h"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "autograd/base/check.h"
#include "autograd/graph/grad_mode.h"
#include "autograd/ops/create.h"
#include "autograd/ops/shape.h"
#include "nn/layers/batch_norm.h"
#include "nn/layers/dense.h"
#include "nn/weights/safetensors.h"

namespace chainrule::nn {

using detail::text;

namespace {

// The metadata that save() writes.
constexpr const char* kVersionKey = "chainrule.version";
constexpr const char* kVersion = "1";
constexpr const char* kLayoutKey = "chainrule.dense_weight";

const char* layout_name(bool pytorch) { return pytorch ? "[d_out, d_in]" : "[d_in, d_out]"; }

// Finds the layers whose state has a different form in PyTorch.
class Layers : public Members {
 public:
  // A const module may be visited, because members() only reports the members.
  explicit Layers(const Module& root) { walk(const_cast<Module&>(root)); }

  bool is_dense_weight(const Tensor& tensor) const { return dense_weights_.contains(tensor.id()); }
  /// The path of the first Dense without parameters, or nullptr.
  const std::string* open_path() const { return open_ ? &open_path_ : nullptr; }
  const std::vector<std::string>& counters() const { return counters_; }

 private:
  void on_module(const std::string& path, Module& module) override {
    if (const auto* dense = dynamic_cast<const Dense*>(&module)) {
      dense_weights_.insert(dense->weight().id());
      if (!dense->weight().defined() && !open_) {
        open_ = true;
        open_path_ = path.empty() ? module.describe() : path + " (" + module.describe() + ")";
      }
    } else if (dynamic_cast<const BatchNorm*>(&module) != nullptr) {
      counters_.push_back((path.empty() ? "" : path + ".") + "num_batches_tracked");
    }
  }

  std::unordered_set<const void*> dense_weights_;  // by Tensor::id()
  std::vector<std::string> counters_;
  bool open_ = false;
  std::string open_path_;
};

void check_metadata(const std::string& path, const std::map<std::string, std::string>& metadata, bool pytorch) {
  const auto version = metadata.find(kVersionKey);
  if (version != metadata.end() && version->second != kVersion)
    throw std::runtime_error(
        text(path, ": has version ", version->second, " of the weights format, this version of chainrule reads version ", kVersion));
  const auto layout = metadata.find(kLayoutKey);
  if (layout != metadata.end() && layout->second != layout_name(pytorch))
    throw std::runtime_error(text(path, ": has Dense weights as ", layout->second, ", expected ", layout_name(pytorch),
                                  ": load it with pytorch_layout = ", pytorch ? "false" : "true"));
}

// Converts from PyTorch's layout to the module's. Shapes are compared here, so that error messages show the shape in the file.
void from_pytorch(const std::string& path, const Module& module, std::vector<NamedTensor>& tensors, const SourceLine& line) {
  const Layers layers(module);
  const std::set<std::string_view> counters(layers.counters().begin(), layers.counters().end());
  std::erase_if(tensors, [&](const NamedTensor& entry) { return counters.contains(entry.name); });
  std::map<std::string_view, Tensor*> given;
  for (NamedTensor& entry : tensors) given.emplace(entry.name, &entry.tensor);
  for (const NamedTensor& own : module.state(line)) {
    if (!layers.is_dense_weight(own.tensor)) continue;
    const auto found = given.find(own.name);
    if (found == given.end()) continue;  // load_state() reports it
    Tensor& tensor = *found->second;
    const Shape expected = {own.tensor.size(1), own.tensor.size(0)};
    if (tensor.shape() != expected)
      throw std::runtime_error(text(path, ": ", own.name, " has shape ", tensor.shape(), ", expected ", expected, ", the ",
                                    layout_name(true), " of this Dense"));
    tensor = transpose(tensor);
  }
}

}  // namespace

void save(const Module& module, const std::string& path, const StateFileOptions& options, SourceLine line) {
  const CallerScope caller(line);
  const NoGrad no_grad;
  const Layers layers(module);
  if (layers.open_path() != nullptr)
    detail::throw_misuse("save", *layers.open_path() + ": the input size is not known: call build() with the shape of one example", line);
  std::vector<NamedTensor> tensors = module.state(line);
  std::map<std::string, std::string> metadata = {{kVersionKey, kVersion}, {kLayoutKey, layout_name(options.pytorch_layout)}};
  if (options.pytorch_layout) {
    metadata["format"] = "pt";  // expected by readers for PyTorch
    for (NamedTensor& entry : tensors) {
      if (layers.is_dense_weight(entry.tensor)) entry.tensor = transpose(entry.tensor);
    }
    for (const std::string& counter : layers.counters()) tensors.push_back({counter, zeros({}, DType::int64)});
  }
  save_safetensors(path, tensors, metadata, line);
}

void load(Module& module, const std::string& path, const StateFileOptions& options, SourceLine line) {
  const CallerScope caller(line);
  const NoGrad no_grad;
  SafetensorsFile file = read_safetensors(path, line);
  check_metadata(path, file.metadata, options.pytorch_layout);
  if (options.pytorch_layout) from_pytorch(path, module, file.tensors, line);
  try {
    module.load_state(file.tensors, line);
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(text(path, ": ", error.what()));
  }
}

}  // namespace chainrule::nn
