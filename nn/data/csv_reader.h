// The cells of a table of comma-separated values, one by one.
// Internal header: not installed.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "nn/files/input_file.h"

namespace chainrule::nn {

/// Cuts a file into cells as RFC 4180 has them, of which it holds one at a time. Blank lines and a byte order mark are passed over.
class CsvReader {
 public:
  /// @throws runtime_error when the file cannot be read.
  CsvReader(const std::string& path, char delimiter);

  /// Goes back to the beginning, before the first row.
  void rewind();
  /// Goes to the next row, from wherever in a row; false at the end of the file.
  bool next_row();
  /// Goes to the next cell of the row; false at its end. @throws runtime_error for damaged quotes, a cell of more than 65536 bytes, and
  /// more than a million cells.
  bool next_cell();
  /// Goes past the row's other cells. Returns how many cells the row has.
  std::size_t finish_row();
  /// Does so. @throws runtime_error unless they are `count`.
  void expect_cells(std::size_t count);

  /// The cell, valid until another one is read, and without the blanks around it.
  std::string_view cell() const noexcept { return cell_; }
  std::string_view trimmed() const noexcept;
  /// The cell as a message shows it, and as a number.
  std::string shown() const { return shown(cell_); }
  static std::string shown(std::string_view words);
  template <class T>
  bool parse(T& value) const;

  /// The cell's place in its row, from 0.
  std::size_t column() const noexcept { return count_ - 1; }
  /// @throws runtime_error `FILE:LINE:COLUMN: what`, always; for the row, and the cell or the given column.
  [[noreturn]] void fail(const std::string& what) const { fail(column(), what); }
  [[noreturn]] void fail(std::size_t column, const std::string& what) const { fail_at(row_line_, column, what); }

 private:
  // The byte here, or -1 at the end.
  int peek() { return position_ != filled_ || refill() ? buffer_[position_] : -1; }
  bool refill();
  void read_cell();
  bool read_whole();
  void read_quoted();
  void read_plain();
  void append(const std::uint8_t* bytes, std::size_t count);
  void check_length(std::size_t size) const;
  [[noreturn]] void fail_at(std::int64_t line, std::size_t column, const std::string& what) const;

  InputFile file_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t offset_ = 0;  // of the buffer's end in the file
  std::size_t position_ = 0, filled_ = 0;
  char delimiter_;
  std::string_view cell_;  // of the buffer or what was gathered
  std::string gathered_;   // a cell that is quoted or crosses the buffer's end
  std::size_t count_ = 0;  // cells of this row so far
  bool held_ = false;      // the row's first cell is read, but not asked for
  bool row_ended_ = true;
  std::int64_t line_ = 1, row_line_ = 1;
};

template <class T>
bool CsvReader::parse(T& value) const {
  std::string_view words = trimmed();
  if (words.starts_with('+') && !words.starts_with("+-")) words.remove_prefix(1);
  const auto [end, error] = std::from_chars(words.data(), words.data() + words.size(), value);
  return error == std::errc() && end == words.data() + words.size() && !words.empty();
}

}  // namespace chainrule::nn
