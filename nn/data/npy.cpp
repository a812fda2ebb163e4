// The format, as described in numpy.lib.format: the bytes 93 'NUMPY', the major and minor version, the size of the header (little-endian, 2
// bytes in version 1, otherwise 4), the header, which is a Python dictionary {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), },
// and then the elements.
#include "nn/data/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

#include "autograd/base/check.h"
#include "autograd/ops/create.h"
#include "autograd/ops/shape.h"
#include "nn/files/file_kind.h"
#include "nn/files/half.h"
#include "nn/files/input_file.h"
#include "nn/files/write_file.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

static_assert(std::endian::native == std::endian::little, "elements are written as they are, marked as little-endian");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMostHeader = 64 << 10;
constexpr std::size_t kMostAxes = 8;

struct NpyHeader {
  char kind = 0;  // f, i, u or b
  std::uint64_t bytes = 0;
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::uint64_t shape_at = 0;  // the position in the file of the key 'shape'
};

// Parses the dictionary. It accepts only what numpy.save() writes, with the three keys in any order.
class NpyHeaderParser {
 public:
  /// `words` is the header, which starts at byte `begin` of the file.
  NpyHeaderParser(const InputFile& file, std::string_view words, std::uint64_t begin)
      : file_(file), rest_(words), end_(begin + words.size()) {}

  NpyHeader parse() {
    NpyHeader header;
    std::array<bool, 3> seen = {};
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      const std::uint64_t key_at = token_;
      expect(':');
      if (key == "descr") {
        once(seen[0], key, key_at);
        descr(header);
      } else if (key == "fortran_order") {
        once(seen[1], key, key_at);
        header.fortran_order = boolean();
      } else if (key == "shape") {
        once(seen[2], key, key_at);
        header.shape = shape();
        header.shape_at = key_at;
      } else {
        file_.fail_at(key_at, text("its header has the key '", key.substr(0, 40), "', expected descr, fortran_order and shape"));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip();
    if (!rest_.empty()) fail("its header continues after the dictionary");
    if (!seen[0] || !seen[1] || !seen[2]) fail("its header lacks one of descr, fortran_order and shape");
    return header;
  }

 private:
  void skip() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n' || rest_.front() == '\t')) rest_.remove_prefix(1);
    token_ = end_ - rest_.size();
  }
  bool accept(char letter) {
    skip();
    if (rest_.empty() || rest_.front() != letter) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char letter) {
    if (!accept(letter)) fail(text("its header is not a dictionary as written by NumPy: expected ", letter));
  }
  void once(bool& seen, std::string_view key, std::uint64_t key_at) {
    if (seen) file_.fail_at(key_at, text("its header has ", key, " twice"));
    seen = true;
  }
  std::string_view quoted() {
    skip();
    const char quote = !rest_.empty() && rest_.front() == '"' ? '"' : '\'';
    expect(quote);
    const std::size_t end = rest_.find(quote);
    if (end == std::string_view::npos) fail("its header has an unclosed quote");
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
    fail("its header's fortran_order is neither True nor False");
  }
  void descr(NpyHeader& header) {
    skip();
    if (rest_.starts_with('[')) fail("it holds structured records, expected plain numbers");
    const std::string_view words = quoted();
    const auto refuse = [&] {
      fail(text("its dtype is '", words.substr(0, 40), "', expected floats of 2, 4 or 8 bytes, integers or bool"));
    };
    if (words.size() != 3) refuse();
    header.big_endian = words[0] == '>';
    header.kind = words[1];
    header.bytes = static_cast<std::uint64_t>(words[2] - '0');
    const bool order = words[0] == '<' || words[0] == '>' || words[0] == '=' || (words[0] == '|' && header.bytes == 1);
    const bool whole = header.bytes == 1 || header.bytes == 2 || header.bytes == 4 || header.bytes == 8;
    const bool known = (header.kind == 'f' && whole && header.bytes > 1) || ((header.kind == 'i' || header.kind == 'u') && whole) ||
                       (header.kind == 'b' && header.bytes == 1);
    if (!order || !known) refuse();
  }
  std::vector<std::int64_t> shape() {
    std::vector<std::int64_t> sizes;
    expect('(');
    while (!accept(')')) {
      skip();
      std::int64_t size = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
      if (error != std::errc() || size < 0) fail("its header's shape is not a tuple of sizes");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      if (sizes.size() == kMostAxes) fail(text("it has more than ", kMostAxes, " axes"));
      sizes.push_back(size);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return sizes;
  }

  [[noreturn]] void fail(const std::string& what) const { file_.fail_at(token_, what); }

  const InputFile& file_;
  std::string_view rest_;
  std::uint64_t end_, token_ = 0;  // positions in the file: the end of the header, and the start of the token read last
};

template <class T>
T swapped(T value) {
  auto bytes = std::bit_cast<std::array<std::uint8_t, sizeof(T)>>(value);
  std::ranges::reverse(bytes);
  return std::bit_cast<T>(bytes);
}

// The elements of a file, starting at byte `offset`.
struct Elements {
  const InputFile& file;
  std::uint64_t offset;
  bool big_endian;

