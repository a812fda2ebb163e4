// Modules of any type in a file, and back without knowing the type.
#pragma once

#include <string>

#include "nn/module/layer.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// Writes a module as JSON, the layers it is made of and all its weights, in a file that is there whole or not at all: types and settings
/// of the layers, names, modes, what is shared or frozen, parameters and buffers with every bit of their values but those of a NaN. Not
/// written are hooks, gradients, optimizers and what compile() chose, initializers, and Generators that layers were given.
///
/// Modules of one's own are registered, see register_module(), and say in config() what their constructors take.
/// @throws std::logic_error, naming its path, for a layer whose input size is still open, one of a type that is not registered, and one
/// that holds a function (lambda(), a Dense with a function as activation); std::runtime_error `PATH: what went wrong`.
void save_model(const Module& module, const std::string& path, SourceLine line = SourceLine::current());

/// The module that save_model() wrote: it computes the same values. default_generator() is left as it is.
///
/// The file is not trusted: whatever is wrong with it ends in one error, before memory is taken that its bytes do not account for. That the
/// sizes of one layer fit those of the next is seen when the module is called.
/// @throws std::runtime_error `PATH: where: what was found and expected` for anything wrong with the file, a type of layer that is not
/// known here, or a newer version of the format.
Layer load_model(const std::string& path, SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
