// How many parameters may be made while a module is loaded.
#include "nn/module/parameter_budget.h"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::message_of;

namespace {

std::string refusal(const cr::Shape& shape, std::int64_t count, cr::SourceLine line = cr::SourceLine::current()) {
  return message_of<std::invalid_argument>([&] { nn::claim_parameters("Dense", shape, count, line); });
}

const std::string kNone = "no exception";

}  // namespace

BOOST_AUTO_TEST_SUITE(parameter_budget)

BOOST_AUTO_TEST_CASE(what_is_claimed_is_taken_from_the_budget) {
  BOOST_TEST(!nn::ParameterBudget::in_force());
  BOOST_TEST(refusal({1'000'000, 1'000'000}, 1000) == kNone);  // without one, anything
  const nn::ParameterBudget budget(10);
  BOOST_TEST(nn::ParameterBudget::in_force());
  BOOST_TEST(refusal({2, 3}, 1) == kNone);
  BOOST_TEST(refusal({5}, 1) == "Dense: parameters of shape [5] exceed the 10 weights in the file" + at_line());
  BOOST_TEST(refusal({2}, 3).starts_with("Dense: parameters of shape [2] exceed the 10 weights"));
  BOOST_TEST(refusal({2}, 2) == kNone);  // what was refused took nothing
  BOOST_TEST(refusal({}, 1) != kNone);
  BOOST_TEST(refusal({0}, 1) == kNone);
  BOOST_TEST(refusal({std::int64_t{1} << 40, std::int64_t{1} << 40}, 1) != kNone);
}

BOOST_AUTO_TEST_CASE(the_innermost_budget_counts) {
  const nn::ParameterBudget outer(100);
  {
    const nn::ParameterBudget inner(3);
    BOOST_TEST(refusal({4}, 1).find("exceed the 3 weights") != std::string::npos);
    BOOST_TEST(refusal({3}, 1) == kNone);
  }
  BOOST_TEST(refusal({100}, 1) == kNone);  // the inner one took nothing of the outer
  BOOST_TEST(refusal({1}, 1).find("exceed the 100 weights") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(layers_keep_to_it_and_draw_nothing) {
  cr::manual_seed(4);
  const cr::Generator before = cr::default_generator();
  {
    const nn::ParameterBudget budget(12);
    const nn::Dense dense(3, 2);
    BOOST_TEST(dense.weight().to_vector<double>() == std::vector<double>(6, 0), boost::test_tools::per_element());
    BOOST_TEST(message_of<std::invalid_argument>([] { nn::Dense(3, 2); }).find("exceed the 12 weights") != std::string::npos);
  }
  BOOST_TEST((cr::default_generator() == before));
  const nn::Dense drawn(3, 2);
  BOOST_TEST((cr::default_generator() != before));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(parameter_budget_threads)

BOOST_AUTO_TEST_CASE(a_budget_is_of_its_thread) {
  const nn::ParameterBudget budget(1);
  std::string elsewhere;
  bool in_force_there = true;
  std::thread([&] {
    in_force_there = nn::ParameterBudget::in_force();
    elsewhere = refusal({100}, 1);
  }).join();
  BOOST_TEST(!in_force_there);
  BOOST_TEST(elsewhere == kNone);
  BOOST_TEST(refusal({2}, 1) != kNone);
}

BOOST_AUTO_TEST_SUITE_END()
