// How often each class was taken for which, and how that is printed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace chainrule::apps {

/// Counts of (true class, predicted class).
class Confusion {
 public:
  explicit Confusion(std::int64_t classes);

  void add(std::int64_t label, std::int64_t predicted) noexcept { ++counts_[index(label, predicted)]; }
  std::int64_t classes() const noexcept { return classes_; }
  std::int64_t count(std::int64_t label, std::int64_t predicted) const noexcept { return counts_[index(label, predicted)]; }
  std::int64_t correct() const noexcept;
  std::int64_t total() const noexcept;

 private:
  std::size_t index(std::int64_t label, std::int64_t predicted) const noexcept {
    return static_cast<std::size_t>(label * classes_ + predicted);
  }

  std::int64_t classes_;
  std::vector<std::int64_t> counts_;
};

/// A table of several lines: a row for each true class, with its name and accuracy; a column for each predicted one.
std::string confusion_table(const Confusion& confusion, const std::vector<std::string>& class_names);

}  // namespace chainrule::apps
