// TextStream: writes text that does not depend on the global locale.
// Internal header: not installed.
#pragma once

#include <locale>
#include <sstream>

namespace chainrule::detail {

/// A string stream in the classic locale. A std::ostringstream uses the global locale, which may group the digits of a number or write a
/// decimal comma.
class TextStream : public std::ostringstream {
 public:
  TextStream() { imbue(std::locale::classic()); }
};

}  // namespace chainrule::detail
