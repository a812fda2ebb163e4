// Loss: the function to minimise, given by name or as a function.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "autograd/graph/tensor.h"

namespace chainrule::nn {

/// A function of prediction and target: a name ("mse_loss", "cross_entropy", ...: those of losses.h, and "mse" and "mae" in short), a loss
/// of the library such as `nn::mse_loss`, or any function of one's own.
class Loss {
 public:
  /// @throws std::invalid_argument for an unknown name, listing the known.
  Loss(std::string_view name, SourceLine line = SourceLine::current());
  Loss(const char* name, SourceLine line = SourceLine::current()) : Loss(std::string_view(name), line) {}
  Loss(const std::string& name, SourceLine line = SourceLine::current()) : Loss(std::string_view(name), line) {}
  /// A loss of the library.
  Loss(Tensor (*loss)(const TensorArg&, const Tensor&)) : function_(loss), name_("function") {}
  /// A function of one's own; its calls name their own lines in errors.
  template <class F>
  requires(std::is_invocable_r_v<Tensor, const F&, const Tensor&, const Tensor&>) Loss(F function)
      : function_([function = std::move(function)](const Tensor& prediction, const Tensor& target) {
          const UserCodeScope user;
          return function(prediction, target);
        }),
        name_("function") {}

  /// The loss of a prediction.
  Tensor operator()(const TensorArg& prediction, const Tensor& target) const {
    const CallerScope caller(prediction.line());
    return function_(prediction.tensor(), target);
  }
  /// The names there are.
  static std::span<const std::string_view> names() noexcept;

  /// The name, or "function".
  const std::string& name() const noexcept { return name_; }

 private:
  std::function<Tensor(const Tensor&, const Tensor&)> function_;
  std::string name_;
};

}  // namespace chainrule::nn
