// Streams of random numbers: Philox's known answers, seeds, moments, and a stream of its own for each thread.
// Covers autograd/base/draw_log.h.
#include "autograd/base/random.h"

#include <autograd/autograd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <thread>
#include <vector>

#include "autograd/base/draw_log.h"
#include "tests/autograd/derivatives/on_threads.h"

namespace cr = chainrule;
using cr::DType;
using cr::test::kThreads;

BOOST_AUTO_TEST_SUITE(random_numbers)

BOOST_AUTO_TEST_CASE(a_generator_is_its_seed_and_the_blocks_it_took) {
  cr::Generator generator(0);
  BOOST_TEST(generator.next() == 0x6627e8d5e169c58dU);  // the first two words of philox's known answer
  BOOST_TEST(generator.counter() == 1U);
  BOOST_TEST(generator.take(5) == 1U);
  BOOST_TEST(generator.counter() == 6U);
  cr::Generator copy = generator, elsewhere(0, 6);
  BOOST_TEST((copy == elsewhere));
  const std::uint64_t number = generator.next();
  BOOST_TEST(copy.next() == number);
  BOOST_TEST((copy == generator));
  BOOST_TEST((copy != elsewhere));
  BOOST_TEST((cr::Generator(1) != cr::Generator(2)));
}

