// Tables cut into cells: quotes, line ends, the ends of the buffer, and errors with line and column.
#include "nn/data/csv_reader.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/autograd/base/throws.h"
#include "tests/nn/files/folder.h"

namespace nn = chainrule::nn;
using chainrule::test::Folder;
using chainrule::test::message_of;

namespace {

using Row = std::vector<std::string>;
using Rows = std::vector<Row>;

struct Files : Folder {
  std::string at = (path / "t.csv").string();

  nn::CsvReader reader(const std::string& text, char delimiter = ',') const { return {file("t.csv", text).string(), delimiter}; }

  Rows rows(const std::string& text, char delimiter = ',') const {
    nn::CsvReader table = reader(text, delimiter);
    Rows all;
    while (table.next_row()) {
      all.emplace_back();
      while (table.next_cell()) all.back().emplace_back(table.cell());
    }
    return all;
  }

  std::string refusal(const std::string& text) const {
    const std::string message = message_of<std::runtime_error>([&] { rows(text); });
    return message.starts_with(at + ":") ? message.substr(at.size() + 1) : "no file named: " + message;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(csv_reader, Files)

BOOST_AUTO_TEST_CASE(cells_of_rows) {
  BOOST_TEST((rows("a,b\n1,2\n") == Rows{{"a", "b"}, {"1", "2"}}));
  BOOST_TEST((rows("a,b\n1,2") == Rows{{"a", "b"}, {"1", "2"}}));  // the last line need not end
  BOOST_TEST((rows("a;b,c\n", ';') == Rows{{"a", "b,c"}}));
  BOOST_TEST((rows(",\n") == Rows{{"", ""}}));
  BOOST_TEST((rows("a,\n") == Rows{{"a", ""}}));
  BOOST_TEST((rows(" a ,b\n") == Rows{{" a ", "b"}}));
  BOOST_TEST((rows("").empty()));
}

BOOST_AUTO_TEST_CASE(line_ends_blank_lines_and_the_mark) {
  BOOST_TEST((rows("a\r\nb\nc\r\n") == Rows{{"a"}, {"b"}, {"c"}}));
  BOOST_TEST((rows("\n\r\n\na\n\n") == Rows{{"a"}}));
  BOOST_TEST((rows("\xEF\xBB\xBFx,y\n") == Rows{{"x", "y"}}));
  BOOST_TEST((rows("a\rb\n") == Rows{{"a\rb"}}));  // a return alone is a letter
  BOOST_TEST((rows("\"\"\n") == Rows{{""}}));      // an empty cell is no blank line
}

BOOST_AUTO_TEST_CASE(quoted_cells) {
  BOOST_TEST((rows("\"a,b\",\"say \"\"x\"\"\"\n") == Rows{{"a,b", "say \"x\""}}));
  BOOST_TEST((rows("\"two\nlines\",1\r\n") == Rows{{"two\nlines", "1"}}));
  BOOST_TEST((rows("a\"b\n") == Rows{{"a\"b"}}));  // a quote within is a letter
  BOOST_TEST(refusal("a\n\"b\nc") == "2:1: the quote that begins here is not closed");
  BOOST_TEST(refusal("a,\"b\"c\n") == "1:2: there is text after the closing quote, expected the delimiter or the end of the line");
}

BOOST_AUTO_TEST_CASE(cells_across_the_ends_of_the_buffer) {
  std::string text;
  Rows wanted;
  for (int i = 0; i < 70'000; ++i) {
    const std::string a = std::to_string(i), b = "cell \"" + a + "\", as it is";
    text += a + ",\"cell \"\"" + a + "\"\", as it is\"\r\n";
    wanted.push_back({a, b});
  }
  BOOST_TEST(text.size() > std::size_t{2} << 20);  // two buffers and more
  BOOST_TEST((rows(text) == wanted));
}

BOOST_AUTO_TEST_CASE(a_row_may_be_left_in_the_middle_and_read_again) {
  nn::CsvReader table = reader("a,b,c\n\n1,2\n");
  BOOST_TEST(table.next_row());
  BOOST_TEST(table.next_cell());
  BOOST_TEST(table.cell() == "a");
  BOOST_TEST(table.column() == 0U);
  BOOST_TEST(table.finish_row() == 3U);
  BOOST_TEST(table.next_row());
  BOOST_TEST(message_of<std::runtime_error>([&] { table.expect_cells(3); }) == at + ":3:3: the row has 2 cells, expected 3");
  BOOST_TEST(!table.next_row());
  table.rewind();
  BOOST_TEST(table.next_row());
  table.expect_cells(3);
  BOOST_TEST(table.next_row());
  BOOST_TEST(message_of<std::runtime_error>([&] { table.expect_cells(1); }) == at + ":3:2: the row has 2 cells, expected 1");
}

BOOST_AUTO_TEST_CASE(cells_as_numbers) {
  const auto number_of = [&](const std::string& cell) {
    nn::CsvReader table = reader(cell + "\n");
    table.next_row();
    table.next_cell();
    double value = -99;
    return table.parse(value) ? value : -99;
  };
  BOOST_TEST(number_of("1.5") == 1.5);
  BOOST_TEST(number_of(" \t-3e2\t ") == -300);
  BOOST_TEST(number_of("+7") == 7);
  for (const char* words : {"+-7", "++7", "1.5.2", "1 2", "x", "1x", "0x10", "\" \""}) BOOST_TEST(number_of(words) == -99, words);
  nn::CsvReader table = reader("300\n");
  table.next_row();
  table.next_cell();
  std::uint8_t byte = 0;
  BOOST_TEST(!table.parse(byte));  // out of its range
}

BOOST_AUTO_TEST_CASE(words_as_messages_show_them) {
  BOOST_TEST(nn::CsvReader::shown("a\tb") == "\"a\\tb\"");
  BOOST_TEST(nn::CsvReader::shown(std::string(39, 'x') + "\xc3\xa9") == '"' + std::string(39, 'x') + "...\"");  // not half a character
  BOOST_TEST(nn::CsvReader::shown(std::string(40, 'x')) == '"' + std::string(40, 'x') + '"');
  BOOST_TEST(nn::CsvReader::shown(std::string(41, 'x')) == '"' + std::string(40, 'x') + "...\"");
  nn::CsvReader table = reader("a\n\nb,c\n");
  table.next_row();
  table.next_row();
  table.next_cell();
  table.next_cell();
  BOOST_TEST(message_of<std::runtime_error>([&] { table.fail("is odd"); }) == at + ":3:2: is odd");
  BOOST_TEST(message_of<std::runtime_error>([&] { table.fail(0, "is odd"); }) == at + ":3:1: is odd");
}

BOOST_AUTO_TEST_CASE(there_are_bounds) {
  BOOST_TEST(rows(std::string(65'536, '1') + "\n")[0][0].size() == 65'536U);
  BOOST_TEST(refusal("a,b\n1," + std::string(65'537, '1') + "\n") == "2:2: a cell is longer than 65536 bytes");
  BOOST_TEST(refusal("\"" + std::string(65'537, '1') + "\"\n") == "1:1: a cell is longer than 65536 bytes");
  BOOST_TEST(refusal(std::string(1'000'000, ',')) == "1:1000001: more than a million columns");
  BOOST_TEST(
      message_of<std::runtime_error>([] { nn::CsvReader("/nonexistent.csv", ','); }).starts_with("/nonexistent.csv: cannot be opened: "));
}

BOOST_AUTO_TEST_SUITE_END()
