// Ctrl-C as a question that a loop asks, so that it can end between two steps.
#pragma once

namespace chainrule::apps {

/// The exit code of a program that Ctrl-C ended: 128 + SIGINT.
inline constexpr int kInterruptedExit = 130;

/// From here on the first Ctrl-C only makes interrupted() true; a second one ends the program as usual.
void watch_for_interrupt();

bool interrupted() noexcept;

}  // namespace chainrule::apps
