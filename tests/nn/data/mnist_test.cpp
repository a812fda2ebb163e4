// Finding MNIST's files under all their names, consistency checks, and the real files if they are installed.
#include "nn/data/mnist.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "tests/autograd/base/throws.h"
#include "tests/nn/data/idx_files.h"
#include "tests/nn/files/folder.h"

namespace {

using namespace chainrule::nn;
using namespace chainrule::test;
namespace fs = std::filesystem;

MnistFiles find_in(const fs::path& directory) { return find_mnist({{directory, "test"}}); }

std::string load_error(const fs::path& directory, int classes = 10) {
  return message_of<std::runtime_error>([&] { load_mnist(find_in(directory), classes); });
}

/// Sets or unsets MNIST_DIR, and puts it back.
class MnistDirVariable {
 public:
  explicit MnistDirVariable(const std::optional<std::string>& value) {
    if (const char* old = std::getenv("MNIST_DIR")) old_ = old;
    set(value);
  }
  ~MnistDirVariable() { set(old_); }
  MnistDirVariable(const MnistDirVariable&) = delete;
  MnistDirVariable& operator=(const MnistDirVariable&) = delete;

 private:
  static void set(const std::optional<std::string>& value) {
    if (value) {
      ::setenv("MNIST_DIR", value->c_str(), 1);
    } else {
      ::unsetenv("MNIST_DIR");
    }
  }
  std::optional<std::string> old_;
};

Bytes labels_file(const Bytes& labels) { return idx_bytes({static_cast<std::uint32_t>(labels.size())}, labels); }

/// 16 blank training images with the labels given, and the test set of `set`.
MnistSet with_train_labels(MnistSet set, const Bytes& labels) {
  set.train_images = idx_bytes({16, 28, 28}, Bytes(16 * 28 * 28));
  set.train_labels = labels_file(labels);
  return set;
}

const Bytes kDigits = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5, 3, 6, 1, 7};
const Bytes kFashion = {9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9, 5, 5, 7, 9};

/// The real data: $MNIST_DIR, or beside the source tree.
std::optional<fs::path> real_mnist() {
  const char* variable = std::getenv("MNIST_DIR");
  if (variable != nullptr && *variable != '\0') return variable;
  const fs::path beside = fs::path(__FILE__).parent_path() / "../../../shared/data/mnist";
  if (fs::exists(beside)) return beside;
  return std::nullopt;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mnist)

