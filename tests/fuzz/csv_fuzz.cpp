// Feeds arbitrary bytes to read_csv() and read_mnist_csv(), with options chosen by the first byte. Tables must be finite and rectangular,
// and must be equal after they are written and read again.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "nn/data/csv.h"
#include "nn/data/mnist.h"
#include "tests/fuzz/read_bytes.h"

namespace {

namespace nn = chainrule::nn;
using chainrule::DType;
using chainrule::Tensor;
using chainrule::test::read_bytes;
using chainrule::test::require;

template <class T>
std::string digits_of(T value) {
  char digits[64];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

std::string quoted(const std::string& words) {
  std::string cell = "\"";
  for (const char letter : words) cell += letter == '"' ? std::string("\"\"") : std::string(1, letter);
  return cell + '"';
}

nn::CsvOptions options_of(std::uint8_t choice) {
  nn::CsvOptions options{.header = choice % 2 == 0, .delimiter = ",;\t "[choice / 2 % 4]};
  switch (choice / 8 % 4) {
    case 1:
      options.label = -1;
      break;
    case 2:
      options.targets = {-1, 0};
      break;
    case 3:
      options.label = 0;
      options.ignore = {1};
      break;
    default:
      break;
  }
  return options;
}

/// The columns as they were read, but label or targets last, as they come from a file of plain numbers and quoted texts.
std::string written(const nn::CsvData& data) {
  std::string text;
  const auto features = data.features.data<float>();
  const auto columns = static_cast<std::size_t>(data.features.size(1)), rows = static_cast<std::size_t>(data.features.size(0));
  const bool labels = data.targets.defined() && data.targets.dtype() == DType::int64;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < columns; ++i) text += (i == 0 ? "" : ",") + digits_of(features[row * columns + i]);
    if (labels) {
      const std::int64_t label = data.targets.data<std::int64_t>()[row];
      text += ',' + (data.class_names.empty() ? digits_of(label) : quoted(data.class_names.at(static_cast<std::size_t>(label))));
    } else if (data.targets.defined()) {
      const auto width = static_cast<std::size_t>(data.targets.size(1));
      for (std::size_t i = 0; i < width; ++i) text += ',' + digits_of(data.targets.data<float>()[row * width + i]);
    }
    text += '\n';
  }
  return text;
}

bool same(const Tensor& a, const Tensor& b) {
  if (a.defined() != b.defined()) return false;
  if (!a.defined()) return true;
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  if (a.dtype() == DType::int64) return std::ranges::equal(a.data<std::int64_t>(), b.data<std::int64_t>());
  return std::memcmp(a.data<float>().data(), b.data<float>().data(), a.data<float>().size_bytes()) == 0;
}

void check(const nn::CsvData& data, std::size_t bytes, bool header) {
  require(data.features.shape().rank() == 2 && data.features.numel() > 0 && data.features.numel() <= static_cast<std::int64_t>(bytes));
  for (const float value : data.features.data<float>()) require(std::isfinite(value));
  require(data.feature_names.size() == (header ? static_cast<std::size_t>(data.features.size(1)) : 0));
  require(std::ranges::is_sorted(data.class_names) &&
          std::set(data.class_names.begin(), data.class_names.end()).size() == data.class_names.size());
  nn::CsvOptions options{.header = false};
  if (data.targets.defined()) {
    require(data.targets.size(0) == data.features.size(0));
    if (data.targets.dtype() == DType::int64) {
      options.label = -1;
      for (const std::int64_t label : data.targets.data<std::int64_t>())
        require(label >= 0 && (data.class_names.empty() || label < static_cast<std::int64_t>(data.class_names.size())));
    } else {
      for (std::int64_t i = data.targets.size(1); i > 0; --i) options.targets.emplace_back(-i);
      for (const float value : data.targets.data<float>()) require(std::isfinite(value));
    }
  }
  const auto again =
      read_bytes(chainrule::test::bytes_of(written(data)), [&](const std::string& path) { return nn::read_csv(path, options); });
  require(again && same(again->features, data.features) && same(again->targets, data.targets) && again->class_names == data.class_names);
}

void check(const nn::MnistPart& part) {
  require(part.images.shape.size() == 3 && part.images.shape[0] == static_cast<std::int64_t>(part.labels.size()));
  require(part.images.shape[1] == part.images.shape[2] && part.images.shape[1] > 0);
  require(static_cast<std::int64_t>(part.images.bytes.size()) == part.images.shape[0] * part.images.shape[1] * part.images.shape[2]);
  require(!part.labels.empty() && *std::ranges::max_element(part.labels) < 10);
  std::string text;
  const std::size_t pixels = part.images.bytes.size() / part.labels.size();
  for (std::size_t i = 0; i < part.labels.size(); ++i) {
    text += digits_of(part.labels[i]);
    for (std::size_t k = 0; k < pixels; ++k) text += ',' + digits_of(part.images.bytes[i * pixels + k]);
    text += '\n';
  }
  const auto again = read_bytes(chainrule::test::bytes_of(text), [](const std::string& path) { return nn::read_mnist_csv(path); });
  require(again && again->images.shape == part.images.shape && again->images.bytes == part.images.bytes && again->labels == part.labels);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const nn::CsvOptions options = options_of(data[0]);
  // As it stands, so that files serve as seeds, and without the byte that chose the options.
  for (const std::size_t start : {std::size_t{0}, std::size_t{1}}) {
    const std::span bytes(data + start, size - start);
    const auto table = read_bytes(bytes, [&](const std::string& path) { return nn::read_csv(path, options); });
    if (table) check(*table, bytes.size(), options.header);
  }
  const auto part = read_bytes({data, size}, [](const std::string& path) { return nn::read_mnist_csv(path); });
  if (part) check(*part);
  return 0;
}
