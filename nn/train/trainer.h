// Trainer: the implementation of fit() and Model::fit().
// Internal header: not installed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/train/fit.h"

namespace chainrule::nn {

/// The losses and metrics for the outputs of a module.
class Objective {
 public:
  /// `output_names` holds the name of each output; it is not used if there is only one. Errors begin with `op`.
  /// @throws std::invalid_argument if the number of losses, weights or metric lists does not fit the number of outputs.
  Objective(const char* op, const CompileOptions& options, std::vector<std::string> output_names, const SourceLine& line);

  /// A value that is measured in a pass over data.
  struct Column {
    std::string name;
    Better better;
  };
  /// Returns "loss", the loss of each output if there are several, and the metrics.
  std::vector<Column> columns() const;

  /// The weights with which one or several batches count in a mean over more of them.
  struct BatchWeights {
    double examples = 0;          ///< the number of examples
    std::vector<double> outputs;  ///< for each output, the sum of Loss::weight()
    BatchWeights& operator+=(const BatchWeights& other);
    /// Returns true if an example counts in the loss of an output.
    bool count() const noexcept;
  };
  /// Returns the weights of a batch.
  BatchWeights weights_of(const Batch& batch) const;

  /// The accumulated loss and metrics of one pass over data.
  class Totals {
   public:
    explicit Totals(const Objective& objective);
    /// Adds the loss and the metrics of a batch. Returns the loss of the batch, or an undefined Tensor if no example counts in it.
    Tensor add(const std::vector<Tensor>& outputs, const Batch& batch) { return add(outputs, batch, objective_->weights_of(batch)); }
    /// Adds a batch of a step over several batches, which have the weights `step` together. The sum of the returned losses, each multiplied
    /// by the batch's share of the examples of the step, is the loss that one batch of all these examples has.
    Tensor add(const std::vector<Tensor>& outputs, const Batch& batch, const BatchWeights& step);
    /// Writes the values in the order of columns(), with `prefix` before each name.
    void write(Metrics& metrics, std::string_view prefix) const;
    /// Returns the loss that add() returned last; 0 if it was undefined.
    double last_loss() const noexcept { return last_loss_; }

   private:
    double loss() const;

    const Objective* objective_;
    double examples_ = 0, last_loss_ = 0;
    double loss_sum_ = 0;                               // of the losses of the batches, each times its number of examples
    bool plain_ = true;                                 // whether every example has had weight 1 in the loss of every output
    std::vector<double> output_sums_, output_weights_;  // of the losses of the batches, each times its weight; and of the weights
    std::vector<std::vector<std::unique_ptr<MetricState>>> states_;  // for each output
  };

  /// Runs two examples through the module, the losses and the metrics.
  /// @throws std::invalid_argument if something does not fit, or if there are labels that exceed the number of classes.
  void check(const Module& module, const Dataset& data, const char* op, const SourceLine& line) const;

  std::size_t output_count() const noexcept { return names_.size(); }
  bool has_loss() const noexcept { return !losses_.empty(); }

 private:
  static Loss with_class_weights(const char* op, const Loss& loss, const std::vector<double>& class_weights, const SourceLine& line);
  std::string prefix_of(std::size_t output) const;

  std::vector<Loss> losses_;
  std::vector<double> weights_;
  std::vector<std::vector<Metric>> metrics_;  // for each output
  std::vector<std::string> names_;
};

/// A single training.
class Trainer {
 public:
  Trainer(Module& module, const Dataset& data, const Objective& objective, const FitOptions& options, const SourceLine& line);

  /// Checks the options and the data, then trains.
  History run(Optimizer& optimizer, bool full_batch);

 private:
  class Finish;

  void check_options() const;
  void check_optimizer(const Optimizer& optimizer) const;
  void split();
  void train_epoch(Optimizer& optimizer, Metrics& record);
  bool step_on(Optimizer& optimizer, std::vector<Batch>& batches, Objective::Totals& totals);
  void validate(Metrics& record) const;
  void show(const Metrics& record) const;
  template <class F>
  void tell(F&& call);

  Module& module_;
  Dataset data_;
  std::optional<Dataset> validation_;
  const Objective& objective_;
  const FitOptions& options_;
  SourceLine line_;
  std::vector<Tensor> parameters_;  // all parameters of the module; the optimizer may have only some of them
  Training training_;
  std::int64_t batch_size_ = 0;
};

/// Builds layers whose input size is open, from the shape of the examples.
void build_for(Module& module, const Dataset& data, const char* op, const SourceLine& line);

/// Evaluates without checks and writes the values with `prefix` before each name.
void evaluate_into(Metrics& metrics, std::string_view prefix, const Module& module, const Dataset& data, const Objective& objective,
                   std::int64_t batch_size);

/// Checks everything, then evaluates.
Metrics evaluate_with(const Module& module, const Dataset& data, const Objective& objective, std::int64_t batch_size,
                      const SourceLine& line);

/// Returns the parameters that require grad.
/// @throws std::logic_error if there are none.
std::vector<Tensor> parameters_to_train(const Module& module, const char* op, const SourceLine& line);

/// Returns "output0", "output1", ..., one name for each output of the module.
std::vector<std::string> numbered_outputs(const Module& module);

}  // namespace chainrule::nn
