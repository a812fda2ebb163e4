// Malformed files of every format: each ends in one error that names the file and what is wrong where, and takes no more memory than twice
// what the file decodes to.
// Covers nn/model_file/model_parser.cpp, nn/model_file/tensor_parser.cpp.
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/data/idx_files.h"
#include "tests/nn/files/child.h"
#include "tests/nn/files/corpus.h"
#include "tests/nn/files/folder.h"
#include "tests/sanitized.h"

namespace nn = chainrule::nn;
namespace fs = std::filesystem;
using namespace chainrule::test;

namespace {

constexpr double kFixedMebibytes = 64;

using Read = std::function<void(const fs::path&)>;

/// A table. The start of its name determines how it is read.
void read_table(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name.starts_with("mnist_")) {
    nn::read_mnist_csv(path);
  } else if (name.starts_with("label_")) {
    nn::read_csv(path, {.label = "label"});
  } else {
    nn::read_csv(path);
  }
}

/// An IDX file by itself, or in place of the MNIST file given by the start of its name.
void read_idx_file(const fs::path& path) {
  const fs::path images = path.parent_path() / "whole_images.idx", labels = path.parent_path() / "whole_labels.idx";
  nn::MnistFiles files{.directory = {}, .train_images = images, .train_labels = labels, .test_images = images, .test_labels = labels};
  const std::string name = path.filename().string();
  if (name.starts_with("images_")) {
    files.train_images = path;
  } else if (name.starts_with("labels_")) {
    files.train_labels = path;
  } else if (name.starts_with("test_images_")) {
    files.test_images = path;
  } else if (name.starts_with("test_labels_")) {
    files.test_labels = path;
  } else {
    nn::read_idx(path);
    return;
  }
  nn::load_mnist(files);
}

/// Reads a file in a child process, which must end in a runtime_error that names it, says `what`, and takes at most twice
/// `decoded` MiB and a fixed amount.
void check_refused(const fs::path& path, const std::string& what, const Read& read, double decoded = 0) {
  const Outcome outcome = in_child([&] { return message_of<std::runtime_error>([&] { read(path); }); });
  BOOST_TEST(outcome.words.starts_with(path.string() + ":"), outcome.words);
  BOOST_TEST(outcome.words.find(what) != std::string::npos, outcome.words << " does not have " << what);
  BOOST_TEST(outcome.words.size() < path.string().size() + 600);
  if (!kSanitized) BOOST_TEST(outcome.grown_mebibytes <= 2 * decoded + kFixedMebibytes);
}

/// Reads a file in a child process, within the same bound.
void check_read(const fs::path& path, const Read& read, double decoded) {
  const Outcome outcome = in_child([&] {
    read(path);
    return "read";
  });
  BOOST_TEST(outcome.words == "read");
  if (!kSanitized) BOOST_TEST(outcome.grown_mebibytes <= 2 * decoded + kFixedMebibytes);
}

/// All files that the format's list names are refused as it says, those named whole are read, and no others are there.
void check_corpus(const std::string& format, const Read& read) {
  const fs::path folder = fs::path(CHAINRULE_CORPUS_DIR) / format;
  std::set<std::string> listed{"faults.txt"}, faults;
  for (const FaultyFile& file : read_corpus(folder)) {
    BOOST_TEST_CONTEXT(file.path.filename()) {
      BOOST_TEST(listed.insert(file.path.filename().string()).second);
      BOOST_TEST(faults.insert(file.fault).second);
      check_refused(file.path, file.message, read);
    }
  }
  BOOST_TEST(faults.size() >= 25U);
  int whole = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("whole")) {
      check_read(entry.path(), read, 0);
      ++whole;
    } else {
      BOOST_TEST(listed.contains(name), name << " is not listed");
    }
  }
  BOOST_TEST(whole >= 1);
}

double mebibytes(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

// Some of the following tests use large data, which takes long with sanitizers and measures nothing there.
constexpr std::size_t kScale = kSanitized ? 100 : 1;

std::string repeated(std::string_view row, std::size_t count) {
  std::string text;
  text.reserve(row.size() * count + 100);
  for (std::size_t i = 0; i < count; ++i) text += row;
  return text;
}

std::string npy_file(const std::string& descr, const std::string& order, std::size_t count, std::size_t bytes) {
  const std::string header =
      "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': (1000, " + std::to_string(count / 1000) + ")}";
  return std::string("\x93NUMPY\x01\0", 8) + static_cast<char>(header.size()) + '\0' + header + std::string(count * bytes, '\0');
}

std::string safetensors_file(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t size = header.size();
  std::string file(sizeof size, '\0');
  std::memcpy(file.data(), &size, sizeof size);
  return file + header + std::string(data_bytes, '\0');
}

}  // namespace

