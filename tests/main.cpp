// The main function of all Boost.Test programs.
#define BOOST_TEST_MODULE chainrule
#ifdef BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#else
#include <boost/test/included/unit_test.hpp>
#endif
