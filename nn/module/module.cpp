#include "nn/module/module.h"

#include <algorithm>
#include <map>
#include <set>
#include <typeinfo>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "autograd/base/check.h"
#include "autograd/base/context.h"
#include "autograd/graph/grad_mode.h"
#include "autograd/ops/create.h"
#include "autograd/ops/update.h"
#include "nn/module/config.h"
#include "nn/module/hook_list.h"
#include "nn/module/layer.h"

#if __has_include(<cxxabi.h>)
#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#endif

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;
using detail::throw_misuse;

namespace {

// A call of a module that is in progress; it lives on the stack.
struct Call {
  const Module& module;
  const Call* outer;
  // During build(), if known: what the module comes after; and in a layer graph, one example of each input.
  const std::string* after = nullptr;
  const std::vector<Tensor>* examples = nullptr;
};

constinit thread_local const Call* innermost_call = nullptr;
constinit thread_local bool trying_zeros = false;

// Functions that only look at members may start from a const module, because members() only reports them.
Module& nameable(const Module& module) { return const_cast<Module&>(module); }

class PathFinder : public Members {
 public:
  PathFinder(const Module& root, const Module& wanted) : wanted_(wanted) { walk(nameable(root)); }
  const std::string& path() const noexcept { return path_; }

 private:
  void on_module(const std::string& path, Module& module) override {
    if (&module == &wanted_) path_ = path;
  }

  const Module& wanted_;
  std::string path_;
};

// A call's part of the path in an error: the name of the module within its caller, and the description of the module if it called no other.
std::string place_of(const void* object) {
  const Call& call = *static_cast<const Call*>(object);
  std::string name = call.outer == nullptr ? call.module.name() : PathFinder(call.outer->module, call.module).path();
  std::string place = call.module.describe();
  if (!name.empty()) place = &call == innermost_call ? name + " (" + place + ")" : std::move(name);
  if (&call != innermost_call) return place;
  const Call* told = &call;
  while (told != nullptr && told->after == nullptr) told = told->outer;
  return told == nullptr ? place : place + " after " + *told->after;
}

class CallGuard {
 public:
  explicit CallGuard(const Module& module, const std::string* after = nullptr, const std::vector<Tensor>* examples = nullptr) noexcept
      : call_{module, innermost_call, after, examples}, place_(&call_, place_of) {
    innermost_call = &call_;
  }
  ~CallGuard() { innermost_call = call_.outer; }
  CallGuard(const CallGuard&) = delete;
  CallGuard& operator=(const CallGuard&) = delete;

 private:
  Call call_;
  ErrorPathScope place_;
};

// Suppresses hooks while build() runs a module.
class TryingZeros {
 public:
  TryingZeros() noexcept : outer_(std::exchange(trying_zeros, true)) {}
  ~TryingZeros() { trying_zeros = outer_; }
  TryingZeros(const TryingZeros&) = delete;
  TryingZeros& operator=(const TryingZeros&) = delete;

 private:
  bool outer_;
};

// Collects parameters, buffers or both, each once, in the order in which they are visited.
class Collector : public Members {
 public:
  Collector(const Module& root, bool parameters, bool buffers) : parameters_(parameters), buffers_(buffers) { walk(nameable(root)); }
  std::vector<NamedTensor> take() { return std::move(found_); }

 private:
  void on_parameter(const std::string& path, Tensor& parameter) override {
    if (parameters_) collect(path, parameter);
  }
  void on_buffer(const std::string& path, Tensor& tensor) override {
    if (buffers_) collect(path, tensor);
  }
  void collect(const std::string& path, const Tensor& tensor) {
    if (met_.insert(tensor.id()).second) found_.push_back({path, tensor});
  }

  bool parameters_, buffers_;
  std::vector<NamedTensor> found_;
  std::unordered_set<const void*> met_;
};

class Caster : public Members {
 public:
  Caster(Module& root, DType dtype) : dtype_(dtype) { walk(root); }

