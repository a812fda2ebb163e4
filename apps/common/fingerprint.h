// A short text that tells whether two networks have the same weights, bit for bit.
#pragma once

#include <string>

#include "nn/module/module.h"

namespace chainrule::apps {

/// XXH3 (64 bits, hexadecimal) over the bytes of all parameters, in the order of named_parameters().
std::string weights_fingerprint(const nn::Module& module);

}  // namespace chainrule::apps
