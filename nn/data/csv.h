// Tables of comma-separated values: features and what is to be told from them.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/data/dataset.h"

namespace chainrule::nn {

/// A column by its name in the header, or by its number from 0; negative ones count from the end.
class CsvColumn {
 public:
  /// By number, or by name.
  template <std::integral I>
  requires(!std::same_as<I, bool>) CsvColumn(I number) : number_(static_cast<std::int64_t>(number)) {}
  CsvColumn(std::string name) : name_(std::move(name)), is_named_(true) {}
  CsvColumn(const char* name) : name_(name), is_named_(true) {}

  /// Whether it was given by name, and as what: 0 and "" for the other.
  bool is_named() const noexcept { return is_named_; }
  std::int64_t number() const noexcept { return number_; }
  const std::string& name() const noexcept { return name_; }

 private:
  std::int64_t number_ = 0;
  std::string name_;
  bool is_named_ = false;
};

/// What the columns of a table are.
struct CsvOptions {
  /// Whether the first row names the columns.
  bool header = true;
  char delimiter = ',';
  /// The column with the class of each example. Where every one is a whole number from 0 on, these are the labels; else each text is a
  /// class, numbered in alphabetical order.
  std::optional<CsvColumn> label = {};
  /// Columns of numbers to predict; not together with `label`.
  std::vector<CsvColumn> targets = {};
  /// Columns that are not read.
  std::vector<CsvColumn> ignore = {};
};

/// What a table holds.
struct CsvData {
  Tensor features;  ///< float32 [n, columns]: all that are neither label, targets nor ignored
  Tensor targets;   ///< int64 [n] labels, float32 [n, targets], or undefined for neither
  /// From the header; empty without one.
  std::vector<std::string> feature_names, target_names;
  std::vector<std::string> class_names;  ///< of label 0, 1, ...; empty for labels that were numbers

  /// @throws std::logic_error without targets.
  Dataset dataset(SourceLine line = SourceLine::current()) const;
};

/// Reads a table of numbers, RFC 4180: cells may be quoted, with "" for a quote; rows end with LF or CRLF; a byte order mark and blank
/// lines are passed over, as are spaces around a number. Numbers have a decimal point whatever the locale.
/// The file is not trusted: no more than twice the table is held, of a row one cell at a time.
/// @throws std::runtime_error `FILE:LINE:COLUMN: ...` for a cell that is no finite number or longer than 65536 bytes, a row of another
/// length than the first, a quote without end, a column that is not there, more than a million columns or classes, or a file without rows.
/// @throws std::invalid_argument for options that contradict each other.
CsvData read_csv(const std::string& path, const CsvOptions& options = {}, SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
