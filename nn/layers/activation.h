// Activation: the function after a layer, given by name or as a function.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

#include "autograd/graph/tensor.h"

namespace chainrule::nn {

/// A function of one Tensor that keeps its shape: the name of an op with its defaults ("relu", "gelu", "tanh", ...; "softmax" and
/// "log_softmax" go over the last axis; "" or "linear" for none), an op such as `cr::relu`, or any function of one's own.
class Activation {
 public:
  /// None: the Tensor passes unchanged.
  Activation() noexcept;
  /// @throws std::invalid_argument for an unknown name, listing the known.
  Activation(std::string_view name, SourceLine line = SourceLine::current());
  Activation(const char* name, SourceLine line = SourceLine::current());
  Activation(const std::string& name, SourceLine line = SourceLine::current());
  /// An op of the library.
  Activation(Tensor (*op)(const TensorArg&));
  /// A function of one's own; its calls name their own lines in errors.
  template <class F>
  requires(std::is_invocable_r_v<Tensor, const F&, const Tensor&> && !std::is_convertible_v<const F&, std::string_view>)
      Activation(F function)
      : function_([function = std::move(function)](const Tensor& x) {
          const UserCodeScope user;
          return function(x);
        }),
        name_("function") {}

  Activation(const Activation&);
  Activation(Activation&&) noexcept;
  Activation& operator=(const Activation&);
  Activation& operator=(Activation&&) noexcept;
  ~Activation();

  /// Its value for x; x itself for none.
  Tensor operator()(const TensorArg& x) const;
  /// The name, also of an op that has one; "function" for a function, "" for none.
  const std::string& name() const noexcept { return name_; }

 private:
  std::function<Tensor(const Tensor&)> function_;
  std::string name_;
};

}  // namespace chainrule::nn
