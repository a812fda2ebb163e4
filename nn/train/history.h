// Metrics and History: what a pass over data gave, and what a training gave epoch by epoch.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autograd/base/caller.h"

namespace chainrule::nn {

/// The name of a number, with the line that asks for it.
class RecordName {
 public:
  /// Holds the text by reference.
  RecordName(std::string_view name, SourceLine line = SourceLine::current()) : name_(name), line_(line) {}
  RecordName(const char* name, SourceLine line = SourceLine::current()) : name_(name), line_(line) {}
  RecordName(const std::string& name, SourceLine line = SourceLine::current()) : name_(name), line_(line) {}

  /// What it was made from.
  std::string_view name() const noexcept { return name_; }
  const SourceLine& line() const noexcept { return line_; }

 private:
  std::string_view name_;
  SourceLine line_;
};

/// Numbers by name, in the order they were recorded: "loss", "accuracy", "val_loss", ...
class Metrics {
 public:
  /// A name and its value.
  using Entry = std::pair<std::string, double>;

  /// @throws std::invalid_argument for a name that is not there, listing those that are.
  double operator[](const RecordName& name) const;
  bool contains(std::string_view name) const noexcept { return find(name) != nullptr; }
  void set(std::string_view name, double value);

  /// The entries in the order they were set.
  std::size_t size() const noexcept { return entries_.size(); }
  std::vector<Entry>::const_iterator begin() const noexcept { return entries_.begin(); }
  std::vector<Entry>::const_iterator end() const noexcept { return entries_.end(); }

 private:
  const double* find(std::string_view name) const noexcept;

  std::vector<Entry> entries_;
};

/// `loss 0.2311  accuracy 0.9325`: four significant digits and more.
std::ostream& operator<<(std::ostream& out, const Metrics& metrics);

/// How a training ended.
enum class Ending {
  finished,  ///< after all epochs
  stopped,   ///< by a callback
  diverged,  ///< by a loss that was NaN or infinite
};

/// What fit() measured.
struct History {
  /// Of each epoch: the means over its training as it went (`loss` and each metric), the same over the validation data after it
  /// (`val_...`), `learning_rate` of its last step, `train_seconds` without and `seconds` with the validation.
  std::vector<Metrics> epochs;
  Ending ending = Ending::finished;
  /// Why it ended before its last epoch; empty if it did not.
  std::string reason;
  /// The epoch, counted from 1, whose weights the module was left with; none where those of the last step stayed.
  std::optional<std::int64_t> best_epoch;

  /// One number of every epoch.
  /// @throws std::invalid_argument for a name that was not recorded, listing those that were.
  std::vector<double> operator[](const RecordName& name) const;
};

}  // namespace chainrule::nn
