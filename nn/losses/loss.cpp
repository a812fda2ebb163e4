#include "nn/losses/loss.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "nn/losses/losses.h"
#include "nn/module/names.h"

namespace chainrule::nn {
namespace {

using Function = Tensor (*)(const TensorArg&, const Tensor&);

constexpr Named<Function> kLosses[] = {
    {"mse_loss", mse_loss},
    {"l1_loss", l1_loss},
    {"squared_error_loss", squared_error_loss},
    {"huber_loss", huber_loss},
    {"smooth_l1_loss", smooth_l1_loss},
    {"log_cosh_loss", log_cosh_loss},
    {"poisson_nll_loss", poisson_nll_loss},
    {"cross_entropy", cross_entropy},
    {"nll_loss", nll_loss},
    {"binary_cross_entropy", binary_cross_entropy},
    {"binary_cross_entropy_with_logits", binary_cross_entropy_with_logits},
    {"kl_div", kl_div},
    {"hinge_loss", hinge_loss},
    {"multi_margin_loss", multi_margin_loss},
    {"softmax_mse_loss", softmax_mse_loss},
    {"mse", mse_loss},
    {"mae", l1_loss},
};

constexpr auto kNames = [] {
  std::array<std::string_view, std::size(kLosses)> names;
  std::ranges::transform(kLosses, names.begin(), [](const Named<Function>& entry) { return entry.name; });
  return names;
}();

}  // namespace

std::span<const std::string_view> Loss::names() noexcept { return kNames; }

Loss::Loss(std::string_view name, SourceLine line) : function_(find_named("Loss", "loss", kLosses, name, line)), name_(name) {}

}  // namespace chainrule::nn
