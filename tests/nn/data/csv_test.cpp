#include "nn/data/csv.h"

#include <boost/test/unit_test.hpp>
#include <clocale>

#include "tests/autograd/base/throws.h"
#include "tests/nn/files/folder.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::Folder;
using cr::test::message_of;

namespace {

using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;

// The message of the error that reading this text gives, from the line on: "2:1: ...".
std::string complaint(std::string_view text, const nn::CsvOptions& options = {}) {
  const Folder folder;
  const std::filesystem::path path = folder.file("t.csv", text);
  const std::string message = message_of<std::runtime_error>([&] { nn::read_csv(path, options); });
  BOOST_REQUIRE_MESSAGE(message.starts_with(path.string() + ":"), message);
  return message.substr(path.string().size() + 1);
}

nn::CsvData parsed(std::string_view text, const nn::CsvOptions& options = {}) {
  const Folder folder;
  return nn::read_csv(folder.file("t.csv", text), options);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(csv)

BOOST_AUTO_TEST_CASE(features_and_text_classes) {
  const nn::CsvData data = parsed("length,width,species\n5.1,3.5,setosa\n7,3.2,virginica\n 6.4 ,-3e-1,setosa\n", {.label = "species"});
  BOOST_TEST(data.features.shape() == cr::Shape({3, 2}));
  BOOST_TEST(data.features.to_vector<float>() == (std::vector<float>{5.1F, 3.5F, 7, 3.2F, 6.4F, -0.3F}), boost::test_tools::per_element());
  BOOST_TEST(data.targets.to_vector<double>() == (Numbers{0, 1, 0}), boost::test_tools::per_element());
  BOOST_TEST(data.feature_names == (Texts{"length", "width"}), boost::test_tools::per_element());
  BOOST_TEST(data.target_names == (Texts{"species"}), boost::test_tools::per_element());
  BOOST_TEST(data.class_names == (Texts{"setosa", "virginica"}), boost::test_tools::per_element());
  BOOST_TEST(data.dataset().size() == 3);
  BOOST_TEST(data.dataset().classes() == 2);
}

BOOST_AUTO_TEST_CASE(numbers_as_labels_without_header) {
  const nn::CsvData data = parsed("7,0,255\n2,1,0", {.header = false, .label = 0});
  BOOST_TEST(data.targets.to_vector<double>() == (Numbers{7, 2}), boost::test_tools::per_element());
  BOOST_TEST(data.features.to_vector<double>() == (Numbers{0, 255, 1, 0}), boost::test_tools::per_element());
  BOOST_TEST(data.class_names.empty());
  BOOST_TEST(data.feature_names.empty());
  const nn::CsvData last = parsed("1;2;b\n3;4;a\n", {.header = false, .delimiter = ';', .label = -1});
  BOOST_TEST(last.targets.to_vector<double>() == (Numbers{1, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(targets_and_ignored_columns) {
  const nn::CsvData data = parsed("id,x,y,z\nfirst,1,2,3\nsecond,4,5,6\n", {.targets = {"z", 1}, .ignore = {"id"}});
  BOOST_TEST(data.features.to_vector<double>() == (Numbers{2, 5}), boost::test_tools::per_element());
  BOOST_TEST(data.targets.shape() == cr::Shape({2, 2}));
  BOOST_TEST(data.targets.to_vector<double>() == (Numbers{3, 1, 6, 4}), boost::test_tools::per_element());
  BOOST_TEST(data.target_names == (Texts{"z", "x"}), boost::test_tools::per_element());
  const nn::CsvData none = parsed("a\n1\n");
  BOOST_TEST(!none.targets.defined());
  BOOST_TEST(message_of<std::logic_error>([&] { none.dataset(); }) ==
             "CsvData: there are no targets: neither label nor targets were given to read_csv()" + at_line());
}

BOOST_AUTO_TEST_CASE(quotes_line_ends_and_blank_lines) {
  const nn::CsvData data = parsed("\xEF\xBB\xBF\"the, first\",c\r\n\r\n\"1\",\"say \"\"a\"\"\"\r\n\n+2,\"two\nlines\"\r\n", {.label = "c"});
  BOOST_TEST(data.feature_names == (Texts{"the, first"}), boost::test_tools::per_element());
  BOOST_TEST(data.features.to_vector<double>() == (Numbers{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(data.class_names == (Texts{"say \"a\"", "two\nlines"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_file_of_many_pieces) {
  std::string text = "a,b\n";
  for (int i = 0; i < 200000; ++i) text += std::to_string(i) + "," + std::to_string(-i) + "\n";  // more than two pieces of a megabyte
  const nn::CsvData data = parsed(text);
  BOOST_REQUIRE(data.features.shape() == cr::Shape({200000, 2}));
  const auto values = data.features.data<float>();
  bool right = true;
  for (std::size_t i = 0; i < 200000; ++i) {
    const auto number = static_cast<float>(i);
    right = right && values[2 * i] == number && values[2 * i + 1] == -number;
  }
  BOOST_TEST(right);
}

BOOST_AUTO_TEST_CASE(numbers_do_not_depend_on_the_locale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"}) std::setlocale(LC_ALL, name);  // where there is one
  BOOST_TEST(parsed("a\n1.5\n").features.item() == 1.5);
  std::setlocale(LC_ALL, before.c_str());
}

BOOST_AUTO_TEST_CASE(numbers_at_the_limits_of_float32) {
  const nn::CsvData data = parsed("p,b,y\n1e-50,1,-2e-400\n2,1e-40,1\n", {.targets = {"y"}});
  BOOST_TEST(data.features.to_vector<float>() == (std::vector<float>{0, 1, 2, 1e-40F}), boost::test_tools::per_element());
  BOOST_TEST(data.targets.to_vector<float>() == (std::vector<float>{0, 1}), boost::test_tools::per_element());
  BOOST_TEST(complaint("a,b\n1,2\n3,1e39\n") == "3:2: \"1e39\" in column \"b\" is too large for float32");
  BOOST_TEST(complaint("1,-1e400\n", {.header = false}) == "1:2: \"-1e400\" is too large for float32");
  BOOST_TEST(complaint("a\n1e39x\n") == "2:1: \"1e39x\" in column \"a\" is not a finite number");
}

BOOST_AUTO_TEST_CASE(mistakes_are_named_by_line_and_column) {
  BOOST_TEST(complaint("a,b\n1,2\n3,x\n") == "3:2: \"x\" in column \"b\" is not a finite number");
  BOOST_TEST(complaint("1,2\n3,\n", {.header = false}) == "2:2: \"\" is not a finite number");
  BOOST_TEST(complaint("a\nnan\n") == "2:1: \"nan\" in column \"a\" is not a finite number");
  BOOST_TEST(complaint("a\n1e99\n").starts_with("2:1: \"1e99\""));
  BOOST_TEST(complaint("a\n0x10\n").starts_with("2:1: \"0x10\""));
  BOOST_TEST(complaint("a\n1,5\n") == "2:2: the row has 2 cells, expected 1");
  BOOST_TEST(complaint("a,b\n1,2\n\n3\n") == "4:2: the row has 1 cell, expected 2");
  BOOST_TEST(complaint("a,b\n1,\"2\n3\n") == "2:2: the quote that begins here is not closed");
  BOOST_TEST(complaint("a,b\n\"1\"x,2\n") == "2:1: there is text after the closing quote, expected the delimiter or the end of the line");
  BOOST_TEST(complaint("") == "1:1: the file holds no rows");
  BOOST_TEST(complaint("a,b\n") == "2:1: the file holds no rows after its header");
  BOOST_TEST(complaint("a,b\n1,2\n", {.label = "c"}) == "1:1: there is no column \"c\", the columns are \"a\", \"b\"");
  BOOST_TEST(complaint("a,b\n1,2\n", {.label = 2}) == "1:1: there is no column 2 among 2");
  BOOST_TEST(complaint("a,b\n1,2\n", {.label = "b", .ignore = {1}}) == "1:2: column 1 is listed twice among label, targets and ignore");
  BOOST_TEST(complaint("a\nx\n", {.label = "a"}) == "1:1: no column is left for the features");
  BOOST_TEST(complaint("a,b\n1,\n", {.label = "b"}) == "2:2: the label is empty");
  BOOST_TEST(complaint("a\n" + std::string(70000, '1') + "\n") == "2:1: a cell is longer than 65536 bytes");
  BOOST_TEST(message_of<std::runtime_error>([] { nn::read_csv("/nonexistent.csv"); }).starts_with("/nonexistent.csv: cannot be opened: "));
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::read_csv("t.csv", {.label = 0, .targets = {1}}); }) ==
             "read_csv: got both label and targets, expected at most one of them" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
