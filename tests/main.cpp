// The main function of all Boost.Test programs.
#define BOOST_TEST_MODULE chainrule
#include <boost/test/unit_test.hpp>
