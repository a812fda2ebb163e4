// A progress bar on the terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace chainrule::apps {

/// A duration as text, such as "0.8 s", "2:05 min" or "1:30 h".
std::string duration_text(double seconds);

/// `label [=====>    ] 54 %  text`, redrawn in place on standard output. Draws nothing if standard output is not a terminal.
class ProgressBar {
 public:
  /// A bar with `wanted` false never draws.
  explicit ProgressBar(bool wanted);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Whether it is time to draw again. Cheap; false for a bar that never draws.
  bool due() const noexcept;
  /// Draws the bar; `fraction` is from 0 to 1.
  void draw(const std::string& label, double fraction, const std::string& text);
  /// Erases the bar, so that other lines can be printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool drawing_;
  bool shown_ = false;
  Clock::time_point next_;
};

}  // namespace chainrule::apps
