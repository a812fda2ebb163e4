#include "nn/data/npy.h"

#include <boost/test/unit_test.hpp>
#include <cstring>

#include "autograd/ops/create.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/files/folder.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::Folder;
using cr::test::message_of;

namespace {

using Numbers = std::vector<double>;

// A file of format `version` with this header and these bytes of data.
std::string npy_file(std::string header, std::string_view data, char version = 1) {
  std::string file = "\x93NUMPY";
  file += {version, '\0', static_cast<char>(header.size() & 0xFF), static_cast<char>(header.size() >> 8)};
  if (version > 1) file += std::string(2, '\0');
  return file + header + std::string(data);
}

std::string header(const std::string& descr, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

template <class T>
std::string bytes(std::initializer_list<T> values) {
  std::string text;
  for (const T& value : values) text.append(reinterpret_cast<const char*>(&value), sizeof value);
  return text;
}

cr::Tensor read(const std::string& file) {
  const Folder folder;
  return nn::read_npy(folder.file("a.npy", file));
}

std::string complaint(const std::string& file) {
  const Folder folder;
  const std::filesystem::path path = folder.file("a.npy", file);
  const std::string message = message_of<std::runtime_error>([&] { nn::read_npy(path); });
  BOOST_REQUIRE_MESSAGE(message.starts_with(path.string() + ": "), message);
  return message.substr(path.string().size() + 2);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(npy)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  const Folder folder;
  for (const cr::DType dtype : {cr::DType::float32, cr::DType::float64, cr::DType::int64})
    for (const cr::Shape& shape : {cr::Shape(), cr::Shape({0}), cr::Shape({5}), cr::Shape({2, 3}), cr::Shape({1, 2, 1, 2, 1, 2, 1, 2})}) {
      const cr::Tensor x = cr::arange(0, static_cast<double>(shape.numel()), 1, dtype).reshape(shape);
      nn::write_npy(folder.path / "x.npy", x);
      const cr::Tensor y = nn::read_npy(folder.path / "x.npy");
      BOOST_TEST(y.shape() == shape);
      BOOST_TEST((y.dtype() == dtype));
      BOOST_TEST(y.to_vector<double>() == x.to_vector<double>(), boost::test_tools::per_element());
      BOOST_TEST(std::filesystem::file_size(folder.path / "x.npy") % 64 ==
                 static_cast<std::size_t>(shape.numel()) * (dtype == cr::DType::float32 ? 4 : 8) % 64);
    }
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::write_npy(folder.path / "x.npy", {}); }) ==
             "write_npy: undefined tensor" + at_line());
  BOOST_CHECK_THROW(nn::write_npy(folder.path / "no" / "x.npy", cr::zeros({1})), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(every_dtype_is_read) {
  BOOST_TEST(read(npy_file(header("<f4", "(2,)"), bytes<float>({1.5F, -2}))).to_vector<double>() == (Numbers{1.5, -2}),
             boost::test_tools::per_element());
  BOOST_TEST(read(npy_file(header("<f2", "(3,)"), bytes<std::uint16_t>({0x3C00, 0xC000, 0x0001}))).to_vector<double>() ==
                 (Numbers{1, -2, 0x1p-24}),
             boost::test_tools::per_element());
  BOOST_TEST(read(npy_file(header("|i1", "(2,)"), bytes<std::int8_t>({-128, 5}))).to_vector<double>() == (Numbers{-128, 5}),
             boost::test_tools::per_element());
  BOOST_TEST(read(npy_file(header("|u1", "(2,)"), bytes<std::uint8_t>({255, 5}))).to_vector<double>() == (Numbers{255, 5}),
             boost::test_tools::per_element());
  BOOST_TEST(read(npy_file(header("|b1", "(2,)"), bytes<std::uint8_t>({1, 0}))).to_vector<double>() == (Numbers{1, 0}),
             boost::test_tools::per_element());
  BOOST_TEST(read(npy_file(header("<i2", "(1,)"), bytes<std::int16_t>({-300}))).item() == -300);
  BOOST_TEST(read(npy_file(header("<u2", "(1,)"), bytes<std::uint16_t>({65000}))).item() == 65000);
  BOOST_TEST(read(npy_file(header("<i4", "(1,)"), bytes<std::int32_t>({-70000}))).item() == -70000);
  BOOST_TEST(read(npy_file(header("<u4", "(1,)"), bytes<std::uint32_t>({4000000000U}))).item() == 4000000000.0);
  BOOST_TEST(read(npy_file(header("<u8", "(1,)"), bytes<std::uint64_t>({7}))).item() == 7);
  BOOST_TEST(read(npy_file(header(">i2", "(1,)"), std::string_view("\x01\x02", 2))).item() == 258);
  BOOST_TEST(read(npy_file(header(">f8", "(1,)"), std::string_view("\x3F\xF8\0\0\0\0\0\0", 8))).item() == 1.5);
  BOOST_TEST(read(npy_file(header("<f4", "(1,)"), bytes<float>({3}), 2)).item() == 3);
  BOOST_TEST(read(npy_file("{\"shape\": (), 'fortran_order':False,'descr':'<f4'}", bytes<float>({3}), 3)).item() == 3);
}

BOOST_AUTO_TEST_CASE(fortran_order_becomes_row_major) {
  const cr::Tensor x = read(npy_file(header("<f4", "(2, 3)", "True"), bytes<float>({1, 4, 2, 5, 3, 6})));
  BOOST_TEST(x.shape() == cr::Shape({2, 3}));
  BOOST_TEST(x.to_vector<double>() == (Numbers{1, 2, 3, 4, 5, 6}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(damage_is_named) {
  const std::string good = npy_file(header("<f4", "(2,)"), bytes<float>({1, 2}));
  for (std::size_t size = 0; size < good.size(); ++size) BOOST_TEST(!complaint(good.substr(0, size)).empty());
  BOOST_TEST(complaint("hello, world").starts_with("byte 0: begins with 68 65 6c 6c 6f 2c, expected 93 4e 55 4d 50 59"));
  BOOST_TEST(complaint(npy_file(header("<f4", "(2,)"), bytes<float>({1, 2}), 9)) == "byte 6: has format version 9, expected 1 to 3");
  BOOST_TEST(complaint(good + "x") == "byte 68: its shape [2] needs 8 bytes, but the file has 9 after its header");
  BOOST_TEST(complaint(npy_file(header("<f4", "(4294967296, 4294967296)"), "")) == "byte 51: its shape is too large for memory");
  BOOST_TEST(complaint(npy_file(header("<c8", "(1,)"), "12345678")).starts_with("byte 20: its dtype is '<c8'"));
  BOOST_TEST(complaint(npy_file(header("|O", "(1,)"), "12345678")).starts_with("byte 20: its dtype is '|O'"));
  BOOST_TEST(complaint(npy_file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "1234"))
                 .starts_with("byte 20: it holds structured records"));
  BOOST_TEST(complaint(npy_file(header("<f4", "(-1,)"), "")) == "byte 61: its header's shape is not a tuple of sizes");
  BOOST_TEST(complaint(npy_file(header("<f4", "(1,1,1,1,1,1,1,1,1)"), "1234")) == "byte 77: it has more than 8 axes");
  BOOST_TEST(complaint(npy_file("{'descr': '<f4', 'shape': (1,), }", "1234")) ==
             "byte 43: its header lacks one of descr, fortran_order and shape");
  BOOST_TEST(complaint(npy_file("{'descr': '<f4', 'descr': '<f4', 'shape': (1,), }", "1234")) == "byte 27: its header has descr twice");
  BOOST_TEST(complaint(npy_file("{'desc': '<f4'}", "1234")).starts_with("byte 11: its header has the key 'desc'"));
  BOOST_TEST(complaint(npy_file(header("<f4", "(1,)") + "x", "1234")) == "byte 68: its header continues after the dictionary");
  BOOST_TEST(complaint(npy_file(header("<u8", "(1,)"), bytes<std::uint64_t>({~0ULL}))) ==
             "byte 68: holds an unsigned integer above the largest int64");
}

BOOST_AUTO_TEST_SUITE_END()
