// Trainer: what fit() and Model::fit() do.
// Internal header: not installed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/train/fit.h"

namespace chainrule::nn {

/// Losses and metrics, matched to the outputs of a module.
class Objective {
 public:
  /// `output_names`: of each output, unused for one. Errors begin with `op`.
  /// @throws std::invalid_argument where counts do not fit.
  Objective(const char* op, const CompileOptions& options, std::vector<std::string> output_names, const SourceLine& line);

  /// A number measured in one pass over data.
  struct Column {
    std::string name;
    Better better;
  };
  /// "loss", each output's loss where there are several, then the metrics.
  std::vector<Column> columns() const;

  /// The running loss and metrics of one pass over data.
  class Totals {
   public:
    explicit Totals(const Objective& objective);
    /// The loss of a batch; takes it and the metrics into the totals.
    Tensor add(const std::vector<Tensor>& outputs, const Batch& batch);
    /// In the order of columns(), each name after `prefix`.
    void write(Metrics& metrics, std::string_view prefix) const;
    /// The number of the last loss.
    double last_loss() const noexcept { return last_loss_; }

   private:
    const Objective* objective_;
    std::int64_t examples_ = 0;
    double last_loss_ = 0, loss_sum_ = 0;
    std::vector<double> output_sums_;
    std::vector<std::vector<std::unique_ptr<MetricState>>> states_;  // of each output
  };

  /// @throws std::invalid_argument where two examples do not go through module, losses and metrics, or labels are more than the classes.
  void check(const Module& module, const Dataset& data, const char* op, const SourceLine& line) const;

  std::size_t output_count() const noexcept { return names_.size(); }
  bool has_loss() const noexcept { return !losses_.empty(); }

 private:
  std::string prefix_of(std::size_t output) const;

  std::vector<Loss> losses_;
  std::vector<double> weights_;
  std::vector<std::vector<Metric>> metrics_;  // of each output
  std::vector<std::string> names_;
};

/// One training.
class Trainer {
 public:
  Trainer(Module& module, const Dataset& data, const Objective& objective, const FitOptions& options, const SourceLine& line);

  /// Checks all there is to check, then trains.
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
  std::vector<Tensor> parameters_;  // all of the module, of which the optimizer may have a part
  Training training_;
  std::int64_t batch_size_ = 0;
};

/// Builds layers of open input size by the examples of the data.
void build_for(Module& module, const Dataset& data, const char* op, const SourceLine& line);

/// Evaluation without checks; `prefix` before each name.
void evaluate_into(Metrics& metrics, std::string_view prefix, const Module& module, const Dataset& data, const Objective& objective,
                   std::int64_t batch_size);

/// Evaluation with all checks.
Metrics evaluate_with(const Module& module, const Dataset& data, const Objective& objective, std::int64_t batch_size,
                      const SourceLine& line);

/// The parameters that require grad.
/// @throws std::logic_error for none.
std::vector<Tensor> parameters_to_train(const Module& module, const char* op, const SourceLine& line);

/// "output0", "output1", ... for each output of a module.
std::vector<std::string> numbered_outputs(const Module& module);

}  // namespace chainrule::nn
