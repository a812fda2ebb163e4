#include "apps/common/progress_bar.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace chainrule::apps {
namespace {

constexpr std::size_t kBarWidth = 16;
constexpr std::chrono::milliseconds kInterval{100};

bool can_draw() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::size_t columns() {
  winsize size = {};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::string duration_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::min(seconds, 1e15));
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

ProgressBar::ProgressBar(bool wanted) : drawing_(wanted && can_draw()), next_(Clock::now() + kInterval) {}

bool ProgressBar::due() const noexcept { return drawing_ && Clock::now() >= next_; }

void ProgressBar::draw(const std::string& label, double fraction, const std::string& text) {
  if (!drawing_) return;
  next_ = Clock::now() + kInterval;
  fraction = std::clamp(fraction, 0.0, 1.0);
  const auto filled = static_cast<std::size_t>(std::lround(fraction * static_cast<double>(kBarWidth)));
  std::string bar(filled, '=');
  if (filled > 0 && filled < kBarWidth) bar.back() = '>';
  bar.resize(kBarWidth, ' ');
  std::string line = fmt::format("{} [{}] {:3.0f} %  {}", label, bar, 100 * fraction, text);
  line.resize(std::min(line.size(), columns() - 1));  // a full line would scroll
  fmt::print("\r{}\x1b[K", line);
  std::fflush(stdout);
  shown_ = true;
}

void ProgressBar::clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stdout);
  std::fflush(stdout);
  shown_ = false;
}

}  // namespace chainrule::apps
