// Module: anything with parameters that maps a Tensor to a Tensor, and what can be done with all of them alike.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/module/hooks.h"
#include "nn/module/members.h"

namespace chainrule::nn {

class Cloner;
class Config;
class Layer;
class Module;
class Sequential;
class Symbol;

/// Makes every module behave as in eval in this thread until it ends: a shared model can be evaluated without being changed.
class EvalScope {
 public:
  /// In force from here to its end.
  [[nodiscard]] EvalScope() noexcept;
  ~EvalScope();
  EvalScope(const EvalScope&) = delete;
  EvalScope& operator=(const EvalScope&) = delete;

  /// Whether one is, in this thread.
  static bool in_force() noexcept;

 private:
  bool outer_;
};

/// A function with parameters. A module of one's own derives from it, gives `forward` and names its members:
///
///     struct Residual : nn::Module {
///       nn::Dense fc1{64, 64}, fc2{64, 64};
///       cr::Tensor forward(const cr::Tensor& x) const override { return x + fc2(cr::relu(fc1(x))); }
///       void members(nn::Members& visit) override { visit("fc1", fc1); visit("fc2", fc2); }
///     };
///
/// Moves and does not copy (a Layer shares, clone() copies). Calling one writes nothing to it: many threads may.
class Module {
 public:
  virtual ~Module();

  /// The value for x. Called through operator(), which names the caller's line and the module's path in errors.
  virtual Tensor forward(const Tensor& x) const = 0;

  /// The values for several inputs. By default {forward(x)} of the only one; a MultiModule gives its own. Called through operator().
  virtual std::vector<Tensor> forward_many(const std::vector<Tensor>& inputs) const;

  /// forward(x). An error thrown beneath begins with the path of the module that met it, `mlp.2 (Dense 256 -> 10): linear: ...`, and names
  /// the line of the innermost call that is not the library's.
  /// @throws std::invalid_argument where it takes or gives more than one.
  Tensor operator()(const TensorArg& x) const;
  /// forward_many(inputs), as many as input_count() says; gives output_count() Tensors.
  /// @throws std::invalid_argument for another number of inputs; std::logic_error where forward_many gives another number.
  std::vector<Tensor> operator()(const std::vector<Tensor>& inputs, SourceLine line = SourceLine::current()) const;
  std::vector<Tensor> operator()(std::initializer_list<Tensor> inputs, SourceLine line = SourceLine::current()) const;

  /// How many Tensors it takes and gives: 1 each, but for a MultiModule.
  virtual std::size_t input_count() const noexcept { return 1; }
  virtual std::size_t output_count() const noexcept { return 1; }

  /// Names children, parameters and buffers to `visit`; without it there are none. Only names them: it is also called on const modules.
  virtual void members(Members& visit);

  /// What it is, in a few words: "Dense 256 -> 10". By default the name of its type.
  virtual std::string describe() const;

  /// How errors call it when it is the outermost; "" until set.
  const std::string& name() const noexcept { return name_; }
  Module& set_name(std::string_view name);

  /// The parameters beneath in the order of members(), each once, also those that do not require grad.
  std::vector<Tensor> parameters(SourceLine line = SourceLine::current()) const;
  /// The same with their paths, such as `block.fc1.weight`; one met twice has the first.
  std::vector<NamedTensor> named_parameters(SourceLine line = SourceLine::current()) const;
  /// The buffers beneath with their paths, each once.
  std::vector<NamedTensor> named_buffers(SourceLine line = SourceLine::current()) const;
  /// Those that require grad, for an optimizer.
  std::vector<Tensor> trainable_parameters(SourceLine line = SourceLine::current()) const;
  /// The number of elements of all parameters.
  std::int64_t parameter_count(SourceLine line = SourceLine::current()) const;
  /// The number of elements of those that require grad.
  std::int64_t trainable_parameter_count(SourceLine line = SourceLine::current()) const;

