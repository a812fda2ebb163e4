#include "nn/data/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "autograd/check.h"
#include "autograd/ops/create.h"
#include "nn/data/input_file.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;
using detail::throw_misuse;

namespace {

enum class Role { feature, label, target, ignored };

// Cuts a file into cells, a piece at a time, and hands them over row by row.
class CellReader {
 public:
  explicit CellReader(const std::filesystem::path& path, char delimiter) : file_(path), buffer_(kPiece), delimiter_(delimiter) {
    if (peek() == 0xEF) {
      std::uint8_t mark[3] = {};
      if (file_.read_at(0, mark) == 3 && mark[1] == 0xBB && mark[2] == 0xBF) position_ = 3;
    }
  }

  /// The next row that is not blank; none at the end. Its cells are valid until the next call.
  bool next_row(std::vector<std::string>& cells) {
    while (peek() >= 0) {
      row_line_ = line_;
      std::size_t count = 0;
      bool more = true;
      while (more) {
        if (count == cells.size()) cells.emplace_back();
        if (count == kMostColumns) fail(line_, count, "more than a million columns");
        more = read_cell(cells[count], count);
        ++count;
      }
      cells.resize(count);
      if (count > 1 || !cells[0].empty() || quoted_) return true;
    }
    return false;
  }

  std::int64_t row_line() const noexcept { return row_line_; }

  [[noreturn]] void fail(std::int64_t line, std::size_t column, const std::string& what) const {
    throw std::runtime_error(text(file_.name(), ":", line, ":", column + 1, ": ", what));
  }
  [[noreturn]] void fail(const std::string& what) const { file_.fail(what); }

 private:
  static constexpr std::size_t kPiece = std::size_t{1} << 20;
  static constexpr std::size_t kMostColumns = 1'000'000;
  static constexpr std::size_t kLongestCell = std::size_t{1} << 16;

  // The byte here, or -1 at the end.
  int peek() {
    if (position_ == filled_) {
      offset_ += filled_;
      filled_ = file_.read_at(offset_, buffer_);
      position_ = 0;
      if (filled_ == 0) return -1;
    }
    return buffer_[position_];
  }

  // Returns whether the row goes on.
  bool read_cell(std::string& cell, std::size_t column) {
    cell.clear();
    quoted_ = false;
    if (peek() == '"') {
      quoted_ = true;
      const std::int64_t begun = line_;
      ++position_;
      for (;;) {
        const int byte = peek();
        if (byte < 0) fail(begun, column, "the quote that begins here has no end");
        ++position_;
        if (byte == '"') {
          if (peek() != '"') break;
          ++position_;
        } else if (byte == '\n') {
          ++line_;
        }
        append(cell, byte, column);
      }
      const int after = peek();
      if (after >= 0 && after != delimiter_ && after != '\n' && after != '\r')
        fail(line_, column, "text goes on after the closing quote, expected the delimiter or the end of the line");
    }
    for (;;) {
      const int byte = peek();
      if (byte < 0) return false;
      ++position_;
      if (byte == delimiter_) return true;
      if (byte == '\n') {
        ++line_;
        return false;
      }
      if (byte == '\r' && peek() == '\n') continue;
      append(cell, byte, column);
    }
  }

  void append(std::string& cell, int byte, std::size_t column) const {
    if (cell.size() == kLongestCell) fail(line_, column, "a cell is longer than 65536 bytes");
    cell += static_cast<char>(byte);
  }

  InputFile file_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t offset_ = 0;
  std::size_t position_ = 0, filled_ = 0;
  char delimiter_;
  bool quoted_ = false;
  std::int64_t line_ = 1, row_line_ = 1;
};

std::string_view trimmed(std::string_view cell) {
  while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
  while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t')) cell.remove_suffix(1);
  return cell;
}

// The cell as a message shows it.
std::string shown(std::string_view cell) {
  std::string words = "\"";
  for (const char letter : cell.substr(0, 40)) words += static_cast<unsigned char>(letter) < 0x20 ? '?' : letter;
  return words + (cell.size() > 40 ? "...\"" : "\"");
}

template <class T>
bool parse(std::string_view cell, T& value) {
  cell = trimmed(cell);
  if (cell.starts_with('+') && !cell.starts_with("+-")) cell.remove_prefix(1);
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return error == std::errc() && end == cell.data() + cell.size() && !cell.empty();
}

// Which column of how many; by name only with a header.
std::size_t find_column(const CsvColumn& column, std::size_t count, const std::vector<std::string>& header, const CellReader& reader) {
  if (const auto* number = std::get_if<std::int64_t>(&column.which())) {
    const auto columns = static_cast<std::int64_t>(count);
    const std::int64_t at = *number < 0 ? *number + columns : *number;
    if (at < 0 || at >= columns) reader.fail(text("there is no column ", *number, " among ", columns));
    return static_cast<std::size_t>(at);
  }
  const std::string& name = std::get<std::string>(column.which());
  const auto found = std::ranges::find(header, name);
  if (found == header.end()) {
    std::string names;
    for (std::size_t i = 0; i < std::min<std::size_t>(header.size(), 20); ++i) names += (i == 0 ? "" : ", ") + header[i];
    reader.fail(text("there is no column ", shown(name), ", the columns are ", names, header.size() > 20 ? ", ..." : ""));
  }
  return static_cast<std::size_t>(found - header.begin());
}

Tensor table(const std::vector<float>& values, std::int64_t rows, std::int64_t columns) {
  Tensor result = zeros({rows, columns});
  std::ranges::copy(values, result.mutable_data<float>().begin());
  return result;
}

}  // namespace

