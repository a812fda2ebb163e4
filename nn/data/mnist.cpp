// Names and directories of the MNIST files, and the checks that involve several files.
#include "nn/data/mnist.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "autograd/base/printable.h"
#include "nn/data/chunks.h"
#include "nn/data/csv_reader.h"
#include "nn/files/ascii.h"
#include "nn/files/file_error.h"

namespace chainrule::nn {
namespace {

namespace fs = std::filesystem;

struct FileName {
  std::string_view stem;  // "train-images"
  std::string_view kind;  // "idx3-ubyte", after a dash or a dot
};

constexpr std::array<FileName, 4> kFileNames = {{
    {"train-images", "idx3-ubyte"},
    {"train-labels", "idx1-ubyte"},
    {"t10k-images", "idx3-ubyte"},
    {"t10k-labels", "idx1-ubyte"},
}};

constexpr std::array<std::uint8_t, 16> kDigitsStart = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5, 3, 6, 1, 7};
constexpr std::array<std::uint8_t, 16> kFashionStart = {9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9, 5, 5, 7, 9};
constexpr std::array<std::string_view, 10> kGarments = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                                                        "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};

std::string spelled(const FileName& file, char separator) {
  std::string name(file.stem);
  name += separator;
  name += file.kind;
  return name;
}

/// The path of this file in `directory`, in any of its spellings; empty if there is none.
fs::path find_file(const fs::path& directory, const FileName& file) {
  for (const char* suffix : {"", ".gz"}) {
    for (const char separator : {'-', '.'}) {
      fs::path path = directory / (spelled(file, separator) + suffix);
      std::error_code error;
      const fs::file_status status = fs::status(path, error);
      // Archives often unpack each file into a directory of the same name.
      if (fs::exists(status) && !fs::is_directory(status)) return path;
    }
  }
  return {};
}

std::array<fs::path, 4> find_files(const fs::path& directory) {
  std::array<fs::path, 4> paths;
  for (std::size_t i = 0; i < paths.size(); ++i) paths[i] = find_file(directory, kFileNames[i]);
  return paths;
}

void append(std::string& list, const std::string& item) {
  if (!list.empty()) list += ", ";
  list += item;
}

std::string describe(const MnistDirectory& directory, const std::array<fs::path, 4>& paths) {
  std::string text = "\n  " + detail::printable(directory.path);
  if (!directory.origin.empty()) text += " (" + detail::printable(directory.origin) + ")";
  text += ": ";
  std::error_code error;
  const fs::file_status status = fs::status(directory.path, error);
  if (status.type() == fs::file_type::not_found) return text + "no such directory";
  if (error) return text + system_reason(error.value());
  if (!fs::is_directory(status)) return text + "not a directory";
  fs::directory_iterator entries(directory.path, error);
  if (error) return text + "cannot be read: " + system_reason(error.value());
  std::string found;
  std::string missing;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].empty()) {
      append(missing, spelled(kFileNames[i], '-'));
    } else {
      append(found, detail::printable(paths[i].filename().string()));
    }
  }
  if (found.empty()) return text + "none of them";
  return text + "found " + found + "; missing " + missing;
}

IdxArray read_images(const std::string& path) {
  return read_idx(path, {.shape = {IdxLimits::kAnySize, IdxLimits::kAnySize, IdxLimits::kAnySize}, .items = "images"});
}

[[noreturn]] void fail_at(const std::string& path, std::size_t byte, const std::string& what) {
  throw_file_error(path, "byte " + std::to_string(byte) + ": " + what);
}

std::vector<std::uint8_t> read_labels(const std::string& path, const std::string& images_path, const IdxArray& images, int classes) {
  constexpr std::size_t kCountAt = 4;
  constexpr std::size_t kLabelsAt = 8;
  IdxArray labels = read_idx(path, {.shape = {IdxLimits::kAnySize}, .items = "labels"});
  if (labels.shape[0] != images.shape[0]) {
    fail_at(path, kCountAt,
            "declares " + std::to_string(labels.shape[0]) + " labels, but " + images_path + " holds " + std::to_string(images.shape[0]) +
                " images");
  }
  for (std::size_t i = 0; i < labels.bytes.size(); ++i) {
    if (labels.bytes[i] >= classes) {
      fail_at(path, kLabelsAt + i, "label is " + std::to_string(labels.bytes[i]) + ", expected 0 to " + std::to_string(classes - 1));
    }
  }
  return std::move(labels.bytes);
}

void check_same_size(const MnistFiles& files, const MnistData& data) {
  const auto size = [](const IdxArray& images) { return std::to_string(images.shape[1]) + "x" + std::to_string(images.shape[2]); };
  for (std::size_t d = 1; d <= 2; ++d) {
    if (data.test_images.shape[d] == data.train_images.shape[d]) continue;
    fail_at(files.test_images, 4 + 4 * d,
            "images are " + size(data.test_images) + ", but " + files.train_images + " holds images of " + size(data.train_images));
  }
}

std::string directory_name(const fs::path& directory) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(fs::absolute(directory, error), error);
  return (real.has_filename() ? real : real.parent_path()).filename().string();
}

