// MNIST's training images as bytes, for programs that do not use the library.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

struct TrainingImages {
  static constexpr std::int64_t kCount = 60000, kPixels = 784, kClasses = 10;

  std::vector<std::uint8_t> images, labels;
};

inline std::vector<std::uint8_t> read_idx(const std::string& stem, std::size_t header, std::size_t bytes) {
  gzFile file = gzopen(stem.c_str(), "rb");
  if (file == nullptr) file = gzopen((stem + ".gz").c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("cannot open " + stem + " or " + stem + ".gz");
  std::vector<std::uint8_t> all(header + bytes);
  const int got = gzread(file, all.data(), static_cast<unsigned>(all.size()));
  gzclose(file);
  if (got != static_cast<int>(all.size())) throw std::runtime_error(stem + " holds less than MNIST's training set");
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(header));
  return all;
}

/// The images of a folder with MNIST's training files, plain or .gz; noise if there is none.
inline TrainingImages load_training_images(const std::string& directory, std::mt19937& random) {
  constexpr std::size_t kCount = TrainingImages::kCount, kPixels = TrainingImages::kPixels;
  if (!directory.empty())
    return {read_idx(directory + "/train-images-idx3-ubyte", 16, kCount * kPixels),
            read_idx(directory + "/train-labels-idx1-ubyte", 8, kCount)};
  TrainingImages data{std::vector<std::uint8_t>(kCount * kPixels), std::vector<std::uint8_t>(kCount)};
  for (auto& byte : data.images) byte = static_cast<std::uint8_t>(random() >> 24U);
  for (auto& label : data.labels) label = static_cast<std::uint8_t>(random() % TrainingImages::kClasses);
  return data;
}
