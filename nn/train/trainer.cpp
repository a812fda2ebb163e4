#include "nn/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "autograd/base/check.h"
#include "autograd/base/printable.h"
#include "autograd/base/text_stream.h"
#include "autograd/derivatives/backward.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/update.h"
#include "autograd/parallel/flush_denormals.h"
#include "autograd/parallel/threads.h"
#include "nn/data/loader.h"
#include "nn/losses/losses.h"
#include "nn/optim/clip.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;
using detail::throw_misuse;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::vector<Tensor> inputs_of(const Batch& batch) {
  std::vector<Tensor> inputs{batch.inputs};
  inputs.insert(inputs.end(), batch.more_inputs.begin(), batch.more_inputs.end());
  return inputs;
}

const Tensor& target_of(const Batch& batch, std::size_t output) { return output == 0 ? batch.targets : batch.more_targets[output - 1]; }

std::int64_t examples_in(const Batch& batch) { return batch.inputs.size(0); }

// The sum of the factors of the labels that are not ignored. A label without a factor counts 1, and is refused by the loss.
double sum_of_weights(const std::vector<double>& class_weights, const Tensor& target) {
  if (target.dtype() != DType::int64) return static_cast<double>(target.size(0));
  double sum = 0;
  for (const std::int64_t label : target.data<std::int64_t>()) {
    if (label == CrossEntropyOptions{}.ignore_index) continue;
    sum += label >= 0 && std::cmp_less(label, class_weights.size()) ? class_weights[static_cast<std::size_t>(label)] : 1;
  }
  return sum;
}

}  // namespace

Loss Objective::with_class_weights(const char* op, const Loss& loss, const std::vector<double>& class_weights, const SourceLine& line) {
  for (const double weight : class_weights)
    if (!(weight >= 0 && std::isfinite(weight)))
      throw_invalid(op, text("class_weights hold ", weight, ", expected finite numbers, 0 or more"), line);
  const Tensor weight = from_vector(class_weights);
  const auto sum = [class_weights](const Tensor& target) { return sum_of_weights(class_weights, target); };
  if (loss.name() == "cross_entropy")
    return {loss.name(),
            [weight](const Tensor& logits, const Tensor& target) {
              return cross_entropy(logits, target, {.weight = weight.to(logits.dtype())});
            },
            sum};
  if (loss.name() == "nll_loss")
    return {loss.name(),
            [weight](const Tensor& log_probabilities, const Tensor& labels) {
              return nll_loss(log_probabilities, labels, {.weight = weight.to(log_probabilities.dtype())});
            },
            sum};
  throw_invalid(op, text("class_weights are not supported by the loss ", loss.name(), ", expected \"cross_entropy\" or \"nll_loss\""),
                line);
}

Objective::Objective(const char* op, const CompileOptions& options, std::vector<std::string> output_names, const SourceLine& line)
    : losses_(options.loss.list()), weights_(options.loss_weights), names_(std::move(output_names)) {
  const CallerScope caller(line);
  const std::size_t outputs = names_.size();
  const auto require_count = [&](const char* what, std::size_t got) {
    if (got != outputs)
      throw_invalid(op, text("got ", got, " ", what, " for ", outputs, outputs == 1 ? " output" : " outputs", ", expected one each"), line);
  };
  if (!losses_.empty()) require_count("losses", losses_.size());
  if (weights_.empty()) weights_.assign(outputs, 1);
  require_count("loss_weights", weights_.size());
  for (const double weight : weights_)
    if (!std::isfinite(weight)) throw_invalid(op, text("loss_weights hold ", weight, ", expected finite numbers"), line);
  if (!options.class_weights.empty())
    for (Loss& loss : losses_) loss = with_class_weights(op, loss, options.class_weights, line);
  metrics_.assign(outputs, options.metrics);
  if (!options.output_metrics.empty()) {
    require_count("lists of output_metrics", options.output_metrics.size());
    for (std::size_t i = 0; i < outputs; ++i)
      metrics_[i].insert(metrics_[i].end(), options.output_metrics[i].begin(), options.output_metrics[i].end());
  }
  std::vector<std::string> names;
  for (const Column& column : columns()) {
    if (std::ranges::find(names, column.name) != names.end())
      throw_invalid(op, text("two metrics have the name ", column.name, ": rename one with Metric::named()"), line);
    names.push_back(column.name);
  }
}