BOOST_AUTO_TEST_SUITE(malformed_files)

BOOST_AUTO_TEST_CASE(idx) { check_corpus("idx", read_idx_file); }
BOOST_AUTO_TEST_CASE(gz) {
  check_corpus("gz", [](const fs::path& path) { nn::read_idx(path); });
}
BOOST_AUTO_TEST_CASE(csv) { check_corpus("csv", read_table); }
BOOST_AUTO_TEST_CASE(npy) {
  check_corpus("npy", [](const fs::path& path) { nn::read_npy(path); });
}
BOOST_AUTO_TEST_CASE(safetensors) {
  check_corpus("safetensors", [](const fs::path& path) { nn::read_safetensors(path); });
}
BOOST_AUTO_TEST_CASE(json) {
  check_corpus("json", [](const fs::path& path) { nn::load_model(path); });
  BOOST_TEST(nn::load_model(CHAINRULE_CORPUS_DIR "/json/whole.json")->parameter_count() == 3);
}

BOOST_AUTO_TEST_CASE(large_idx) {
  const Folder dir;
  const auto count = static_cast<std::uint32_t>(12'000'000 / kScale);
  Bytes labels = idx_bytes({count}, Bytes(count));
  write_file(dir / "images", idx_bytes({count, 2, 2}, Bytes(4 * count)));
  labels.back() = 10;
  write_file(dir / "labels", labels);
  labels.back() = 9;
  write_file(dir / "right", labels);
  const Read read = [&](const fs::path& path) {
    nn::load_mnist({.directory = {},
                    .train_images = dir / "images",
                    .train_labels = path,
                    .test_images = fs::path(CHAINRULE_CORPUS_DIR) / "idx" / "whole_images.idx",
                    .test_labels = fs::path(CHAINRULE_CORPUS_DIR) / "idx" / "whole_labels.idx"});
  };
  check_refused(dir / "labels", "byte " + std::to_string(count + 7) + ": label is 10, expected 0 to 9", read, mebibytes(5 * count));
  check_read(dir / "right", read, mebibytes(5 * count));
}

BOOST_AUTO_TEST_CASE(large_gz) {
  const Folder dir;
  const auto count = static_cast<std::uint32_t>(60'000'000 / kScale);
  Bytes file = gzipped(idx_bytes({count}, Bytes(count)), 0);
  const Read read = [](const fs::path& path) { nn::read_idx(path); };
  write_file(dir / "right.gz", file);
  check_read(dir / "right.gz", read, mebibytes(count));
  file[file.size() - 8] ^= 1;
  write_file(dir / "checksum.gz", file);
  check_refused(dir / "checksum.gz", "incorrect data check, with " + std::to_string(count + 8) + " bytes inflated", read, mebibytes(count));
}

BOOST_AUTO_TEST_CASE(large_csv) {
  const Folder dir;
  const std::size_t rows = 5'000'000 / kScale;
  const double decoded = mebibytes(rows * 12);  // a float and a label each
  const Read read = [](const fs::path& path) { nn::read_csv(path, {.label = "label"}); };
  const std::string text = "a,label\n" + repeated("1.5,7\n", rows);
  const std::string end = std::to_string(rows + 2);
  check_read(dir.file("right.csv", text), read, decoded);
  check_refused(dir.file("ragged.csv", text + "3\n"), end + ":2: the row has 1 cell, expected 2", read, decoded);
  // A label that is not a number turns all labels into class names, from the first row on.
  check_read(dir.file("classes.csv", text + "3,x\n"), read, decoded);
  check_refused(dir.file("number.csv", text + "3,x\nx,3\n"), std::to_string(rows + 3) + ":1: \"x\" in column \"a\" is not", read, decoded);
}

