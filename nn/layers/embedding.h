// Embedding: a trained vector for each of a number of things.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "autograd/base/random.h"
#include "autograd/base/shape.h"
#include "nn/layers/init.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// What an Embedding is made with.
struct EmbeddingOptions {
  /// How the vectors are filled.
  Initializer initializer = init::normal(1);
  /// Draws the vectors; nullptr: default_generator(). Used by the constructor only.
  Generator* generator = nullptr;
};

/// The rows of weight [count, size] that x names: int64 x [...] gives [..., size]. Rows named more than once add up their gradients.
class Embedding : public BuiltIn {
 public:
  using Options = EmbeddingOptions;

  /// @throws std::invalid_argument for a count or size below 1.
  Embedding(Dim count, Dim size, const EmbeddingOptions& options = {}, SourceLine line = SourceLine::current());

  /// @throws std::invalid_argument for another dtype than int64, or an element outside 0 to count - 1.
  Tensor forward(const Tensor& x) const override;
  void members(Members& visit) override;
  std::string describe() const override;

  /// [count, size].
  const Tensor& weight() const noexcept { return weight_; }

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;
  Shape on_build(const Shape& example) override;

  Tensor weight_;
};

}  // namespace chainrule::nn
