// Messages about files.
#include "nn/files/file_error.h"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <stdexcept>
#include <string>

#include "nn/files/input_file.h"
#include "nn/files/write_file.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/files/folder.h"

namespace nn = chainrule::nn;
using chainrule::test::message_of;

BOOST_AUTO_TEST_SUITE(file_error)

BOOST_AUTO_TEST_CASE(messages_are_printable) {
  BOOST_TEST(message_of<std::runtime_error>([] { nn::throw_file_error("a\x1b[2J\nb\xff", "is\tnot"); }) == "a\\x1b[2J\\nb\\xff: is\\tnot");
}

BOOST_AUTO_TEST_CASE(the_system_gives_its_reason_in_english) {
  BOOST_TEST(nn::system_reason(ENOENT) == "No such file or directory");
  BOOST_TEST(nn::system_reason(EACCES) == "Permission denied");
  BOOST_TEST(!nn::system_reason(123456).empty());
}

BOOST_AUTO_TEST_CASE(names_of_files_are_printable) {
  const chainrule::test::Folder folder;
  const std::string name = folder / "no\x1b[2J\n\xff", shown = (folder / "no\\x1b[2J\\n\\xff").string();
  BOOST_TEST(message_of<std::runtime_error>([&] { const nn::InputFile file(name); }) ==
             shown + ": cannot be opened: No such file or directory");
  BOOST_TEST(message_of<std::runtime_error>([&] { nn::check_writable(name + "/x"); }) ==
             shown + "/x: cannot be written: No such file or directory");
}

BOOST_AUTO_TEST_SUITE_END()
