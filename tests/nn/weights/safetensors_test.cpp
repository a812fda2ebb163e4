// Tensors in files: every dtype and shape there and back, the text of every error, and that a file is changed wholly or not at all.
#include "nn/weights/safetensors.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>

#include "autograd/derivatives/backward.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/shape.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/data/idx_files.h"
#include "tests/nn/weights/weight_files.h"

namespace {

using namespace chainrule;
using namespace chainrule::nn;
using chainrule::test::Bytes;
using chainrule::test::message_of;
using chainrule::test::print;
using chainrule::test::text_of;
using chainrule::test::WeightFiles;

void write_text(const std::filesystem::path& path, const std::string& text) {
  chainrule::test::write_file(path, Bytes(text.begin(), text.end()));
}

std::string with_size(std::uint64_t size, const std::string& rest) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &size, 8);
  return bytes + rest;
}

std::string file_of(const std::string& header, const std::string& data = "") { return with_size(header.size(), header + data); }

/// One tensor called "x".
std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"x":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

const std::string kNoRefusal = "no file named: no exception";

struct Files : WeightFiles {
  /// What reading these bytes ends in, without the file's name in front.
  std::string refusal(const std::string& bytes) const {
    write_text(path, bytes);
    const std::string message = message_of<std::runtime_error>([&] { read_safetensors(path); }), name = path.string() + ": ";
    return message.starts_with(name) ? message.substr(name.size()) : "no file named: " + message;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(safetensors, Files)

BOOST_AUTO_TEST_CASE(round_trip_of_dtypes_and_shapes) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<NamedTensor> tensors = {
      {"f32", from_vector<float>({1.5f, -0.f, inf, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::denorm_min()})},
      {"rank 0", tensor(2.5)},
      {"f64", from_vector<double>({0.1, -1e300, 5e-324, 3}, {2, 2})},
      {"i64", from_vector<std::int64_t>({std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), 0}, {3, 1})},
      {"empty", zeros({3, 0, 2})},
      {"empty f64", zeros({0}, DType::float64)},
      {"8 axes", arange(48).reshape({1, 2, 1, 3, 2, 1, 4, 1})},
      {"", tensor({7})},
      {"\"\\\n\t重み🙂", tensor({8})},
  };
  const std::map<std::string, std::string> metadata = {{"format", "pt"}, {"", ""}, {"重み \"\n", std::string("a\0b", 3)}};
  save_safetensors(path, tensors, metadata);
  const SafetensorsFile file = read_safetensors(path);
  BOOST_TEST(print(file.tensors) == print(tensors));
  BOOST_TEST((file.metadata == metadata));
  BOOST_TEST(print(load_safetensors(path)) == print(tensors));
  BOOST_TEST(names().size() == 1u);
  for (const NamedTensor& entry : file.tensors) BOOST_TEST(!entry.tensor.requires_grad());
}

BOOST_AUTO_TEST_CASE(bytes_of_a_file) {
  save_safetensors(path, {{"a", tensor({1, 2, 3})}, {"b", from_vector<std::int64_t>({258})}}, {{"k", "v"}});
  const std::string header = R"({"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[3],"data_offsets":[8,20]},)"
                             R"("b":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})";
  std::string padded = header;
  while (padded.size() % 8 != 0) padded += ' ';
  using namespace std::string_literals;
  const std::string data = "\x02\x01\0\0\0\0\0\0"s + "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40"s;  // 8-byte elements first
  BOOST_TEST(text_of(path) == file_of(padded, data));
  save_safetensors(path, {});
  BOOST_TEST(text_of(path) == file_of("{}      "));
  BOOST_TEST(read_safetensors(path).tensors.empty());
}

BOOST_AUTO_TEST_CASE(views_and_results_are_written) {
  const Tensor x = variable({{1, 2}, {3, 4}});
  save_safetensors(path, {{"row", x[1]}, {"product", x * 2}});
  const auto tensors = load_safetensors(path);
  BOOST_TEST((tensors[0].tensor.to_vector<float>() == std::vector<float>{3, 4}));
  BOOST_TEST((tensors[1].tensor.to_vector<float>() == std::vector<float>{2, 4, 6, 8}));
}

