// The training step of hand_step, as a user of LibTorch would write it.
#include <torch/torch.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "bench/print_steps.h"
#include "bench/training_images.h"

int main(int argc, char** argv) try {
  std::int64_t batch = 32;
  int steps = 2000, threads = 1;
  unsigned seed = 1;
  std::vector<std::int64_t> layers{128, 64};
  std::string directory;
  CLI::App app{"The MNIST training step on LibTorch."};
  app.add_option("--layers", layers, "Sizes of the hidden layers")->delimiter(',');
  app.add_option("--batch", batch, "Images a step")->check(CLI::Range(1, 60000));
  app.add_option("--steps", steps, "Steps to time")->check(CLI::PositiveNumber);
  app.add_option("--threads", threads, "Threads")->check(CLI::Range(1, 1024));
  app.add_option("--seed", seed, "Of weights and order");
  app.add_option("--data", directory, "Folder with MNIST's training files, plain or .gz");
  CLI11_PARSE(app, argc, argv);

  torch::set_num_threads(threads);
  torch::manual_seed(seed);
  at::globalContext().setFlushDenormal(true);
  std::mt19937 random(seed);
  TrainingImages data = load_training_images(directory, random);
  const torch::Tensor images = torch::from_blob(data.images.data(), {TrainingImages::kCount, TrainingImages::kPixels}, torch::kUInt8);
  const torch::Tensor labels = torch::from_blob(data.labels.data(), {TrainingImages::kCount}, torch::kUInt8).to(torch::kInt64);

  torch::nn::Sequential model;
  std::int64_t d_in = TrainingImages::kPixels;
  for (const std::int64_t d_out : layers) {
    model->push_back(torch::nn::Linear(d_in, d_out));
    model->push_back(torch::nn::ReLU());
    d_in = d_out;
  }
  model->push_back(torch::nn::Linear(d_in, TrainingImages::kClasses));
  torch::optim::Adam optimizer(model->parameters(), 1e-3);

  constexpr int kWarmUp = 50;
  std::vector<double> times, losses;
  torch::Tensor order;
  for (std::int64_t done = 0, at = TrainingImages::kCount; done < kWarmUp + steps; ++done, at += batch) {
    if (at + batch > TrainingImages::kCount) {
      order = torch::randperm(TrainingImages::kCount);
      at = 0;
    }
    const auto begin = std::chrono::steady_clock::now();
    const torch::Tensor rows = order.slice(0, at, at + batch);
    const torch::Tensor inputs = images.index_select(0, rows).to(torch::kFloat32).div_(255);
    optimizer.zero_grad();
    const torch::Tensor loss = torch::nn::functional::cross_entropy(model->forward(inputs), labels.index_select(0, rows));
    loss.backward();
    optimizer.step();
    losses.push_back(loss.item<double>());
    const auto end = std::chrono::steady_clock::now();
    if (done >= kWarmUp) times.push_back(std::chrono::duration<double, std::micro>(end - begin).count());
  }
  print_steps("libtorch_step", batch, threads, times, losses);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "libtorch_step: %s\n", error.what());
  return 1;
}
