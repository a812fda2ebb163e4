// Loss: the loss option of fit() and compile(), given by name or as a function. (losses.h has the loss functions themselves.)
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "autograd/graph/tensor.h"

namespace chainrule::nn {

/// A loss function of prediction and target, given as one of:
///
/// - the name of a function in losses.h: "mse_loss", "cross_entropy", ...; "mse" and "mae" are short for "mse_loss" and "l1_loss";
/// - a function in losses.h, such as `nn::mse_loss`;
/// - a custom function `Tensor(const Tensor& prediction, const Tensor& target)`.
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
  Loss(Tensor (*loss)(const TensorArg&, const Tensor&)) : function_(loss), name_("function") {}
  /// Selects a custom function. Errors that occur in it name the line in the function.
  template <class F>
  requires(std::is_invocable_r_v<Tensor, const F&, const Tensor&, const Tensor&>) Loss(F function)
      : function_([function = std::move(function)](const Tensor& prediction, const Tensor& target) {
          const UserCodeScope user;
          return function(prediction, target);
        }),
        name_("function") {}

  /// Returns the loss of a prediction.
  Tensor operator()(const TensorArg& prediction, const Tensor& target) const {
    const CallerScope caller(prediction.line());
    return function_(prediction.tensor(), target);
  }
  /// Returns all names that the constructor accepts.
  static std::span<const std::string_view> names() noexcept;

  /// Returns the name, or "function" if the loss was given as a function.
  const std::string& name() const noexcept { return name_; }

 private:
  std::function<Tensor(const Tensor&, const Tensor&)> function_;
  std::string name_;
};

}  // namespace chainrule::nn
