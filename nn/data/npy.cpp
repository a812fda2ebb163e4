// The format, after numpy.lib.format: the bytes 93 'NUMPY', major and minor version, the header's size (2 bytes little-endian in version 1,
// else 4), the header, a Python dictionary {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, then the elements.
#include "nn/data/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "autograd/check.h"
#include "autograd/ops/create.h"
#include "autograd/ops/shape.h"
#include "nn/data/input_file.h"
#include "nn/half.h"
#include "nn/io/write_file.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

static_assert(std::endian::native == std::endian::little, "elements are written as they are, marked as little-endian");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMostHeader = 64 << 10;
constexpr std::size_t kMostAxes = 8;

struct Header {
  char kind = 0;  // f, i, u or b
  std::uint64_t bytes = 0;
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

// Reads the dictionary; only what numpy.save() writes is known, in any order of its three keys.
class HeaderParser {
 public:
  HeaderParser(const InputFile& file, std::string_view words) : file_(file), rest_(words) {}

  Header parse() {
    Header header;
    std::array<bool, 3> seen = {};
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr") {
        once(seen[0], key);
        descr(header);
      } else if (key == "fortran_order") {
        once(seen[1], key);
        header.fortran_order = boolean();
      } else if (key == "shape") {
        once(seen[2], key);
        header.shape = shape();
      } else {
        file_.fail(text("its header has the key '", key.substr(0, 40), "', expected descr, fortran_order and shape"));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip();
    if (!rest_.empty()) file_.fail("its header goes on after the dictionary");
    if (!seen[0] || !seen[1] || !seen[2]) file_.fail("its header lacks one of descr, fortran_order and shape");
    return header;
  }

 private:
  void skip() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  bool accept(char letter) {
    skip();
    if (rest_.empty() || rest_.front() != letter) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char letter) {
    if (!accept(letter)) file_.fail(text("its header is no dictionary as numpy writes it: expected ", letter));
  }
  void once(bool& seen, std::string_view key) {
    if (seen) file_.fail(text("its header has ", key, " twice"));
    seen = true;
  }
  std::string_view quoted() {
    skip();
    const char quote = !rest_.empty() && rest_.front() == '"' ? '"' : '\'';
    expect(quote);
    const std::size_t end = rest_.find(quote);
    if (end == std::string_view::npos) file_.fail("its header has a quote without end");
    const std::string_view words = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return words;
  }
  bool boolean() {
    skip();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (rest_.starts_with(word)) {
        rest_.remove_prefix(word.size());
        return value;
      }
    }
    file_.fail("its header's fortran_order is neither True nor False");
  }
  void descr(Header& header) {
    skip();
    if (rest_.starts_with('[')) file_.fail("it holds records, expected plain numbers");
    const std::string_view words = quoted();
    const auto fail = [&] {
      file_.fail(text("its dtype is '", words.substr(0, 40), "', expected floats of 2, 4 or 8 bytes, integers or bool"));
    };
    if (words.size() != 3) fail();
    header.big_endian = words[0] == '>';
    header.kind = words[1];
    header.bytes = static_cast<std::uint64_t>(words[2] - '0');
    const bool order = words[0] == '<' || words[0] == '>' || words[0] == '=' || (words[0] == '|' && header.bytes == 1);
    const bool whole = header.bytes == 1 || header.bytes == 2 || header.bytes == 4 || header.bytes == 8;
    const bool known = (header.kind == 'f' && whole && header.bytes > 1) || ((header.kind == 'i' || header.kind == 'u') && whole) ||
                       (header.kind == 'b' && header.bytes == 1);
    if (!order || !known) fail();
  }
  std::vector<std::int64_t> shape() {
    std::vector<std::int64_t> sizes;
    expect('(');
    while (!accept(')')) {
      skip();
      std::int64_t size = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
      if (error != std::errc() || size < 0) file_.fail("its header's shape is no tuple of sizes");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      if (sizes.size() == kMostAxes) file_.fail(text("it has more than ", kMostAxes, " axes"));
      sizes.push_back(size);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return sizes;
  }

  const InputFile& file_;
  std::string_view rest_;
};

template <class T>
T element_at(const std::uint8_t* bytes, bool big_endian) {
  std::array<std::uint8_t, sizeof(T)> own;
  std::copy_n(bytes, sizeof(T), own.begin());
  if (big_endian) std::ranges::reverse(own);
  return std::bit_cast<T>(own);
}

// From elements of type T in the file to elements of type To.
template <class T, class To>
void convert(std::span<const std::uint8_t> bytes, bool big_endian, std::span<To> to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<To>(element_at<T>(bytes.data() + i * sizeof(T), big_endian));
}

}  // namespace

