// The command that started a program, to be told and given again.
#pragma once

#include <string>

namespace chainrule::apps {

/// The arguments in one line, each quoted where a POSIX shell would need it.
std::string command_line(int argc, const char* const* argv);

}  // namespace chainrule::apps
