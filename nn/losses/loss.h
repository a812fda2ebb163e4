// Loss: the loss option of fit() and compile(), given by name or as a function. (losses.h has the loss functions themselves.)
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// A loss function of prediction and target, given as one of:
///
/// - the name of a function in losses.h: "mse_loss", "cross_entropy", ...; "mse" and "mae" are short for "mse_loss" and "l1_loss";
/// - a function in losses.h, such as `nn::mse_loss`;
/// - a custom function `Tensor(const Tensor& prediction, const Tensor& target)`.
///
/// The loss of a batch is a mean over its examples, possibly a weighted one. The mean over several batches is that of all their examples,
/// however they are divided into batches: each batch counts with its weight().
class Loss {
 public:
  /// Selects the loss with this name.
  /// @throws std::invalid_argument for an unknown name; the message lists the known names.
  /// @{
  Loss(std::string_view name, SourceLine line = SourceLine::current());
  Loss(const char* name, SourceLine line = SourceLine::current()) : Loss(std::string_view(name), line) {}
  Loss(const std::string& name, SourceLine line = SourceLine::current()) : Loss(std::string_view(name), line) {}
  /// @}

  /// Selects a loss function of the library.
  Loss(Tensor (*loss)(const TensorArg&, const Tensor&));
  /// Selects a custom function. Its result must be a mean in which each example of the batch has the same weight. Errors that occur in it
  /// name the line in the function.
  template <class F>
  requires(std::is_invocable_r_v<Tensor, const F&, const Tensor&, const Tensor&>) Loss(F function)
      : function_([function = std::move(function)](const Tensor& prediction, const Tensor& target) {
          const UserCodeScope user;
          return function(prediction, target);
        }),
        name_("function") {}
  /// Selects a custom function whose result is a weighted mean, such as `nn::cross_entropy` with a `weight` or another `ignore_index`.
  /// `weight` is called with the target of a batch and returns the number that the mean divides by: the sum of the weights of its examples.
  template <class F, class W>
  requires(std::is_invocable_r_v<Tensor, const F&, const Tensor&, const Tensor&>&& std::is_invocable_r_v<double, const W&, const Tensor&>)
      Loss(F function, W weight)
      : Loss(std::move(function)) {
    weight_ = [weight = std::move(weight)](const Tensor& target) -> double {
      const UserCodeScope user;
      return weight(target);
    };
  }

  /// Returns the loss of a prediction.
  Tensor operator()(const TensorArg& prediction, const Tensor& target) const {
    const CallerScope caller(prediction.line());
    return function_(prediction.tensor(), target);
  }
  /// Returns the weight of a batch with this target among other batches: the number of its examples; for "cross_entropy" and "nll_loss" of
  /// labels, the number of those that are not ignored. A batch of weight 0 has no mean, and does not count.
  /// @throws std::invalid_argument if the function that was given for the weight returns a negative number, NaN or infinity.
  double weight(const Tensor& target) const;
  /// Returns all names that the constructor accepts.
  static std::span<const std::string_view> names() noexcept;

  /// Returns the name, or "function" if the loss was given as a function.
  const std::string& name() const noexcept { return name_; }

 private:
  friend class Objective;
  using Function = std::function<Tensor(const Tensor&, const Tensor&)>;
  using Weight = std::function<double(const Tensor&)>;
  // A loss of labels with class weights.
  Loss(std::string name, Function function, Weight weight)
      : function_(std::move(function)), name_(std::move(name)), weight_(std::move(weight)), takes_labels_(true) {}

  Function function_;
  std::string name_;
  Weight weight_;  // empty: the number of examples
  bool takes_labels_ = false;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