BOOST_AUTO_TEST_CASE(large_rows) {
  const Folder dir;
  const std::string cell(60'000, '0');
  std::string text = "0." + cell;
  for (std::size_t i = 1; i < 1000 / kScale; ++i) text += ",0." + cell;
  // A row of 60 MB with little content.
  const Read read = [](const fs::path& path) { nn::read_csv(path, {.header = false}); };
  check_read(dir.file("right.csv", text + "\n"), read, 0);
  check_refused(dir.file("number.csv", text + "x\n"), "1:" + std::to_string(1000 / kScale) + ": \"0.0000", read);
}

BOOST_AUTO_TEST_CASE(many_classes) {
  const Folder dir;
  const std::size_t rows = 1'000'000 / kScale;
  std::string text = "a,label\n";
  for (std::size_t i = 0; i < rows; ++i) text += "1,a" + std::to_string(i) + "\n";
  const double decoded = mebibytes(rows * (12 + sizeof(std::string)));
  const Read read = [](const fs::path& path) { nn::read_csv(path, {.label = "label"}); };
  check_read(dir.file("right.csv", text), read, decoded);
  check_refused(dir.file("number.csv", text + "x,a0\n"), std::to_string(rows + 2) + ":1: \"x\" in column \"a\" is not", read, decoded);
  if (!kSanitized) check_refused(dir.file("classes.csv", text + "1,b\n"), "1000002:2: more than a million classes", read, decoded);
}

BOOST_AUTO_TEST_CASE(large_table_of_pixels) {
  const Folder dir;
  const std::size_t rows = 40'000 / kScale;
  std::string row = "7";
  for (int i = 0; i < 784; ++i) row += ",0";
  const std::string text = repeated(row + "\n", rows);
  const double decoded = mebibytes(rows * 785);
  const Read read = [](const fs::path& path) { nn::read_mnist_csv(path); };
  check_read(dir.file("right.csv", text), read, decoded);
  check_refused(dir.file("pixel.csv", text + row + "1\n" + row + "256\n"),
                std::to_string(rows + 2) + ":785: the pixel is \"0256\", expected a whole number from 0 to 255", read, decoded);
}

BOOST_AUTO_TEST_CASE(large_npy) {
  const Folder dir;
  const std::size_t count = 10'000'000 / kScale;
  const Read read = [](const fs::path& path) { nn::read_npy(path); };
  check_read(dir.file("fortran.npy", npy_file("<f8", "True", count, 8)), read, mebibytes(8 * count));
  std::string file = npy_file("<u8", "False", count, 8);
  file.back() = '\x80';
  check_refused(dir.file("unsigned.npy", file),
                "byte " + std::to_string(file.size() - 8) + ": holds an unsigned integer above the largest int64", read,
                mebibytes(8 * count));
  check_refused(dir.file("cut.npy", npy_file("<f8", "True", count, 8).substr(0, 8 * count)), "bytes, but the file has", read);
}

BOOST_AUTO_TEST_CASE(large_safetensors) {
  const Folder dir;
  const std::size_t count = 10'000'000 / kScale;
  const std::string n = std::to_string(count);
  const Read read = [](const fs::path& path) { nn::read_safetensors(path); };
  const std::string tensor = "{\"x\":{\"dtype\":\"BF16\",\"shape\":[" + n + "],\"data_offsets\":[0," + std::to_string(2 * count) + "]}}";
  check_read(dir.file("right", safetensors_file(tensor, 2 * count)), read, mebibytes(4 * count));
  check_refused(dir.file("data", safetensors_file(tensor, 2 * count + 1)), "the tensors take", read);
  // Nothing but a header, of many tensors without elements.
  const std::size_t tensors = 500'000 / kScale;
  std::string header = "{";
  for (std::size_t i = 0; i < tensors; ++i) header += "\"" + std::to_string(i) + R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)";
  const std::int64_t before = chainrule::graph_stats().bytes;
  const chainrule::Tensor one = chainrule::zeros({0});
  const double decoded = mebibytes(tensors * (sizeof(nn::NamedTensor) + static_cast<std::size_t>(chainrule::graph_stats().bytes - before)));
  check_read(dir.file("many", safetensors_file(header + R"("x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})", 0)), read, decoded);
  check_refused(dir.file("header", safetensors_file(header + R"("x":{"dtype":"F32","shape":[0]}})", 0)), "tensor \"x\" has no data_offsets",
                read, decoded);
}

BOOST_AUTO_TEST_SUITE_END()
