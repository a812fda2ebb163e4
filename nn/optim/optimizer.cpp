#include "nn/optim/optimizer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "autograd/base/check.h"
#include "autograd/ops/create.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

Optimizer::Optimizer(const char* name, std::span<const std::string_view> memory) noexcept : name_(name), memory_names_(memory) {}
Optimizer::Optimizer(Optimizer&&) noexcept = default;
Optimizer& Optimizer::operator=(Optimizer&&) noexcept = default;
Optimizer::~Optimizer() = default;

void Optimizer::add_parameters(std::vector<Tensor> parameters, double learning_rate, const SourceLine& line) {
  if (parameters.empty()) throw_invalid(name_, "got no parameters: does the module's members() name them?", line);
  require_not_negative("learning_rate", learning_rate, line);
  std::vector<Tensor> all = parameters_;
  std::unordered_map<const void*, std::size_t> given;  // by id(): the index
  for (std::size_t j = 0; j < all.size(); ++j) given.emplace(all[j].id(), j);
  for (const Tensor& parameter : parameters) {
    const std::size_t i = all.size();
    if (!parameter.defined()) throw_invalid(name_, text("parameter ", i, " is an undefined tensor"), line);
    const std::string what = text("parameter ", i, " of shape ", parameter.shape());
    if (!parameter.is_leaf()) throw_invalid(name_, text(what, " is the result of ", parameter.op(), ", expected a leaf"), line);
    if (!parameter.requires_grad())
      throw_invalid(name_, text(what, " does not require grad: to leave out frozen parameters, pass trainable_parameters()"), line);
    const auto [known, is_new] = given.emplace(parameter.id(), i);
    if (!is_new) throw_invalid(name_, text(what, " was already given as parameter ", known->second), line);
    all.push_back(parameter);
  }
  memory_.resize(all.size() * memory_names_.size());
  steps_.resize(all.size());
  groups_.resize(all.size(), learning_rates_.size());
  learning_rates_.push_back(learning_rate);
  parameters_ = std::move(all);
}

void Optimizer::require(bool holds, const char* what, double value, const char* expectation, const SourceLine& line) const {
  if (!holds) throw_invalid(name_, text(what, " is ", value, ", expected ", expectation), line);
}

void Optimizer::require_not_negative(const char* what, double value, const SourceLine& line) const {
  require(std::isfinite(value) && value >= 0, what, value, "a finite number, 0 or more", line);
}

void Optimizer::require_fraction(const char* what, double value, const SourceLine& line) const {
  require(value >= 0 && value < 1, what, value, "0 or more and below 1", line);
}

void Optimizer::require_group(std::size_t group, const SourceLine& line) const {
  if (group >= group_count()) throw_invalid(name_, text("there is no group ", group, " among ", group_count()), line);
}

double Optimizer::learning_rate(std::size_t group, SourceLine line) const {
  require_group(group, line);
  return learning_rates_[group];
}

void Optimizer::set_learning_rate(double learning_rate, SourceLine line) {
  require_not_negative("learning_rate", learning_rate, line);
  std::fill(learning_rates_.begin(), learning_rates_.end(), learning_rate);
}

void Optimizer::set_group_learning_rate(std::size_t group, double learning_rate, SourceLine line) {
  require_group(group, line);
  require_not_negative("learning_rate", learning_rate, line);
  learning_rates_[group] = learning_rate;
}

std::span<Tensor> Optimizer::memory_of(std::size_t parameter) noexcept {
  return std::span(memory_).subspan(parameter * memory_names_.size(), memory_names_.size());
}

void Optimizer::zero_grad(SourceLine line) {
  for (Tensor& parameter : parameters_) parameter.zero_grad(line);
}

