// CsvReader: reads a CSV file cell by cell.
// Internal header: not installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nn/files/input_file.h"
#include "nn/files/parse_number.h"

namespace chainrule::nn {

/// Splits a file into cells as RFC 4180 defines them, and holds one cell at a time. Skips blank lines and a byte order mark.
class CsvReader {
 public:
  /// @throws std::runtime_error if the file cannot be read.
  CsvReader(const std::string& path, char delimiter);

  /// Returns to the beginning of the file, before the first row.
  void rewind();
  /// Moves to the next row, skipping what is left of the current one. Returns false at the end of the file.
  bool next_row();
  /// Moves to the next cell of the row. Returns false at the end of the row.
  /// @throws std::runtime_error for malformed quotes, a cell of more than 65536 bytes, or more than a million cells in a row.
  bool next_cell();
  /// Skips the remaining cells of the row. Returns the number of cells in the row.
  std::size_t finish_row();
  /// Skips the remaining cells of the row.
  /// @throws std::runtime_error unless the row has `count` cells.
  void expect_cells(std::size_t count);

  /// Returns the current cell. The view is valid until the next cell is read.
  std::string_view cell() const noexcept { return cell_; }
  /// Returns the current cell without spaces and tabs at its ends.
  std::string_view trimmed() const noexcept;
  /// Returns the current cell in quotes, shortened for an error message.
  std::string shown() const { return shown(cell_); }
  /// Returns a text in quotes, shortened for an error message.
  static std::string shown(std::string_view words);
  /// Returns the trimmed cell without a plus sign in front.
  std::string_view without_plus() const noexcept;
  /// Parses the trimmed cell as a number. Returns false, leaving `value` unspecified, if the whole cell is not a number of type T. A number
  /// that is too small for T becomes 0.
  template <class T>
  bool parse(T& value) const {
    return detail::parse_number(without_plus(), value) == detail::Parsed::number;
  }

  /// Returns the position of the current cell in its row, from 0.
  std::size_t column() const noexcept { return count_ - 1; }

  /// Throws std::runtime_error `FILE:LINE:COLUMN: what`, for the current cell or the given column of the current row.
  /// @{
  [[noreturn]] void fail(const std::string& what) const { fail(column(), what); }
  [[noreturn]] void fail(std::size_t column, const std::string& what) const { fail_at(row_line_, column, what); }
  /// @}

 private:
  // The byte at the current position, or -1 at the end of the file.
  int peek() { return position_ != filled_ || refill() ? buffer_[position_] : -1; }
  bool refill();
  void read_cell();
  bool read_whole();
  void read_quoted();
  void read_plain();
  void append(const std::uint8_t* bytes, std::size_t count);
  void check_length(std::size_t size) const;
  [[noreturn]] void fail_at(std::int64_t line, std::size_t column, const std::string& what) const;
  std::string likely_cause() const;

  InputFile file_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t offset_ = 0;  // position in the file of the end of the buffer
  std::size_t position_ = 0, filled_ = 0;
  char delimiter_;
  std::string_view cell_;  // into buffer_ or gathered_
  std::string gathered_;   // a cell that is quoted or crosses the end of the buffer
  std::size_t count_ = 0;  // cells of this row read so far
  bool held_ = false;      // the first cell of the row has been read, but next_cell() has not returned it yet
  bool row_ended_ = true;
  bool is_comment_ = false;  // the row begins with #
  std::int64_t line_ = 1, row_line_ = 1;
};

}  // namespace chainrule::nn
