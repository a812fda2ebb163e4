// The network of mnist_train, its training step and its evaluation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/mnist/options.h"
#include "autograd/base/printable.h"
#include "autograd/base/random.h"
#include "nn/data/dataset.h"
#include "nn/layers/sequential.h"
#include "nn/losses/loss.h"
#include "nn/optim/ema.h"
#include "nn/optim/optimizer.h"
#include "nn/optim/schedule.h"

namespace chainrule::apps {

/// Sums over images.
struct Score {
  double loss = 0;
  std::int64_t correct = 0;
  std::int64_t images = 0;

  void add(const Score& other) noexcept {
    loss += other.loss;
    correct += other.correct;
    images += other.images;
  }
  double mean_loss() const noexcept { return detail::unsigned_nan(loss / static_cast<double>(images)); }
  double accuracy() const noexcept { return static_cast<double>(correct) / static_cast<double>(images); }
};

struct Evaluation {
  Score score;
  Tensor confusion;  ///< from nn::confusion_matrix()
};

/// The class that a network predicts for one image.
struct Guess {
  std::int64_t label = 0, guess = 0;
  double confidence = 0;  ///< the network's output for the guess
};

/// Evaluates `network`, in eval mode, on all examples of `data`, which has at least one. The loss is 0 if `loss` is null.
Evaluation evaluate(const nn::Module& network, const nn::Dataset& data, const nn::Loss* loss = nullptr);
/// The network's guess for each example of `data`, in eval mode.
std::vector<Guess> guesses(const nn::Module& network, const nn::Dataset& data);

class MnistTraining {
 public:
  /// `sizes` are the numbers of inputs, of units of each hidden layer and of classes. The initial weights are drawn from `generator`, and
  /// so are dropout masks, so it must outlive this object. A falling schedule reaches 0 after `total_steps`.
  MnistTraining(const MnistOptions& options, const std::vector<std::int64_t>& sizes, std::int64_t total_steps, Generator& generator);

  /// Makes one step of the optimizer and returns the score of the batch before the step. Correct guesses are counted only if
  /// `counts_correct`. Makes no step if the loss is NaN or infinite.
  Score step(const nn::Batch& batch, bool counts_correct = true);
  /// As the function of this name; uses the averaged weights if the options ask for them.
  Evaluation evaluate(const nn::Dataset& data);
  /// Replaces the network's weights by their averages if the options ask for them. No step may follow.
  void finish();

  /// The network from pixels to logits, which the loss takes.
  const nn::Sequential& network() const noexcept { return network_; }
  /// The same network followed by the output activation of the options.
  nn::Sequential with_output() const;

 private:
  nn::Sequential network_;
  std::string output_;
  nn::Loss loss_;
  std::unique_ptr<nn::Optimizer> optimizer_;
  std::optional<nn::EMA> averages_;
  nn::Schedule schedule_;
  std::int64_t steps_ = 0;
};

}  // namespace chainrule::apps
