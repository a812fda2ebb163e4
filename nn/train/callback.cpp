#include "nn/train/callback.h"

#include <algorithm>
#include <utility>

#include "autograd/base/check.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

Better Training::better(std::string_view name) const {
  for (const auto& [known, better] : directions_)
    if (known == name) return better;
  std::string names;
  for (const auto& [known, better] : directions_) names += (names.empty() ? "" : ", ") + known;
  throw_invalid("fit", text("\"", name, "\" is not recorded, recorded values: ", names), SourceLine::current());
}

void Training::stop(std::string reason) {
  if (stopped_) return;
  stopped_ = true;
  history_.ending = Ending::stopped;
  history_.reason = std::move(reason);
}

void Training::keep_weights() {
  std::vector<NamedTensor> kept = module_->state();
  for (NamedTensor& entry : kept) entry.tensor = entry.tensor.detach().clone();
  kept_ = std::move(kept);
  history_.best_epoch = epoch_;
}

}  // namespace chainrule::nn
