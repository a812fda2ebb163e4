#include "autograd/ops/gather.h"

#include <boost/test/unit_test.hpp>
#include <numeric>

#include "autograd/ops/create.h"
#include "autograd/parallel/threads.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::test::at_line;
using cr::test::message_of;

namespace {

using Picks = std::vector<std::int64_t>;

std::vector<std::uint8_t> all_bytes(std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gather_rows)

BOOST_AUTO_TEST_CASE(rows_of_tensors_come_in_the_order_of_the_picks) {
  const cr::Tensor x = cr::tensor({{1, 2}, {3, 4}, {5, 6}});
  const cr::Tensor y = cr::gather_rows(x, Picks{2, 0, 2});
  BOOST_TEST(y.shape() == (cr::Shape{3, 2}));
  BOOST_TEST(y.to_vector<double>() == (std::vector<double>{5, 6, 1, 2, 5, 6}));
  const cr::Tensor labels = cr::from_vector(std::vector<std::int64_t>{7, 8, 9});
  BOOST_TEST(cr::gather_rows(labels, Picks{1}).dtype() == cr::DType::int64);
  BOOST_TEST(cr::gather_rows(labels, Picks{1, 2}).to_vector<int>() == (std::vector<int>{8, 9}));
  BOOST_TEST(cr::gather_rows(cr::zeros({4, 2, 3}, cr::DType::float64), Picks{3}).shape() == (cr::Shape{1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(nothing_is_recorded_and_storage_is_its_own) {
  cr::Tensor x = cr::variable({{1, 2}, {3, 4}});
  cr::Tensor y = cr::gather_rows(x, Picks{1});
  BOOST_TEST(!y.requires_grad());
  y.mutable_data<float>()[0] = 9;
  BOOST_TEST(x.to_vector<double>() == (std::vector<double>{1, 2, 3, 4}));
}

BOOST_AUTO_TEST_CASE(bytes_are_scaled_and_then_shifted) {
  const std::vector<std::uint8_t> bytes = all_bytes(256);
  const cr::Tensor y = cr::gather_rows(bytes, 2, Picks{127, 0}, {.scale = 1.0 / 255, .shift = -0.5});
  const float scale = 1.0f / 255;
  const std::vector<float> expected = {254 * scale - 0.5f, 255 * scale - 0.5f, -0.5f, scale - 0.5f};
  BOOST_TEST(y.shape() == (cr::Shape{2, 2}));
  BOOST_TEST(y.to_vector<float>() == expected);
  BOOST_TEST(cr::gather_rows(bytes, 2, Picks{5}).to_vector<double>() == (std::vector<double>{10, 11}));
}

BOOST_AUTO_TEST_CASE(no_picks_and_empty_rows) {
  const std::vector<std::uint8_t> bytes = all_bytes(12);
  BOOST_TEST(cr::gather_rows(bytes, 3, Picks{}).shape() == (cr::Shape{0, 3}));
  BOOST_TEST(cr::gather_rows(std::vector<std::uint8_t>{}, 3, Picks{}).shape() == (cr::Shape{0, 3}));
  BOOST_TEST(cr::gather_rows(cr::zeros({3, 0}), Picks{2, 1}).shape() == (cr::Shape{2, 0}));
  BOOST_TEST(cr::gather_rows(cr::zeros({0, 2}), Picks{}).shape() == (cr::Shape{0, 2}));
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_refused) {
  const cr::Tensor x = cr::zeros({3, 2});
  const std::vector<std::uint8_t> bytes = all_bytes(12);
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               cr::gather_rows(x, Picks{0, 3});
             }) == "gather_rows: index 1 selects row 3, expected 0 to 2" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::gather_rows(x, Picks{-1}); }) ==
             "gather_rows: index 0 selects row -1, expected 0 to 2" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::gather_rows(cr::zeros({}), Picks{}); }) ==
             "gather_rows: x has rank 0, expected [n, ...]" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::gather_rows(cr::Tensor(), Picks{}); }) ==
             "gather_rows: undefined tensor" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::gather_rows(bytes, 4, Picks{3}); }) ==
             "gather_rows: index 0 selects row 3, expected 0 to 2" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::gather_rows(bytes, 5, Picks{0}); }) ==
             "gather_rows: rows holds 12 bytes, expected a multiple of the row size 5" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::gather_rows(bytes, 0, Picks{0}); }) ==
             "gather_rows: row_size is 0, expected at least 1" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(gather_rows_threads)

// Enough rows for many pieces of work.
BOOST_AUTO_TEST_CASE(the_same_on_any_number_of_threads) {
  constexpr std::int64_t kRows = 1000, kRowSize = 301;
  const std::vector<std::uint8_t> bytes = all_bytes(kRows * kRowSize);
  Picks picks(700);
  for (std::size_t i = 0; i < picks.size(); ++i) picks[i] = static_cast<std::int64_t>(i * 7919 % kRows);
  const int before = cr::num_threads();
  for (const int threads : {1, 2, 3, 8}) {
    cr::set_num_threads(threads);
    const cr::Tensor y = cr::gather_rows(bytes, kRowSize, picks);
    bool same = true;
    for (std::size_t i = 0; i < picks.size(); ++i)
      for (std::int64_t k = 0; k < kRowSize; ++k) {
        const auto wanted = static_cast<float>(bytes[static_cast<std::size_t>(picks[i] * kRowSize + k)]);
        same = same && y.data<float>()[i * kRowSize + static_cast<std::size_t>(k)] == wanted;
      }
    BOOST_TEST(same, threads << " threads");
  }
  cr::set_num_threads(before);
}

BOOST_AUTO_TEST_SUITE_END()
