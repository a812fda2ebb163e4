// Cuts cells out of a buffer of one megabyte; most cells are views into the buffer.
#include "nn/data/csv_reader.h"

#include <algorithm>
#include <array>

#include "autograd/base/check.h"
#include "autograd/base/printable.h"
#include "nn/files/file_error.h"
#include "nn/files/file_kind.h"

namespace chainrule::nn {

using detail::text;

namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;
constexpr std::size_t kMostColumns = 1'000'000;
constexpr std::size_t kLongestCell = std::size_t{1} << 16;

// The number of occurrences outside quotes.
std::ptrdiff_t count_in(std::string_view line, char wanted) {
  bool in_quotes = false;
  return std::ranges::count_if(line, [&](char letter) {
    if (letter == '"') in_quotes = !in_quotes;
    return letter == wanted && !in_quotes;
  });
}

}  // namespace

CsvReader::CsvReader(const std::string& path, char delimiter)
    : file_(path), buffer_(std::clamp<std::uint64_t>(file_.size(), 1, kBuffer)), delimiter_(delimiter) {
  refuse_other_kind(file_, FileKind::unknown, "a CSV table");
  rewind();
}

void CsvReader::rewind() {
  std::array<std::uint8_t, 3> mark = {};
  const bool marked = file_.read_at(0, mark) == mark.size() && mark[0] == 0xEF && mark[1] == 0xBB && mark[2] == 0xBF;
  offset_ = marked ? mark.size() : 0;
  position_ = filled_ = count_ = 0;
  held_ = false;
  row_ended_ = true;
  line_ = row_line_ = 1;
}

bool CsvReader::next_row() {
  finish_row();
  while (peek() >= 0) {
    row_line_ = line_;
    count_ = 0;
    is_comment_ = peek() == '#';
    const bool quoted = peek() == '"';
    read_cell();
    held_ = quoted || !row_ended_ || !cell_.empty();
    if (held_) return true;
  }
  row_line_ = line_;
  return false;
}

bool CsvReader::next_cell() {
  if (held_) {
    held_ = false;
    return true;
  }
  if (row_ended_) return false;
  read_cell();
  return true;
}

std::size_t CsvReader::finish_row() {
  while (next_cell()) continue;
  return count_;
}

void CsvReader::expect_cells(std::size_t count) {
  const std::size_t cells = finish_row();
  if (cells != count) fail(std::min(cells, count), text("the row has ", cells, cells == 1 ? " cell" : " cells", ", expected ", count));
}

std::string_view CsvReader::trimmed() const noexcept {
  std::string_view words = cell_;
  while (!words.empty() && (words.front() == ' ' || words.front() == '\t')) words.remove_prefix(1);
  while (!words.empty() && (words.back() == ' ' || words.back() == '\t')) words.remove_suffix(1);
  return words;
}

std::string_view CsvReader::without_plus() const noexcept {
  std::string_view words = trimmed();
  if (words.starts_with('+') && !words.starts_with("+-")) words.remove_prefix(1);
  return words;
}

std::string CsvReader::shown(std::string_view words) {
  constexpr std::size_t kMost = 40;
  std::size_t end = std::min(words.size(), kMost);
  while (end > kMost - 3 && end < words.size() && (static_cast<unsigned char>(words[end]) & 0xC0) == 0x80)
    --end;  // does not cut a UTF-8 character
  return '"' + detail::printable(words.substr(0, end)) + (words.size() > kMost ? "...\"" : "\"");
}

bool CsvReader::refill() {
  filled_ = file_.read_at(offset_, buffer_);
  offset_ += filled_;
  position_ = 0;
  return filled_ > 0;
}

void CsvReader::read_cell() {
  if (count_ == kMostColumns) fail_at(line_, count_, "more than a million columns");
  ++count_;
  if (peek() != '"' && read_whole()) return;
  gathered_.clear();
  if (peek() != '"') {
    read_plain();
  } else {
    read_quoted();
    const std::int64_t line = line_;
    const std::size_t size = gathered_.size();
    read_plain();
    if (gathered_.size() != size)
      fail_at(line, column(), "there is text after the closing quote, expected the delimiter or the end of the line");
  }
  cell_ = gathered_;
}

