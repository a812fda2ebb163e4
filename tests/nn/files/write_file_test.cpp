// Files that are there whole or not at all.
#include "nn/files/write_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/autograd/base/throws.h"
#include "tests/nn/files/folder.h"

namespace {

using namespace chainrule::nn;
using chainrule::test::Folder;
using chainrule::test::message_of;
using chainrule::test::text_of;

struct Files {
  Folder dir;
  std::filesystem::path path = dir / "file";

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path)) all.push_back(entry.path().filename().string());
    std::ranges::sort(all);
    return all;
  }
};

void write_text(const std::filesystem::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(write_file, Files)

BOOST_AUTO_TEST_CASE(text_parts_and_pieces_arrive) {
  const std::string zeros("a\0b\n\xff", 5);
  write_whole_file(path, zeros);
  BOOST_TEST(text_of(path) == zeros);
  const std::string_view parts[] = {"one ", "", "two"};
  write_whole_file(path, parts);
  BOOST_TEST(text_of(path) == "one two");
  std::string wanted;
  write_whole_file(path, [&](const std::function<void(std::string_view)>& write) {
    for (int i = 0; i < 20'000; ++i) {
      const std::string line = std::to_string(i) + "\n";
      wanted += line;
      write(line);
    }
  });
  BOOST_TEST((text_of(path) == wanted));
  write_whole_file(path, "");
  BOOST_TEST(std::filesystem::file_size(path) == 0U);
  BOOST_TEST(names() == std::vector<std::string>{"file"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_was_there_stays_until_all_is_written) {
  write_text(path, "old");
  const auto failing = [&] {
    write_whole_file(path, [&](const std::function<void(std::string_view)>& write) {
      write("half of the ne");
      BOOST_TEST(text_of(path) == "old");
      BOOST_TEST(names().size() == 2U);
      throw std::out_of_range("no more");
    });
  };
  BOOST_TEST(message_of<std::out_of_range>(failing) == "no more");
  BOOST_TEST(text_of(path) == "old");
  BOOST_TEST(names() == std::vector<std::string>{"file"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(places_that_cannot_be_written_are_named) {
  const std::filesystem::path nowhere = dir / "nowhere" / "file";
  const std::string missing = nowhere.string() + ": cannot be written: No such file or directory";
  BOOST_TEST(message_of<std::runtime_error>([&] { write_whole_file(nowhere, "text"); }) == missing);
  BOOST_TEST(message_of<std::runtime_error>([&] { check_writable(nowhere); }) == missing);
  const std::string directory = dir.path.string() + ": cannot be written: not a regular file";
  BOOST_TEST(message_of<std::runtime_error>([&] { write_whole_file(dir.path, "text"); }) == directory);
  BOOST_TEST(message_of<std::runtime_error>([&] { check_writable(dir.path); }) == directory);
  BOOST_TEST(names().empty());
}

BOOST_AUTO_TEST_CASE(asking_leaves_nothing_behind) {
  check_writable(path);
  BOOST_TEST(names().empty());
  write_text(path, "old");
  check_writable(path);
  BOOST_TEST(text_of(path) == "old");
  BOOST_TEST(names().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_leftover_of_the_same_process_id_is_no_obstacle) {
  const std::string leftover = path.string() + ".tmp" + std::to_string(::getpid()) + "-0";
  write_text(leftover, "leftover");
  check_writable(path);
  write_whole_file(path, "text");
  BOOST_TEST(text_of(path) == "text");
  BOOST_TEST(text_of(leftover) == "leftover");
  BOOST_TEST(names().size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