/// Recognizes a dataset by its first training labels. A Fashion-MNIST that was shortened or reordered is still recognized by the name of
/// its directory.
std::string dataset_name(const MnistFiles& files, const std::vector<std::uint8_t>& train_labels) {
  const auto begins = [&](const auto& start) {
    return train_labels.size() >= start.size() && std::equal(start.begin(), start.end(), train_labels.begin());
  };
  if (begins(kDigitsStart)) return "MNIST";
  if (begins(kFashionStart)) return "Fashion-MNIST";
  std::string name = directory_name(fs::path(files.train_labels).parent_path());
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  return lower.find("fashion") != std::string::npos ? "Fashion-MNIST" : name;
}

void check_classes(const char* function, int classes) {
  if (classes < 1 || classes > 256)
    throw std::invalid_argument(std::string(function) + ": classes is " + std::to_string(classes) + ", expected 1 to 256");
}

// The current cell as an integer from 0 to `most`. It may be written as a floating-point number, such as 3.0.
std::uint8_t whole_number(const CsvReader& reader, const char* what, int most) {
  int number = 0;
  if (reader.parse(number) && number >= 0 && number <= most) return static_cast<std::uint8_t>(number);
  float value = -1;
  if (!reader.parse(value) || !(value >= 0 && value <= static_cast<float>(most)) || value != std::floor(value))
    reader.fail(std::string("the ") + what + " is " + reader.shown() + ", expected a whole number from 0 to " + std::to_string(most));
  return static_cast<std::uint8_t>(value);
}

}  // namespace

std::vector<MnistDirectory> mnist_directories(const std::optional<std::string>& data_dir) {
  if (data_dir) return {{*data_dir, "--data"}};
  std::vector<MnistDirectory> directories;
  const char* variable = std::getenv("MNIST_DIR");
  if (variable != nullptr && *variable != '\0') directories.push_back({variable, "$MNIST_DIR"});
  directories.push_back({"data/mnist", "default"});
  directories.push_back({"/usr/share/datasets/fashion-mnist", "Debian's dataset-fashion-mnist"});
  return directories;
}

MnistFiles find_mnist(const std::vector<MnistDirectory>& directories) {
  if (directories.empty()) throw std::invalid_argument("find_mnist: directories is empty, expected at least one directory");
  std::string looked_in;
  for (const MnistDirectory& directory : directories) {
    const std::array<fs::path, 4> paths = find_files(directory.path);
    if (std::none_of(paths.begin(), paths.end(), [](const fs::path& path) { return path.empty(); })) {
      return {directory, paths[0], paths[1], paths[2], paths[3]};
    }
    looked_in += describe(directory, paths);
  }
  std::string expected;
  for (const FileName& file : kFileNames) append(expected, spelled(file, '-'));
  throw std::runtime_error("MNIST not found; expected " + expected + " in one directory (or with a dot, as " + spelled(kFileNames[0], '.') +
                           "; each plain or .gz); looked in:" + looked_in);
}

MnistData load_mnist(const MnistFiles& files, int classes) {
  check_classes("load_mnist", classes);
  MnistData data;
  data.train_images = read_images(files.train_images);
  data.train_labels = read_labels(files.train_labels, files.train_images, data.train_images, classes);
  data.test_images = read_images(files.test_images);
  check_same_size(files, data);
  data.test_labels = read_labels(files.test_labels, files.test_images, data.test_images, classes);
  data.name = dataset_name(files, data.train_labels);
  if (data.name == "Fashion-MNIST" && classes == int{kGarments.size()}) {
    data.class_names.assign(kGarments.begin(), kGarments.end());
  } else {
    for (int label = 0; label < classes; ++label) data.class_names.push_back(std::to_string(label));
  }
  return data;
}

MnistPart read_mnist_csv(const std::string& path, int classes) {
  check_classes("read_mnist_csv", classes);
  CsvReader reader(path, ',');
  if (!reader.next_row()) reader.fail(0, "the file holds no rows");
  reader.next_cell();
  std::string first(reader.trimmed());
  const bool header = std::string_view("0123456789+-.").find((first + 'x')[0]) == std::string_view::npos;
  std::ranges::transform(first, first.begin(), to_lower);
  const std::size_t columns = reader.finish_row(), pixels = columns - 1;
  const auto side_of = [](std::size_t count) { return static_cast<std::size_t>(std::llround(std::sqrt(static_cast<double>(count)))); };
  const std::size_t side = side_of(pixels), unlabeled_side = side_of(columns);
  if (pixels > 0 && unlabeled_side * unlabeled_side == columns && first != "label")
    reader.fail(0, "the row has " + std::to_string(columns) +
                       " cells, which seem to be the pixels of a square image without its label, expected a label first");
  if (side == 0 || side * side != pixels)
    reader.fail(pixels, "the row has " + std::to_string(pixels) + " pixels after its label, which do not form a square image");
  reader.rewind();
  if (header) reader.next_row();

  Chunks<std::uint8_t> images, labels;
  while (reader.next_row()) {
    std::size_t cells = 0;
    for (; cells < columns && reader.next_cell(); ++cells) {
      if (cells == 0) {
        labels.push_back(whole_number(reader, "label", classes - 1));
      } else {
        images.push_back(whole_number(reader, "pixel", 255));
      }
    }
    reader.expect_cells(columns);
  }
  if (labels.size() == 0) reader.fail(0, "the file holds no rows after its header");
  MnistPart part;
  const auto edge = static_cast<std::int64_t>(side);
  part.images.shape = {static_cast<std::int64_t>(labels.size()), edge, edge};
  part.images.bytes.resize(images.size());
  images.move_to(part.images.bytes);
  part.labels.resize(labels.size());
  labels.move_to(part.labels);
  return part;
}

}  // namespace chainrule::nn