  void read(std::span<std::uint8_t> out) {
    if (file.read_at(offset, out) != out.size()) file.fail("became shorter while it was read");
    offset += out.size();
  }

  /// Reads elements of type T, applies `convert` to each, and stores the results in `to`. Works on one piece of the file at a time.
  template <class T, class To, class Convert>
  void read_as(std::span<To> to, Convert convert) {
    std::array<T, 8192> piece;
    while (!to.empty()) {
      const std::span<T> some = std::span(piece).first(std::min(to.size(), piece.size()));
      read(std::span(reinterpret_cast<std::uint8_t*>(some.data()), some.size_bytes()));
      for (std::size_t i = 0; i < some.size(); ++i) to[i] = convert(big_endian ? swapped(some[i]) : some[i]);
      to = to.subspan(some.size());
    }
  }
  template <class T, class To>
  void read_as(std::span<To> to) {
    if (std::is_same_v<T, To> && !big_endian) return read(std::span(reinterpret_cast<std::uint8_t*>(to.data()), to.size_bytes()));
    read_as<T>(to, [](T value) { return static_cast<To>(value); });
  }
};

void read_integers(Elements elements, const NpyHeader& header, std::span<std::int64_t> to) {
  const bool is_signed = header.kind == 'i';
  switch (header.bytes) {
    case 1:
      return is_signed ? elements.read_as<std::int8_t>(to) : elements.read_as<std::uint8_t>(to);
    case 2:
      return is_signed ? elements.read_as<std::int16_t>(to) : elements.read_as<std::uint16_t>(to);
    case 4:
      return is_signed ? elements.read_as<std::int32_t>(to) : elements.read_as<std::uint32_t>(to);
    default:
      break;
  }
  const std::uint64_t begin = elements.offset;
  elements.read_as<std::int64_t>(to);
  if (is_signed) return;
  const auto beyond = std::ranges::find_if(to, [](std::int64_t value) { return value < 0; });
  if (beyond != to.end())
    elements.file.fail_at(begin + header.bytes * static_cast<std::uint64_t>(beyond - to.begin()),
                          "holds an unsigned integer above the largest int64");
}

// The number of bytes that shape and dtype require, computed without overflow. A shape with an axis of size 0 is still refused if its other
// axes are too long.
std::uint64_t checked_bytes(const InputFile& file, const NpyHeader& header) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max() / 256 / 8;  // the most elements that a Tensor can have
  std::uint64_t count = 1;
  bool empty = false;
  for (const std::int64_t axis : header.shape) {
    const auto length = static_cast<std::uint64_t>(axis);
    empty = empty || length == 0;
    if (length != 0 && count > kMost / length) file.fail_at(header.shape_at, "its shape is too large for memory");
    count *= std::max<std::uint64_t>(length, 1);
  }
  return empty ? 0 : count * header.bytes;
}

