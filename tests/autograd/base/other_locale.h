// A locale with other digits than the classic one.
#pragma once

#include <clocale>
#include <locale>
#include <string>

namespace chainrule::test {

/// Writes 1234567.5 as "1.234.567,5".
class Grouping : public std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

/// While it lives, the global locale of C++ groups digits and has a decimal comma. So has the C locale, where such a locale is installed.
class OtherLocale {
 public:
  OtherLocale()
      : before_(std::locale::global(std::locale(std::locale::classic(), new Grouping))), c_before_(std::setlocale(LC_ALL, nullptr)) {
    for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "ps_AF.UTF-8"})
      if (std::setlocale(LC_ALL, name) != nullptr) break;
  }
  ~OtherLocale() {
    std::locale::global(before_);
    std::setlocale(LC_ALL, c_before_.c_str());
  }
  OtherLocale(const OtherLocale&) = delete;
  OtherLocale& operator=(const OtherLocale&) = delete;

 private:
  std::locale before_;
  std::string c_before_;
};

}  // namespace chainrule::test
