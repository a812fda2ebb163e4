// Saves the weights of a module to a file, and loads them.
#pragma once

#include <optional>
#include <string>

#include "nn/module/module.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of save() and load().
struct StateFileOptions {
  /// True for the layout of PyTorch, so that files can be exchanged with `load_state_dict(safetensors.torch.load_file(path))` of an
  /// equivalent PyTorch model. The weight of each Dense is stored as [d_out, d_in], like that of nn.Linear. Each BatchNorm gets an entry
  /// `num_batches_tracked`, which is written as 0 and ignored when read.
  ///
  /// By default, save() does not use it, and load() reads files that save() wrote with that default. A file by another program does not
  /// say how it stores the weights; load() then accepts the default only if the shapes prove it, which those of square weights do not.
  /// With `true` or `false` it is believed.
  std::optional<bool> pytorch_layout = {};
};

/// Writes Module::state(), that is all parameters and buffers with their paths, to a safetensors file. The file is replaced atomically, see
/// write_whole_file().
/// @throws std::logic_error if the input size of a layer is not known yet.
/// @throws std::runtime_error `PATH: what went wrong` if the file cannot be written.
void save(const Module& module, const std::string& path, const StateFileOptions& options = {}, SourceLine line = SourceLine::current());

/// Copies the values of a safetensors file into the parameters and buffers of a module. The module keeps its Tensor objects, so optimizers
/// stay valid. On an error nothing is changed.
/// @throws std::runtime_error `PATH: ...` if anything is wrong with the file (see read_safetensors()); if a tensor is missing, unknown, or
/// of another shape or dtype than in the module, with its path in the module; or if the file has, or may have, the other layout.
void load(Module& module, const std::string& path, const StateFileOptions& options = {}, SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
#pragma GCC visibility pop
