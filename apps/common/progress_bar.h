// A line on the terminal that tells how far a long task is.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace chainrule::apps {

/// "0.8 s", "2:05 min" or "1:30 h".
std::string duration_text(double seconds);

/// `label [=====>    ] 54 %  text`, drawn over itself on standard output. Draws nothing where that is no terminal.
class ProgressBar {
 public:
  /// `wanted`: false for one that never draws.
  explicit ProgressBar(bool wanted);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Whether it is time to draw again; cheap, and false where nothing is drawn.
  bool due() const noexcept;
  /// `fraction` from 0 to 1.
  void draw(const std::string& label, double fraction, const std::string& text);
  /// Takes the line away, so that others can be written.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool drawing_;
  bool shown_ = false;
  Clock::time_point next_;
};

}  // namespace chainrule::apps
