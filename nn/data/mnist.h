// Finds and reads the four files of MNIST, or of a dataset published in the same format, such as Fashion-MNIST.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nn/data/idx.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// A directory that may hold the files.
struct MnistDirectory {
  /// The path of the directory.
  std::string path;
  std::string origin;  ///< where the path comes from, for error messages: "--data", "$MNIST_DIR"
};

/// The paths of the four files, as returned by find_mnist().
struct MnistFiles {
  /// The directory that holds the files.
  MnistDirectory directory;
  std::string train_images,  ///< path of the training images
      train_labels,          ///< path of the training labels
      test_images,           ///< path of the test images
      test_labels;           ///< path of the test labels
};

/// Images and labels of the training and the test set.
struct MnistData {
  IdxArray train_images,                   ///< training images, [n, rows, columns]
      test_images;                         ///< test images, [n, rows, columns]
  std::vector<std::uint8_t> train_labels,  ///< one label for each training image
      test_labels;                         ///< one label for each test image
  std::vector<std::string> class_names;    ///< one name for each label: "T-shirt/top", ... for Fashion-MNIST, otherwise "0", "1", ...
  std::string name;                        ///< "MNIST", "Fashion-MNIST", or for other data the name of the directory
};

/// Images and their labels.
struct MnistPart {
  IdxArray images;  ///< [n, rows, columns]
  /// The label of each image.
  std::vector<std::uint8_t> labels;
};

/// Returns the directories to search: only `data_dir` if it is given. Otherwise $MNIST_DIR if it is set, then ./data/mnist, then
/// /usr/share/datasets/fashion-mnist, where Debian's package dataset-fashion-mnist installs its files.
std::vector<MnistDirectory> mnist_directories(const std::optional<std::string>& data_dir = std::nullopt);

/// Returns the four files in the first of `directories` that holds all of them. A file may be called train-images-idx3-ubyte or
/// train-images.idx3-ubyte (accordingly for the other three), with or without .gz. An uncompressed file takes precedence over a compressed
/// one.
/// @throws std::runtime_error if no directory holds all four files. The message lists the directories, the expected names, and the files
/// that were found.
/// @throws std::invalid_argument if `directories` is empty.
MnistFiles find_mnist(const std::vector<MnistDirectory>& directories);

/// Reads and checks the four files: there must be one label for each image, the training and test images must have the same size, and each
/// label must be below `classes`.
/// @throws std::runtime_error like read_idx(), and if the files do not match each other.
/// @throws std::invalid_argument unless 1 <= classes <= 256.
MnistData load_mnist(const MnistFiles& files, int classes = 10);

/// Reads square images from a CSV table, with or without a header. The first column holds the label, the other columns hold the pixels of
/// the image row by row, as integers from 0 to 255.
/// @throws std::runtime_error as read_csv(), if the number of pixels is not a square number, or if a label or pixel is not an integer in
/// its range.
/// @throws std::invalid_argument unless 1 <= classes <= 256.
MnistPart read_mnist_csv(const std::string& path, int classes = 10);

}  // namespace chainrule::nn
#pragma GCC visibility pop