BOOST_AUTO_TEST_CASE(other_dtypes_are_converted) {
  using namespace std::string_literals;
  const auto load = [&](const std::string& dtype, const std::string& data) {
    const std::size_t size = dtype == "BOOL" ? 1 : static_cast<std::size_t>(std::stoi(dtype.substr(dtype.find_first_of("0123456789")))) / 8;
    write_text(path, file_of(one(dtype, "[" + std::to_string(data.size() / size) + "]", "[0," + std::to_string(data.size()) + "]"), data));
    return load_safetensors(path).at(0).tensor;
  };
  const float inf = std::numeric_limits<float>::infinity();
  const Tensor f16 = load("F16", "\0\x3c\0\xc0\xff\x7b\x01\0\xff\x03\0\x04\0\x80\0\x7c\0\xfc\x55\x35"s);
  BOOST_TEST(
      (f16.to_vector<float>() == std::vector<float>{1, -2, 65504, 0x1p-24f, 0x1p-14f - 0x1p-24f, 0x1p-14f, 0, inf, -inf, 0x1.554p-2f}));
  BOOST_TEST(std::signbit(f16.to_vector<float>()[6]));
  BOOST_TEST(std::isnan(load("F16", "\x01\x7e"s).item()));
  const Tensor bf16 = load("BF16", "\x80\x3f\x49\x40\x80\xff\x01\0"s);
  BOOST_TEST((bf16.to_vector<float>() == std::vector<float>{1, 3.140625f, -inf, 0x1p-133f}));
  BOOST_TEST((load("I32", "\xff\xff\xff\xff\0\0\0\x80"s).to_vector<std::int64_t>() == std::vector<std::int64_t>{-1, -2147483648LL}));
  BOOST_TEST((load("I16", "\xff\xff\0\x80"s).to_vector<std::int64_t>() == std::vector<std::int64_t>{-1, -32768}));
  BOOST_TEST((load("I8", "\xff\x80\x7f"s).to_vector<std::int64_t>() == std::vector<std::int64_t>{-1, -128, 127}));
  BOOST_TEST((load("U32", "\xff\xff\xff\xff"s).to_vector<std::int64_t>() == std::vector<std::int64_t>{4294967295}));
  BOOST_TEST((load("U16", "\xff\xff"s).to_vector<std::int64_t>() == std::vector<std::int64_t>{65535}));
  BOOST_TEST((load("U8", "\xff\0\x80"s).to_vector<std::int64_t>() == std::vector<std::int64_t>{255, 0, 128}));
  BOOST_TEST((load("BOOL", "\x01\0\x02"s).to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 0, 1}));
  std::string many(20000, '\0');
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<char>(i % 251);
  const Tensor long_one = load("U8", many);
  for (std::size_t i = 0; i < many.size(); i += 977) BOOST_TEST(long_one.data<std::int64_t>()[i] == static_cast<std::int64_t>(i % 251));
}

BOOST_AUTO_TEST_CASE(headers_may_be_spaced_and_unordered) {
  const std::string header =
      "{ \"b\" : {\"shape\":[1], \"data_offsets\":[4, 8],\n\"dtype\":\"F32\"},\n"
      "\"e\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,4]}, \"__metadata__\":{},\n"
      "\"\\u0061\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}} \n ";
  write_text(path, file_of(header, std::string("\0\0\x80\x3f\0\0\0\x40", 8)));
  const auto tensors = load_safetensors(path);
  BOOST_TEST(tensors.size() == 3u);
  BOOST_TEST(tensors[0].name == "b");
  BOOST_TEST(tensors[0].tensor.item() == 2);
  BOOST_TEST(tensors[2].name == "a");
  BOOST_TEST(tensors[2].tensor.item() == 1);
  BOOST_TEST(tensors[2].tensor.rank() == 0);
}