Tensor read_array(const InputFile& file) {
  std::array<std::uint8_t, 12> start = {};
  const std::size_t got = file.read_at(0, start);
  if (got < kMagic.size() || std::memcmp(start.data(), kMagic.data(), kMagic.size()) != 0) {
    refuse_other_kind(file, FileKind::npy, "an .npy file");
    const std::string found = got == 0 ? "empty" : "begins with " + hex_bytes(std::span(start).first(std::min(got, kMagic.size())));
    file.fail_at(0, found + ", expected 93 4e 55 4d 50 59, the signature of an .npy file");
  }
  if (got < 10) file.fail_at(got, "ends within its header");
  const int version = start[6];
  if (version < 1 || version > 3) file.fail_at(6, text("has format version ", version, ", expected 1 to 3"));
  const std::size_t begin = version == 1 ? 10 : 12;
  std::size_t size = start[8] | static_cast<std::size_t>(start[9]) << 8;
  if (version > 1) size |= static_cast<std::size_t>(start[10]) << 16 | static_cast<std::size_t>(start[11]) << 24;
  if (got < begin || size > file.size() - begin) file.fail_at(file.size(), "ends within its header");
  if (size > kMostHeader) file.fail_at(8, text("its header has ", size, " bytes, expected at most ", kMostHeader));
  std::vector<std::uint8_t> words(size);
  if (file.read_at(begin, words) != size) file.fail("became shorter while it was read");
  const NpyHeader header = NpyHeaderParser(file, {reinterpret_cast<const char*>(words.data()), size}, begin).parse();
  const std::uint64_t bytes = checked_bytes(file, header), there = file.size() - begin - size;
  if (bytes != there)
    file.fail_at(begin + size,
                 text("its shape ", Shape(header.shape), " needs ", bytes, " bytes, but the file has ", there, " after its header"));

  std::vector<std::int64_t> stored = header.shape;
  if (header.fortran_order) std::ranges::reverse(stored);
  const bool floating = header.kind == 'f';
  Tensor result = zeros(Shape(stored), !floating ? DType::int64 : header.bytes == 8 ? DType::float64 : DType::float32);
  Elements elements{file, begin + size, header.big_endian};
  if (!floating) {
    read_integers(elements, header, result.mutable_data<std::int64_t>());
  } else if (header.bytes == 8) {
    elements.read_as<double>(result.mutable_data<double>());
  } else if (header.bytes == 4) {
    elements.read_as<float>(result.mutable_data<float>());
  } else {
    elements.read_as<std::uint16_t>(result.mutable_data<float>(), float_of_half);
  }
  if (!header.fortran_order || stored.size() < 2) return result;
  std::vector<std::int64_t> reversed(stored.size());
  for (std::size_t i = 0; i < reversed.size(); ++i) reversed[i] = static_cast<std::int64_t>(reversed.size() - 1 - i);
  return permute(result, Axes(reversed));
}

}  // namespace

Tensor read_npy(const std::string& path, SourceLine line) {
  const CallerScope caller(line);
  const InputFile file(path);
  return file.within_memory([&] { return read_array(file); });
}

void write_npy(const std::string& path, const Tensor& tensor, SourceLine line) {
  const CallerScope caller(line);
  if (!tensor.defined()) throw_invalid("write_npy", "undefined tensor", line);
  std::string shape;
  for (const std::int64_t size : tensor.shape()) shape += text(size, ",");
  const char* descr = tensor.dtype() == DType::float32 ? "<f4" : tensor.dtype() == DType::float64 ? "<f8" : "<i8";
  std::string header = text("{'descr': '", descr, "', 'fortran_order': False, 'shape': (", shape, "), }");
  header.append(63 - (kMagic.size() + 4 + header.size()) % 64, ' ');  // makes the data begin at a multiple of 64 bytes
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
