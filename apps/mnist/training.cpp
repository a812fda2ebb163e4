#include "apps/mnist/training.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "apps/common/cli.h"
#include "autograd/derivatives/backward.h"
#include "autograd/ops/activation.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/index.h"
#include "autograd/ops/reduce.h"
#include "autograd/parallel/flush_denormals.h"
#include "nn/layers/activations.h"
#include "nn/layers/batch_norm.h"
#include "nn/layers/dense.h"
#include "nn/layers/dropout.h"
#include "nn/losses/losses.h"
#include "nn/metrics/metrics.h"
#include "nn/optim/factory.h"

namespace chainrule::apps {
namespace {

constexpr std::int64_t kEvaluationBatch = 1000;

nn::Sequential make_network(const MnistOptions& options, const std::vector<std::int64_t>& sizes, Generator& generator) {
  nn::Sequential network;
  if (options.input_dropout > 0) network.push_back(nn::Dropout(options.input_dropout, {.generator = &generator}));
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    const bool hidden = i + 1 < sizes.size();
    nn::DenseOptions dense{.initializer = initializer_of(options.initializer), .generator = &generator};
    if (hidden) dense.activation = options.activation;
    network.push_back(nn::Dense(sizes[i - 1], sizes[i], dense));
    if (hidden && options.batch_norm) network.push_back(nn::BatchNorm(sizes[i]));
    if (hidden && options.dropout > 0) network.push_back(nn::Dropout(options.dropout, {.generator = &generator}));
  }
  return network;
}

nn::Loss make_loss(const MnistOptions& options) {
  if (options.loss == "cross_entropy") {
    if (options.output == "softmax")
      return [smoothing = options.label_smoothing](const Tensor& logits, const Tensor& labels) {
        return nn::cross_entropy(logits, labels, {.label_smoothing = smoothing});
      };
    if (options.output == "sigmoid")
      return [smoothing = options.label_smoothing](const Tensor& logits, const Tensor& labels) {
        const auto classes = static_cast<double>(logits.size(1));
        return nn::binary_cross_entropy_with_logits(logits, one_hot(labels, logits.size(1)) * (1 - smoothing) + smoothing / classes);
      };
    throw std::invalid_argument("--loss cross_entropy requires --output softmax or sigmoid");
  }
  if (options.label_smoothing > 0) throw std::invalid_argument("--label-smoothing requires --loss cross_entropy");
  const bool summed = options.loss == "squared_error";
  return [output = options.output, summed](const Tensor& logits, const Tensor& labels) {
    const Tensor wanted = one_hot(labels, logits.size(1));
    const Tensor given = output == "softmax" ? softmax(logits, 1) : output == "sigmoid" ? sigmoid(logits) : logits;
    return summed ? nn::squared_error_loss(given, wanted) : nn::mse_loss(given, wanted);
  };
}

nn::Schedule make_schedule(const MnistOptions& options, std::int64_t steps) {
  if (options.schedule == "linear") return nn::linear_schedule(options.learning_rate, steps);
  if (options.schedule == "cosine") return nn::cosine_schedule(options.learning_rate, steps);
  return nn::constant_schedule(options.learning_rate);
}

// Calls take(outputs, labels) for all examples, in batches.
template <class Take>
void for_outputs(const nn::Module& network, const nn::Dataset& data, Take take) {
  const FlushDenormals flush;
  const NoGrad no_grad;
  const nn::EvalScope eval;
  for (std::int64_t start = 0; start < data.size(); start += kEvaluationBatch) {
    const nn::Batch batch = data.batch(start, std::min(start + kEvaluationBatch, data.size()));
    take(network(batch.inputs), batch.targets);
  }
}

std::int64_t correct_guesses(const Tensor& logits, const Tensor& targets) {
  const Tensor predicted = argmax(logits, 1);
  const auto labels = targets.data<std::int64_t>(), guesses = predicted.data<std::int64_t>();
  return std::inner_product(labels.begin(), labels.end(), guesses.begin(), std::int64_t{0}, std::plus<>(),
                            [](std::int64_t label, std::int64_t guess) { return label == guess ? 1 : 0; });
}

}  // namespace