std::string Objective::prefix_of(std::size_t output) const { return names_.size() == 1 ? "" : names_[output] + "_"; }

std::vector<Objective::Column> Objective::columns() const {
  std::vector<Column> columns;
  if (has_loss()) columns.push_back({"loss", Better::smaller});
  if (has_loss() && names_.size() > 1)
    for (std::size_t i = 0; i < names_.size(); ++i) columns.push_back({prefix_of(i) + "loss", Better::smaller});
  for (std::size_t i = 0; i < names_.size(); ++i)
    for (const Metric& metric : metrics_[i]) columns.push_back({prefix_of(i) + metric.name(), metric.better()});
  return columns;
}

void Objective::check(const Module& module, const Dataset& data, const char* op, const SourceLine& line) const {
  const NoGrad no_grad;
  const EvalScope eval;
  const auto require_count = [&](std::size_t got, const char* got_what, std::size_t expected, const char* what) {
    if (got != expected)
      throw_invalid(op, text("the dataset has ", got, " ", got_what, ", but ", module.describe(), " has ", expected, " ", what), line);
  };
  require_count(data.input_count(), "inputs", module.input_count(), "inputs");
  require_count(data.target_count(), "targets", names_.size(), "outputs");
  const Batch examples = data.batch(0, std::min<std::int64_t>(2, data.size()), line);
  const std::int64_t n = examples_in(examples);
  const std::vector<Tensor> outputs = module(inputs_of(examples), line);
  const auto name_of = [&](std::size_t i) {
    return names_.size() == 1 ? module.describe() : text("output ", names_[i], " of ", module.describe());
  };
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& y = outputs[i];
    if (y.rank() == 0 || y.size(0) != n)
      throw_invalid(
          op, text("for ", n, n == 1 ? " example " : " examples ", name_of(i), " returns shape ", y.shape(), ", expected [", n, ", ...]"),
          line);
  }
  const auto check_classes = [&](std::size_t i) {
    const Tensor& y = outputs[i];
    if (data.classes(i) > 0 && y.rank() == 2 && y.size(1) < data.classes(i))
      throw_invalid(op,
                    text("targets hold labels up to ", data.classes(i) - 1, ", but ", name_of(i), " returns ", y.size(1),
                         " values per example, expected at least ", data.classes(i)),
                    line);
  };
  // The other losses may not take labels at all, which they say themselves.
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!has_loss() || losses_[i].takes_labels_) check_classes(i);
  Totals(*this).add(outputs, examples);
  for (std::size_t i = 0; i < outputs.size(); ++i) check_classes(i);
}

Objective::BatchWeights& Objective::BatchWeights::operator+=(const BatchWeights& other) {
  examples += other.examples;
  outputs.resize(other.outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] += other.outputs[i];
  return *this;
}

bool Objective::BatchWeights::count() const noexcept {
  return std::ranges::any_of(outputs, [](double weight) { return weight > 0; });
}

Objective::BatchWeights Objective::weights_of(const Batch& batch) const {
  BatchWeights weights{.examples = static_cast<double>(examples_in(batch)), .outputs = {}};
  for (std::size_t i = 0; i < losses_.size(); ++i) weights.outputs.push_back(losses_[i].weight(target_of(batch, i)));
  return weights;
}

Objective::Totals::Totals(const Objective& objective)
    : objective_(&objective),
      output_sums_(objective.names_.size()),
      output_weights_(objective.names_.size()),
      states_(objective.names_.size()) {
  for (std::size_t i = 0; i < states_.size(); ++i)
    for (const Metric& metric : objective.metrics_[i]) states_[i].push_back(metric.begin());
}

