// Training in one call, on a layer graph with a branch, a join, a user's module and a shared layer.
#include <nn/nn.h>

#include <iostream>

namespace cr = chainrule;
namespace nn = chainrule::nn;

struct Residual : nn::Module {
  nn::Dense fc1{128, 128}, fc2{128, 128};
  cr::Tensor forward(const cr::Tensor& x) const override { return x + fc2(cr::relu(fc1(x))); }
  void members(nn::Members& visit) override {
    visit("fc1", fc1);
    visit("fc2", fc2);
  }
};

int main() {
  cr::manual_seed(1);
  const cr::Tensor images = cr::rand({200, 784}), labels = cr::randint(0, 10, {200});
  const nn::Dataset train(images, labels), test(images, labels);

  nn::Symbol inputs = nn::input({784});
  nn::Symbol h = nn::Dense(128, {.activation = "relu"})(inputs);  // input size inferred
  nn::Symbol skip = nn::Dense(128)(inputs);
  nn::Symbol own = nn::Layer(Residual())(nn::add(h, skip));
  nn::Layer shared = nn::Dense(128);
  nn::Symbol outputs = nn::Dense(10)(nn::add(shared(own), shared(h)));
  nn::Model model(inputs, outputs);
  model.compile({.loss = "cross_entropy", .optimizer = nn::adam({.learning_rate = 1e-3}), .metrics = {"accuracy"}});
  std::cout << model.summary();
  nn::History history = model.fit(train, {.epochs = 10, .batch_size = 32, .validation_split = 0.1});
  nn::Metrics test_metrics = model.evaluate(test);
  cr::Tensor probabilities = cr::softmax(model.predict(images), -1);
  std::cout << "loss " << history["loss"].front() << " -> " << history["loss"].back() << ", accuracy " << test_metrics["accuracy"] << '\n';
  const bool learned = history["loss"].back() < 0.5 * history["loss"].front() && test_metrics["accuracy"] > 0.5;
  return learned && probabilities.shape() == cr::Shape({200, 10}) ? 0 : 1;
}