BOOST_AUTO_TEST_CASE(refusals_of_the_frame) {
  BOOST_TEST(refusal("") == "byte 0: holds 0 bytes, expected 8 of header size and a header");
  BOOST_TEST(refusal("1234567") == "byte 0: holds 7 bytes, expected 8 of header size and a header");
  BOOST_TEST(refusal(with_size(100'000'001, "{}")) == "byte 0: the header size is 100000001, expected at most 100000000");
  BOOST_TEST(refusal(with_size(~std::uint64_t{0}, "{}")) == "byte 0: the header size is 18446744073709551615, expected at most 100000000");
  BOOST_TEST(refusal(with_size(3, "{}")) == "byte 0: the header size is 3, but the file holds 2 bytes after it");
  BOOST_TEST(refusal(with_size(0, "")) == "byte 8: the header is empty, expected a JSON object");
  BOOST_TEST(refusal(file_of(" {}")) == "byte 8: the header begins with 20, expected 7b of a JSON object");
  BOOST_TEST(refusal(file_of("[]")) == "byte 8: the header begins with 5b, expected 7b of a JSON object");
  const auto not_json = [](int byte) { return "byte " + std::to_string(byte) + ": the header is not JSON in UTF-8"; };
  BOOST_TEST(refusal(file_of("{")) == not_json(9));
  BOOST_TEST(refusal(file_of("{}}")) == not_json(10));
  BOOST_TEST(refusal(file_of(std::string("{}\0\0", 4))) == not_json(10));
  BOOST_TEST(refusal(file_of("{/**/}")).find("the header is not JSON") != std::string::npos);
  BOOST_TEST(refusal(file_of("{\"\xff\":{}}")).find("the header is not JSON") != std::string::npos);
  BOOST_TEST(refusal(file_of("{\"\xc0\xaf\":{}}")).find("the header is not JSON") != std::string::npos);
  BOOST_TEST(refusal(file_of("{\"\\ud800\":{}}")).find("the header is not JSON") != std::string::npos);
  BOOST_TEST(refusal(file_of("{'x':{}}")).find("the header is not JSON") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(refusals_of_the_structure) {
  BOOST_TEST(refusal(file_of(one("F32", "[1e999]", "[0,4]"), "1234")) ==
             "tensor \"x\": shape holds the number 1e999, expected integers of 0 or more");
  BOOST_TEST(refusal(file_of(R"({"x":3})")) == "tensor \"x\" is the number 3, expected an object");
  BOOST_TEST(refusal(file_of(R"({"x":[]})")) == "tensor \"x\" is a list, expected an object");
  BOOST_TEST(refusal(file_of(R"({"x":null})")) == "tensor \"x\" is null, expected an object");
  BOOST_TEST(refusal(file_of(R"({"x":{}})")) == "tensor \"x\" has no dtype");
  BOOST_TEST(refusal(file_of(R"({"x":{"dtype":"F32"}})")) == "tensor \"x\" has no shape");
  BOOST_TEST(refusal(file_of(R"({"x":{"dtype":"F32","shape":[]}})")) == "tensor \"x\" has no data_offsets");
  BOOST_TEST(refusal(file_of(R"({"x":{"dtype":1}})")) == "tensor \"x\": dtype is the number 1, expected a string");
  BOOST_TEST(refusal(file_of(R"({"x":{"dtype":{}}})")) == "tensor \"x\": dtype is an object, expected a string");
  BOOST_TEST(refusal(file_of(R"({"x":{"shape":"[1]"}})")) == "tensor \"x\": shape is a string, expected a list of integers");
  BOOST_TEST(refusal(file_of(R"({"x":{"shape":[-1]}})")) == "tensor \"x\": shape holds the number -1, expected integers of 0 or more");
  BOOST_TEST(refusal(file_of(R"({"x":{"shape":[1.5]}})")) == "tensor \"x\": shape holds the number 1.5, expected integers of 0 or more");
  BOOST_TEST(refusal(file_of(R"({"x":{"shape":[true]}})")) == "tensor \"x\": shape holds true, expected integers of 0 or more");
  BOOST_TEST(refusal(file_of(R"({"x":{"shape":[[1]]}})")) == "tensor \"x\": shape holds a list, expected integers of 0 or more");
  BOOST_TEST(refusal(file_of(R"({"x":{"shape":[18446744073709551616]}})")) ==
             "tensor \"x\": shape holds the number 18446744073709551616, expected integers of 0 or more");
  BOOST_TEST(refusal(file_of(R"({"x":{"shape":[9223372036854775808]}})")) ==
             "tensor \"x\": shape holds 9223372036854775808, expected at most 9223372036854775807");
  BOOST_TEST(refusal(file_of(R"({"x":{"shape":[1,1,1,1,1,1,1,1,1]}})")) ==
             "tensor \"x\": shape has more than 8 sizes, the most that a Tensor can have");
  BOOST_TEST(refusal(file_of(R"({"x":{"data_offsets":4}})")) ==
             "tensor \"x\": data_offsets is the number 4, expected a list of 2 integers");
  BOOST_TEST(refusal(file_of(R"({"x":{"data_offsets":["0",4]}})")) ==
             "tensor \"x\": data_offsets holds a string, expected integers of 0 or more");
  BOOST_TEST(refusal(file_of(R"({"x":{"data_offsets":[4]}})")) == "tensor \"x\": data_offsets holds 1 numbers, expected begin and end");
  BOOST_TEST(refusal(file_of(R"({"x":{"data_offsets":[0,4,8]}})")) ==
             "tensor \"x\": data_offsets holds more than 2 numbers, expected begin and end");
  BOOST_TEST(refusal(file_of(R"({"x":{"strides":[1]}})")) ==
             "tensor \"x\" has a field \"strides\", expected dtype, shape and data_offsets");
  BOOST_TEST(refusal(file_of(R"({"__metadata__":[]})")) == "__metadata__ is a list, expected an object");
  BOOST_TEST(refusal(file_of(R"({"__metadata__":{"k":1}})")) == "__metadata__: \"k\" is the number 1, expected a string");
  BOOST_TEST(refusal(file_of(R"({"__metadata__":{"k":{"k":"v"}}})")) == "__metadata__: \"k\" is an object, expected a string");
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "{\"x\":";
  BOOST_TEST(refusal(file_of(deep)) == "tensor \"x\" has a field \"x\", expected dtype, shape and data_offsets");
  BOOST_TEST(refusal(file_of(R"({"x":)" + std::string(1'000'000, '['))) == "tensor \"x\" is a list, expected an object");
}

BOOST_AUTO_TEST_CASE(refusals_of_duplicates) {
  const std::string x = R"("x":{"dtype":"F32","shape":[],"data_offsets":[0,4]})";
  BOOST_TEST(refusal(file_of("{" + x + "," + x + "}", "1234")) == "tensor \"x\" is given twice");
  BOOST_TEST(refusal(file_of("{" + x + R"(,"\u0078":{}})", "1234")) == "tensor \"x\" is given twice");
  BOOST_TEST(refusal(file_of(R"({"x":{"dtype":"F32","dtype":"F32"}})")) == "tensor \"x\": dtype is given twice");
  BOOST_TEST(refusal(file_of(R"({"x":{"shape":[],"shape":[]}})")) == "tensor \"x\": shape is given twice");
  BOOST_TEST(refusal(file_of(R"({"x":{"data_offsets":[0,0],"data_offsets":[0,0]}})")) == "tensor \"x\": data_offsets is given twice");
  BOOST_TEST(refusal(file_of(R"({"__metadata__":{},"__metadata__":{}})")) == "__metadata__ is given twice");
  BOOST_TEST(refusal(file_of(R"({"__metadata__":{"k":"a","k":"a"}})")) == "__metadata__: \"k\" is given twice");
}

BOOST_AUTO_TEST_CASE(refusals_of_sizes_and_offsets) {
  BOOST_TEST(refusal(file_of(one("F8_E5M2", "[4]", "[0,4]"), "1234")) ==
             "tensor \"x\": dtype is \"F8_E5M2\", known names: F64, F32, F16, BF16, I64, I32, I16, I8, U32, U16, U8, BOOL");
  BOOST_TEST(refusal(file_of(one("F32", "[2]", "[0,4]"), "1234")) ==
             "tensor \"x\": data_offsets is [0, 4], 4 bytes, but shape [2] of F32 takes 8");
  BOOST_TEST(refusal(file_of(one("F32", "[0]", "[0,4]"), "1234")) ==
             "tensor \"x\": data_offsets is [0, 4], 4 bytes, but shape [0] of F32 takes 0");
  BOOST_TEST(refusal(file_of(one("F32", "[1]", "[4,0]"), "1234")) == "tensor \"x\": data_offsets is [4, 0], expected begin <= end");
  BOOST_TEST(refusal(file_of(one("F32", "[2]", "[0,8]"), "1234")) ==
             "tensor \"x\": data_offsets is [0, 8], but the file holds 4 bytes of data");
  BOOST_TEST(refusal(file_of(one("F32", "[1]", "[18446744073709551612,18446744073709551615]"), "1234")) ==
             "tensor \"x\": data_offsets is [18446744073709551612, 18446744073709551615], but the file holds 4 bytes of data");
  // The products are 2^64 + 4 elements' bytes, 0 and 2^64.
  BOOST_TEST(refusal(file_of(one("F32", "[4294967296,4294967296]", "[0,0]"))) ==
             "tensor \"x\": shape [4294967296, 4294967296] of F32 is too large for memory");
  BOOST_TEST(refusal(file_of(one("F32", "[0,4294967296,4294967296]", "[0,0]"))) ==
             "tensor \"x\": shape [0, 4294967296, 4294967296] of F32 is too large for memory");
  BOOST_TEST(refusal(file_of(one("U8", "[9223372036854775807]", "[0,4]"), "1234")) ==
             "tensor \"x\": shape [9223372036854775807] of U8 is too large for memory");
  BOOST_TEST(refusal(file_of(one("F32", "[1]", "[0,4]"), "12345")) ==
             "byte 66: the tensors take 4 bytes, but the file holds 5 bytes of data");
  BOOST_TEST(refusal(file_of("{}", "1")) == "byte 10: the tensors take 0 bytes, but the file holds 1 bytes of data");
  const auto two = [](const std::string& a, const std::string& b) {
    return R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + a + R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}}";
  };
  BOOST_TEST(refusal(file_of(two("[0,4]", "[5,9]"), "123456789")) ==
             "tensor \"b\" begins at byte 5 of the data, expected 4: no tensor has the bytes between");
  BOOST_TEST(refusal(file_of(two("[1,5]", "[5,9]"), "123456789")) ==
             "tensor \"a\" begins at byte 1 of the data, expected 0: no tensor has the bytes between");
  BOOST_TEST(refusal(file_of(two("[3,7]", "[0,4]"), "1234567")) ==
             "tensor \"a\" begins at byte 3 of the data, expected 4: it overlaps another");
  BOOST_TEST(refusal(file_of(two("[0,4]", "[0,4]"), "1234")) ==
             "tensor \"b\" begins at byte 0 of the data, expected 4: it overlaps another");
}

