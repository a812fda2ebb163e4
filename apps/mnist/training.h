// The network that mnist_train trains, its step and its evaluation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/mnist/options.h"
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
  double mean_loss() const noexcept { return loss / static_cast<double>(images); }
  double accuracy() const noexcept { return static_cast<double>(correct) / static_cast<double>(images); }
};

struct Evaluation {
  Score score;
  Tensor confusion;  ///< as nn::confusion_matrix
};

/// A network's answer to one image.
struct Guess {
  std::int64_t label = 0, guess = 0;
  double confidence = 0;  ///< what the network gives for its guess
};

/// What `network` makes of all of `data`, which holds at least one example; the loss is 0 without a function. As in eval.
Evaluation evaluate(const nn::Module& network, const nn::Dataset& data, const nn::Loss* loss = nullptr);
std::vector<Guess> guesses(const nn::Module& network, const nn::Dataset& data);

class MnistTraining {
 public:
  /// `sizes`: inputs, hidden units, classes. The weights are drawn from `generator`, which stays in use where units are left out. The
  /// learning rate of a falling schedule would be 0 after `total_steps`.
  MnistTraining(const MnistOptions& options, const std::vector<std::int64_t>& sizes, std::int64_t total_steps, Generator& generator);

  /// One step of the optimizer; the score is that of the batch before it, with no correct guesses unless `counts_correct`. Where the loss
  /// is NaN or infinite, no step is taken.
  Score step(const nn::Batch& batch, bool counts_correct = true);
  /// As the function, of the averages where these are wanted.
  Evaluation evaluate(const nn::Dataset& data);
  /// Makes the averages, where they are wanted, the network's weights for good. No step may follow.
  void finish();

  /// From pixels to what the loss takes: logits.
  const nn::Sequential& network() const noexcept { return network_; }
  /// The same network with what the options call its output.
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