Dataset CsvData::dataset(SourceLine line) const {
  if (!targets.defined()) throw_misuse("CsvData", "there are no targets: read_csv() was told of neither label nor targets", line);
  return {features, targets, line};
}

CsvData read_csv(const std::filesystem::path& path, const CsvOptions& options, SourceLine line) {
  const CallerScope caller(line);
  if (options.label && !options.targets.empty()) throw_invalid("read_csv", "got label and targets, expected one of them", line);
  if (options.delimiter == '"' || options.delimiter == '\n' || options.delimiter == '\r')
    throw_invalid("read_csv", "the delimiter is a quote or a line's end", line);
  CellReader reader(path, options.delimiter);
  std::vector<std::string> cells;
  if (!reader.next_row(cells)) reader.fail("the file holds no rows");
  std::vector<std::string> header;
  bool row = true;
  if (options.header) {
    header = cells;
    for (std::string& name : header) name = std::string(trimmed(name));
    row = reader.next_row(cells);
    if (!row) reader.fail("the file holds no rows after its header");
  }

  const std::size_t columns = options.header ? header.size() : cells.size();
  std::vector<Role> roles(columns, Role::feature);
  const auto give = [&](const CsvColumn& column, Role role) {
    const std::size_t at = find_column(column, columns, header, reader);
    if (roles[at] != Role::feature) reader.fail(text("column ", at, " is named twice among label, targets and ignore"));
    roles[at] = role;
    return at;
  };
  CsvData data;
  std::vector<std::size_t> target_columns;
  if (options.label) target_columns.push_back(give(*options.label, Role::label));
  for (const CsvColumn& column : options.targets) target_columns.push_back(give(column, Role::target));
  for (const CsvColumn& column : options.ignore) give(column, Role::ignored);
  if (!header.empty()) {
    for (std::size_t i = 0; i < columns; ++i)
      if (roles[i] == Role::feature) data.feature_names.push_back(header[i]);
    for (const std::size_t i : target_columns) data.target_names.push_back(header[i]);
  }
  const auto feature_count = static_cast<std::int64_t>(std::ranges::count(roles, Role::feature));
  if (feature_count == 0) reader.fail("no column is left for the features");

  std::vector<float> features, targets;
  std::vector<std::string> labels;
  std::int64_t rows = 0;
  const auto number = [&](std::size_t column) {
    float value = 0;
    if (!parse(cells[column], value) || !std::isfinite(value))
      reader.fail(reader.row_line(), column,
                  text(shown(cells[column]), header.empty() ? "" : " in column " + shown(header[column]), " is not a finite number"));
    return value;
  };
  for (; row; row = reader.next_row(cells)) {
    if (cells.size() != columns)
      reader.fail(reader.row_line(), std::min(cells.size(), columns),
                  text("the row has ", cells.size(), cells.size() == 1 ? " cell" : " cells", ", expected ", columns));
    for (std::size_t i = 0; i < columns; ++i) {
      if (roles[i] == Role::feature) features.push_back(number(i));
      if (roles[i] == Role::label) {
        labels.emplace_back(trimmed(cells[i]));
        if (labels.back().empty()) reader.fail(reader.row_line(), i, "the label is empty");
      }
    }
    for (const std::size_t i : target_columns)
      if (roles[i] == Role::target) targets.push_back(number(i));
    ++rows;
  }
  data.features = table(features, rows, feature_count);
  if (!options.targets.empty()) data.targets = table(targets, rows, static_cast<std::int64_t>(options.targets.size()));
  if (options.label) {
    data.targets = zeros({rows}, DType::int64);
    const std::span<std::int64_t> codes = data.targets.mutable_data<std::int64_t>();
    const auto is_code = [](const std::string& label) {
      std::int64_t code = 0;
      return parse(label, code) && code >= 0;
    };
    if (std::ranges::all_of(labels, is_code)) {
      for (std::size_t i = 0; i < labels.size(); ++i) parse(labels[i], codes[i]);
    } else {
      std::map<std::string_view, std::int64_t> classes;
      for (const std::string& label : labels) classes.emplace(label, 0);
      std::int64_t next = 0;
      for (auto& [name, code] : classes) {
        code = next++;
        data.class_names.emplace_back(name);
      }
      for (std::size_t i = 0; i < labels.size(); ++i) codes[i] = classes.at(labels[i]);
    }
  }
  return data;
}

}  // namespace chainrule::nn
