// Embedding: a table of trainable vectors, indexed by integers.
#pragma once

#include <cstdint>
#include <string>

#include "autograd/base/random.h"
#include "autograd/base/shape.h"
#include "nn/layers/init.h"
#include "nn/module/built_in_layer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of Embedding.
struct EmbeddingOptions {
  /// Initializes the vectors. The default draws from a normal distribution with mean 0 and standard deviation 1.
  Initializer initializer = init::normal(1);
  /// The generator that the initial values are drawn from; nullptr means default_generator(). Used by the constructor only.
  Generator* generator = nullptr;
};

/// Looks up rows of the weight, of shape [count, size], like torch.nn.Embedding. x holds int64 row numbers; shape [...] gives [..., size].
/// If a row is selected several times, its gradients are added up.
class Embedding : public BuiltInLayer<Embedding> {
 public:
  /// The type of the constructor's options.
  using Options = EmbeddingOptions;

  /// Makes a table of `count` vectors with `size` elements each.
  /// @throws std::invalid_argument for a count or size below 1.
  Embedding(Dim count, Dim size, const EmbeddingOptions& options = {}, SourceLine line = SourceLine::current());
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static Embedding from_config(const Config& config);

  /// Returns the selected rows, [..., size].
  /// @throws std::invalid_argument if x is not int64, or if an element is outside 0 to count - 1.
  Tensor forward(const Tensor& x) const override;
  /// Reports the parameter "weight".
  void members(Members& visit) override;
  /// Returns a description such as "Embedding 1000 x 16".
  std::string describe() const override;

  /// Returns the vectors, [count, size].
  const Tensor& weight() const noexcept { return weight_; }

 private:
  void config(Config& config) const override;
  Shape on_build(const Shape& example) override;

  Tensor weight_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
