#include "nn/optim/ema.h"

#include <algorithm>
#include <span>

#include "autograd/base/check.h"
#include "autograd/ops/create.h"

namespace chainrule::nn {
namespace {

using detail::text;
using detail::throw_invalid;
using detail::throw_misuse;

template <class T>
void average_into(Tensor& average, const Tensor& parameter, double decay) {
  const std::span<T> to = average.mutable_data<T>();
  const std::span<const T> from = parameter.data<T>();
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] = static_cast<T>(decay * static_cast<double>(to[i]) + (1 - decay) * static_cast<double>(from[i]));
}

template <class T>
void swap_elements(Tensor& x, Tensor& y) {
  const std::span<T> a = x.mutable_data<T>(), b = y.mutable_data<T>();
  std::swap_ranges(a.begin(), a.end(), b.begin());
}

}  // namespace

EMA::EMA(std::vector<Tensor> parameters, const EMAOptions& options, SourceLine line)
    : parameters_(std::move(parameters)), decay_(options.decay) {
  const CallerScope caller(line);
  if (!(decay_ >= 0 && decay_ < 1)) throw_invalid("EMA", text("decay is ", decay_, ", expected 0 or more and below 1"), line);
  if (parameters_.empty()) throw_invalid("EMA", "got no parameters: does the module's members() name them?", line);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor& parameter = parameters_[i];
    if (!parameter.defined()) throw_invalid("EMA", text("parameter ", i, " is an undefined tensor"), line);
    const std::string what = text("parameter ", i, " of shape ", parameter.shape());
    if (!parameter.is_leaf()) throw_invalid("EMA", text(what, " is the result of ", parameter.op(), ", expected a leaf"), line);
    if (parameter.dtype() == DType::int64) throw_invalid("EMA", text(what, " is int64, expected float32 or float64"), line);
    averages_.push_back(parameter.detach().clone());
  }
}

void EMA::require_not_applied(const char* op, const SourceLine& line) const {
  if (applied_) throw_misuse(op, "the averages are already applied, expected restore() first", line);
}

void EMA::update(SourceLine line) {
  require_not_applied("EMA", line);
  const CallerScope caller(line);
  const double decay = updates_++ == 0 ? 0 : decay_;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].dtype() == DType::float32) {
      average_into<float>(averages_[i], parameters_[i], decay);
    } else {
      average_into<double>(averages_[i], parameters_[i], decay);
    }
  }
}

void EMA::swap_values() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].dtype() == DType::float32) {
      swap_elements<float>(parameters_[i], averages_[i]);
    } else {
      swap_elements<double>(parameters_[i], averages_[i]);
    }
  }
}

void EMA::apply(SourceLine line) {
  require_not_applied("EMA", line);
  const CallerScope caller(line);
  swap_values();
  applied_ = true;
}

void EMA::restore(SourceLine line) {
  if (!applied_) throw_misuse("EMA", "the averages are not applied, expected apply() first", line);
  const CallerScope caller(line);
  swap_values();
  applied_ = false;
}

std::vector<NamedTensor> EMA::state(SourceLine line) const {
  require_not_applied("EMA", line);
  const CallerScope caller(line);
  std::vector<NamedTensor> entries{{"updates", from_vector(std::vector<std::int64_t>{updates_}, Shape{})}};
  for (std::size_t i = 0; i < averages_.size(); ++i) entries.push_back({text(i, ".average"), averages_[i]});
  return entries;
}

void EMA::load_state(const std::vector<NamedTensor>& state, SourceLine line) {
  require_not_applied("load_state", line);
  const CallerScope caller(line);
  const auto find = [&](const std::string& name) -> const Tensor& {
    const auto entry = std::find_if(state.begin(), state.end(), [&](const NamedTensor& e) { return e.name == name; });
    if (entry == state.end() || !entry->tensor.defined()) throw_invalid("load_state", text("EMA's ", name, " is missing"), line);
    return entry->tensor;
  };
  if (state.size() != averages_.size() + 1)
    throw_invalid("load_state", text("EMA's state has ", state.size(), " entries, expected ", averages_.size() + 1), line);
  const Tensor& updates = find("updates");
  if (updates.dtype() != DType::int64 || updates.numel() != 1 || updates.item() < 0)
    throw_invalid("load_state", text("EMA's updates is ", updates, ", expected one int64, 0 or more"), line);
  std::vector<Tensor> averages;
  for (std::size_t i = 0; i < averages_.size(); ++i) {
    const Tensor& value = find(text(i, ".average"));
    const Tensor& parameter = parameters_[i];
    if (value.shape() != parameter.shape() || value.dtype() != parameter.dtype())
      throw_invalid(
          "load_state",
          text("EMA's ", i, ".average is ", value.dtype(), " ", value.shape(), ", expected ", parameter.dtype(), " ", parameter.shape()),
          line);
    averages.push_back(value.detach().clone());
  }
  updates_ = updates.data<std::int64_t>()[0];
  averages_ = std::move(averages);
}

}  // namespace chainrule::nn
