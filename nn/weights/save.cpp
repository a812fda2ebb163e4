#include "nn/weights/save.h"

#include <algorithm>
#include <map>
#include <optional>
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
#include "nn/files/file_error.h"
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
  /// The weights of the Dense layers with their paths.
  const std::vector<NamedTensor>& dense_weights() const { return named_weights_; }

 private:
  void on_module(const std::string& path, Module& module) override {
    if (const auto* dense = dynamic_cast<const Dense*>(&module)) {
      dense_weights_.insert(dense->weight().id());
      if (dense->weight().defined()) named_weights_.push_back({(path.empty() ? "" : path + ".") + "weight", dense->weight()});
      if (!dense->weight().defined() && !open_) {
        open_ = true;
        open_path_ = path.empty() ? module.describe() : path + " (" + module.describe() + ")";
      }
    } else if (dynamic_cast<const BatchNorm*>(&module) != nullptr) {
      counters_.push_back((path.empty() ? "" : path + ".") + "num_batches_tracked");
    }
  }

  std::unordered_set<const void*> dense_weights_;  // by Tensor::id()
  std::vector<NamedTensor> named_weights_;
  std::vector<std::string> counters_;
  bool open_ = false;
  std::string open_path_;
};

void check_version(const std::string& path, const std::map<std::string, std::string>& metadata) {
  const auto version = metadata.find(kVersionKey);
  if (version != metadata.end() && version->second != kVersion)
    throw_file_error(path,
                     text("has version ", version->second, " of the weights format, this version of chainrule reads version ", kVersion));
}

// Refuses a file that does not say how it stores the weights of Dense layers, unless their shapes show that it is as in save(). Otherwise
// square weights of another program would be loaded transposed.
void check_default_layout(const std::string& path, const Module& module, const SafetensorsFile& file) {
  const Layers layers(module);
  std::map<std::string_view, const Tensor*> given;
  for (const NamedTensor& entry : file.tensors) given.emplace(entry.name, &entry.tensor);
  const auto format = file.metadata.find("format");
  const bool has_counters = std::ranges::any_of(layers.counters(), [&](const std::string& name) { return given.contains(name); });
  const char* const advice = ": load it with pytorch_layout = true";
  const NamedTensor* square = nullptr;
  bool is_proven = false;
  for (const NamedTensor& own : layers.dense_weights()) {
    const auto found = given.find(own.name);
    if (found == given.end()) continue;  // load_state() reports it
    const Shape shape = found->second->shape(), expected = own.tensor.shape(), swapped = {expected[1], expected[0]};
    if (shape != expected && shape == swapped)
      throw_file_error(path,
                       text(own.name, " has shape ", shape, ", expected ", expected, ", but ", shape, " in PyTorch's layout", advice));
    if (shape != expected) return;  // load_state() reports it
    is_proven = is_proven || shape != swapped;
    if (shape == swapped && shape.numel() > 1) square = &own;
  }
  if (has_counters || (square != nullptr && !is_proven && format != file.metadata.end() && format->second == "pt"))
    throw_file_error(path, text("was written by PyTorch, which stores the weight of a Dense as ", layout_name(true), advice));
  if (square != nullptr && !is_proven)
    throw_file_error(path, text("does not say whether ", square->name, ", of shape ", square->tensor.shape(), ", is ", layout_name(false),
                                " or ", layout_name(true), " as in PyTorch: set pytorch_layout to false or true"));
}

// Returns whether the file has PyTorch's layout.
bool has_pytorch_layout(const std::string& path, const Module& module, const SafetensorsFile& file, std::optional<bool> wanted) {
  const bool pytorch = wanted.value_or(false);
  const auto layout = file.metadata.find(kLayoutKey);
  if (layout == file.metadata.end()) {
    if (!wanted) check_default_layout(path, module, file);
  } else if (layout->second != layout_name(pytorch)) {
    throw_file_error(path, text("has Dense weights as ", layout->second, ", expected ", layout_name(pytorch),
                                ": load it with pytorch_layout = ", pytorch ? "false" : "true"));
  }
  return pytorch;
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
      throw_file_error(
          path, text(own.name, " has shape ", tensor.shape(), ", expected ", expected, ", the ", layout_name(true), " of this Dense"));
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
  const bool pytorch = options.pytorch_layout.value_or(false);
  std::vector<NamedTensor> tensors = module.state(line);
  std::map<std::string, std::string> metadata = {{kVersionKey, kVersion}, {kLayoutKey, layout_name(pytorch)}};
  if (pytorch) {
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
  check_version(path, file.metadata);
  if (has_pytorch_layout(path, module, file, options.pytorch_layout)) from_pytorch(path, module, file.tensors, line);
  try {
    module.load_state(file.tensors, line);
  } catch (const std::invalid_argument& error) {
    throw_file_error(path, error.what());
  }
}

}  // namespace chainrule::nn
