// Module: the base class of layers and models.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/module/hooks.h"
#include "nn/module/members.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

class Cloner;
class Config;
class Layer;
class Module;
class Sequential;
class Symbol;

/// While an object of this class exists, every module called in this thread behaves as in evaluation mode, whatever its own mode is. Use
/// it to evaluate a shared model without changing it.
class EvalScope {
 public:
  /// Starts the scope, which ends when the object is destroyed.
  [[nodiscard]] EvalScope() noexcept;
  /// Ends the scope.
  ~EvalScope();
  EvalScope(const EvalScope&) = delete;
  EvalScope& operator=(const EvalScope&) = delete;

  /// Returns true if an EvalScope exists in this thread.
  static bool in_force() noexcept;

 private:
  bool outer_;
};

/// The base class of layers and models: a function with parameters. A custom module derives from it, implements `forward` and reports its
/// members:
///
///     struct Residual : nn::Module {
///       nn::Dense fc1{64, 64}, fc2{64, 64};
///       cr::Tensor forward(const cr::Tensor& x) const override { return x + fc2(cr::relu(fc1(x))); }
///       void members(nn::Members& visit) override { visit("fc1", fc1); visit("fc2", fc2); }
///     };
///
/// Modules can be moved, but not copied: a Layer shares a module, clone() copies it. Calling a module does not change it, so several
/// threads may call it at the same time. Exceptions are documented at the layer, such as BatchNorm in training mode.
///
/// In the descriptions below, "all parameters" means those of the module itself and of all modules below it: its children, their children,
/// and so on. An "example" is one entry of a batch: an input of shape [n, ...] holds n examples of shape [...].
class Module {
 public:
  /// Destructor.
  virtual ~Module();

  /// Computes the output for x. Call a module through operator(), which adds the caller's line and the path of the module to errors.
  virtual Tensor forward(const Tensor& x) const = 0;

  /// Computes the outputs for a list of inputs. The default returns {forward(x)} for a single input; a MultiModule overrides it. Call a
  /// module through operator().
  virtual std::vector<Tensor> forward_many(const std::vector<Tensor>& inputs) const;

  /// Returns forward(x). Errors begin with the path of the module in which they occur, `mlp.2 (Dense 256 -> 10): linear: ...`, and name the
  /// line of the innermost call outside the library.
  /// @throws std::invalid_argument if the module has more than one input or output.
  Tensor operator()(const TensorArg& x) const;

  /// Returns forward_many(inputs): output_count() Tensors for input_count() inputs.
  /// @throws std::invalid_argument for another number of inputs.
  /// @throws std::logic_error if forward_many returns another number of outputs.
  /// @{
  std::vector<Tensor> operator()(const std::vector<Tensor>& inputs, SourceLine line = SourceLine::current()) const;
  std::vector<Tensor> operator()(std::initializer_list<Tensor> inputs, SourceLine line = SourceLine::current()) const;
  /// @}

  /// Returns the number of inputs: 1, unless the module is a MultiModule.
  virtual std::size_t input_count() const noexcept { return 1; }
  /// Returns the number of outputs: 1, unless the module is a MultiModule.
  virtual std::size_t output_count() const noexcept { return 1; }

  /// Reports all children, parameters and buffers to `visit`. The default reports none. It must not change anything, because it is also
  /// called for const modules.
  virtual void members(Members& visit);

  /// Returns a short description such as "Dense 256 -> 10". The default is the name of the type.
  virtual std::string describe() const;

  /// Returns the name given by set_name(); empty by default. Errors use it for the outermost module, and a Model uses it as the name of the
  /// layer.
  const std::string& name() const noexcept { return name_; }
  /// Sets the name and returns *this.
  Module& set_name(std::string_view name);

