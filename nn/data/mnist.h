// Finds and reads the four files of MNIST, or of any dataset published in the same form, such as Fashion-MNIST.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nn/data/idx.h"

namespace chainrule::nn {

/// A directory to hold the files, and who named it.
struct MnistDirectory {
  /// The directory itself.
  std::string path;
  std::string origin;  ///< who named it, for messages: "--data", "$MNIST_DIR"
};

/// The four files and where they were found.
struct MnistFiles {
  /// Where they are.
  MnistDirectory directory;
  std::string train_images, train_labels, test_images, test_labels;
};

/// The images and labels of both parts.
struct MnistData {
  IdxArray train_images, test_images;  ///< [n, rows, columns]
  /// One for each image.
  std::vector<std::uint8_t> train_labels, test_labels;
  std::vector<std::string> class_names;  ///< one for each label: the garments of Fashion-MNIST, otherwise "0", "1", ...
  std::string name;                      ///< "MNIST", "Fashion-MNIST", or the name of the directory for other data
};

/// Images and their labels.
struct MnistPart {
  IdxArray images;  ///< [n, rows, columns]
  /// One for each image.
  std::vector<std::uint8_t> labels;
};

/// Where to look: `data_dir` alone when given, otherwise $MNIST_DIR when set, ./data/mnist, and where Debian's dataset-fashion-mnist
/// installs.
std::vector<MnistDirectory> mnist_directories(const std::optional<std::string>& data_dir = std::nullopt);

/// The files in the first of `directories` that holds all four, each spelled train-images-idx3-ubyte or train-images.idx3-ubyte, plain or
/// .gz; a plain file is taken before a compressed one.
/// @throws runtime_error when no directory holds all four, listing the directories, the names expected and which of them were found where.
/// @throws invalid_argument for an empty `directories`.
MnistFiles find_mnist(const std::vector<MnistDirectory>& directories);

/// The four files read and checked: as many labels as images, training and test images of one size, each label below `classes`.
/// @throws runtime_error as read_idx() does, for files wrong in themselves or not matching each other.
/// @throws invalid_argument for `classes` outside 1 to 256.
MnistData load_mnist(const MnistFiles& files, int classes = 10);

/// The images of a table whose first column is the label and whose others are the pixels of a square image, row by row, as whole numbers
/// from 0 to 255; with or without a header.
/// @throws runtime_error as read_csv() does, for another number of columns, and for a label or pixel that is out of range.
/// @throws invalid_argument for `classes` outside 1 to 256.
MnistPart read_mnist_csv(const std::string& path, int classes = 10);

}  // namespace chainrule::nn