// Reads an unquoted cell that lies completely in the buffer, together with the delimiter or line end after it. Returns false, reading
// nothing, otherwise.
bool CsvReader::read_whole() {
  const auto delimiter = static_cast<std::uint8_t>(delimiter_);
  const std::uint8_t* const begin = buffer_.data() + position_;
  const std::uint8_t* const stop = buffer_.data() + filled_;
  const std::uint8_t* end = begin;
  while (end != stop && *end != delimiter && *end != '\n' && *end != '\r') ++end;
  const std::uint8_t* next = end;
  if (stop - end >= 2 && *end == '\r') ++next;
  if (next == stop || *next == '\r' || (next != end && *next != '\n')) return false;
  const auto size = static_cast<std::size_t>(end - begin);
  check_length(size);
  cell_ = {reinterpret_cast<const char*>(begin), size};
  row_ended_ = *next == '\n';
  if (row_ended_) ++line_;
  position_ += static_cast<std::size_t>(next - begin) + 1;
  return true;
}

void CsvReader::read_quoted() {
  const std::int64_t begun = line_;
  ++position_;
  for (;;) {
    const int byte = peek();
    if (byte < 0) fail_at(begun, column(), "the quote that begins here is not closed");
    ++position_;
    if (byte == '"') {
      if (peek() != '"') break;
      ++position_;
    } else if (byte == '\n') {
      ++line_;
    }
    const auto letter = static_cast<std::uint8_t>(byte);
    append(&letter, 1);
  }
}

// Reads up to the delimiter or the end of the line, and moves past it.
void CsvReader::read_plain() {
  const auto delimiter = static_cast<std::uint8_t>(delimiter_);
  row_ended_ = true;
  while (peek() >= 0) {
    const std::uint8_t* const begin = buffer_.data() + position_;
    const std::uint8_t* const stop = buffer_.data() + filled_;
    const std::uint8_t* end = begin;
    while (end != stop && *end != delimiter && *end != '\n' && *end != '\r') ++end;
    append(begin, static_cast<std::size_t>(end - begin));
    position_ += static_cast<std::size_t>(end - begin);
    if (end == stop) continue;
    const std::uint8_t byte = *end;
    ++position_;
    if (byte == delimiter) {
      row_ended_ = false;
      return;
    }
    if (byte == '\n') {
      ++line_;
      return;
    }
    if (peek() != '\n') append(&byte, 1);
  }
}

void CsvReader::append(const std::uint8_t* bytes, std::size_t count) {
  check_length(gathered_.size() + count);
  gathered_.append(reinterpret_cast<const char*>(bytes), count);
}

void CsvReader::check_length(std::size_t size) const {
  if (size > kLongestCell) fail_at(line_, column(), "a cell is longer than 65536 bytes");
}

void CsvReader::fail_at(std::int64_t line, std::size_t column, const std::string& what) const {
  throw_file_error(text(file_.name(), ":", line, ":", column + 1), what + likely_cause());
}

// What an error probably comes from, judging by the first lines and the current row: ": ..." or "".
std::string CsvReader::likely_cause() const {
  std::vector<std::uint8_t> bytes(kLongestCell);
  bytes.resize(file_.read_at(0, bytes));
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string_view line = start.substr(0, start.find('\n'));
  if (line.size() == start.size() && line.find('\r') < line.size() - 1) return ": the lines end with CR alone, expected LF or CRLF";
  for (const char separator : {',', ';', '\t', '|'}) {
    if (count_in(line, separator) > count_in(line, delimiter_))
      return text(": the cells seem to be separated by ", shown({&separator, 1}), ", but the delimiter is ", shown({&delimiter_, 1}));
  }
  if (is_comment_) return ": the row begins with #, but comments are not supported";
  return line.starts_with('#') ? ": line 1 begins with #, but comments are not supported" : "";
}

}  // namespace chainrule::nn