Tensor Objective::Totals::add(const std::vector<Tensor>& outputs, const Batch& batch, const BatchWeights& step) {
  const BatchWeights own = objective_->weights_of(batch);
  Tensor total;
  for (std::size_t i = 0; i < objective_->losses_.size(); ++i) {
    plain_ = plain_ && own.outputs[i] == own.examples;
    if (own.outputs[i] == 0) continue;
    Tensor loss = objective_->losses_[i](outputs[i], target_of(batch, i));
    if (!loss.defined() || loss.numel() != 1)
      throw_invalid("fit",
                    text("the loss ", objective_->losses_[i].name(), " returned ",
                         loss.defined() ? text(loss.shape()) : "an undefined tensor", ", expected one number"),
                    SourceLine::current());
    output_sums_[i] += loss.item() * own.outputs[i];
    output_weights_[i] += own.outputs[i];
    // Exactly 1 if every example has the same weight.
    const double share = (own.outputs[i] / step.outputs[i]) / (own.examples / step.examples);
    const double factor = objective_->weights_[i] * share;
    if (factor != 1) loss = loss * factor;
    total = total.defined() ? total + loss : loss;
  }
  last_loss_ = total.defined() ? total.item() : 0;
  loss_sum_ += last_loss_ * own.examples;
  examples_ += own.examples;
  for (std::size_t i = 0; i < states_.size(); ++i)
    for (const std::unique_ptr<MetricState>& state : states_[i]) state->update(outputs[i], target_of(batch, i));
  return total;
}

double Objective::Totals::loss() const {
  if (plain_) return loss_sum_ / examples_;
  double sum = 0;
  bool counts = false;
  for (std::size_t i = 0; i < output_sums_.size(); ++i) {
    if (output_weights_[i] == 0) continue;
    sum += objective_->weights_[i] * (output_sums_[i] / output_weights_[i]);
    counts = true;
  }
  return counts ? sum : std::numeric_limits<double>::quiet_NaN();
}

void Objective::Totals::write(Metrics& metrics, std::string_view prefix) const {
  std::vector<double> values;
  if (objective_->has_loss()) values.push_back(loss());
  if (objective_->has_loss() && output_sums_.size() > 1)
    for (std::size_t i = 0; i < output_sums_.size(); ++i) values.push_back(output_sums_[i] / output_weights_[i]);
  for (const auto& list : states_)
    for (const std::unique_ptr<MetricState>& state : list) values.push_back(state->result());
  std::size_t i = 0;
  for (const Column& column : objective_->columns()) metrics.set(std::string(prefix) + column.name, values[i++]);
}

void build_for(Module& module, const Dataset& data, const char* op, const SourceLine& line) {
  if (data.size() == 0) throw_invalid(op, "the dataset has no examples", line);
  // A layer with int64 inputs may not accept the floating-point zeros with which build() tries it. Then the first example is the check.
  const std::vector<Tensor> example = inputs_of(data.batch(0, 1, line));
  const bool floating = std::ranges::all_of(example, [](const Tensor& x) { return is_floating(x.dtype()); });
  if (data.input_count() == module.input_count() && (floating || module.needs_build())) module.build_many(data.sample_shapes(), line);
}

void evaluate_into(Metrics& metrics, std::string_view prefix, const Module& module, const Dataset& data, const Objective& objective,
                   std::int64_t batch_size) {
  const NoGrad no_grad;
  const EvalScope eval;
  Objective::Totals totals(objective);
  for (std::int64_t start = 0; start < data.size(); start += batch_size) {
    const Batch batch = data.batch(start, std::min(start + batch_size, data.size()));
    totals.add(module(inputs_of(batch)), batch);
  }
  totals.write(metrics, prefix);
}