Tensor read_npy(const std::filesystem::path& path, SourceLine line) {
  const CallerScope caller(line);
  const InputFile file(path);
  std::array<std::uint8_t, 12> start = {};
  const std::size_t got = file.read_at(0, start);
  if (got < 10 || std::memcmp(start.data(), kMagic.data(), kMagic.size()) != 0)
    file.fail(text("begins with ", hex_bytes(std::span(start).first(std::min<std::size_t>(got, 6))),
                   ", expected 93 4e 55 4d 50 59, the mark of .npy"));
  const int version = start[6];
  if (version < 1 || version > 3) file.fail(text("is of format ", version, ", expected 1 to 3"));
  const std::size_t begin = version == 1 ? 10 : 12;
  std::size_t size = start[8] | static_cast<std::size_t>(start[9]) << 8;
  if (version > 1) size |= static_cast<std::size_t>(start[10]) << 16 | static_cast<std::size_t>(start[11]) << 24;
  if (got < begin || size > file.size() - begin) file.fail("ends within its header");
  if (size > kMostHeader) file.fail(text("its header has ", size, " bytes, expected at most ", kMostHeader));
  std::vector<std::uint8_t> words(size);
  if (file.read_at(begin, words) != size) file.fail("ends within its header");
  const Header header = HeaderParser(file, {reinterpret_cast<const char*>(words.data()), size}).parse();

  const std::uint64_t there = file.size() - begin - size;
  std::uint64_t count = 1;
  for (const std::int64_t axis : header.shape) {
    const auto length = static_cast<std::uint64_t>(axis);
    if (length != 0 && count > std::numeric_limits<std::uint64_t>::max() / 8 / length) file.fail("its shape is larger than memory");
    count *= length;
  }
  if (count * header.bytes != there)
    file.fail(text("its shape ", Shape(header.shape), " takes ", count * header.bytes, " bytes, but there are ", there));
  std::vector<std::uint8_t> bytes(there);
  if (file.read_at(begin + size, bytes) != there) file.fail("became shorter while it was read");

  std::vector<std::int64_t> stored = header.shape;
  if (header.fortran_order) std::ranges::reverse(stored);
  const bool floating = header.kind == 'f';
  Tensor result = zeros(Shape(stored), !floating ? DType::int64 : header.bytes == 8 ? DType::float64 : DType::float32);
  if (floating && header.bytes == 8) {
    convert<double>(bytes, header.big_endian, result.mutable_data<double>());
  } else if (floating && header.bytes == 4) {
    convert<float>(bytes, header.big_endian, result.mutable_data<float>());
  } else if (floating) {
    const std::span<float> to = result.mutable_data<float>();
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = float_of_half(element_at<std::uint16_t>(bytes.data() + 2 * i, header.big_endian));
  } else {
    const std::span<std::int64_t> to = result.mutable_data<std::int64_t>();
    const bool is_signed = header.kind == 'i';
    switch (header.bytes) {
      case 1:
        is_signed ? convert<std::int8_t>(bytes, false, to) : convert<std::uint8_t>(bytes, false, to);
        break;
      case 2:
        is_signed ? convert<std::int16_t>(bytes, header.big_endian, to) : convert<std::uint16_t>(bytes, header.big_endian, to);
        break;
      case 4:
        is_signed ? convert<std::int32_t>(bytes, header.big_endian, to) : convert<std::uint32_t>(bytes, header.big_endian, to);
        break;
      default:
        convert<std::int64_t>(bytes, header.big_endian, to);
    }
    if (!is_signed && header.bytes == 8 && std::ranges::any_of(to, [](std::int64_t value) { return value < 0; }))
      file.fail("holds an unsigned integer beyond int64");
  }
  if (!header.fortran_order || stored.size() < 2) return result;
  std::vector<std::int64_t> reversed(stored.size());
  for (std::size_t i = 0; i < reversed.size(); ++i) reversed[i] = static_cast<std::int64_t>(reversed.size() - 1 - i);
  return permute(result, Axes(reversed));
}

void write_npy(const std::filesystem::path& path, const Tensor& tensor, SourceLine line) {
  const CallerScope caller(line);
  if (!tensor.defined()) throw_invalid("write_npy", "undefined tensor", line);
  std::string shape;
  for (const std::int64_t size : tensor.shape()) shape += text(size, ",");
  const char* descr = tensor.dtype() == DType::float32 ? "<f4" : tensor.dtype() == DType::float64 ? "<f8" : "<i8";
  std::string header = text("{'descr': '", descr, "', 'fortran_order': False, 'shape': (", shape, "), }");
  header.append(63 - (kMagic.size() + 4 + header.size()) % 64, ' ');  // the data begin at a multiple of 64
  header += '\n';
  std::string start(kMagic);
  start += {'\x01', '\x00', static_cast<char>(header.size() & 0xFF), static_cast<char>(header.size() >> 8)};
  start += header;
  const auto bytes_of = [&](auto zero) {
    const auto elements = tensor.data<decltype(zero)>();
    return std::string_view(reinterpret_cast<const char*>(elements.data()), elements.size_bytes());
  };
  const std::string_view data = tensor.dtype() == DType::float32   ? bytes_of(0.0F)
                                : tensor.dtype() == DType::float64 ? bytes_of(0.0)
                                                                   : bytes_of(std::int64_t{0});
  const std::string_view parts[] = {start, data};
  write_whole_file(path, parts);
}

}  // namespace chainrule::nn