void Optimizer::step(SourceLine line) {
  const CallerScope caller(line);
  const struct Forget {
    Optimizer& optimizer;
    ~Forget() {
      optimizer.gradients_.clear();
      optimizer.parameter_steps_.clear();
    }
  } forget{*this};                         // also where an update throws: nothing may hold on to gradients
  gradients_.reserve(parameters_.size());  // so that steps may refer to them
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Tensor gradient = parameters_[i].grad(line);
    if (!gradient.defined()) continue;
    gradients_.push_back(std::move(gradient));
    parameter_steps_.push_back(
        {parameters_[i], gradients_.back(), memory_of(i), steps_[i] + 1, i, groups_[i], learning_rates_[groups_[i]]});
  }
  update_all(parameter_steps_);
}

void Optimizer::update_all(std::span<const ParameterStep> steps) {
  for (const ParameterStep& step : steps) {
    update(step);
    count_step(step);
  }
}

void Optimizer::step(const TensorArg& loss) {
  const CallerScope caller(loss.line());
  zero_grad(loss.line());
  if (!loss.tensor().defined()) throw_invalid(name_, "the loss is an undefined tensor", loss.line());
  loss.tensor().backward(loss.line());
  step(loss.line());
}

Tensor Optimizer::evaluate(const std::function<Tensor()>& closure, const SourceLine& line) {
  if (!closure) throw_invalid(name_, "the closure is an empty function", line);
  zero_grad(line);
  const Tensor loss = [&] {
    const UserCodeScope user;
    return closure();
  }();
  if (!loss.defined()) throw_invalid(name_, "the loss is an undefined tensor", line);
  loss.backward(line);
  return loss;
}

double Optimizer::step(const std::function<Tensor()>& closure, SourceLine line) {
  const CallerScope caller(line);
  const double loss = evaluate(closure, line).item(line);
  step(line);
  return loss;
}

std::vector<NamedTensor> Optimizer::state(SourceLine line) const {
  const CallerScope caller(line);
  std::vector<NamedTensor> entries;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (steps_[i] == 0) continue;
    entries.push_back({text(i, ".steps"), from_vector(std::vector<std::int64_t>{steps_[i]}, Shape{})});
    for (std::size_t k = 0; k < memory_names_.size(); ++k) {
      const Tensor& tensor = memory_[i * memory_names_.size() + k];
      if (tensor.defined()) entries.push_back({text(i, ".", memory_names_[k]), tensor});
    }
  }
  return entries;
}

void Optimizer::load_state(const std::vector<NamedTensor>& state, SourceLine line) {
  const CallerScope caller(line);
  std::vector<Tensor> memory(memory_.size());
  std::vector<std::int64_t> steps(steps_.size());
  for (const NamedTensor& entry : state) {
    const auto fail = [&](const auto&... parts) { throw_invalid("load_state", text(name_, "'s ", entry.name, " ", parts...), line); };
    if (!entry.tensor.defined()) fail("is an undefined tensor");
    const std::string_view name = entry.name;
    const std::size_t dot = std::min(name.find('.'), name.size());
    std::size_t i = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + dot, i);
    if (error != std::errc() || end != name.data() + dot || i >= parameters_.size())
      fail("belongs to none of the ", parameters_.size(), " parameters");
    const std::string_view kind = name.substr(std::min(dot + 1, name.size()));
    const Tensor& value = entry.tensor;
    if (kind == "steps") {
      if (value.dtype() != DType::int64 || value.numel() != 1 || value.item() < 1) fail("is ", value, ", expected one int64 above 0");
      steps[i] = value.data<std::int64_t>()[0];
      continue;
    }
    const auto found = std::find(memory_names_.begin(), memory_names_.end(), kind);
    if (found == memory_names_.end()) fail("is not part of the state");
    const Tensor& parameter = parameters_[i];
    if (value.shape() != parameter.shape() || value.dtype() != parameter.dtype())
      fail("is ", value.dtype(), " ", value.shape(), ", expected ", parameter.dtype(), " ", parameter.shape());
    memory[i * memory_names_.size() + static_cast<std::size_t>(found - memory_names_.begin())] = value.detach().clone();
  }
  memory_ = std::move(memory);
  steps_ = std::move(steps);
}

}  // namespace chainrule::nn