Metrics evaluate_with(const Module& module, const Dataset& data, const Objective& objective, std::int64_t batch_size,
                      const SourceLine& line) {
  if (batch_size < 1) throw_invalid("evaluate", text("batch_size is ", batch_size, ", expected at least 1"), line);
  if (data.size() == 0) throw_invalid("evaluate", "the dataset has no examples", line);
  objective.check(module, data, "evaluate", line);
  Metrics metrics;
  evaluate_into(metrics, "", module, data, objective, batch_size);
  return metrics;
}

std::vector<Tensor> parameters_to_train(const Module& module, const char* op, const SourceLine& line) {
  std::vector<Tensor> parameters = module.trainable_parameters(line);
  if (parameters.empty())
    throw_misuse(op,
                 text(module.describe(), " has nothing to train: ",
                      module.parameters(line).empty() ? "no parameters; does its members() name them?" : "no parameter requires grad"),
                 line);
  return parameters;
}

std::vector<std::string> numbered_outputs(const Module& module) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < module.output_count(); ++i) names.push_back("output" + std::to_string(i));
  return names;
}

Trainer::Trainer(Module& module, const Dataset& data, const Objective& objective, const FitOptions& options, const SourceLine& line)
    : module_(module), data_(data), objective_(objective), options_(options), line_(line) {
  training_.module_ = &module;
}

void Trainer::check_options() const {
  const auto require = [&](bool holds, const char* what, auto value, const char* expected) {
    if (!holds) throw_invalid("fit", text(what, " is ", value, ", expected ", expected), line_);
  };
  require(options_.epochs >= 0, "epochs", options_.epochs, "at least 0");
  require(!options_.batch_size || *options_.batch_size >= 1, "batch_size", options_.batch_size.value_or(1), "at least 1");
  require(options_.accumulate >= 1, "accumulate", options_.accumulate, "at least 1");
  require(options_.show_every >= 0, "show_every", options_.show_every, "at least 0");
  require(options_.validation_split >= 0 && options_.validation_split < 1, "validation_split", options_.validation_split,
          "0 or more and below 1");
  require(!options_.clip_norm || *options_.clip_norm > 0, "clip_norm", options_.clip_norm.value_or(1), "above 0");
  require(!options_.clip_value || *options_.clip_value > 0, "clip_value", options_.clip_value.value_or(1), "above 0");
  if (options_.validation_split > 0 && options_.validation_data)
    throw_invalid("fit", "got validation_split and validation_data, expected one of them", line_);
  for (const SharedCallback& callback : options_.callbacks)
    if (callback.get() == nullptr) throw_invalid("fit", "callbacks hold a null pointer", line_);
  if (!objective_.has_loss()) throw_invalid("fit", "got no loss to minimize", line_);
}

void Trainer::check_optimizer(const Optimizer& optimizer) const {
  std::unordered_set<const void*> own;
  for (const Tensor& parameter : parameters_) own.insert(parameter.id());
  for (std::size_t i = 0; i < optimizer.parameters().size(); ++i) {
    const Tensor& parameter = optimizer.parameters()[i];
    if (!own.contains(parameter.id()))
      throw_invalid("fit",
                    text("parameter ", i, " of the optimizer, of shape ", parameter.shape(), ", does not belong to ", module_.describe(),
                         ": was the optimizer made for another module, or before to()?"),
                    line_);
  }
  if (optimizer.needs_closure() && (options_.accumulate > 1 || options_.clip_norm || options_.clip_value))
    throw_invalid("fit", "accumulate, clip_norm and clip_value are not for an optimizer that takes a closure", line_);
}

void Trainer::split() {
  validation_ = options_.validation_data;
  if (options_.validation_split > 0) {
    const std::int64_t kept = data_.size() - std::llround(static_cast<double>(data_.size()) * options_.validation_split);
    if (kept == data_.size() || kept == 0)
      throw_invalid("fit",
                    text("validation_split ", options_.validation_split, " of ", data_.size(), " examples leaves none for ",
                         kept == 0 ? "the training" : "the validation"),
                    line_);
    validation_ = data_.subset(kept, data_.size(), line_);
    data_ = data_.subset(0, kept, line_);
  }
  if (validation_ && validation_->size() == 0) throw_invalid("fit", "the validation dataset has no examples", line_);
}

