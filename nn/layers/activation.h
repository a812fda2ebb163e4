// Activation: the activation option of a layer, given by name or as a function. (activations.h has the activations as layers.)
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// An activation function, given as one of:
///
/// - the name of an op with its default arguments: "relu", "gelu", "tanh", ...; "softmax" and "log_softmax" use the last axis; "" and
///   "linear" mean no activation;
/// - an op such as `cr::relu`;
/// - a custom function from a Tensor to a Tensor of the same shape.
class Activation {
 public:
  /// Selects no activation: inputs pass unchanged.
  Activation() noexcept;

  /// Selects the activation with this name.
  /// @throws std::invalid_argument for an unknown name; the message lists the known names.
  /// @{
  Activation(std::string_view name, SourceLine line = SourceLine::current());
  Activation(const char* name, SourceLine line = SourceLine::current());
  Activation(const std::string& name, SourceLine line = SourceLine::current());
  /// @}

  /// Selects an op of the library.
  Activation(Tensor (*op)(const TensorArg&));
  /// Selects a custom function. Errors that occur in it name the line in the function.
  template <class F>
  requires(std::is_invocable_r_v<Tensor, const F&, const Tensor&> && !std::is_convertible_v<const F&, std::string_view>)
      Activation(F function)
      : function_([function = std::move(function)](const Tensor& x) {
          const UserCodeScope user;
          return function(x);
        }),
        name_("function") {}

  /// Copies the activation.
  Activation(const Activation&);
  /// Moves the activation.
  Activation(Activation&&) noexcept;
  /// Copies the activation.
  Activation& operator=(const Activation&);
  /// Moves the activation.
  Activation& operator=(Activation&&) noexcept;
  /// Destructor.
  ~Activation();

  /// Returns the value of the activation for x; x itself if there is no activation.
  Tensor operator()(const TensorArg& x) const;
  /// Returns the name of the activation, also if it was given as an op with a name (`cr::relu`: "relu"); "function" for any other function;
  /// "" if there is no activation.
  const std::string& name() const noexcept { return name_; }

 private:
  std::function<Tensor(const Tensor&)> function_;
  std::string name_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