Evaluation evaluate(const nn::Module& network, const nn::Dataset& data, const nn::Loss* loss) {
  Evaluation result;
  for_outputs(network, data, [&](const Tensor& outputs, const Tensor& labels) {
    const auto images = labels.numel();
    if (loss != nullptr) result.score.loss += (*loss)(outputs, labels).item() * static_cast<double>(images);
    result.score.images += images;
    const Tensor counts = nn::confusion_matrix(outputs, labels);
    if (!result.confusion.defined()) result.confusion = zeros(counts.shape(), DType::int64);
    std::ranges::transform(result.confusion.data<std::int64_t>(), counts.data<std::int64_t>(),
                           result.confusion.mutable_data<std::int64_t>().begin(), std::plus<>());
  });
  for (std::int64_t c = 0; c < result.confusion.size(0); ++c)
    result.score.correct += static_cast<std::int64_t>(result.confusion[c][c].item());
  return result;
}

std::vector<Guess> guesses(const nn::Module& network, const nn::Dataset& data) {
  std::vector<Guess> all;
  for_outputs(network, data, [&](const Tensor& outputs, const Tensor& labels) {
    const Tensor best = argmax(outputs, 1), confidence = max(outputs, {1});
    for (std::int64_t i = 0; i < labels.numel(); ++i)
      all.push_back({.label = labels.data<std::int64_t>()[static_cast<std::size_t>(i)],
                     .guess = best.data<std::int64_t>()[static_cast<std::size_t>(i)],
                     .confidence = confidence.data<float>()[static_cast<std::size_t>(i)]});
  });
  return all;
}

MnistTraining::MnistTraining(const MnistOptions& options, const std::vector<std::int64_t>& sizes, std::int64_t total_steps,
                             Generator& generator)
    : network_(make_network(options, sizes, generator)),
      output_(options.output),
      loss_(make_loss(options)),
      optimizer_(nn::make_optimizer(options.optimizer, network_.parameters(),
                                    {.learning_rate = options.learning_rate,
                                     .weight_decay = options.weight_decay > 0 ? std::optional(options.weight_decay) : std::nullopt})),
      schedule_(make_schedule(options, total_steps)) {
  if (options.averaging > 0) averages_.emplace(network_.parameters(), nn::EMAOptions{.decay = options.averaging});
}

Score MnistTraining::step(const nn::Batch& batch, bool counts_correct) {
  const FlushDenormals flush;
  const Tensor logits = network_(batch.inputs);
  const Tensor loss = loss_(logits, batch.targets);
  const std::int64_t images = batch.targets.numel();
  Score score{.loss = detail::unsigned_nan(loss.item() * static_cast<double>(images)), .images = images};
  if (!std::isfinite(score.loss)) return score;
  if (counts_correct) score.correct = correct_guesses(logits, batch.targets);
  optimizer_->set_learning_rate(schedule_(steps_++));
  optimizer_->zero_grad();
  loss.backward();
  optimizer_->step();
  if (averages_) averages_->update();
  return score;
}

Evaluation MnistTraining::evaluate(const nn::Dataset& data) {
  const bool swap = averages_ && !averages_->applied();
  if (swap) averages_->apply();
  Evaluation result = apps::evaluate(network_, data, &loss_);
  if (swap) averages_->restore();
  return result;
}

void MnistTraining::finish() {
  if (averages_ && !averages_->applied()) averages_->apply();
}

nn::Sequential MnistTraining::with_output() const {
  std::vector<nn::Layer> layers(network_.begin(), network_.end());
  if (output_ == "softmax") layers.emplace_back(nn::Softmax());
  if (output_ == "sigmoid") layers.emplace_back(nn::Sigmoid());
  return nn::Sequential(std::move(layers));
}

}  // namespace chainrule::apps
