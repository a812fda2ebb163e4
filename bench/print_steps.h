// Prints the result of a program that times training steps, for compare.py.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <vector>

/// Prints the median and the least of the times, in microseconds, and the mean of the last losses.
inline void print_steps(const char* name, std::int64_t batch, int threads, std::vector<double> times, const std::vector<double>& losses) {
  constexpr std::size_t kLast = 100;
  const auto last = static_cast<std::ptrdiff_t>(std::min(losses.size(), kLast));
  const double loss = std::accumulate(losses.end() - last, losses.end(), 0.0) / static_cast<double>(last);
  std::sort(times.begin(), times.end());
  std::printf("%s batch=%d threads=%d median_us=%.1f best_us=%.1f loss=%.4f\n", name, static_cast<int>(batch), threads,
              times[times.size() / 2], times.front(), loss);
}