BOOST_AUTO_TEST_CASE(truncation_at_every_byte_is_refused) {
  save_safetensors(path, {{"a", tensor({1, 2})}, {"b", tensor({3})}}, {{"k", "v"}});
  const std::string whole = text_of(path);
  for (std::size_t size = 0; size < whole.size(); ++size) BOOST_TEST(refusal(whole.substr(0, size)) != kNoRefusal);
  BOOST_TEST(refusal(whole) == kNoRefusal);
}

BOOST_AUTO_TEST_CASE(long_and_wild_names_in_messages) {
  const std::string name(500, 'y');
  BOOST_TEST(refusal(file_of("{\"" + name + "\":1}")) == "tensor \"" + std::string(200, 'y') + "...\" is the number 1, expected an object");
  BOOST_TEST(refusal(file_of(R"({"\n\u001b":1})")) == "tensor \"\\n\\u001b\" is the number 1, expected an object");
  std::string wide = "y";
  for (int i = 0; i < 200; ++i) wide += "é";
  BOOST_TEST(refusal(file_of("{\"" + wide + "\":1}")) == "tensor \"" + wide.substr(0, 199) + "...\" is the number 1, expected an object");
}

BOOST_AUTO_TEST_CASE(places_that_cannot_be_read_or_written) {
  BOOST_TEST(message_of<std::runtime_error>([&] { load_safetensors(path); }) ==
             path.string() + ": cannot be opened: No such file or directory");
  BOOST_TEST(message_of<std::runtime_error>([&] { load_safetensors(dir.path); }) ==
             dir.path.string() + ": is a directory, expected a regular file");
  const auto no_folder = dir / "no" / "w";
  BOOST_TEST(message_of<std::runtime_error>([&] { save_safetensors(no_folder, {}); }) ==
             no_folder.string() + ": cannot be written: No such file or directory");
  BOOST_TEST(message_of<std::runtime_error>([&] { save_safetensors(dir.path, {}); }) ==
             dir.path.string() + ": cannot be written: not a regular file");
  BOOST_TEST(names().empty());
}

