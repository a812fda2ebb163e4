// Files of weights in a folder of their own, for tests.
#pragma once

#include <array>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "nn/module/members.h"
#include "tests/nn/files/folder.h"

namespace chainrule::test {

/// The dtype, shape and bytes of all, as text to compare.
inline std::string print(const std::vector<nn::NamedTensor>& tensors) {
  std::string all;
  for (const nn::NamedTensor& entry : tensors) {
    all += entry.name + " " + dtype_name(entry.tensor.dtype()) + " " + entry.tensor.shape().str();
    const auto add = [&](auto values) {
      for (const auto value : values) {
        std::array<unsigned char, sizeof value> bytes;
        std::memcpy(bytes.data(), &value, sizeof value);
        for (const unsigned char byte : bytes) all += " " + std::to_string(byte);
      }
    };
    if (entry.tensor.dtype() == DType::float32) add(entry.tensor.data<float>());
    if (entry.tensor.dtype() == DType::float64) add(entry.tensor.data<double>());
    if (entry.tensor.dtype() == DType::int64) add(entry.tensor.data<std::int64_t>());
    all += "\n";
  }
  return all;
}

/// A path to write to, and what is in its folder.
struct WeightFiles {
  Folder dir;
  std::filesystem::path path = dir / "w.safetensors";

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path)) all.push_back(entry.path().filename().string());
    return all;
  }
};

}  // namespace chainrule::test
