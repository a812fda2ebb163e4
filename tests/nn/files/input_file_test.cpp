// Files opened for reading: what is read from where, and errors that name the file.
#include "nn/files/input_file.h"

#include <sys/stat.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/autograd/base/throws.h"
#include "tests/nn/files/folder.h"

namespace nn = chainrule::nn;
using chainrule::test::Folder;
using chainrule::test::message_of;

namespace {

std::string read(const nn::InputFile& file, std::uint64_t offset, std::size_t count) {
  std::vector<std::uint8_t> bytes(count, '?');
  const std::size_t got = file.read_at(offset, bytes);
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(got)};
}

std::size_t open_files() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) count += entry.path().empty() ? 0 : 1;
  return count;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(input_file, Folder)

BOOST_AUTO_TEST_CASE(bytes_from_any_place) {
  const nn::InputFile digits(file("digits", "0123456789"));
  BOOST_TEST(digits.name() == (path / "digits").string());
  BOOST_TEST(digits.size() == 10U);
  BOOST_TEST(read(digits, 0, 10) == "0123456789");
  BOOST_TEST(read(digits, 3, 4) == "3456");
  BOOST_TEST(read(digits, 8, 100) == "89");
  BOOST_TEST(read(digits, 10, 1).empty());
  BOOST_TEST(read(digits, 1000, 1).empty());
  BOOST_TEST(read(digits, 2, 0).empty());
  BOOST_TEST(nn::InputFile(file("none", "")).size() == 0U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_named) {
  const auto error = [](const std::filesystem::path& where) {
    return message_of<std::runtime_error>([&] { nn::InputFile{where.string()}; });
  };
  const std::filesystem::path missing = path / "missing", pipe = path / "pipe";
  BOOST_TEST(error(missing) == missing.string() + ": cannot be opened: No such file or directory");
  BOOST_TEST(error(path) == path.string() + ": is a directory, expected a regular file");
  BOOST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  BOOST_TEST(error(pipe) == pipe.string() + ": is a pipe, expected a regular file");  // and nobody waits for a writer
  BOOST_TEST(error("/dev/null") == "/dev/null: is a device, expected a regular file");
}

BOOST_AUTO_TEST_CASE(faults_name_the_file_and_the_byte) {
  const nn::InputFile input(file("f", "abc"));
  const std::string name = input.name();
  BOOST_TEST(message_of<std::runtime_error>([&] { input.fail("is odd"); }) == name + ": is odd");
  BOOST_TEST(message_of<std::runtime_error>([&] { input.fail_at(std::uint64_t{1} << 40, "is odd"); }) ==
             name + ": byte 1099511627776: is odd");
  BOOST_TEST(input.within_memory([] { return 7; }) == 7);
  BOOST_TEST(message_of<std::runtime_error>([&] { input.within_memory([]() -> int { throw std::bad_alloc(); }); }) ==
             name + ": not enough memory to hold it");
  BOOST_TEST(message_of<std::out_of_range>([&] { input.within_memory([]() -> int { throw std::out_of_range("mine"); }); }) == "mine");
}

BOOST_AUTO_TEST_CASE(files_are_closed_again) {
  const std::filesystem::path some = file("f", "abc");
  const std::size_t before = open_files();
  for (int i = 0; i < 20; ++i) {
    const nn::InputFile input(some);
    BOOST_TEST(open_files() == before + 1);
    BOOST_CHECK_THROW(nn::InputFile{path.string()}, std::runtime_error);
  }
  BOOST_TEST(open_files() == before);
}

BOOST_AUTO_TEST_CASE(bytes_as_hexadecimal_digits) {
  const std::array<std::uint8_t, 4> bytes = {0x1f, 0x8b, 0x00, 0xff};
  BOOST_TEST(nn::hex_bytes(bytes) == "1f 8b 00 ff");
  BOOST_TEST(nn::hex_bytes(std::span(bytes).first(1)) == "1f");
  BOOST_TEST(nn::hex_bytes({}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
