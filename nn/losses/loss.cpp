#include "nn/losses/loss.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <iterator>

#include "autograd/base/check.h"
#include "nn/losses/losses.h"
#include "nn/module/names.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

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

double examples_in(const Tensor& target) { return !target.defined() || target.rank() == 0 ? 1 : static_cast<double>(target.size(0)); }

double labeled_examples_in(const Tensor& target) {
  if (!target.defined() || target.dtype() != DType::int64) return examples_in(target);
  const std::span<const std::int64_t> labels = target.data<std::int64_t>();
  return examples_in(target) - static_cast<double>(std::ranges::count(labels, CrossEntropyOptions{}.ignore_index));
}

bool is_one_of(Function function, std::initializer_list<Function> others) { return std::ranges::find(others, function) != others.end(); }

}  // namespace

std::span<const std::string_view> Loss::names() noexcept { return kNames; }

Loss::Loss(std::string_view name, SourceLine line) : Loss(find_named("Loss", "loss", kLosses, name, line)) { name_ = name; }

Loss::Loss(Tensor (*loss)(const TensorArg&, const Tensor&)) : function_(loss), name_("function") {
  if (is_one_of(loss, {cross_entropy, nll_loss})) weight_ = labeled_examples_in;
  takes_labels_ = is_one_of(loss, {cross_entropy, nll_loss, multi_margin_loss});
}

double Loss::weight(const Tensor& target) const {
  if (!weight_) return examples_in(target);
  const double weight = weight_(target);
  if (!(weight >= 0 && std::isfinite(weight)))
    throw_invalid("Loss", text("the weight of a batch is ", weight, ", expected a finite number, 0 or more"), SourceLine::current());
  return weight;
}

}  // namespace chainrule::nn