BOOST_AUTO_TEST_CASE(every_spelling_reads_alike) {
  const MnistSet set = separable_set(40, 20);
  for (const char separator : {'-', '.'}) {
    for (const bool gzip : {false, true}) {
      Folder dir;
      write_mnist(dir.path, set, {separator, gzip});
      const MnistFiles files = find_in(dir.path);
      BOOST_TEST(files.directory.origin == "test");
      BOOST_TEST(files.train_images == mnist_path(dir.path, "train-images", 3, {separator, gzip}));
      BOOST_TEST(files.train_labels == mnist_path(dir.path, "train-labels", 1, {separator, gzip}));
      BOOST_TEST(files.test_images == mnist_path(dir.path, "t10k-images", 3, {separator, gzip}));
      BOOST_TEST(files.test_labels == mnist_path(dir.path, "t10k-labels", 1, {separator, gzip}));
      const MnistData data = load_mnist(files);
      BOOST_TEST(data.train_images.shape == (std::vector<std::int64_t>{40, 28, 28}));
      BOOST_TEST(data.test_images.shape == (std::vector<std::int64_t>{20, 28, 28}));
      BOOST_TEST((idx_header({40, 28, 28}) + data.train_images.bytes == set.train_images));
      BOOST_TEST((idx_header({20, 28, 28}) + data.test_images.bytes == set.test_images));
      BOOST_TEST((labels_file(data.train_labels) == set.train_labels));
      BOOST_TEST((labels_file(data.test_labels) == set.test_labels));
      BOOST_TEST(data.name == dir.path.filename().string());
      BOOST_TEST(data.class_names == (std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
    }
  }
}

BOOST_AUTO_TEST_CASE(mixed_spellings_and_preference) {
  Folder dir;
  const MnistSet set = separable_set(4, 3);
  write_mnist(dir.path, set, {'-', true});
  write_mnist(dir.path, set, {'.', false});
  fs::remove(dir / "t10k-labels.idx1-ubyte");
  fs::create_directory(dir / "train-images-idx3-ubyte");  // as some archives unpack
  const MnistFiles files = find_in(dir.path);
  BOOST_TEST(files.train_images == dir / "train-images.idx3-ubyte");
  BOOST_TEST(files.test_labels == dir / "t10k-labels-idx1-ubyte.gz");
  BOOST_TEST(load_mnist(files).test_labels.size() == 3u);
}

BOOST_AUTO_TEST_CASE(the_separable_set_is_separable) {
  const MnistSet set = separable_set(200, 50);
  BOOST_TEST((separable_set(200, 50).train_images == set.train_images));
  for (std::size_t i = 0; i < 200; ++i) {
    const std::uint8_t label = set.train_labels[8 + i];
    BOOST_REQUIRE(label < 10);
    for (std::size_t pixel = 0; pixel < 784; ++pixel) {
      const bool in_block = pixel / 28 / 7 == label / 4u && pixel % 28 / 7 == label % 4u;
      BOOST_REQUIRE((set.train_images[16 + 784 * i + pixel] >= 192) == in_block);
    }
  }
}

BOOST_AUTO_TEST_CASE(directories_in_order) {
  const auto text = [](const std::vector<MnistDirectory>& directories) {
    std::string all;
    for (const MnistDirectory& directory : directories) all += directory.path + "|" + directory.origin + "\n";
    return all;
  };
  const std::string defaults = "data/mnist|default\n/usr/share/datasets/fashion-mnist|Debian's dataset-fashion-mnist\n";
  {
    const MnistDirVariable variable("/from/env");
    BOOST_TEST(text(mnist_directories("/given")) == "/given|--data\n");
    BOOST_TEST(text(mnist_directories()) == "/from/env|$MNIST_DIR\n" + defaults);
  }
  for (const std::optional<std::string>& unset : {std::optional<std::string>(), std::optional<std::string>("")}) {
    const MnistDirVariable variable(unset);
    BOOST_TEST(text(mnist_directories()) == defaults);
  }
}

BOOST_AUTO_TEST_CASE(first_complete_place_wins) {
  Folder dir;
  for (const char* name : {"partial", "first", "second"}) {
    fs::create_directory(dir / name);
    write_mnist(dir / name, separable_set(2, 2));
  }
  fs::remove(dir / "partial" / "t10k-images-idx3-ubyte");
  const MnistFiles files = find_mnist({{dir / "none", ""}, {dir / "partial", ""}, {dir / "first", "a"}, {dir / "second", "b"}});
  BOOST_TEST(files.directory.path == dir / "first");
  BOOST_TEST(files.directory.origin == "a");
}

BOOST_AUTO_TEST_CASE(nothing_found_lists_all) {
  Folder dir;
  fs::create_directory(dir / "empty");
  fs::create_directory(dir / "partial");
  write_file(dir / "file", {1});
  write_file(dir / "partial" / "train-images.idx3-ubyte.gz", {1});
  write_file(dir / "partial" / "t10k-labels-idx1-ubyte", {1});
  const std::string at = "\n  " + dir.path.string();
  BOOST_TEST(message_of<std::runtime_error>([&] {
               find_mnist({{dir / "none", "--data"}, {dir / "file", "$MNIST_DIR"}, {dir / "empty", "default"}, {dir / "partial", ""}});
             }) ==
             "MNIST not found; expected train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte "
             "in one directory (or with a dot, as train-images.idx3-ubyte; each plain or .gz); looked in:" +
                 at + "/none (--data): no such directory" + at + "/file ($MNIST_DIR): not a directory" + at +
                 "/empty (default): none of them" + at +
                 "/partial: found train-images.idx3-ubyte.gz, t10k-labels-idx1-ubyte; missing train-labels-idx1-ubyte, "
                 "t10k-images-idx3-ubyte");
  BOOST_CHECK_EXCEPTION(find_mnist({}), std::invalid_argument, [](const std::invalid_argument& error) {
    return std::string(error.what()) == "find_mnist: directories is empty, expected at least one directory";
  });
}

BOOST_AUTO_TEST_CASE(counts_that_disagree) {
  for (const bool gzip : {false, true}) {
    Folder dir;
    const MnistSpelling spelling = {'-', gzip};
    const MnistSet set = separable_set(12, 6);
    const auto path = [&](const std::string& stem, int rank) { return mnist_path(dir.path, stem, rank, spelling).string(); };
    MnistSet wrong = set;
    wrong.train_labels = labels_file(Bytes(11));
    write_mnist(dir.path, wrong, spelling);
    BOOST_TEST(load_error(dir.path) ==
               path("train-labels", 1) + ": byte 4: declares 11 labels, but " + path("train-images", 3) + " holds 12 images");
    wrong = set;
    wrong.test_labels = labels_file(Bytes(7));
    write_mnist(dir.path, wrong, spelling);
    BOOST_TEST(load_error(dir.path) ==
               path("t10k-labels", 1) + ": byte 4: declares 7 labels, but " + path("t10k-images", 3) + " holds 6 images");
  }
}

BOOST_AUTO_TEST_CASE(faults_of_one_file_are_named) {
  Folder dir;
  const MnistSet set = separable_set(12, 6);
  const auto path = [&](const std::string& stem, int rank) { return mnist_path(dir.path, stem, rank).string(); };
  MnistSet wrong = set;
  wrong.test_labels.pop_back();
  write_mnist(dir.path, wrong);
  BOOST_TEST(load_error(dir.path) == path("t10k-labels", 1) + ": byte 4: declares 6 labels, but the file holds 5");
  wrong = set;
  wrong.test_images.push_back(0);
  write_mnist(dir.path, wrong);
  BOOST_TEST(load_error(dir.path) ==
             path("t10k-images", 3) + ": byte 4: declares 6 images of 28x28 (4704 bytes), but the file holds 4705 bytes");
  wrong = set;
  std::swap(wrong.train_images, wrong.train_labels);
  write_mnist(dir.path, wrong);
  BOOST_TEST(load_error(dir.path) == path("train-images", 3) + ": byte 3: found rank 1, expected 3");
  wrong = set;
  wrong.test_images = idx_header({0, 28, 28});
  wrong.test_labels = idx_header({0});
  write_mnist(dir.path, wrong);
  BOOST_TEST(load_error(dir.path) == path("t10k-images", 3) + ": byte 4: dimension 0 is 0, expected at least 1");
}

BOOST_AUTO_TEST_CASE(image_sizes_that_disagree) {
  Folder dir;
  const auto check = [&](std::uint32_t rows, std::uint32_t columns, const std::string& text) {
    MnistSet set = separable_set(12, 6);
    set.test_images = idx_bytes({6, rows, columns}, Bytes(6 * rows * columns));
    write_mnist(dir.path, set);
    BOOST_TEST(load_error(dir.path) ==
               (dir / "t10k-images-idx3-ubyte").string() + text + (dir / "train-images-idx3-ubyte").string() + " holds images of 28x28");
  };
  check(32, 28, ": byte 8: images are 32x28, but ");
  check(28, 14, ": byte 12: images are 28x14, but ");
}

BOOST_AUTO_TEST_CASE(labels_out_of_range) {
  Folder dir;
  MnistSet set = separable_set(12, 6);
  set.train_labels[8 + 7] = 10;
  write_mnist(dir.path, set);
  BOOST_TEST(load_error(dir.path) == (dir / "train-labels-idx1-ubyte").string() + ": byte 15: label is 10, expected 0 to 9");
  BOOST_TEST(load_error(dir.path, 11) == "no exception");
  BOOST_TEST(load_mnist(find_in(dir.path), 11).class_names.back() == "10");
  set = separable_set(12, 6, 3);
  set.test_labels[8] = 255;
  write_mnist(dir.path, set);
  BOOST_TEST(load_error(dir.path, 3) == (dir / "t10k-labels-idx1-ubyte").string() + ": byte 8: label is 255, expected 0 to 2");
  BOOST_TEST(load_error(dir.path, 256) == "no exception");
  for (const int classes : {0, -1, 257}) {
    BOOST_CHECK_EXCEPTION(load_mnist(find_in(dir.path), classes), std::invalid_argument, [&](const std::invalid_argument& error) {
      return error.what() == "load_mnist: classes is " + std::to_string(classes) + ", expected 1 to 256";
    });
  }
}

BOOST_AUTO_TEST_CASE(datasets_are_told_apart) {
  Folder dir;
  const MnistSet set = separable_set(12, 6);
  const auto load = [&](const std::string& name, const MnistSet& files) {
    fs::create_directories(dir / name);
    write_mnist(dir / name, files);
    return load_mnist(find_in(dir / name));
  };
  const MnistData fashion = load("a", with_train_labels(set, kFashion));
  BOOST_TEST(fashion.name == "Fashion-MNIST");
  BOOST_TEST(fashion.class_names == (std::vector<std::string>{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                                                              "Sneaker", "Bag", "Ankle boot"}));
  const MnistData digits = load("fashion", with_train_labels(set, kDigits));
  BOOST_TEST(digits.name == "MNIST");
  BOOST_TEST(digits.class_names[9] == "9");
  BOOST_TEST(load("My-Fashion", set).name == "Fashion-MNIST");
  BOOST_TEST(load("kmnist", set).name == "kmnist");
  BOOST_TEST(load_mnist(find_in(dir / "kmnist/")).name == "kmnist");
}

BOOST_AUTO_TEST_CASE(tables_of_pixels) {
  Folder dir;
  for (const std::string header : {"", "label,p1,p2,p3,p4\n", "\"label\",0,1,2,3\n", "\xEF\xBB\xBF"}) {
    const MnistPart part = read_mnist_csv(dir.file("a.csv", header + "7,0,255,3,4\n0,9,8,7,6\n"));
    BOOST_TEST(part.images.shape == (std::vector<std::int64_t>{2, 2, 2}));
    BOOST_TEST(part.images.bytes == (Bytes{0, 255, 3, 4, 9, 8, 7, 6}));
    BOOST_TEST(part.labels == (Bytes{7, 0}));
  }
  const auto refused = [&](const std::string& text, const std::string& what) {
    const fs::path path = dir.file("b.csv", text);
    BOOST_CHECK_EXCEPTION(read_mnist_csv(path), std::runtime_error,
                          [&](const std::runtime_error& error) { return error.what() == path.string() + ":" + what; });
  };
  refused("1,0,0\n", "1:3: the row has 2 pixels after its label, which do not form a square image");
  refused("label,a,b,c\n", "1:4: the row has 3 pixels after its label, which do not form a square image");
  std::string unlabeled = "pixel0";  // the header of Kaggle's test.csv
  for (int pixel = 1; pixel < 784; ++pixel) unlabeled += ",pixel" + std::to_string(pixel);
  refused(unlabeled + "\n",
          "1:1: the row has 784 cells, which seem to be the pixels of a square image without its label, expected a label first");
  refused("1\n", "1:1: the row has 0 pixels after its label, which do not form a square image");
  refused("1,0,0,0,0\n2,1,2,256,4\n", "2:4: the pixel is \"256\", expected a whole number from 0 to 255");
  refused("1,0,0,0,0.5\n", "1:5: the pixel is \"0.5\", expected a whole number from 0 to 255");
  refused("1,0,0,0,-1\n", "1:5: the pixel is \"-1\", expected a whole number from 0 to 255");
  refused("1,0,0,nan,0\n", "1:4: the pixel is \"nan\", expected a whole number from 0 to 255");
  refused("1,0,0,0,0\n10,0,0,0,0\n", "2:1: the label is \"10\", expected a whole number from 0 to 9");
  refused("label,a,b,c,d\ncat,0,0,0,0\n", "2:1: the label is \"cat\", expected a whole number from 0 to 9");
  refused("1,0,0,0,0\n2,0,0,0\n", "2:5: the row has 4 cells, expected 5");
  refused("label,a,b,c,d\n", "2:1: the file holds no rows after its header");
  BOOST_CHECK_THROW(read_mnist_csv(dir.file("c.csv", ""), 10), std::runtime_error);
  BOOST_CHECK_THROW(read_mnist_csv(dir.file("c.csv", "1,0\n"), 257), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(real_files) {
  const std::optional<fs::path> directory = real_mnist();
  if (!directory) {
    BOOST_TEST_MESSAGE("skipped: no MNIST files; set MNIST_DIR");
    std::cout << "skipped: no MNIST files; set MNIST_DIR" << std::endl;
    return;
  }
  const MnistData data = load_mnist(find_in(*directory));
  BOOST_TEST(data.train_images.shape == (std::vector<std::int64_t>{60000, 28, 28}));
  BOOST_TEST(data.test_images.shape == (std::vector<std::int64_t>{10000, 28, 28}));
  BOOST_TEST(data.train_labels.size() == 60000u);
  BOOST_TEST(data.test_labels.size() == 10000u);
  // crc32 of the elements of the files as published.
  const auto crc = [](const Bytes& bytes) { return crc32(0, bytes.data(), static_cast<uInt>(bytes.size())); };
  if (data.name == "MNIST") {
    BOOST_TEST(crc(data.train_images.bytes) == 0xf3639b56u);
    BOOST_TEST(crc(data.train_labels) == 0xba07e8efu);
    BOOST_TEST(crc(data.test_images.bytes) == 0xe4ca5f57u);
    BOOST_TEST(crc(data.test_labels) == 0xee8604d9u);
    BOOST_TEST(data.class_names[5] == "5");
  } else {
    BOOST_TEST(data.name == "Fashion-MNIST");
    BOOST_TEST(data.class_names[9] == "Ankle boot");
  }
}

BOOST_AUTO_TEST_SUITE_END()
