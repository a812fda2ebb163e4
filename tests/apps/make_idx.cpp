// make_idx DIR TRAIN TEST writes a linearly separable dataset in MNIST's format with TRAIN training and TEST test images.
// make_idx --bomb FILE MIB writes a gzip file of an IDX header for 100 images of 28x28, followed by MIB MiB of zeros.
#include <iostream>

#include "tests/nn/data/idx_files.h"

int main(int argc, char** argv) {
  using namespace chainrule::test;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() != 3) {
    std::cerr << "usage: make_idx DIR TRAIN TEST | make_idx --bomb FILE MIB\n";
    return 2;
  }
  if (arguments[0] == "--bomb") {
    write_file(arguments[1], gzip_bomb(idx_header({100, 28, 28}), std::stoul(arguments[2])));
    return 0;
  }
  const auto count = [](const std::string& text) { return static_cast<std::uint32_t>(std::stoul(text)); };
  write_mnist(arguments[0], separable_set(count(arguments[1]), count(arguments[2])));
}
