// Data, a network and a callback for tests of training.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/nn.h"

namespace chainrule::test {

using Numbers = std::vector<double>;

// Points of two classes that a small network can tell apart, not quite: a third of the labels near the border are drawn.
inline nn::Dataset points(std::int64_t n, unsigned seed = 5) {
  Generator generator(seed);
  const Tensor x = randn({n, 2}, generator);
  std::vector<std::int64_t> labels;
  const std::vector<double> at = x.to_vector<double>();
  for (std::size_t i = 0; i < at.size(); i += 2) labels.push_back(at[i] * at[i + 1] > 0 ? 1 : 0);
  return {x, from_vector(labels)};
}

inline nn::Sequential small_network(unsigned seed = 1) {
  Generator generator(seed);
  return nn::Sequential{nn::Dense(2, 8, {.generator = &generator, .activation = "tanh"}), nn::Dense(8, 2, {.generator = &generator})};
}

inline std::vector<std::vector<double>> weights_of(const nn::Module& module) {
  std::vector<std::vector<double>> values;
  for (const nn::NamedTensor& entry : module.state()) values.push_back(entry.tensor.to_vector<double>());
  return values;
}

// y = 3 x0 - 2 x1 + 1, exactly.
inline nn::Dataset line_data(std::int64_t n) {
  Generator generator(3);
  const Tensor x = randn({n, 2}, generator);
  return {x, (3 * slice(x, 1, 0, 1) - 2 * slice(x, 1, 1, 2) + 1).detach()};
}

// Records the calls it receives, and the loss of each epoch.
struct Recorder : nn::Callback {
  std::vector<std::string> events;
  void on_fit_begin(nn::Training&) override { events.emplace_back("fit"); }
  void on_epoch_begin(nn::Training&) override { events.emplace_back("epoch"); }
  void on_step_begin(nn::Training&) override { events.emplace_back("step"); }
  void on_step_end(nn::Training&) override { events.emplace_back("step end"); }
  void on_validation_begin(nn::Training&) override { events.emplace_back("validation"); }
  void on_epoch_end(nn::Training&) override { events.emplace_back("epoch end"); }
  void on_epoch_ended(nn::Training&) override { events.emplace_back("epoch ended"); }
  void on_fit_end(nn::Training&) override { events.emplace_back("fit end"); }
};

}  // namespace chainrule::test