BOOST_AUTO_TEST_CASE(numbers_below_a_bound_are_equally_likely) {
  cr::Generator generator(3);
  for (int i = 0; i < 100; ++i) BOOST_TEST(generator.below(1) == 0U);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts.at(generator.below(7));
  for (const int count : counts) BOOST_CHECK_SMALL(count - 10'000.0, 460.0);  // 5 standard errors
  // Of a bound of three quarters of all numbers, remainders alone would give the lower third twice as often.
  constexpr std::uint64_t kBound = std::uint64_t{3} << 62;
  int lower = 0;
  for (int i = 0; i < 30'000; ++i) {
    const std::uint64_t number = generator.below(kBound);
    BOOST_REQUIRE(number < kBound);
    lower += number < kBound / 3 ? 1 : 0;
  }
  BOOST_CHECK_SMALL(lower - 10'000.0, 410.0);
}

BOOST_AUTO_TEST_CASE(a_seed_sets_the_default_generator) {
  cr::manual_seed(12);
  BOOST_TEST((cr::default_generator() == cr::Generator(12)));
  cr::default_generator().next();
  BOOST_TEST(cr::default_generator().counter() == 1U);
  cr::manual_seed(12);
  BOOST_TEST(cr::default_generator().counter() == 0U);
}

BOOST_AUTO_TEST_CASE(philox_matches_its_reference) {
  // Known answers of Random123's kat_vectors for philox4x32-10 with counter 0 and key 0.
  const cr::detail::PhiloxBlock block = cr::detail::philox(0, 0);
  BOOST_CHECK_EQUAL(block.words[0], 0x6627e8d5U);
  BOOST_CHECK_EQUAL(block.words[1], 0xe169c58dU);
  BOOST_CHECK_EQUAL(block.words[2], 0xbc57ac4cU);
  BOOST_CHECK_EQUAL(block.words[3], 0x9b00dbd8U);
}

BOOST_AUTO_TEST_CASE(one_seed_gives_one_stream) {
  cr::Generator a(7), b(7), other(8);
  const auto first = cr::randn({1000}, a).to_vector<float>();
  BOOST_CHECK(first == cr::randn({1000}, b).to_vector<float>());
  BOOST_CHECK(first != cr::randn({1000}, other).to_vector<float>());
  BOOST_CHECK(first != cr::randn({1000}, a).to_vector<float>());  // the stream goes on
  cr::Generator saved(b.seed(), b.counter());
  BOOST_CHECK(cr::rand({5}, saved).to_vector<float>() == cr::rand({5}, b).to_vector<float>());
  cr::manual_seed(11);
  const auto by_default = cr::rand({10}).to_vector<float>();
  cr::manual_seed(11);
  BOOST_CHECK(by_default == cr::rand({10}).to_vector<float>());
}

BOOST_AUTO_TEST_CASE(distributions_have_their_moments) {
  cr::Generator generator(1);
  for (cr::DType dtype : {cr::DType::float32, cr::DType::float64}) {
    const auto uniform = cr::rand({200'000}, generator, dtype).to_vector<double>();
    const auto normal = cr::randn({200'000}, generator, dtype).to_vector<double>();
    double mean = 0, square = 0, fourth = 0, low = 1, high = 0;
    for (double u : uniform) mean += u / 200'000, low = std::min(low, u), high = std::max(high, u);
    BOOST_CHECK_SMALL(mean - 0.5, 0.003);  // 5 standard errors
    BOOST_CHECK(low >= 0 && low < 1e-4 && high < 1 && high > 1 - 1e-4);
    mean = 0;
    for (double z : normal) mean += z / 200'000, square += z * z / 200'000, fourth += z * z * z * z / 200'000;
    BOOST_CHECK_SMALL(mean, 0.012);
    BOOST_CHECK_SMALL(square - 1, 0.016);
    BOOST_CHECK_SMALL(fourth - 3, 0.12);
  }
  const auto bits = cr::bernoulli(0.3, {100'000}, generator).to_vector<double>();
  double ones = 0;
  for (double bit : bits) ones += bit / 100'000;
  BOOST_CHECK_SMALL(ones - 0.3, 0.0075);
  auto order = cr::randperm(1000, generator).to_vector<std::int64_t>();
  BOOST_CHECK(!std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (std::int64_t i = 0; i < 1000; ++i) BOOST_REQUIRE_EQUAL(order[static_cast<std::size_t>(i)], i);
  const auto dice = cr::randint(-2, 4, {60'000}, generator).to_vector<std::int64_t>();
  int counts[6] = {};
  for (std::int64_t face : dice) {
    BOOST_REQUIRE(face >= -2 && face < 4);
    ++counts[face + 2];
  }
  for (int count : counts) BOOST_CHECK_SMALL(count - 10'000.0, 460.0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(random_numbers_threads)

namespace {

/// The first number that each of several threads draws, in a process of its own.
std::vector<double> draws_of_threads(std::uint64_t seed) {
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    cr::manual_seed(seed);
    std::vector<double> drawn{cr::rand({1}, DType::float64).item()};
    for (int i = 0; i < kThreads; ++i) std::thread([&] { drawn.push_back(cr::rand({1}, DType::float64).item()); }).join();
    const auto bytes = static_cast<ssize_t>(drawn.size() * sizeof(double));
    ::_exit(::write(ends[1], drawn.data(), static_cast<std::size_t>(bytes)) == bytes ? 0 : 1);
  }
  ::close(ends[1]);
  std::vector<double> drawn(kThreads + 1);
  const auto bytes = static_cast<ssize_t>(drawn.size() * sizeof(double));
  BOOST_REQUIRE(::read(ends[0], drawn.data(), static_cast<std::size_t>(bytes)) == bytes);
  ::close(ends[0]);
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_REQUIRE(status == 0);
  return drawn;
}

}  // namespace

BOOST_AUTO_TEST_CASE(generators_of_threads_differ_and_repeat) {
  const std::vector<double> first = draws_of_threads(7), again = draws_of_threads(7), other = draws_of_threads(8);
  BOOST_TEST(first == again, boost::test_tools::per_element());
  for (std::size_t i = 0; i < first.size(); ++i) {
    BOOST_TEST(first[i] != other[i]);
    for (std::size_t j = 0; j < i; ++j) BOOST_TEST(first[i] != first[j]);
  }
}

BOOST_AUTO_TEST_CASE(a_draw_log_notes_the_state_before_the_first_draw) {
  cr::Generator early(1, 10), late(2, 20), untouched(3, 30);
  cr::detail::DrawLog log;
  early.take(5);
  {
    cr::detail::DrawLog inner;
    late.next();
    early.take(1);
    BOOST_TEST(inner.draws().size() == 2u);
    log.note(inner.take());
  }
  {
    cr::Generator gone(4);
    gone.next();
  }
  cr::rand({1});
  const std::vector<cr::detail::Draw> draws = log.take();
  BOOST_TEST_REQUIRE(draws.size() == 3u);  // not `gone`
  BOOST_TEST(draws[0].counter == 10u);
  BOOST_TEST(draws[1].counter == 20u);
  BOOST_TEST(draws[2].is_default);
  {
    const cr::detail::DrawsAgain again(draws);
    BOOST_TEST(early.counter() == 10u);
    BOOST_TEST(late.counter() == 20u);
    early.take(100);
    untouched.next();
  }
  BOOST_TEST(early.counter() == 16u);
  BOOST_TEST(late.counter() == 21u);
  BOOST_TEST(untouched.counter() == 30u);
}

BOOST_AUTO_TEST_SUITE_END()
