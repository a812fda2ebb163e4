#include "apps/common/fingerprint.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <memory>
#include <new>
#include <span>

namespace chainrule::apps {

std::string weights_fingerprint(const nn::Module& module) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  if (state == nullptr) throw std::bad_alloc();
  XXH3_64bits_reset(state.get());
  const auto update = [&](auto values) { XXH3_64bits_update(state.get(), values.data(), values.size_bytes()); };
  for (const nn::NamedTensor& parameter : module.named_parameters()) {
    if (parameter.tensor.dtype() == DType::float32) {
      update(parameter.tensor.data<float>());
    } else {
      update(parameter.tensor.data<double>());
    }
  }
  return fmt::format("{:016x}", XXH3_64bits_digest(state.get()));
}

}  // namespace chainrule::apps
