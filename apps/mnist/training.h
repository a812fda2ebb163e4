// The network that mnist_train trains, its step and its evaluation.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "apps/mnist/options.h"
#include "autograd/random.h"
#include "nn/data/dataset.h"
#include "nn/layers/sequential.h"
#include "nn/loss.h"
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

class MnistTraining {
 public:
  /// `sizes`: inputs, hidden units, classes. The weights are drawn from `generator`. The learning rate of the linear schedule would be
  /// 0 after `total_steps`.
  MnistTraining(const MnistOptions& options, const std::vector<std::int64_t>& sizes, std::int64_t total_steps, Generator& generator);

  /// One step of the optimizer; the score is that of the batch before it. Where the loss is NaN or infinite, no step is taken.
  Score step(const nn::Batch& batch);
  /// `data` holds at least one example.
  Evaluation evaluate(const nn::Dataset& data) const;
  const nn::Sequential& network() const noexcept { return network_; }

 private:
  nn::Sequential network_;
  nn::Loss loss_;
  std::unique_ptr<nn::Optimizer> optimizer_;
  nn::Schedule schedule_;
  std::int64_t steps_ = 0;
};

}  // namespace chainrule::apps