template <class F>
void Trainer::tell(F&& call) {
  for (const SharedCallback& callback : options_.callbacks) call(*callback.get());
}

// Restores modes and weights at the end of a training, also after an exception.
class Trainer::Finish {
 public:
  explicit Finish(Trainer& trainer) : trainer_(trainer), exceptions_(std::uncaught_exceptions()), eval_(!trainer.module_.is_training()) {
    if (eval_) trainer_.module_.train();
  }
  Finish(const Finish&) = delete;
  Finish& operator=(const Finish&) = delete;
  ~Finish() noexcept(false) {
    const bool thrown = std::uncaught_exceptions() > exceptions_;
    try {
      if (begun_) trainer_.tell([&](Callback& callback) { callback.on_fit_end(trainer_.training_); });
    } catch (...) {
      restore();
      if (!thrown) throw;
      return;
    }
    restore();
  }
  void begin() { begun_ = true; }

 private:
  void restore() {
    if (eval_) trainer_.module_.eval();
    if (!trainer_.training_.kept_.empty()) trainer_.module_.load_state(trainer_.training_.kept_, trainer_.line_);
  }

  Trainer& trainer_;
  int exceptions_;
  bool eval_;
  bool begun_ = false;
};

History Trainer::run(Optimizer& optimizer, bool full_batch) {
  const FlushDenormals flush;
  check_options();
  split();
  parameters_ = module_.parameters(line_);
  check_optimizer(optimizer);
  objective_.check(module_, data_, "fit", line_);
  if (validation_) {
    try {
      objective_.check(module_, *validation_, "fit", line_);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(text("validation data: ", error.what()));
    }
  }
  batch_size_ = options_.batch_size.value_or(full_batch ? std::max<std::int64_t>(1, data_.size()) : 32);

  training_.optimizer_ = &optimizer;
  training_.epochs_ = options_.epochs;
  const std::int64_t per_step = batch_size_ * options_.accumulate;
  const std::int64_t used = options_.drop_last ? data_.size() / batch_size_ * batch_size_ : data_.size();
  training_.steps_per_epoch_ = (used + per_step - 1) / per_step;
  if (used == 0) throw_invalid("fit", text("the ", data_.size(), " examples are fewer than one batch of ", batch_size_), line_);
  for (const std::string prefix : {"", "val_"}) {
    if (prefix.empty() || validation_)
      for (const Objective::Column& column : objective_.columns()) {
        training_.recorded_.push_back(prefix + column.name);
        training_.directions_.emplace_back(prefix + column.name, column.better);
      }
  }
  for (const char* name : {"learning_rate", "train_seconds", "seconds"}) training_.recorded_.emplace_back(name);

  {
    Finish finish(*this);
    finish.begin();
    tell([&](Callback& callback) { callback.on_fit_begin(training_); });
    for (std::int64_t epoch = 1; epoch <= options_.epochs && !training_.stopped_; ++epoch) {
      training_.epoch_ = epoch;
      const Clock::time_point start = Clock::now();
      tell([&](Callback& callback) { callback.on_epoch_begin(training_); });
      Metrics record;
      train_epoch(optimizer, record);
      const double train_seconds = seconds_since(start);
      tell([&](Callback& callback) { callback.on_validation_begin(training_); });
      if (validation_) validate(record);
      record.set("learning_rate", optimizer.learning_rate());
      record.set("train_seconds", train_seconds);
      record.set("seconds", seconds_since(start));
      training_.history_.epochs.push_back(record);
      tell([&](Callback& callback) { callback.on_epoch_end(training_); });
      tell([&](Callback& callback) { callback.on_epoch_ended(training_); });
      show(record);
    }
  }
  return std::move(training_.history_);
}

