// Saves modules of any type with their structure, and loads them without knowing the type. (nn/weights/save.h saves only the weights.)
#pragma once

#include <string>

#include "nn/module/layer.h"
#include "nn/module/module.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Writes a module to a JSON file: its layers with their settings, names and modes; which of them are shared; and all parameters and
/// buffers, with their exact values and whether they are frozen. Of a NaN, only the fact that it is NaN is stored. The file is replaced
/// atomically, see write_whole_file().
///
/// Hooks, gradients, optimizers, what compile() set, initializers, and Generators of layers are not stored.
///
/// Custom modules must be registered, see register_module(), and must store their constructor arguments in config().
/// @throws std::logic_error if the input size of a layer is not known yet, if the type of a layer is not registered, or if a layer holds a
/// function (lambda(), or a Dense with a custom function as activation). The message names the path of the layer.
/// @throws std::runtime_error `PATH: what went wrong` if the file cannot be written.
void save_model(const Module& module, const std::string& path, SourceLine line = SourceLine::current());

/// Returns the module that save_model() wrote. It computes the same values as the original. The state of default_generator() does not
/// change.
///
/// The file is not trusted: anything that is wrong with it leads to an error, before memory is allocated for which the file has no data.
/// Whether the sizes of consecutive layers fit each other is checked when the module is called.
/// @throws std::runtime_error `PATH: where: what was found and expected` if anything is wrong with the file, if it holds a layer of an
/// unknown type, or if it has a newer version of the format.
Layer load_model(const std::string& path, SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
#pragma GCC visibility pop
