#include "nn/loss.h"

#include "nn/losses.h"
#include "nn/names.h"

namespace chainrule::nn {
namespace {

using Function = Tensor (*)(const TensorArg&, const Tensor&);

constexpr Named<Function> kLosses[] = {
    {"mse_loss", mse_loss},
    {"cross_entropy", cross_entropy},
    {"nll_loss", nll_loss},
    {"binary_cross_entropy_with_logits", binary_cross_entropy_with_logits},
};

}  // namespace

Loss::Loss(std::string_view name, SourceLine line) : function_(find_named("Loss", "loss", kLosses, name, line)), name_(name) {}

}  // namespace chainrule::nn
