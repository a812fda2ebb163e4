#include "nn/data/csv.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "autograd/base/check.h"
#include "autograd/ops/create.h"
#include "nn/data/chunks.h"
#include "nn/data/csv_reader.h"
#include "nn/files/parse_number.h"

namespace chainrule::nn {

using detail::parse_number;
using detail::Parsed;
using detail::text;
using detail::throw_invalid;
using detail::throw_misuse;

namespace {

constexpr std::size_t kMostClasses = 1'000'000;

enum class Role { feature, label, target, ignored };

// The roles and names of the columns.
struct Layout {
  std::vector<Role> roles;
  std::vector<std::size_t> targets;  // the column of each target
  std::vector<std::string> names;    // empty without a header
};

// Returns the position of a column. Columns can be found by name only if the table has a header.
std::size_t find_column(const CsvColumn& column, const Layout& layout, const CsvReader& reader) {
  if (!column.is_named()) {
    const auto columns = static_cast<std::int64_t>(layout.roles.size());
    const std::int64_t number = column.number(), at = number < 0 ? number + columns : number;
    if (at < 0 || at >= columns) reader.fail(0, text("there is no column ", number, " among ", columns));
    return static_cast<std::size_t>(at);
  }
  const std::string& name = column.name();
  const auto found = std::ranges::find(layout.names, name);
  if (found == layout.names.end()) {
    std::string known;
    for (std::size_t i = 0; i < std::min<std::size_t>(layout.names.size(), 20); ++i)
      known += (i == 0 ? "" : ", ") + CsvReader::shown(layout.names[i]);
    reader.fail(0,
                text("there is no column ", CsvReader::shown(name), ", the columns are ", known, layout.names.size() > 20 ? ", ..." : ""));
  }
  return static_cast<std::size_t>(found - layout.names.begin());
}

Layout read_layout(CsvReader& reader, const CsvOptions& options) {
  if (!reader.next_row()) reader.fail(0, "the file holds no rows");
  Layout layout;
  if (options.header) {
    while (reader.next_cell()) layout.names.emplace_back(reader.trimmed());
  }
  layout.roles.assign(reader.finish_row(), Role::feature);
  const auto give = [&](const CsvColumn& column, Role role) {
    const std::size_t at = find_column(column, layout, reader);
    if (layout.roles[at] != Role::feature) reader.fail(at, text("column ", at, " is listed twice among label, targets and ignore"));
    layout.roles[at] = role;
    return at;
  };
  if (options.label) give(*options.label, Role::label);
  for (const CsvColumn& column : options.targets) layout.targets.push_back(give(column, Role::target));
  for (const CsvColumn& column : options.ignore) give(column, Role::ignored);
  if (std::ranges::count(layout.roles, Role::feature) == 0) reader.fail(0, "no column is left for the features");
  return layout;
}

// The contents of the rows read so far.
struct CsvRows {
  std::int64_t count = 0;
  Chunks<float> features, targets;
  Chunks<std::int64_t> labels;                               // the labels, or class codes in order of first appearance
  std::map<std::string, std::int64_t, std::less<>> classes;  // the code of each class; empty if the labels are integers
};

float number_in(const CsvReader& reader, const Layout& layout) {
  float value = 0;
  const Parsed parsed = parse_number(reader.without_plus(), value);
  if (parsed == Parsed::number && std::isfinite(value)) return value;
  const std::string name = layout.names.empty() ? "" : " in column " + CsvReader::shown(layout.names[reader.column()]);
  reader.fail(text(reader.shown(), name, parsed == Parsed::too_large ? " is too large for float32" : " is not a finite number"));
}

std::int64_t class_of(const CsvReader& reader, CsvRows& rows) {
  const auto found = rows.classes.find(reader.trimmed());
  if (found != rows.classes.end()) return found->second;
  if (rows.classes.size() == kMostClasses) reader.fail("more than a million classes");
  const auto code = static_cast<std::int64_t>(rows.classes.size());
  rows.classes.emplace(reader.trimmed(), code);
  return code;
}

// Reads all remaining rows. Returns nullopt if labels are to be read as integers and one of them is not an integer of 0 or more.
std::optional<CsvRows> read_rows(CsvReader& reader, const Layout& layout, bool labels_are_texts) {
  CsvRows rows;
  const std::size_t columns = layout.roles.size();
  std::vector<float> row_targets(layout.targets.empty() ? 0 : columns);
  for (; reader.next_row(); ++rows.count) {
    std::size_t cells = 0;
    for (; cells < columns && reader.next_cell(); ++cells) {
      switch (layout.roles[cells]) {
        case Role::feature:
          rows.features.push_back(number_in(reader, layout));
          break;
        case Role::target:
          row_targets[cells] = number_in(reader, layout);
          break;
        case Role::label: {
          if (reader.trimmed().empty()) reader.fail("the label is empty");
          std::int64_t label = 0;
          if (labels_are_texts) {
            label = class_of(reader, rows);
          } else if (!reader.parse(label) || label < 0) {
            return std::nullopt;
          }
          rows.labels.push_back(label);
          break;
        }
        case Role::ignored:
          break;
      }
    }
    reader.expect_cells(columns);
    for (const std::size_t target : layout.targets) rows.targets.push_back(row_targets[target]);
  }
  return rows;
}

Tensor table(Chunks<float>& values, std::int64_t rows, std::int64_t columns) {
  Tensor result = zeros({rows, columns}, DType::float32);
  values.move_to(result.mutable_data<float>());
  return result;
}

// Renumbers the classes in alphabetical order, in place in `codes`, and returns their names in that order.
std::vector<std::string> sort_classes(CsvRows& rows, std::span<std::int64_t> codes) {
  std::vector<std::int64_t> sorted(rows.classes.size());
  std::vector<std::string> names;
  names.reserve(rows.classes.size());
  while (!rows.classes.empty()) {
    auto node = rows.classes.extract(rows.classes.begin());
    sorted[static_cast<std::size_t>(node.mapped())] = static_cast<std::int64_t>(names.size());
    names.push_back(std::move(node.key()));
  }
  for (std::int64_t& code : codes) code = sorted[static_cast<std::size_t>(code)];
  return names;
}

}  // namespace

Dataset CsvData::dataset(SourceLine line) const {
  if (!targets.defined()) throw_misuse("CsvData", "there are no targets: neither label nor targets were given to read_csv()", line);
  return {features, targets, line};
}

CsvData read_csv(const std::string& path, const CsvOptions& options, SourceLine line) {
  const CallerScope caller(line);
  if (options.label && !options.targets.empty())
    throw_invalid("read_csv", "got both label and targets, expected at most one of them", line);
  if (options.delimiter == '"' || options.delimiter == '\n' || options.delimiter == '\r')
    throw_invalid("read_csv", "the delimiter is a quote or a line end, expected another character", line);
  CsvReader reader(path, options.delimiter);
  Layout layout = read_layout(reader, options);
  const auto rows_from_start = [&](bool labels_are_texts) {
    reader.rewind();
    if (options.header) reader.next_row();
    return read_rows(reader, layout, labels_are_texts);
  };
  std::optional<CsvRows> rows = rows_from_start(false);
  if (!rows) rows = rows_from_start(true);
  if (rows->count == 0) reader.fail(0, "the file holds no rows after its header");

  CsvData data;
  data.features = table(rows->features, rows->count, std::ranges::count(layout.roles, Role::feature));
  if (!options.targets.empty()) data.targets = table(rows->targets, rows->count, static_cast<std::int64_t>(options.targets.size()));
  if (options.label) {
    data.targets = zeros({rows->count}, DType::int64);
    const std::span<std::int64_t> codes = data.targets.mutable_data<std::int64_t>();
    rows->labels.move_to(codes);
    if (!rows->classes.empty()) data.class_names = sort_classes(*rows, codes);
  }
  if (options.header) {
    for (const std::size_t i : layout.targets) data.target_names.push_back(layout.names[i]);
    for (std::size_t i = 0; i < layout.roles.size(); ++i) {
      if (layout.roles[i] == Role::label) data.target_names.push_back(layout.names[i]);
      if (layout.roles[i] == Role::feature) data.feature_names.push_back(std::move(layout.names[i]));
    }
  }
  return data;
}

}  // namespace chainrule::nn