  /// Freezes (false) or unfreezes every parameter there is beneath; those that build() makes later require grad. An optimizer made before
  /// goes on with what it was given: a frozen parameter without gradient stays as it is.
  Module& set_requires_grad(bool on, SourceLine line = SourceLine::current());

  /// A deep copy that shares no Tensor with this one: the same structure, values, requires_grad, names and mode. What was one Tensor or one
  /// Layer in two places is one in the copy. Gradients and hooks are not copied; a Generator that was given by pointer is drawn from by
  /// both, and a function of one's own is copied as C++ copies it. default_generator() is left as it is.
  /// @throws std::logic_error where a module beneath does not say how to make another of itself, see copy_structure(), or makes one that
  /// has other members or describe()s itself otherwise.
  Layer clone(SourceLine line = SourceLine::current()) const;

  /// Calls `hook` before each forward through operator(), once the number of inputs is checked; it may replace the inputs. Several run in
  /// the order they were added. What they call names their own lines in errors. Hooks move with the module. To add and remove them while
  /// other threads call the module is not allowed; that several threads call it is, if the hooks are made for it. build() calls none.
  /// @throws std::invalid_argument for an empty function.
  HookHandle before_forward(BeforeForward hook, SourceLine line = SourceLine::current());
  /// The same after each forward; it may replace the outputs. The inputs are those that forward had.
  HookHandle on_forward(OnForward hook, SourceLine line = SourceLine::current());

  /// Parameters and buffers with their paths, in the order of members(): all that a copy needs. The Tensors are the module's own.
  std::vector<NamedTensor> state(SourceLine line = SourceLine::current()) const;
  /// Copies values into the parameters and buffers, which stay the Tensors they are: optimizers go on. All or nothing.
  /// @throws std::invalid_argument naming each path that is missing or unknown, or whose shape or dtype differs.
  void load_state(const std::vector<NamedTensor>& state, SourceLine line = SourceLine::current());
  /// Same as state().
  std::vector<NamedTensor> state_dict(SourceLine line = SourceLine::current()) const { return state(line); }
  /// Same as load_state(state).
  void load_state_dict(const std::vector<NamedTensor>& state, SourceLine line = SourceLine::current()) { load_state(state, line); }

  /// Returns the shape of one example of the result, from that of one example of the input (without n); layers beneath whose input size was
  /// left open make their parameters. Before parameters(), optimizers and to().
  /// @throws std::invalid_argument where the shape does not fit.
  Shape build(const Shape& example, SourceLine line = SourceLine::current());
  /// The same of each result, from one example of each input.
  std::vector<Shape> build_many(const std::vector<Shape>& examples, SourceLine line = SourceLine::current());

  /// Sets whether it and all beneath behave as in training (dropout, batch statistics); so at first.
  void train(bool on = true);
  void eval() { train(false); }
  /// Whether it does so in this thread now: not while an EvalScope is in force.
  bool is_training() const noexcept { return training_ && !EvalScope::in_force(); }

  /// Whether it, regardless of those beneath, lacks parameters that build() would make.
  virtual bool is_open() const noexcept { return false; }
  /// Whether it or any module beneath does.
  bool needs_build() const;

  /// Makes every parameter and buffer of a floating dtype one of `dtype`. A Tensor cannot change its dtype, so these are other Tensors
  /// afterwards, without gradient: make optimizers after it.
  /// @throws std::invalid_argument for int64.
  void to(DType dtype, SourceLine line = SourceLine::current());
  /// Forgets the gradient of every parameter.
  void zero_grad(SourceLine line = SourceLine::current());

 protected:
  Module() noexcept;
  Module(Module&&) noexcept;
  Module& operator=(Module&&) noexcept;

  /// Another module of the same type and the same members, whose values, open sizes, names and mode need not be right: clone() sees to
  /// them. A module of one's own gives it to be copied, in one line:
  ///
  ///     std::shared_ptr<nn::Module> copy_structure(nn::Cloner&) const override { return std::make_shared<Residual>(); }
  ///
  /// Layers that were given to it go through the Cloner.
  virtual std::shared_ptr<Module> copy_structure(Cloner& cloner) const;
  /// Called on the copy for what neither copy_structure() nor members() covers, such as a size that build() learned. `original` is of the
  /// same type. By default nothing.
  virtual void copy_settings(const Module& original);
  /// Sets in `config` what the constructor needs, for files: see config.h, register_module() and save_model(). By default nothing.
  virtual void config(Config& config) const;

