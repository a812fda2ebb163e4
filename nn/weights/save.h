// The weights of a module in a file, and back.
#pragma once

#include <string>

#include "nn/module/module.h"

namespace chainrule::nn {

/// How weights are laid out in a file.
struct StateFileOptions {
  /// As PyTorch has them, for `load_state_dict(safetensors.torch.load_file(path))` of the like model and for files from there: the weight
  /// of a Dense as [d_out, d_in], the one of nn.Linear, and with each BatchNorm its `num_batches_tracked`, written as 0 and not read.
  bool pytorch_layout = false;
};

/// Writes state(), parameters and buffers with their paths, as a safetensors file that is there whole or not at all.
/// @throws std::logic_error for a layer whose input size is still open; std::runtime_error `PATH: what went wrong`.
void save(const Module& module, const std::string& path, const StateFileOptions& options = {}, SourceLine line = SourceLine::current());

/// Copies the values in a safetensors file into the parameters and buffers, which stay the Tensors they are. All or nothing.
/// @throws std::runtime_error `PATH: ...` for anything wrong with the file (see read_safetensors), for a tensor that is missing, unknown or
/// of another shape or dtype than the module's, naming its path in the module, and for a file that save() wrote with the other layout.
void load(Module& module, const std::string& path, const StateFileOptions& options = {}, SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
