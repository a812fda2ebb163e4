// Reads tables of comma-separated values (CSV) into feature and target Tensors.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/data/dataset.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Selects a column of a table, either by its name in the header or by its position. Positions count from 0; negative positions count from
/// the end.
class CsvColumn {
 public:
  /// Selects a column by its position.
  template <std::integral I>
  requires(!std::same_as<I, bool>) CsvColumn(I number) : number_(static_cast<std::int64_t>(number)) {}

  /// Selects a column by its name in the header.
  /// @{
  CsvColumn(std::string name) : name_(std::move(name)), is_named_(true) {}
  CsvColumn(const char* name) : name_(name), is_named_(true) {}
  /// @}

  /// Returns true if the column was given by name, false if it was given by position.
  bool is_named() const noexcept { return is_named_; }
  /// Returns the position; 0 if the column was given by name.
  std::int64_t number() const noexcept { return number_; }
  /// Returns the name; empty if the column was given by position.
  const std::string& name() const noexcept { return name_; }

 private:
  std::int64_t number_ = 0;
  std::string name_;
  bool is_named_ = false;
};

/// Options of read_csv().
struct CsvOptions {
  /// True if the first row holds the names of the columns.
  bool header = true;
  /// The character between two cells.
  char delimiter = ',';
  /// The column that holds the class of each example. If all its cells are integers of 0 or more, they are the labels. Otherwise each
  /// distinct text is a class, and the classes are numbered from 0 in alphabetical (byte) order.
  std::optional<CsvColumn> label = {};
  /// Columns of numbers to predict. Must be empty if `label` is given.
  std::vector<CsvColumn> targets = {};
  /// Columns to skip.
  std::vector<CsvColumn> ignore = {};
};

/// The contents of a table, as returned by read_csv().
struct CsvData {
  Tensor features;  ///< float32 [n, columns]: every column that is neither a label, nor a target, nor ignored
  Tensor targets;   ///< int64 [n] for a label column, float32 [n, targets] for target columns, undefined if the options name neither
  std::vector<std::string> feature_names,  ///< header names of the feature columns; empty without a header
      target_names;                        ///< header names of the label column or of the target columns; empty without a header
  std::vector<std::string> class_names;    ///< the text of label 0, 1, ...; empty if the label column holds integers

  /// Returns the features and targets as a Dataset.
  /// @throws std::logic_error if there are no targets.
  Dataset dataset(SourceLine line = SourceLine::current()) const;
};

/// Reads a table of numbers from a CSV file (RFC 4180).
///
/// Cells may be quoted, and "" stands for a quote within a quoted cell. Rows end with LF or CRLF. A byte order mark, blank lines, and
/// spaces or tabs around a cell's content are skipped. Numbers use a decimal point in every locale; one that is too small for float32
/// becomes 0.
///
/// The file is not trusted: memory use is bounded by twice the size of the table, and only one cell of text is held at a time.
/// @throws std::runtime_error `FILE:LINE:COLUMN: ...` (both counted from 1) if a feature or target is not a finite number of float32, a
/// label is empty, a cell is longer than 65536 bytes, a row has another number of cells than the first, a quote is not closed, an option
/// names a column that does not exist or one column twice, no column is left for the features, there are more than a million columns or
/// classes, or the file has no rows.
/// @throws std::invalid_argument if both `label` and `targets` are given, or if the delimiter is a quote or a line end.
CsvData read_csv(const std::string& path, const CsvOptions& options = {}, SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
#pragma GCC visibility pop