  /// What build() does. By default forward() on one example of zeros, as in eval and unrecorded: a module with children of open size or
  /// with int64 input gives its own, which calls build() of its children.
  virtual Shape on_build(const Shape& example);
  /// What build_many() does; the same way.
  virtual std::vector<Shape> on_build_many(const std::vector<Shape>& examples);
  /// The shapes that forward gives for one example of zeros each, as in eval and unrecorded.
  std::vector<Shape> try_zeros(const std::vector<Shape>& examples);

 private:
  // For a layer graph: build_many() and then the results for one example of zeros each, as in eval and unrecorded. Errors say what the
  // module comes `after`.
  std::vector<Tensor> build_after(const std::string& after, const std::vector<Tensor>& zeros, const SourceLine& line);
  // For a Sequential: build() of a module that comes `after` another, "" for none.
  Shape build_after(const std::string& after, const Shape& example);
  void require_outputs(std::size_t got, const SourceLine& line) const;

  // forward() and forward_many() as operator() calls them: a user's name their own lines.
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
  std::shared_ptr<HookList> hooks_;  // none: nullptr
  bool training_ = true;
};

/// Prints summary(module) of nn/graph/summary.h: what is not known without the shape of an example is left out, or shown as `?`.
std::ostream& operator<<(std::ostream& out, const Module& module);

/// A module of several inputs or outputs, told to the constructor:
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
  std::vector<Tensor> forward_many(const std::vector<Tensor>& inputs) const override = 0;
  /// Where it takes one and gives one.
  Tensor forward(const Tensor& x) const final;
  std::size_t input_count() const noexcept final { return inputs_; }
  std::size_t output_count() const noexcept final { return outputs_; }

 protected:
  /// @throws std::invalid_argument for none of either.
  MultiModule(std::size_t inputs, std::size_t outputs, SourceLine line = SourceLine::current());
  MultiModule(MultiModule&&) = default;
  MultiModule& operator=(MultiModule&&) = default;

  Shape on_build(const Shape& example) final;
  /// By default forward_many() on one example of zeros each, as in eval and unrecorded.
  std::vector<Shape> on_build_many(const std::vector<Shape>& examples) override;

 private:
  Tensor run(const Tensor& x) const final;
  std::vector<Tensor> run_many(const std::vector<Tensor>& inputs) const override;

  std::size_t inputs_, outputs_;
};

/// What the layers of the library derive from: errors within one name the line that called it.
class BuiltIn : public Module {
 public:
  using Module::operator();
  /// The layer in a layer graph (see symbol.h), moved there; one to be used twice is made a Layer first.
  template <std::same_as<Symbol> S>
  S operator()(const S& x, SourceLine line = SourceLine::current()) && {
    return call_on(x, line);
  }
  template <std::same_as<Symbol> S>
  S operator()(const S&, SourceLine = SourceLine::current()) const& {
    static_assert(!std::same_as<S, S>, "a layer moves into a layer graph: call a temporary, `Dense(8)(x)`, or a shared `Layer`");
  }

 protected:
  BuiltIn() noexcept;
  BuiltIn(BuiltIn&&) noexcept;
  BuiltIn& operator=(BuiltIn&&) noexcept;
  ~BuiltIn() override;

  /// What make_shared<M>(...) does, without code for each M: `own(new M(...))`.
  static std::shared_ptr<Module> own(Module* module);

 private:
  // A module of the same type with all that this one had.
  virtual std::shared_ptr<Module> moved() = 0;

  Symbol call_on(const Symbol& x, const SourceLine& line);
  Tensor run(const Tensor& x) const final;
};

}  // namespace chainrule::nn