  /// Returns all parameters in the order of members(), each once, including those that do not require grad.
  std::vector<Tensor> parameters(SourceLine line = SourceLine::current()) const;
  /// Returns all parameters with their paths, such as `block.fc1.weight`. A parameter that occurs twice is listed under its first path.
  std::vector<NamedTensor> named_parameters(SourceLine line = SourceLine::current()) const;
  /// Returns all buffers with their paths, each once.
  std::vector<NamedTensor> named_buffers(SourceLine line = SourceLine::current()) const;
  /// Returns all parameters that require grad, for an optimizer.
  std::vector<Tensor> trainable_parameters(SourceLine line = SourceLine::current()) const;
  /// Returns the number of elements of all parameters.
  std::int64_t parameter_count(SourceLine line = SourceLine::current()) const;
  /// Returns the number of elements of all parameters that require grad.
  std::int64_t trainable_parameter_count(SourceLine line = SourceLine::current()) const;

  /// Freezes (false) or unfreezes (true) all parameters that exist, and returns *this. Parameters that build() makes later require grad. An
  /// existing optimizer keeps its list of parameters; it does not change a frozen parameter that has no gradient.
  Module& set_requires_grad(bool on, SourceLine line = SourceLine::current());

  /// Returns a deep copy that shares no Tensor with this module. The copy has the same structure, values, requires_grad flags, names and
  /// mode. Sharing is preserved: a Tensor or Layer that is used in two places is also a single one in the copy.
  ///
  /// Gradients and hooks are not copied. A Generator that was given by pointer is used by both modules. A custom function object is copied
  /// with its copy constructor. The state of default_generator() does not change.
  /// @throws std::logic_error if a custom module does not override copy_structure(), or if its override returns a module with other members
  /// or another description.
  Layer clone(SourceLine line = SourceLine::current()) const;

  /// Registers a function that is called before each call of forward through operator(), after the number of inputs was checked. It may
  /// replace the inputs. Hooks run in the order in which they were added. Errors that occur in a hook name the line in the hook. Hooks
  /// move with the module, and build() does not call them.
  ///
  /// Hooks must not be added or removed while another thread calls the module. Several threads may call the module at the same time if its
  /// hooks are safe for that.
  /// @return A handle that can remove the hook.
  /// @throws std::invalid_argument for an empty function.
  HookHandle before_forward(BeforeForward hook, SourceLine line = SourceLine::current());
  /// Registers a function that is called after each call of forward, in the same way. It receives the inputs that forward received, and may
  /// replace the outputs.
  /// @return A handle that can remove the hook.
  /// @throws std::invalid_argument for an empty function.
  HookHandle on_forward(OnForward hook, SourceLine line = SourceLine::current());

  /// Returns all parameters and buffers with their paths, in the order of members(): the complete state of the module. The Tensors share
  /// their values with the module.
  std::vector<NamedTensor> state(SourceLine line = SourceLine::current()) const;
  /// Copies values into the parameters and buffers. The module keeps its Tensor objects, so optimizers stay valid. On an error nothing is
  /// changed.
  /// @throws std::invalid_argument with every path that is missing, unknown or given twice, or whose Tensor has another shape or dtype.
  void load_state(const std::vector<NamedTensor>& state, SourceLine line = SourceLine::current());
  /// Same as state().
  std::vector<NamedTensor> state_dict(SourceLine line = SourceLine::current()) const { return state(line); }
  /// Same as load_state(state).
  void load_state_dict(const std::vector<NamedTensor>& state, SourceLine line = SourceLine::current()) { load_state(state, line); }

  /// Makes the parameters of all layers whose input size was left open, such as Dense(64), by inferring the sizes from the shape of one
  /// example of the input. Returns the shape of one example of the output. For a module with open layers, call it before parameters(),
  /// to(), and before you make an optimizer.
  /// @throws std::invalid_argument if the shape does not fit the module.
  Shape build(const Shape& example, SourceLine line = SourceLine::current());
  /// Same as build(), for a module with several inputs or outputs.
  /// @throws std::invalid_argument for another number of shapes than input_count(), or if a shape does not fit the module.
  std::vector<Shape> build_many(const std::vector<Shape>& examples, SourceLine line = SourceLine::current());

  /// Sets training mode (true) or evaluation mode (false) for this module and all modules below. The mode decides how layers such as
  /// Dropout and BatchNorm behave. New modules are in training mode.
  void train(bool on = true);
  /// Sets evaluation mode; same as train(false).
  void eval() { train(false); }
  /// Returns true if the module behaves as in training mode: it is in training mode, and no EvalScope exists in this thread.
  bool is_training() const noexcept { return training_ && !EvalScope::in_force(); }

