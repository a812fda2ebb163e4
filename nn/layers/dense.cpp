#include "nn/layers/dense.h"

#include "autograd/base/check.h"
#include "autograd/base/default_dtype.h"
#include "autograd/ops/linalg.h"
#include "nn/module/config.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;
using detail::throw_misuse;

Dense::Dense(Dim d_in, Dim d_out, const DenseOptions& options, SourceLine line)
    : d_in_(d_in), d_out_(d_out), activation_(options.activation) {
  const CallerScope caller(line);
  if (d_in_ < 1 || d_out_ < 1) throw_invalid("Dense", text("got sizes ", d_in_, " -> ", d_out_, ", expected at least 1 each"), line);
  make_parameters(options);
}

Dense::Dense(Dim d_out, const DenseOptions& options, SourceLine line)
    : d_in_(0), d_out_(d_out), activation_(options.activation), open_(options) {
  if (d_out_ < 1) throw_invalid("Dense", text("got size ", d_out_, ", expected at least 1"), line);
}

void Dense::make_parameters(const DenseOptions& options) {
  Generator& generator = options.generator != nullptr ? *options.generator : default_generator();
  weight_ = options.initializer({d_in_, d_out_}, default_dtype(), generator);
  if (options.bias) bias_ = options.bias_initializer({d_out_}, default_dtype(), generator);
}

Tensor Dense::forward(const Tensor& x) const {
  if (open_)
    throw_misuse("Dense",
                 "the input size is not known: call build() with the shape of one example, or pass the input size to the constructor",
                 SourceLine::current());
  // linear_relu() is faster, and has the same bits.
  return activation_.name() == "relu" ? linear_relu(x, weight_, bias_) : activation_(linear(x, weight_, bias_));
}

Shape Dense::on_build(const Shape& example) {
  if (example.rank() < 1 || example.size(-1) < 1 || (!open_ && example.size(-1) != d_in_))
    throw_invalid("Dense", text("an example has shape ", example, ", expected [..., ", open_ ? "d_in" : text(d_in_), "]"),
                  SourceLine::current());
  if (open_) {
    d_in_ = example.size(-1);
    make_parameters(*open_);
    open_.reset();
  }
  Shape shape = example;
  shape[shape.rank() - 1] = d_out_;
  return shape;
}

void Dense::members(Members& visit) {
  visit("weight", weight_);
  visit("bias", bias_);
}

std::string Dense::describe() const {
  std::string words = text("Dense ", open_ ? "?" : text(d_in_), " -> ", d_out_);
  if (!activation_.name().empty()) words += ", " + activation_.name();
  return words;
}

// Not through config(), since a layer whose input size is not known yet has no d_in to store.
std::shared_ptr<Module> Dense::copy_structure(Cloner&) const { return std::make_shared<Dense>(d_out_); }

void Dense::copy_settings(const Module& original) {
  const Dense& from = static_cast<const Dense&>(original);
  d_in_ = from.d_in_;
  d_out_ = from.d_out_;
  activation_ = from.activation_;
  open_ = from.open_;
}

void Dense::config(Config& config) const {
  if (activation_.name() == "function")
    throw_misuse(
        "config",
        "the activation of Dense is a function, which cannot be saved: give it by name, or put it into a module of a registered type",
        SourceLine::current());
  config.set("d_in", d_in_).set("d_out", d_out_).set("bias", bias_.defined()).set("activation", activation_.name());
}

// The initial values do not matter, as a model file or clone() replaces them.
Dense Dense::from_config(const Config& config) {
  const std::int64_t d_in = config.integer("d_in"), d_out = config.integer("d_out");  // in a fixed order on every compiler
  return Dense(d_in, d_out, {.bias = config.boolean("bias"), .initializer = "zeros", .activation = config.string("activation")});
}

}  // namespace chainrule::nn
