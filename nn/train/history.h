// Metrics and History: the values measured in one pass over data, and those of all epochs of a training.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autograd/base/caller.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// The name of a recorded value, as an argument. It also captures the line of the caller for error messages.
class RecordName {
 public:
  /// Takes a name; the text is referenced, not copied.
  /// @{
  RecordName(std::string_view name, SourceLine line = SourceLine::current()) : name_(name), line_(line) {}
  RecordName(const char* name, SourceLine line = SourceLine::current()) : name_(name), line_(line) {}
  RecordName(const std::string& name, SourceLine line = SourceLine::current()) : name_(name), line_(line) {}
  /// @}

  /// Returns the name.
  std::string_view name() const noexcept { return name_; }
  /// Returns the line of the caller.
  const SourceLine& line() const noexcept { return line_; }

 private:
  std::string_view name_;
  SourceLine line_;
};

/// Values by name, in the order in which they were set: "loss", "accuracy", "val_loss", ...
class Metrics {
 public:
  /// A name and its value.
  using Entry = std::pair<std::string, double>;

  /// Returns the value of this name.
  /// @throws std::invalid_argument if there is none; the message lists the names that exist.
  double operator[](const RecordName& name) const;
  /// Returns true if there is a value of this name.
  bool contains(std::string_view name) const noexcept { return find(name) != nullptr; }
  /// Sets or replaces the value of this name. A NaN loses its sign, so that it is printed as "nan".
  void set(std::string_view name, double value);

  /// Returns the number of values.
  std::size_t size() const noexcept { return entries_.size(); }
  /// Returns an iterator to the first entry; entries are in the order in which they were set.
  std::vector<Entry>::const_iterator begin() const noexcept { return entries_.begin(); }
  /// Returns an iterator past the last entry.
  std::vector<Entry>::const_iterator end() const noexcept { return entries_.end(); }

 private:
  const double* find(std::string_view name) const noexcept;

  std::vector<Entry> entries_;
};

/// Writes all entries on one line with the precision of the stream: `loss 0.2311  accuracy 0.9325`.
std::ostream& operator<<(std::ostream& out, const Metrics& metrics);

/// How a training ended.
enum class Ending {
  finished,  ///< all epochs were completed
  stopped,   ///< a callback stopped it
  diverged,  ///< the loss became NaN or infinite
};

/// What fit() measured.
struct History {
  /// The values of each epoch:
  ///
  /// - `loss` and the metrics on the training data, accumulated while the epoch runs;
  /// - `val_loss` and so on, the same on the validation data, measured after the epoch;
  /// - `learning_rate`, that of the last step;
  /// - `train_seconds`, the duration of the epoch without validation, and `seconds`, the duration with validation.
  std::vector<Metrics> epochs;
  /// How the training ended.
  Ending ending = Ending::finished;
  /// Why the training ended before the last epoch; empty if it did not.
  std::string reason;
  /// The epoch, counted from 1, whose weights the module has after the training. No value if it has those of the last step.
  std::optional<std::int64_t> best_epoch;

  /// Returns the value of this name for each epoch.
  /// @throws std::invalid_argument if it was not recorded; the message lists the names that were.
  std::vector<double> operator[](const RecordName& name) const;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