  /// Returns true if this module itself, not counting its children, lacks parameters that build() would make.
  virtual bool is_open() const noexcept { return false; }
  /// Returns true if is_open() is true for this module or for any module below.
  bool needs_build() const;

  /// Converts all parameters and buffers of a floating dtype to `dtype`. Because a Tensor cannot change its dtype, the module has new
  /// Tensors afterwards, without gradients. Make optimizers after this call.
  /// @throws std::invalid_argument for int64.
  void to(DType dtype, SourceLine line = SourceLine::current());
  /// Removes the gradients of all parameters.
  void zero_grad(SourceLine line = SourceLine::current());

 protected:
  /// Constructor for derived classes.
  Module() noexcept;
  /// Modules can be moved, but not copied. The constructor is protected, because only an object of a complete type can be moved.
  Module(Module&&) noexcept;
  /// Modules can be moved, but not copied.
  Module& operator=(Module&&) noexcept;

  /// Returns a new module of the same type with the same members, for clone(). The values, open sizes, names and mode of the new module may
  /// be arbitrary, because clone() sets them. A custom module overrides this function, usually in one line, to support clone():
  ///
  ///     std::shared_ptr<nn::Module> copy_structure(nn::Cloner&) const override { return std::make_shared<Residual>(); }
  ///
  /// A module that received Layers in its constructor copies them with the Cloner; see clone.h.
  virtual std::shared_ptr<Module> copy_structure(Cloner& cloner) const;
  /// Copies settings that neither copy_structure() nor members() covers, such as a size that build() inferred. clone() calls it on the
  /// copy. `original` has the same type as *this. The default does nothing.
  virtual void copy_settings(const Module& original);
  /// Stores the constructor arguments of this module in `config`, for model files; see config.h, register_module() and save_model(). The
  /// default stores nothing.
  virtual void config(Config& config) const;

  /// Implements build(). The default runs forward() on one example of zeros, in evaluation mode and without recording, and returns the
  /// shape of the result. Override it in a module with int64 inputs or with children whose input size may be open; the override calls
  /// build() of the children.
  virtual Shape on_build(const Shape& example);
  /// Implements build_many(). The default calls on_build().
  virtual std::vector<Shape> on_build_many(const std::vector<Shape>& examples);
  /// Runs the module on one example of zeros for each input, in evaluation mode and without recording. Returns the shape of one example of
  /// each output.
  std::vector<Shape> try_zeros(const std::vector<Shape>& examples);

 private:
  // For a layer graph: calls build_many(), then runs the module on one example of zeros for each input, in evaluation mode and without
  // recording, and returns the results. Errors mention what the module comes `after`.
  std::vector<Tensor> build_after(const std::string& after, const std::vector<Tensor>& zeros, const SourceLine& line);
  // For a Sequential: build() of a module that follows the module described by `after`; "" for none.
  Shape build_after(const std::string& after, const Shape& example);
  void require_outputs(std::size_t got, const SourceLine& line) const;

  // What operator() calls: forward() and forward_many() within a scope in which errors name the user's own lines.
  virtual Tensor run(const Tensor& x) const;
  virtual std::vector<Tensor> run_many(const std::vector<Tensor>& inputs) const;

  void require_inputs(std::size_t got, const SourceLine& line) const;
  std::shared_ptr<Module> copy_unfilled(Cloner& cloner) const;
  HookList& hooks();
  template <class Run>
  std::vector<Tensor> run_hooked(std::vector<Tensor> inputs, Run run) const;

  friend class Cloner;
  friend class Members;
  friend class ModuleFile;
  friend class Sequential;
  friend class Symbol;

  std::string name_;
  std::shared_ptr<HookList> hooks_;  // nullptr if there are none
  bool training_ = true;
};

/// Writes summary(module), declared in nn/graph/summary.h. Sizes that depend on the shape of an example are omitted or shown as `?`.
std::ostream& operator<<(std::ostream& out, const Module& module);