void Trainer::train_epoch(Optimizer& optimizer, Metrics& record) {
  const DataLoader loader(
      data_, {.batch_size = batch_size_, .shuffle = options_.shuffle, .generator = options_.generator, .drop_last = options_.drop_last},
      line_);
  Objective::Totals totals(objective_);
  std::vector<Batch> batches;
  auto batch = loader.begin();
  run_steps([&] {
    if (batch == loader.end() || training_.stopped_) return false;
    batches.clear();
    for (; batch != loader.end() && static_cast<std::int64_t>(batches.size()) < options_.accumulate; ++batch) batches.push_back(*batch);
    tell([&](Callback& callback) { callback.on_step_begin(training_); });
    if (training_.stopped_) return false;
    const bool finite = step_on(optimizer, batches, totals);
    ++training_.step_;
    if (!finite && options_.stop_on_nan) {
      training_.stop(text("the loss became ", training_.step_loss_, " in epoch ", training_.epoch_, " at step ", training_.step_,
                          "; a lower learning rate than ", optimizer.learning_rate(), " may help"));
      training_.history_.ending = Ending::diverged;
      return false;
    }
    tell([&](Callback& callback) { callback.on_step_end(training_); });
    return true;
  });
  totals.write(record, "");
}

// Returns false if the loss is not finite; with stop_on_nan, the step is then not taken. Nor is it if no example counts in the loss.
bool Trainer::step_on(Optimizer& optimizer, std::vector<Batch>& batches, Objective::Totals& totals) {
  Objective::BatchWeights step;
  for (const Batch& batch : batches) step += objective_.weights_of(batch);
  const bool counts = step.count();
  if (optimizer.needs_closure() && counts) {
    bool first = true;
    const Batch& batch = batches.front();
    training_.step_loss_ = optimizer.step(
        [&] {
          const std::vector<Tensor> outputs = module_(inputs_of(batch));
          if (first) {
            first = false;
            return totals.add(outputs, batch);
          }
          return Objective::Totals(objective_).add(outputs, batch);
        },
        line_);
    return std::isfinite(training_.step_loss_);
  }
  for (Tensor& parameter : parameters_) parameter.zero_grad(line_);
  double loss_of_step = 0;
  for (Batch& batch : batches) {
    const Tensor loss = totals.add(module_(inputs_of(batch)), batch, step);
    const double share = static_cast<double>(examples_in(batch)) / step.examples;
    loss_of_step += share * totals.last_loss();
    training_.step_loss_ = loss_of_step;
    if (options_.stop_on_nan && !std::isfinite(loss_of_step)) return false;
    if (!loss.defined()) {
      // Every label is ignored.
    } else if (batches.size() == 1) {
      loss.backward(line_);
    } else {
      loss.backward({.gradient = full(loss.shape(), share, loss.dtype())}, line_);
    }
    batch = {};  // its memory is reused for the next batch
  }
  if (!counts) {
    training_.step_loss_ = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  if (options_.clip_value) clip_grad_value(optimizer.parameters(), *options_.clip_value);
  if (options_.clip_norm) clip_grad_norm(optimizer.parameters(), *options_.clip_norm);
  optimizer.step(line_);
  return std::isfinite(loss_of_step);
}

void Trainer::validate(Metrics& record) const {
  evaluate_into(record, "val_", module_, *validation_, objective_, std::max<std::int64_t>(batch_size_, 1024));
}

void Trainer::show(const Metrics& record) const {
  if (options_.out == nullptr || options_.show_every == 0) return;
  const std::int64_t epoch = training_.epoch_;
  const bool last = epoch == options_.epochs || training_.stopped_;
  if (epoch != 1 && epoch % options_.show_every != 0 && !last) return;
  detail::TextStream line;
  line << "epoch " << epoch << '/' << options_.epochs << "  " << record << '\n';
  if (training_.stopped_) line << "stopped: " << detail::printable(training_.history_.reason) << '\n';
  if (last && training_.history_.best_epoch) line << "the weights are those of epoch " << *training_.history_.best_epoch << '\n';
  *options_.out << line.str();
}

}  // namespace chainrule::nn
