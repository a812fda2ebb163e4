// The main function of all Boost.Test programs. With CHAINRULE_TEST_LOCALE in the environment, the cases run in another locale.
#define BOOST_TEST_MODULE chainrule
#ifdef BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#else
#include <boost/test/included/unit_test.hpp>
#endif
#include <cstdlib>
#include <optional>

#include "tests/autograd/base/other_locale.h"

namespace {

struct Surroundings {
  Surroundings() {
    if (std::getenv("CHAINRULE_TEST_LOCALE") != nullptr) locale.emplace();
  }
  std::optional<chainrule::test::OtherLocale> locale;
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Surroundings);