/// Base class of modules with several inputs or outputs. Their numbers are passed to the constructor:
///
///     struct TwoTowers : nn::MultiModule {
///       nn::Dense left{8, 4}, right{6, 4};
///       TwoTowers() : MultiModule(2, 1) {}
///       std::vector<cr::Tensor> forward_many(const std::vector<cr::Tensor>& x) const override { return {left(x[0]) * right(x[1])}; }
///       void members(nn::Members& visit) override { visit("left", left); visit("right", right); }
///     };
///
///     std::vector<cr::Tensor> y = model({a, b});
class MultiModule : public Module {
 public:
  /// Computes the outputs for a list of inputs. Call the module through operator(), which checks their numbers.
  std::vector<Tensor> forward_many(const std::vector<Tensor>& inputs) const override = 0;
  /// Returns the output for x if the module has one input and one output.
  /// @throws std::invalid_argument otherwise.
  Tensor forward(const Tensor& x) const final;
  /// Returns the number of inputs that was given to the constructor.
  std::size_t input_count() const noexcept final { return inputs_; }
  /// Returns the number of outputs that was given to the constructor.
  std::size_t output_count() const noexcept final { return outputs_; }

 protected:
  /// Sets the numbers of inputs and outputs.
  /// @throws std::invalid_argument if one of them is 0.
  MultiModule(std::size_t inputs, std::size_t outputs, SourceLine line = SourceLine::current());
  /// Modules can be moved, but not copied.
  MultiModule(MultiModule&&) = default;
  /// Modules can be moved, but not copied.
  MultiModule& operator=(MultiModule&&) = default;

  /// Implements build() by calling on_build_many().
  /// @throws std::invalid_argument if the module has more than one input or output.
  Shape on_build(const Shape& example) final;
  /// Implements build_many(). The default runs forward_many() on one example of zeros for each input, in evaluation mode and without
  /// recording.
  std::vector<Shape> on_build_many(const std::vector<Shape>& examples) override;

 private:
  Tensor run(const Tensor& x) const final;
  std::vector<Tensor> run_many(const std::vector<Tensor>& inputs) const override;

  std::size_t inputs_, outputs_;
};

/// Base class of the library's own layers, which derive from it through BuiltInLayer (built_in_layer.h). Errors that occur in such a layer
/// name the line that called it; errors in a custom module name the line within its `forward`.
class BuiltIn : public Module {
 public:
  using Module::operator();
  /// Calls the layer on a value of a layer graph (see symbol.h) and returns the result. The layer is moved into the graph; to use a layer
  /// more than once, make it a Layer first.
  template <std::same_as<Symbol> S>
  S operator()(const S& x, SourceLine line = SourceLine::current()) && {
    return call_on(x, line);
  }
  /// Rejects the call at compile time: a named object would have to be copied. Call a temporary, `Dense(8)(x)`, or a Layer.
  template <std::same_as<Symbol> S>
  S operator()(const S&, SourceLine = SourceLine::current()) const& {
    static_assert(!std::same_as<S, S>, "a layer moves into a layer graph: call a temporary, `Dense(8)(x)`, or a shared `Layer`");
  }

 protected:
  /// Constructor for derived classes.
  BuiltIn() noexcept;
  /// Modules can be moved, but not copied.
  BuiltIn(BuiltIn&&) noexcept;
  /// Modules can be moved, but not copied.
  BuiltIn& operator=(BuiltIn&&) noexcept;
  /// Destructor.
  ~BuiltIn() override;

  /// Implements copy_structure(): returns what `make` makes from the settings that config() stores. `type` is the type that it makes.
  /// @throws std::logic_error if this module has another type, derived from `type`.
  std::shared_ptr<Module> copy_with(const std::type_info& type, std::unique_ptr<Module> (*make)(const Config& config)) const;

 private:
  // Moves this module into a new one of the same type.
  virtual std::unique_ptr<Module> moved() = 0;

  Symbol call_on(const Symbol& x, const SourceLine& line);
  Tensor run(const Tensor& x) const final;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
