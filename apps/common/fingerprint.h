// A short hash of a network's weights: equal for networks whose weights are equal bit by bit.
#pragma once

#include <string>

#include "nn/module/module.h"

namespace chainrule::apps {

/// The XXH3 hash (64 bits, hexadecimal) of the bytes of all parameters, in the order of named_parameters().
std::string weights_fingerprint(const nn::Module& module);

}  // namespace chainrule::apps
