// Values gathered in pieces: all come out in order, and none twice.
#include "nn/data/chunks.h"

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nn = chainrule::nn;

BOOST_AUTO_TEST_SUITE(chunks)

BOOST_AUTO_TEST_CASE(values_come_out_in_the_order_they_went_in) {
  constexpr std::size_t kPiece = (std::size_t{1} << 20) / sizeof(std::int64_t);
  nn::Chunks<std::int64_t> chunks;
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, kPiece - 1, kPiece, kPiece + 1, 3 * kPiece + 5}) {
    for (std::size_t i = 0; i < count; ++i) chunks.push_back(static_cast<std::int64_t>(3 * i));
    BOOST_TEST(chunks.size() == count);
    std::vector<std::int64_t> out(count, -1);
    chunks.move_to(out);
    bool right = true;
    for (std::size_t i = 0; i < count; ++i) right = right && out[i] == static_cast<std::int64_t>(3 * i);
    BOOST_TEST(right, count << " values");
    BOOST_TEST(chunks.size() == 0U);  // and may be filled anew
  }
}

BOOST_AUTO_TEST_SUITE_END()