 private:
  void on_parameter(const std::string&, Tensor& parameter) override { cast(parameter); }
  void on_buffer(const std::string&, Tensor& tensor) override {
    if (is_floating(tensor.dtype())) cast(tensor);
  }

  // A Tensor that occurs in two places is replaced by one new Tensor in both.
  void cast(Tensor& slot) {
    if (slot.dtype() == dtype_) return;
    Done& done = done_[slot.id()];
    if (!done.converted.defined()) {
      done.original = slot;
      done.converted = slot.detach().to(dtype_);
      done.converted.set_requires_grad(slot.requires_grad()).set_name(slot.name());
    }
    slot = done.converted;
  }

  struct Done {
    Tensor original;  // kept, so that no other Tensor gets its id
    Tensor converted;
  };

  DType dtype_;
  std::unordered_map<const void*, Done> done_;
};

// The name of a type without its namespace.
std::string name_of(const std::type_info& type) {
  std::string name = type.name();
#if __has_include(<cxxabi.h>)
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> plain(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
  if (plain != nullptr) name = plain.get();
#endif
  const std::size_t scope = name.substr(0, name.find('<')).rfind("::");
  return scope == std::string::npos ? name : name.substr(scope + 2);
}

[[noreturn]] void refuse_copy(const std::string& made, const std::string& type) {
  throw_misuse("clone",
               text("copy_structure returned a ", made, ", expected a ", type, ": add to ", type, " the member `",
                    "std::shared_ptr<nn::Module> copy_structure(nn::Cloner&) const override { return std::make_shared<", type, ">(); }`, ",
                    "with the arguments of its constructor"),
               SourceLine::current());
}

std::string count_of(std::size_t count, const char* what) { return text(count, " ", what, count == 1 ? "" : "s"); }

std::string kind_and_shape(const Tensor& tensor) { return text(tensor.dtype(), " ", tensor.shape()); }

}  // namespace

EvalScope::EvalScope() noexcept : outer_(std::exchange(detail::thread_context.evaluates, true)) {}

EvalScope::~EvalScope() { detail::thread_context.evaluates = outer_; }

bool EvalScope::in_force() noexcept { return detail::thread_context.evaluates; }

Module::Module() noexcept = default;
Module::Module(Module&&) noexcept = default;
Module& Module::operator=(Module&&) noexcept = default;
Module::~Module() = default;

Tensor Module::operator()(const TensorArg& x) const {
  const CallerScope caller(x.line());
  const CallGuard guard(*this);
  if (hooks_ != nullptr) [[unlikely]] {
    return run_hooked({x.tensor()}, [this](const std::vector<Tensor>& inputs) { return std::vector<Tensor>{run(inputs.front())}; }).front();
  }
  return run(x.tensor());
}

std::vector<Tensor> Module::operator()(const std::vector<Tensor>& inputs, SourceLine line) const {
  const CallerScope caller(line);
  const CallGuard guard(*this);
  require_inputs(inputs.size(), line);
  const auto checked = [&](const std::vector<Tensor>& given) {
    std::vector<Tensor> outputs = run_many(given);
    require_outputs(outputs.size(), line);
    return outputs;
  };
  return hooks_ == nullptr ? checked(inputs) : run_hooked(inputs, checked);
}

template <class Run>
std::vector<Tensor> Module::run_hooked(std::vector<Tensor> inputs, Run run) const {
  if (trying_zeros) return run(inputs);
  const std::shared_ptr<const HookList> hooks = hooks_;
  hooks->call_before(*this, inputs);
  std::vector<Tensor> outputs = run(inputs);
  hooks->call_after(*this, inputs, outputs);
  return outputs;
}

std::vector<Tensor> Module::operator()(std::initializer_list<Tensor> inputs, SourceLine line) const {
  return (*this)(std::vector<Tensor>(inputs), line);
}

std::vector<Tensor> Module::forward_many(const std::vector<Tensor>& inputs) const {
  require_inputs(inputs.size(), SourceLine::current());
  return {forward(inputs.front())};
}

HookList& Module::hooks() {
  if (hooks_ == nullptr) hooks_ = std::make_shared<HookList>();
  return *hooks_;
}

HookHandle Module::before_forward(BeforeForward hook, SourceLine line) {
  if (!hook) throw_invalid("before_forward", "got an empty function", line);
  const std::uint64_t number = hooks().add(std::move(hook));
  return {hooks_, number};
}

HookHandle Module::on_forward(OnForward hook, SourceLine line) {
  if (!hook) throw_invalid("on_forward", "got an empty function", line);
  const std::uint64_t number = hooks().add(std::move(hook));
  return {hooks_, number};
}

Tensor Module::run(const Tensor& x) const {
  const UserCodeScope user;
  return forward(x);
}

std::vector<Tensor> Module::run_many(const std::vector<Tensor>& inputs) const { return {run(inputs.front())}; }

void Module::require_inputs(std::size_t got, const SourceLine& line) const {
  if (got != input_count()) throw_invalid("forward", text("got ", count_of(got, "input"), ", expected ", input_count()), line);
}

void Module::require_outputs(std::size_t got, const SourceLine& line) const {
  if (got != output_count()) throw_misuse("forward_many", text("returned ", count_of(got, "output"), ", expected ", output_count()), line);
}

Shape Module::build(const Shape& example, SourceLine line) {
  const CallerScope caller(line);
  const CallGuard guard(*this);
  return on_build(example);
}

std::vector<Shape> Module::build_many(const std::vector<Shape>& examples, SourceLine line) {
  const CallerScope caller(line);
  const CallGuard guard(*this);
  if (examples.size() != input_count())
    throw_invalid("build", text("got shapes of ", count_of(examples.size(), "input"), ", expected ", input_count()), line);
  return on_build_many(examples);
}

Shape Module::build_after(const std::string& after, const Shape& example) {
  const CallGuard guard(*this, after.empty() ? nullptr : &after);
  return on_build(example);
}

std::vector<Tensor> Module::build_after(const std::string& after, const std::vector<Tensor>& zeros, const SourceLine& line) {
  const CallerScope caller(line);
  const CallGuard guard(*this, &after, &zeros);
  require_inputs(zeros.size(), line);
  std::vector<Shape> examples;
  for (const Tensor& x : zeros) examples.push_back(x.shape());
  for (Shape& example : examples) example.erase(0);
  const std::vector<Shape> built = on_build_many(examples);
  require_outputs(built.size(), line);
  const NoGrad no_grad;
  const EvalScope eval;
  const TryingZeros trying;
  std::vector<Tensor> outputs = run_many(zeros);
  require_outputs(outputs.size(), line);
  for (std::size_t i = 0; i < built.size(); ++i) {
    Shape batch = built[i];
    batch.insert(0, 1);
    if (outputs[i].shape() != batch)
      throw_misuse(
          "build",
          text("on_build returned ", built[i], ", but forward returned ", outputs[i].shape(), " for one example, expected ", batch), line);
  }
  return outputs;
}

std::vector<Shape> Module::try_zeros(const std::vector<Shape>& examples) {
  const NoGrad no_grad;
  const EvalScope eval;
  const TryingZeros trying;
  const std::vector<Tensor> own = parameters();
  std::vector<Tensor> inputs;
  for (Shape batch : examples) {
    batch.insert(0, 1);
    // In a layer graph the dtypes are known.
    const bool known = innermost_call != nullptr && &innermost_call->module == this && innermost_call->examples != nullptr;
    const DType dtype = known ? (*innermost_call->examples)[inputs.size()].dtype() : own.empty() ? default_dtype() : own.front().dtype();
    inputs.push_back(zeros(batch, dtype));
  }
  std::vector<Shape> shapes;
  for (const Tensor& y : run_many(inputs)) {
    Shape shape = y.shape();
    if (shape.rank() == 0 || shape[0] != 1)
      throw_invalid("build", text("forward returned ", shape, " for one example of shape ", examples.front(), ", expected [1, ...]"),
                    SourceLine::current());
    shape.erase(0);
    shapes.push_back(shape);
  }
  return shapes;
}

Shape Module::on_build(const Shape& example) { return try_zeros({example}).front(); }

std::vector<Shape> Module::on_build_many(const std::vector<Shape>& examples) { return {on_build(examples.front())}; }

MultiModule::MultiModule(std::size_t inputs, std::size_t outputs, SourceLine line) : inputs_(inputs), outputs_(outputs) {
  if (inputs < 1 || outputs < 1)
    throw_invalid("MultiModule",
                  text("got ", count_of(inputs, "input"), " and ", count_of(outputs, "output"), ", expected at least 1 each"), line);
}

Tensor MultiModule::forward(const Tensor& x) const { return (*this)(std::vector<Tensor>{x}).front(); }

Tensor MultiModule::run(const Tensor& x) const {
  if (inputs_ != 1 || outputs_ != 1)
    throw_invalid("forward",
                  text("takes ", count_of(inputs_, "input"), " and returns ", count_of(outputs_, "output"),
                       ", expected 1 of each to be called with a tensor: call it with a list"),
                  SourceLine::current());
  return run_many({x}).front();
}

std::vector<Tensor> MultiModule::run_many(const std::vector<Tensor>& inputs) const {
  const UserCodeScope user;
  return forward_many(inputs);
}

Shape MultiModule::on_build(const Shape& example) {
  if (inputs_ != 1 || outputs_ != 1)
    throw_invalid("build", text("takes ", count_of(inputs_, "input"), ", expected 1: call build_many()"), SourceLine::current());
  return on_build_many({example}).front();
}

std::vector<Shape> MultiModule::on_build_many(const std::vector<Shape>& examples) { return try_zeros(examples); }

void Module::members(Members&) {}

void Module::config(Config&) const {}

std::string Module::describe() const { return name_of(typeid(*this)); }

Module& Module::set_name(std::string_view name) {
  name_ = name;
  return *this;
}

std::vector<Tensor> Module::parameters(SourceLine line) const {
  std::vector<Tensor> tensors;
  for (NamedTensor& entry : named_parameters(line)) tensors.push_back(std::move(entry.tensor));
  return tensors;
}

std::vector<NamedTensor> Module::named_parameters(SourceLine line) const {
  const CallerScope caller(line);
  return Collector(*this, true, false).take();
}

std::vector<NamedTensor> Module::named_buffers(SourceLine line) const {
  const CallerScope caller(line);
  return Collector(*this, false, true).take();
}

std::int64_t Module::parameter_count(SourceLine line) const {
  std::int64_t count = 0;
  for (const NamedTensor& entry : named_parameters(line)) count += entry.tensor.numel();
  return count;
}

std::vector<Tensor> Module::trainable_parameters(SourceLine line) const {
  std::vector<Tensor> tensors = parameters(line);
  std::erase_if(tensors, [](const Tensor& parameter) { return !parameter.requires_grad(); });
  return tensors;
}

std::int64_t Module::trainable_parameter_count(SourceLine line) const {
  std::int64_t count = 0;
  for (const Tensor& parameter : trainable_parameters(line)) count += parameter.numel();
  return count;
}

Module& Module::set_requires_grad(bool on, SourceLine line) {
  for (Tensor& parameter : parameters(line)) parameter.set_requires_grad(on, line);
  return *this;
}

std::shared_ptr<Module> Module::copy_structure(Cloner&) const {
  const std::string type = Module::describe();
  throw_misuse(
      "clone",
      text(type, " cannot be cloned: add the member `std::shared_ptr<nn::Module> ",
           "copy_structure(nn::Cloner&) const override { return std::make_shared<", type, ">(); }`, with the arguments of its constructor"),
      SourceLine::current());
}

void Module::copy_settings(const Module&) {}

std::shared_ptr<Module> Module::copy_unfilled(Cloner& cloner) const {
  const CallGuard guard(*this);
  std::shared_ptr<Module> copy = copy_structure(cloner);
  if (copy == nullptr) throw_misuse("clone", "copy_structure returned a null pointer", SourceLine::current());
  const Module& made = *copy;
  if (typeid(made) != typeid(*this)) refuse_copy(made.Module::describe(), Module::describe());
  return copy;
}

std::vector<NamedTensor> Module::state(SourceLine line) const {
  const CallerScope caller(line);
  return Collector(*this, true, true).take();
}

void Module::load_state(const std::vector<NamedTensor>& state, SourceLine line) {
  const CallerScope caller(line);
  std::vector<NamedTensor> own = this->state(line);
  std::map<std::string_view, const Tensor*> given;
  std::string wrong;
  const auto complain = [&](const auto&... parts) { wrong += (wrong.empty() ? "" : "; ") + text(parts...); };
  for (const NamedTensor& entry : state) {
    if (!given.emplace(entry.name, &entry.tensor).second) complain(entry.name, " is given twice");
  }
  for (const NamedTensor& entry : own) {
    const auto found = given.find(entry.name);
    if (found == given.end()) {
      complain(entry.name, " is missing");
      continue;
    }
    const Tensor& value = *found->second;
    if (!value.defined()) {
      complain(entry.name, " is an undefined tensor");
    } else if (value.shape() != entry.tensor.shape() || value.dtype() != entry.tensor.dtype()) {
      complain(entry.name, " is ", kind_and_shape(value), ", expected ", kind_and_shape(entry.tensor));
    }
  }
  std::set<std::string_view> known;
  for (const NamedTensor& entry : own) known.insert(entry.name);
  for (const NamedTensor& entry : state) {
    if (!known.contains(entry.name)) complain(entry.name, " is not in this module");
  }
  if (!wrong.empty()) throw_invalid("load_state", wrong, line);
  for (NamedTensor& entry : own) assign(entry.tensor, *given.at(entry.name));
}

void Module::train(bool on) {
  class Setter : public Members {
   public:
    Setter(Module& root, bool training) : training_(training) { walk(root); }

   private:
    void on_module(const std::string&, Module& module) override { module.training_ = training_; }
    bool training_;
  };
  Setter(*this, on);
}

bool Module::needs_build() const {
  class Finder : public Members {
   public:
    explicit Finder(Module& root) { walk(root); }
    bool found = false;

   private:
    void on_module(const std::string&, Module& module) override { found = found || module.is_open(); }
  };
  return Finder(nameable(*this)).found;
}

void Module::to(DType dtype, SourceLine line) {
  const CallerScope caller(line);
  if (!is_floating(dtype)) throw_invalid("to", "got int64, expected float32 or float64 for a module", line);
  Caster(*this, dtype);
}

void Module::zero_grad(SourceLine line) {
  for (NamedTensor& entry : named_parameters(line)) entry.tensor.zero_grad(line);
}

BuiltIn::BuiltIn() noexcept = default;
BuiltIn::BuiltIn(BuiltIn&&) noexcept = default;
BuiltIn& BuiltIn::operator=(BuiltIn&&) noexcept = default;
BuiltIn::~BuiltIn() = default;
Tensor BuiltIn::run(const Tensor& x) const { return forward(x); }

std::shared_ptr<Module> BuiltIn::copy_with(const std::type_info& type, std::unique_ptr<Module> (*make)(const Config& config)) const {
  if (typeid(*this) != type) refuse_copy(name_of(type), Module::describe());
  Config options;
  config(options);
  return make(options);
}

std::shared_ptr<Module> Layer::share(Module* module) { return std::shared_ptr<Module>(module); }

Layer::Layer(std::shared_ptr<Module> module, SourceLine line) : module_(std::move(module)) {
  if (module_ == nullptr) throw_invalid("Layer", "got no module", line);
}

}  // namespace chainrule::nn