BOOST_AUTO_TEST_CASE(callers_mistakes) {
  write_text(path, "old");
  const auto error = [&](const std::vector<NamedTensor>& tensors, const std::map<std::string, std::string>& metadata = {}) {
    BOOST_CHECK_THROW(save_safetensors(path, tensors, metadata), std::invalid_argument);
    const std::string message = message_of<std::invalid_argument>([&] { save_safetensors(path, tensors, metadata); });
    return message.substr(0, message.find(" (at safetensors_test.cpp:"));
  };
  const Tensor x = tensor({1});
  BOOST_TEST(error({{"x", x}, {"x", x}}) == "save_safetensors: the name \"x\" is given twice");
  BOOST_TEST(error({{"x", {}}}) == "save_safetensors: \"x\" is an undefined tensor");
  BOOST_TEST(error({{"__metadata__", x}}) == "save_safetensors: the name \"__metadata__\" is reserved by the format");
  BOOST_TEST(error({{"a\xff", x}}) == "save_safetensors: the text \"a\xEF\xBF\xBD\" is not UTF-8");
  BOOST_TEST(error({{"x", x}}, {{"k", "\xff"}}) == "save_safetensors: the text \"\xEF\xBF\xBD\" is not UTF-8");
  BOOST_TEST(error({{"x", x}}, {{"k", std::string(100'000'000, ' ')}}).find(" bytes, expected at most 100000000") != std::string::npos);
  BOOST_TEST(text_of(path) == "old");
  BOOST_TEST(names().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_write_that_fails_or_is_killed_leaves_the_old_file) {
  write_text(path, "old");
  const std::vector<NamedTensor> big = {{"x", zeros({1 << 20})}};
  for (const bool killed : {false, true}) {
    const pid_t child = ::fork();
    if (child == 0) {
      std::signal(SIGXFSZ, killed ? SIG_DFL : SIG_IGN);  // the file may not grow beyond a part of what is written
      const rlimit limit = {1 << 20, 1 << 20}, no_core = {0, 0};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      ::setrlimit(RLIMIT_CORE, &no_core);
      const std::string error = message_of<std::runtime_error>([&] { save_safetensors(path, big); });
      ::_exit(error == path.string() + ": cannot be written: File too large" ? 0 : 1);
    }
    int status = 0;
    BOOST_TEST(::waitpid(child, &status, 0) == child);
    BOOST_TEST((killed ? WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ : WIFEXITED(status) && WEXITSTATUS(status) == 0));
    BOOST_TEST(text_of(path) == "old");
    BOOST_TEST(names().size() == (killed ? 2u : 1u));  // who is killed cannot clean up
  }
  save_safetensors(path, big);
  BOOST_TEST(print(load_safetensors(path)) == print(big));
}

BOOST_AUTO_TEST_SUITE_END()
