// read_idx(): values, the text of every error, and hostile files, which must not crash it nor use much memory.
#include "nn/data/idx.h"

#include <sys/stat.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <functional>
#include <limits>
#include <numeric>

#include "tests/autograd/base/throws.h"
#include "tests/nn/data/idx_files.h"
#include "tests/nn/files/child.h"
#include "tests/nn/files/folder.h"
#include "tests/sanitized.h"

namespace {

using namespace chainrule::nn;
using namespace chainrule::test;

/// The message of the runtime_error thrown by reading `path`.
std::string error_of(const std::filesystem::path& path, const IdxLimits& limits = {}) {
  return message_of<std::runtime_error>([&] { read_idx(path, limits); });
}

std::size_t product(const std::vector<std::int64_t>& shape) {
  return static_cast<std::size_t>(std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>()));
}

Bytes counting(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return bytes;
}

Bytes noise(std::size_t count) {
  std::mt19937 random(3);
  Bytes bytes(count);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

struct Fixture {
  Folder dir;

  std::filesystem::path plain(const Bytes& bytes) const {
    write_file(dir / "x-ubyte", bytes);
    return dir / "x-ubyte";
  }
  std::filesystem::path gz(const Bytes& bytes) const {
    write_file(dir / "x-ubyte.gz", bytes);
    return dir / "x-ubyte.gz";
  }
  /// The same content plain and compressed fails with the same text after the name.
  void check_both(const Bytes& bytes, const std::string& text, const IdxLimits& limits = {}) const {
    BOOST_TEST(error_of(plain(bytes), limits) == (dir / "x-ubyte").string() + ": " + text);
    BOOST_TEST(error_of(gz(gzipped(bytes)), limits) == (dir / "x-ubyte.gz").string() + ": " + text);
  }
  void check_plain(const Bytes& bytes, const std::string& text, const IdxLimits& limits = {}) const {
    BOOST_TEST(error_of(plain(bytes), limits) == (dir / "x-ubyte").string() + ": " + text);
  }
  void check_gz(const Bytes& bytes, const std::string& text, const IdxLimits& limits = {}) const {
    BOOST_TEST(error_of(gz(bytes), limits) == (dir / "x-ubyte.gz").string() + ": " + text);
  }
};

void check_bounded(const std::filesystem::path& path, const std::string& text) {
  const Outcome outcome = in_child([&] { return error_of(path); });
  BOOST_TEST(outcome.words == path.string() + ": " + text);
  if (!kSanitized) BOOST_TEST(outcome.grown_mebibytes < 64);
}

/// Either the file reads, with as many bytes as its shape says, or a runtime_error names it.
void check_read_or_named(const std::filesystem::path& path) {
  try {
    const IdxArray array = read_idx(path, {.max_bytes = 1 << 20});
    if (array.bytes.size() != product(array.shape)) BOOST_ERROR("wrong size read");
  } catch (const std::runtime_error& error) {
    if (std::string(error.what()).rfind(path.string() + ": ", 0) != 0) BOOST_ERROR("file not named: " << error.what());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(idx)

BOOST_FIXTURE_TEST_CASE(reads_plain_and_gzip_alike, Fixture) {
  const std::vector<std::vector<std::uint32_t>> shapes = {{1}, {5}, {2, 3}, {3, 28, 28}, {1, 1, 1, 1}, {300, 100, 20}};
  for (const std::vector<std::uint32_t>& shape : shapes) {
    const std::vector<std::int64_t> expected(shape.begin(), shape.end());
    const Bytes data = counting(product(expected));
    for (const std::filesystem::path& path : {plain(idx_bytes(shape, data)), gz(gzipped(idx_bytes(shape, data)))}) {
      const IdxArray array = read_idx(path);
      BOOST_TEST(array.shape == expected);
      BOOST_TEST((array.bytes == data));
      BOOST_TEST(array.bytes.capacity() == data.size());
    }
  }
}

BOOST_FIXTURE_TEST_CASE(first_bytes_decide_about_gzip, Fixture) {
  const IdxArray array = read_idx(plain(gzipped(idx_bytes({3}, {7, 8, 9}))));
  BOOST_TEST((array.bytes == Bytes{7, 8, 9}));
  check_gz(idx_bytes({3}, {7, 8, 9}), "byte 0: found 00 00, expected 1f 8b (gzip) because its name ends in .gz");
  check_gz({0x1f}, "byte 0: found 1f, expected 1f 8b (gzip) because its name ends in .gz");
}

BOOST_FIXTURE_TEST_CASE(rank_255_is_read, Fixture) {
  std::vector<std::uint32_t> shape(255, 1);
  shape[254] = 2;
  const IdxArray array = read_idx(plain(idx_bytes(shape, {5, 6})));
  BOOST_TEST(array.shape.size() == 255u);
  BOOST_TEST((array.bytes == Bytes{5, 6}));
}

BOOST_FIXTURE_TEST_CASE(concatenated_members_read_as_one, Fixture) {
  const Bytes whole = idx_bytes({2, 500}, counting(1000));
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{12}, std::size_t{600}, whole.size()}) {
    const auto middle = whole.begin() + static_cast<std::ptrdiff_t>(cut);
    const Bytes parts = gzipped(Bytes(whole.begin(), middle)) + gzipped({}) + gzipped(Bytes(middle, whole.end()));
    BOOST_TEST((read_idx(gz(parts)).bytes == counting(1000)));
  }
}

BOOST_FIXTURE_TEST_CASE(members_may_straddle_the_input_buffer, Fixture) {
  // The 65536-byte input buffer ends at each place around the seam of two members, trailer and header included.
  const Bytes second = noise(500);
  for (std::uint32_t first_size = 65480; first_size < 65530; ++first_size) {
    const Bytes whole = idx_bytes({first_size + 500}, noise(first_size) + second);
    const auto middle = whole.begin() + 8 + static_cast<std::ptrdiff_t>(first_size);
    const Bytes parts = gzipped(Bytes(whole.begin(), middle), 0) + gzipped(Bytes(middle, whole.end()));
    BOOST_REQUIRE((read_idx(gz(parts)).bytes == noise(first_size) + second));
  }
}

BOOST_FIXTURE_TEST_CASE(limits_that_hold_let_the_file_through, Fixture) {
  const auto path = plain(idx_bytes({2, 3}, counting(6)));
  BOOST_TEST(read_idx(path, {.shape = {2, 3}, .max_bytes = 6}).bytes.size() == 6u);
  BOOST_TEST(read_idx(path, {.shape = {IdxLimits::kAnySize, 3}}).bytes.size() == 6u);
  BOOST_CHECK_EXCEPTION(read_idx(path, {.shape = {2, 0}}), std::invalid_argument, [](const std::invalid_argument& error) {
    return std::string(error.what()) == "read_idx: limits.shape holds 0, expected at least 1, or kAnySize (-1)";
  });
}

BOOST_FIXTURE_TEST_CASE(not_a_regular_file, Fixture) {
  BOOST_TEST(error_of(dir.path) == dir.path.string() + ": is a directory, expected a regular file");
  BOOST_REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
  BOOST_TEST(error_of(dir / "pipe") == (dir / "pipe").string() + ": is a pipe, expected a regular file");
  BOOST_TEST(error_of("/dev/null") == "/dev/null: is a device, expected a regular file");
  BOOST_TEST(error_of(dir / "none") == (dir / "none").string() + ": cannot be opened: No such file or directory");
}

BOOST_FIXTURE_TEST_CASE(empty_and_cut_headers, Fixture) {
  check_both({}, "byte 0: empty, expected an IDX header");
  check_gz({}, "byte 0: empty, expected an IDX header");
  check_both({0, 0, 8}, "byte 3: ends inside the IDX header, expected 4 bytes and 4 more for each dimension");
  check_both({0, 0, 8, 3, 0, 0, 0, 1, 0}, "byte 9: ends inside the IDX header, expected 16 bytes of it");
}

BOOST_FIXTURE_TEST_CASE(wrong_magic, Fixture) {
  check_both({0x89, 'P', 'N', 'G', 0, 0, 0, 1}, "byte 0: found 89 50, expected 00 00, the start of an IDX file");
  check_both({0, 1, 8, 1, 0, 0, 0, 1, 5}, "byte 0: found 00 01, expected 00 00, the start of an IDX file");
  check_both({0, 0, 8, 0, 5}, "byte 3: found rank 0, expected at least one dimension");
}

BOOST_FIXTURE_TEST_CASE(other_element_types, Fixture) {
  const std::vector<std::pair<std::uint8_t, std::string>> types = {
      {0x09, "0x09 (int8)"},  {0x0b, "0x0b (int16)"},  {0x0c, "0x0c (int32)"},
      {0x0d, "0x0d (float)"}, {0x0e, "0x0e (double)"}, {0xff, "0xff (unknown)"},
  };
  for (const auto& [type, text] : types) {
    check_both(idx_header({1}, type) + Bytes(8), "byte 2: found element type " + text + ", expected 0x08 (uint8)");
  }
}

BOOST_FIXTURE_TEST_CASE(wrong_rank_and_sizes, Fixture) {
  const Bytes bytes = idx_bytes({2, 3}, counting(6));
  check_both(bytes, "byte 3: found rank 2, expected 3", {.shape = {-1, -1, -1}});
  check_both(bytes, "byte 4: dimension 0 is 2, expected 4", {.shape = {4, -1}});
  check_both(bytes, "byte 8: dimension 1 is 3, expected 5", {.shape = {-1, 5}});
  check_both(idx_header({0}), "byte 4: dimension 0 is 0, expected at least 1");
  check_both(idx_header({3, 0, 28}), "byte 8: dimension 1 is 0, expected at least 1");
}

BOOST_FIXTURE_TEST_CASE(declared_and_held_differ, Fixture) {
  check_both(idx_bytes({10001}, counting(10000)), "byte 4: declares 10001 labels, but the file holds 10000", {.items = "labels"});
  check_both(idx_bytes({3, 28, 28}, counting(2351)), "byte 4: declares 3 images of 28x28 (2352 bytes), but the file holds 2351 bytes",
             {.items = "images"});
  check_both(idx_header({3, 4}), "byte 4: declares 3 items of 4 (12 bytes), but the file holds 0 bytes");
  check_plain(idx_bytes({10000}, counting(10003)), "byte 4: declares 10000 items, but the file holds 10003");
  // What lies past the first surplus byte of a compressed file is not inflated, so it is not counted.
  check_gz(gzipped(idx_bytes({10000}, counting(10003))), "byte 4: declares 10000 items, but the file holds more");
  check_gz(gzipped(idx_bytes({10000}, counting(10000))) + gzipped({1}), "byte 4: declares 10000 items, but the file holds more");
}

BOOST_FIXTURE_TEST_CASE(too_large, Fixture) {
  check_both(idx_bytes({3, 4}, counting(12)), "byte 4: declares 3x4 bytes, expected at most 11", {.max_bytes = 11});
  check_both(idx_header({4294967295, 2}), "byte 4: declares 4294967295x2 bytes, expected at most 4294967296");
  // Products that wrap around 2^64 to something small: 2^66 to 0, and (2^32-1)^4 to 1 modulo 2^32.
  check_both(idx_header({1u << 31, 1u << 31, 16}), "byte 4: declares 2147483648x2147483648x16 bytes, expected at most 9223372036854775807",
             {.max_bytes = std::numeric_limits<std::uint64_t>::max()});
  check_both(idx_header({4294967295, 4294967295, 4294967295, 4294967295}),
             "byte 4: declares 4294967295x4294967295x4294967295x4294967295 bytes, expected at most 4294967296");
}

BOOST_FIXTURE_TEST_CASE(damaged_gzip, Fixture) {
  const Bytes good = gzipped(idx_bytes({1000}, counting(1000)));
  const std::string size = std::to_string(good.size());
  Bytes bytes = good;
  bytes[bytes.size() - 8] ^= 1;
  check_gz(bytes,
           "compressed byte " + std::to_string(good.size() - 4) + ": damaged gzip stream: incorrect data check, with 1008 bytes inflated");
  bytes = good;
  bytes[bytes.size() - 1] ^= 1;
  check_gz(bytes, "compressed byte " + size + ": damaged gzip stream: incorrect length check, with 1008 bytes inflated");
  bytes = good;
  bytes[2] = 7;
  check_gz(bytes, "compressed byte 4: damaged gzip stream: unknown compression method, with 0 bytes inflated");
  bytes = good;
  bytes[10] = 0xff;  // a block of the reserved type 3
  check_gz(bytes, "compressed byte 11: damaged gzip stream: invalid block type, with 0 bytes inflated");
  check_gz(Bytes(good.begin(), good.end() - 1),
           "compressed byte " + std::to_string(good.size() - 1) + ": the gzip stream ends early, with 1008 bytes inflated");
  check_gz({0x1f, 0x8b}, "compressed byte 2: the gzip stream ends early, with 0 bytes inflated");
  check_gz(
      good + Bytes{0, 0, 0},
      "compressed byte " + size +
          ": found 00 00 after the gzip stream, expected the end of the file or another gzip stream (1f 8b), with 1008 bytes inflated");
  check_gz(good + Bytes{0x1f},
           "compressed byte " + size +
               ": found 1f after the gzip stream, expected the end of the file or another gzip stream (1f 8b), with 1008 bytes inflated");
  check_gz(good + Bytes{0x1f, 0x8b},
           "compressed byte " + std::to_string(good.size() + 2) + ": the gzip stream ends early, with 1008 bytes inflated");
}

BOOST_FIXTURE_TEST_CASE(bombs_are_not_inflated, Fixture) {
  // The measure sees memory that is taken.
  const Outcome taken = in_child([] { return std::to_string(Bytes(100u << 20, 1)[12345]); });
  BOOST_TEST(taken.words == "1");
  BOOST_TEST(taken.grown_mebibytes > 90);
  // 1 GiB of zeros behind a header that declares 7.84 MB, reached in several steps of growth.
  check_bounded(gz(gzip_bomb(idx_header({10000, 28, 28}), 1024)),
                "byte 4: declares 10000 items of 28x28 (7840000 bytes), but the file holds more");
  check_bounded(gz(gzip_bomb(idx_header({10}), 1024)), "byte 4: declares 10 items, but the file holds more");
  const Bytes huge = gzip_bomb(idx_header({4294967295}), 1024);
  check_bounded(gz(huge), "byte 4: declares 4294967295 items, but " + std::to_string(huge.size()) +
                              " compressed bytes cannot hold more than " + std::to_string(1032 * huge.size()) + " bytes");
  // A size that the file could hold, but does not: 8 MB of noise never inflates to the 4 GB that 1032:1 allows.
  check_bounded(gz(gzipped(idx_bytes({4000000000}, noise(8000000)), 1)), "byte 4: declares 4000000000 items, but the file holds 8000000");
  // The same where memory has to grow past the first step: 1 MB compressed that inflates to 4 MB.
  check_bounded(gz(gzipped(idx_bytes({1000000000}, noise(1000000) + Bytes(3000000)))),
                "byte 4: declares 1000000000 items, but the file holds 4000000");
  // A plain file that declares a huge size.
  check_bounded(plain(idx_bytes({4294967295}, counting(10))), "byte 4: declares 4294967295 items, but the file holds 10");
}

BOOST_FIXTURE_TEST_CASE(a_bomb_that_keeps_its_word_is_read, Fixture) {
  const IdxArray array = read_idx(gz(gzip_bomb(idx_header({16, 1024, 1024}), 16)));
  BOOST_TEST(array.bytes.size() == 16u << 20);
  BOOST_TEST(std::count(array.bytes.begin(), array.bytes.end(), 0) == 16 << 20);
}

BOOST_FIXTURE_TEST_CASE(every_byte_changed, Fixture) {
  const Bytes content = idx_bytes({2, 3, 4}, counting(24));
  const Bytes compressed = gzipped(content);
  for (const bool gzip : {false, true}) {
    const Bytes& good = gzip ? compressed : content;
    const auto write = [&](const Bytes& bytes) { return gzip ? gz(bytes) : plain(bytes); };
    std::size_t cases = 0;
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (int change = 1; change < 256; ++change, ++cases) {
        Bytes bytes = good;
        bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ change);
        check_read_or_named(write(bytes));
      }
    }
    for (std::size_t i = 0; i < good.size(); ++i, cases += 3) {
      const auto at = static_cast<std::ptrdiff_t>(i);
      const auto cut = write(Bytes(good.begin(), good.begin() + at));
      BOOST_TEST(error_of(cut).rfind(cut.string() + ": ", 0) == 0u);  // no file cut short reads
      Bytes bytes = good;
      bytes.erase(bytes.begin() + at);
      check_read_or_named(write(bytes));
      bytes = good;
      bytes.insert(bytes.begin() + at, 0xff);
      check_read_or_named(write(bytes));
    }
    BOOST_TEST(cases == good.size() * 258);
  }
}

BOOST_AUTO_TEST_SUITE_END()
