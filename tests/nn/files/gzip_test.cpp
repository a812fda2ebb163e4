// Gzip streams inflated piece by piece: in any pieces, of several members, and damaged at any byte.
#include "nn/files/gzip.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/autograd/base/throws.h"
#include "tests/nn/data/idx_files.h"
#include "tests/nn/files/folder.h"

namespace nn = chainrule::nn;
using namespace chainrule::test;

namespace {

// Bytes that do not compress well, so that the stream is longer than one buffer of the reader.
Bytes noise(std::size_t count) {
  std::mt19937 random(5);
  Bytes bytes(count);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

struct Files : Folder {
  std::string at = (path / "f.gz").string();

  Bytes inflated(const Bytes& stream, std::size_t piece) const {
    write_file(at, stream);
    const nn::InputFile file(at);
    nn::GzipReader reader(file);
    Bytes all, some(piece);
    for (std::size_t got = piece; got == piece;) {
      got = reader.read(some);
      all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(got));
    }
    BOOST_TEST(reader.read(some) == 0U);  // the end stays the end
    return all;
  }

  /// What inflating ends in, without the file's name in front.
  std::string refusal(const Bytes& stream) const {
    const std::string message = message_of<std::runtime_error>([&] { inflated(stream, 1000); });
    return message.starts_with(at + ": ") ? message.substr(at.size() + 2) : "no file named: " + message;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(gzip, Files)

BOOST_AUTO_TEST_CASE(the_first_two_bytes_decide) {
  const auto decided = [&](const Bytes& bytes) {
    write_file(at, bytes);
    return nn::is_gzip(nn::InputFile(at));
  };
  BOOST_TEST(decided({0x1f, 0x8b}));
  BOOST_TEST(decided(gzipped({1, 2, 3})));
  BOOST_TEST(!decided({0x1f, 0x8c}));
  BOOST_TEST(!decided({0x1f}));
  BOOST_TEST(!decided({}));
}

BOOST_AUTO_TEST_CASE(the_pieces_do_not_matter) {
  const Bytes data = noise(300'000);
  const Bytes stream = gzipped(data);
  BOOST_TEST(stream.size() > data.size());
  for (const std::size_t piece : {300'000U, 300'001U, 100'000U, 65'536U, 777U}) BOOST_TEST((inflated(stream, piece) == data), piece);
  BOOST_TEST((inflated(gzipped({}), 10).empty()));
  const Bytes zeros(1'000'000);
  BOOST_TEST((inflated(gzipped(zeros, 9), 4096) == zeros));
}

BOOST_AUTO_TEST_CASE(members_read_as_one) {
  const Bytes first = noise(70'000), second = {7, 8, 9};
  BOOST_TEST((inflated(gzipped(first) + gzipped({}) + gzipped(second), 1000) == first + second));
}

BOOST_AUTO_TEST_CASE(damage_is_named_with_its_place) {
  const Bytes data = {'a', 'b', 'c'};
  const Bytes stream = gzipped(data);
  Bytes cut = stream, checksum = stream, length = stream;
  cut.pop_back();
  const std::string at_end = "compressed byte " + std::to_string(cut.size()) + ": the gzip stream ends early, with 3 bytes inflated";
  BOOST_TEST(refusal(cut) == at_end);
  checksum[checksum.size() - 8] ^= 1;
  BOOST_TEST(refusal(checksum).find(": damaged gzip stream: incorrect data check, with 3 bytes inflated") != std::string::npos);
  length[length.size() - 4] ^= 1;
  BOOST_TEST(refusal(length).find(": damaged gzip stream: incorrect length check, with 3 bytes inflated") != std::string::npos);
  BOOST_TEST(refusal(stream + Bytes{0, 42}) ==
             "compressed byte " + std::to_string(stream.size()) +
                 ": found 00 2a after the gzip stream, expected the end of the file or another gzip stream (1f 8b), with 3 bytes "
                 "inflated");
  BOOST_TEST(refusal(stream + Bytes{0x1f}).find(": found 1f after the gzip stream") != std::string::npos);
  BOOST_TEST(refusal(deflated(data, 15, Z_FINISH)).starts_with("compressed byte 2: damaged gzip stream: incorrect header check"));
}

BOOST_AUTO_TEST_CASE(every_stream_that_is_cut_short_is_refused) {
  const Bytes stream = gzipped(noise(300));
  for (std::size_t size = 0; size < stream.size(); ++size)
    BOOST_TEST(refusal(Bytes(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size))).find("ends early") != std::string::npos,
               size << " of " << stream.size() << " bytes");
}

BOOST_AUTO_TEST_CASE(no_stream_expands_further_than_it_says) {
  const Bytes zeros(std::size_t{4} << 20);
  const std::size_t bytes = gzipped(zeros, 9).size();
  BOOST_TEST(zeros.size() <= bytes * nn::kMaxInflation);
  BOOST_TEST(zeros.size() > bytes * (nn::kMaxInflation - 100));  // and the bound is no larger than it need be
}

BOOST_AUTO_TEST_SUITE_END()
