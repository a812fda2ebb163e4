// Lets a loop ask whether Ctrl-C was pressed, so that it can end between two steps.
#pragma once

namespace chainrule::apps {

/// Exit code of a program ended by Ctrl-C: 128 + SIGINT.
inline constexpr int kInterruptedExit = 130;

/// After this call the first Ctrl-C only makes interrupted() return true; a second one ends the program as usual.
void watch_for_interrupt();

/// Whether Ctrl-C was pressed since watch_for_interrupt().
bool interrupted() noexcept;

}  // namespace chainrule::apps
