#include "apps/mnist/training.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "autograd/backward.h"
#include "autograd/ops/activation.h"
#include "autograd/ops/create.h"
#include "autograd/ops/index.h"
#include "autograd/ops/reduce.h"
#include "nn/layers/dense.h"
#include "nn/losses.h"
#include "nn/metrics.h"
#include "nn/optim/adam.h"
#include "nn/optim/sgd.h"

namespace chainrule::apps {
namespace {

constexpr std::int64_t kEvaluationBatch = 1000;

nn::Sequential make_network(const std::vector<std::int64_t>& sizes, const std::string& activation, Generator& generator) {
  nn::Sequential network;
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    nn::DenseOptions dense{.generator = &generator};
    if (i + 1 < sizes.size()) dense.activation = activation;
    network.push_back(nn::Dense(sizes[i - 1], sizes[i], dense));
  }
  return network;
}

std::unique_ptr<nn::Optimizer> make_optimizer(const MnistOptions& options, std::vector<Tensor> parameters) {
  if (options.optimizer == "adam")
    return std::make_unique<nn::Adam>(std::move(parameters), nn::AdamOptions{.learning_rate = options.learning_rate});
  const double momentum = options.optimizer == "momentum" ? 0.9 : 0.0;
  return std::make_unique<nn::SGD>(std::move(parameters), nn::SGDOptions{.learning_rate = options.learning_rate, .momentum = momentum});
}

Tensor mse_of_softmax(const Tensor& logits, const Tensor& labels) {
  return nn::mse_loss(softmax(logits, 1), one_hot(labels, logits.size(1)));
}

}  // namespace

MnistTraining::MnistTraining(const MnistOptions& options, const std::vector<std::int64_t>& sizes, std::int64_t total_steps,
                             Generator& generator)
    : network_(make_network(sizes, options.activation, generator)),
      loss_(options.loss == "mse" ? nn::Loss(mse_of_softmax) : nn::Loss(options.loss)),
      optimizer_(make_optimizer(options, network_.parameters())),
      schedule_(options.schedule == "linear" ? nn::linear_schedule(options.learning_rate, total_steps)
                                             : nn::constant_schedule(options.learning_rate)) {}

Score MnistTraining::step(const nn::Batch& batch) {
  const Tensor logits = network_(batch.inputs);
  const Tensor loss = loss_(logits, batch.targets);
  const auto labels = batch.targets.data<std::int64_t>();
  Score score{.loss = loss.item() * static_cast<double>(labels.size()), .images = static_cast<std::int64_t>(labels.size())};
  if (!std::isfinite(score.loss)) return score;
  const Tensor predicted = argmax(logits, 1);
  const auto guesses = predicted.data<std::int64_t>();
  for (std::size_t i = 0; i < labels.size(); ++i) score.correct += labels[i] == guesses[i] ? 1 : 0;
  optimizer_->set_learning_rate(schedule_(steps_++));
  optimizer_->zero_grad();
  loss.backward();
  optimizer_->step();
  return score;
}

Evaluation MnistTraining::evaluate(const nn::Dataset& data) const {
  const NoGrad no_grad;
  Evaluation result;
  for (std::int64_t start = 0; start < data.size(); start += kEvaluationBatch) {
    const nn::Batch batch = data.batch(start, std::min(start + kEvaluationBatch, data.size()));
    const Tensor logits = network_(batch.inputs);
    const auto images = batch.targets.numel();
    result.score.loss += loss_(logits, batch.targets).item() * static_cast<double>(images);
    result.score.images += images;
    const Tensor counts = nn::confusion_matrix(logits, batch.targets);
    if (!result.confusion.defined()) result.confusion = zeros(counts.shape(), DType::int64);
    std::ranges::transform(result.confusion.data<std::int64_t>(), counts.data<std::int64_t>(),
                           result.confusion.mutable_data<std::int64_t>().begin(), std::plus<>());
  }
  for (std::int64_t c = 0; c < result.confusion.size(0); ++c)
    result.score.correct += static_cast<std::int64_t>(result.confusion[c][c].item());
  return result;
}

}  // namespace chainrule::apps
