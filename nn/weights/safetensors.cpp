// The format, as described at https://github.com/huggingface/safetensors: 8 bytes with the little-endian size of the header; the header, a
// JSON object {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ..., "__metadata__": {"key": "value"}}; then the
// data. Offsets count from the first byte of the data.
#include "nn/weights/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <new>
#include <set>
#include <span>
#include <stdexcept>
#include <streambuf>
#include <string_view>
#include <utility>

#include "autograd/base/check.h"
#include "autograd/ops/create.h"
#include "nn/files/file_kind.h"
#include "nn/files/half.h"
#include "nn/files/input_file.h"
#include "nn/files/json_reader.h"
#include "nn/files/json_text.h"
#include "nn/files/write_file.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

static_assert(std::endian::native == std::endian::little, "elements are copied as they are, and the format has them little-endian");

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the reference reader's limit
constexpr std::uint64_t kMostTensorBytes = std::numeric_limits<std::int64_t>::max() / 256;
constexpr std::string_view kMetadata = "__metadata__";

// A dtype of the format, its size in bytes, and the dtype of the Tensor it is loaded into.
struct FileType {
  std::string_view name;
  std::uint64_t bytes;
  DType loaded;
};

constexpr FileType kTypes[] = {
    {"F64", 8, DType::float64}, {"F32", 4, DType::float32}, {"F16", 2, DType::float32}, {"BF16", 2, DType::float32},
    {"I64", 8, DType::int64},   {"I32", 4, DType::int64},   {"I16", 2, DType::int64},   {"I8", 1, DType::int64},
    {"U32", 4, DType::int64},   {"U16", 2, DType::int64},   {"U8", 1, DType::int64},    {"BOOL", 1, DType::int64},
};

std::string_view file_dtype(DType dtype) {
  if (dtype == DType::float32) return "F32";
  return dtype == DType::float64 ? "F64" : "I64";
}

// A tensor as the header describes it.
struct Entry {
  std::string name;
  std::string dtype;
  Shape shape;
  std::array<std::uint64_t, 2> offsets = {};
  const FileType* type = nullptr;  // set by check_entry()

  std::uint64_t begin() const { return offsets[0]; }
  std::uint64_t end() const { return offsets[1]; }
};

struct WeightsHeader {
  std::vector<Entry> entries;
  std::map<std::string, std::string> metadata;
};

// A stream buffer over a text.
class TextBytes : public std::streambuf {
 public:
  explicit TextBytes(std::string_view text) {
    char* const first = const_cast<char*>(text.data());  // only read
    setg(first, first, first + text.size());
  }
};

// Parses the header as a stream of JSON events. It accepts only the structure that the format defines, so deeply nested input cannot
// exhaust the stack.
class WeightsHeaderParser : public JsonHandler {
 public:
  explicit WeightsHeaderParser(const InputFile& file) : file_(file) {}

  WeightsHeader parse(std::string_view json) {
    // The JSON parser would take a zero byte for the end of the text.
    const std::size_t zero = json.find('\0');
    if (zero != json.npos) not_json(zero);
    TextBytes bytes(json);
    read_json(bytes, *this);
    return std::move(header_);
  }

  // The functions below are called by the JSON parser.

  void start_object() override {
    if (state_ == State::header) {
      state_ = State::names;
    } else if (state_ == State::tensor) {
      state_ = State::fields;
    } else if (state_ == State::metadata) {
      state_ = State::metadata_keys;
    } else {
      refuse("an object");
    }
  }

  void key(std::string& key) override {
    if (state_ == State::names) {
      start_entry(key);
    } else if (state_ == State::fields) {
      start_field(key);
    } else {
      if (header_.metadata.count(key) != 0) file_.fail(text(kMetadata, ": ", json_quote(key), " is given twice"));
      metadata_key_ = key;
      state_ = State::metadata_value;
    }
  }

  void string(std::string& value) override {
    if (state_ == State::dtype) {
      entry().dtype = value;
      state_ = State::fields;
    } else if (state_ == State::metadata_value) {
      header_.metadata.emplace(metadata_key_, value);
      state_ = State::metadata_keys;
    } else {
      refuse("a string");
    }
  }

  void start_array() override {
    if (state_ == State::shape) {
      state_ = State::sizes;
    } else if (state_ == State::offsets) {
      state_ = State::offset_values;
      offsets_ = 0;
    } else {
      refuse("a list");
    }
  }

  void number_unsigned(std::uint64_t value) override {
    if (state_ == State::sizes) {
      if (entry().shape.rank() == Shape::kMaxRank)
        file_.fail(text(subject(), ": shape has more than ", Shape::kMaxRank, " sizes, the most that a Tensor can have"));
      if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
        file_.fail(text(subject(), ": shape holds ", value, ", expected at most ", std::numeric_limits<std::int64_t>::max()));
      entry().shape.push_back(static_cast<std::int64_t>(value));
    } else if (state_ == State::offset_values) {
      if (offsets_ == 2) file_.fail(text(subject(), ": data_offsets holds more than 2 numbers, expected begin and end"));
      entry().offsets[offsets_++] = value;
    } else {
      refuse(text("the number ", value));
    }
  }

  void end_array() override {
    if (state_ == State::offset_values && offsets_ != 2)
      file_.fail(text(subject(), ": data_offsets holds ", offsets_, " numbers, expected begin and end"));
    state_ = State::fields;
  }

  void end_object() override {
    if (state_ == State::fields) {
      for (const auto& [field, given] : {std::pair("dtype", has_dtype_), {"shape", has_shape_}, {"data_offsets", has_offsets_}})
        if (!given) file_.fail(text(subject(), " has no ", field));
    }
    state_ = state_ == State::names ? State::header : State::names;
  }

  void null() override { refuse("null"); }
  void boolean(bool value) override { refuse(value ? "true" : "false"); }
  void number_integer(std::int64_t value) override { refuse(text("the number ", value)); }
  void number_float(double, const std::string& digits) override { refuse("the number " + digits.substr(0, 40)); }
  void number_too_large(const std::string& digits) override { refuse("the number " + digits.substr(0, 40)); }
  void parse_error(std::size_t position, std::string_view) override {
    not_json(position > 0 ? position - 1 : 0);  // the parser counts positions from 1
  }

 private:
  enum class State { header, names, tensor, fields, dtype, shape, sizes, offsets, offset_values, metadata, metadata_keys, metadata_value };

  Entry& entry() { return header_.entries.back(); }
  const Entry& entry() const { return header_.entries.back(); }
  std::string subject() const { return "tensor " + json_quote(entry().name); }

  void start_entry(const std::string& name) {
    if (!names_.insert(name).second)
      file_.fail(name == kMetadata ? text(kMetadata, " is given twice") : text("tensor ", json_quote(name), " is given twice"));
    if (name == kMetadata) {
      state_ = State::metadata;
      return;
    }
    header_.entries.emplace_back().name = name;
    has_dtype_ = has_shape_ = has_offsets_ = false;
    state_ = State::tensor;
  }

  void start_field(const std::string& field) {
    bool* given = nullptr;
    if (field == "dtype") {
      given = &has_dtype_;
      state_ = State::dtype;
    } else if (field == "shape") {
      given = &has_shape_;
      state_ = State::shape;
    } else if (field == "data_offsets") {
      given = &has_offsets_;
      state_ = State::offsets;
    } else {
      file_.fail(text(subject(), " has a field ", json_quote(field), ", expected dtype, shape and data_offsets"));
    }
    if (std::exchange(*given, true)) file_.fail(text(subject(), ": ", field, " is given twice"));
  }

  [[noreturn]] void not_json(std::size_t position) const { file_.fail_at(kLengthBytes + position, "the header is not JSON in UTF-8"); }

  [[noreturn]] void refuse(const std::string& found) const {
    const std::string integers = ", expected integers of 0 or more";
    switch (state_) {
      case State::tensor:
        file_.fail(text(subject(), " is ", found, ", expected an object"));
      case State::dtype:
        file_.fail(text(subject(), ": dtype is ", found, ", expected a string"));
      case State::shape:
        file_.fail(text(subject(), ": shape is ", found, ", expected a list of integers"));
      case State::sizes:
        file_.fail(text(subject(), ": shape holds ", found, integers));
      case State::offsets:
        file_.fail(text(subject(), ": data_offsets is ", found, ", expected a list of 2 integers"));
      case State::offset_values:
        file_.fail(text(subject(), ": data_offsets holds ", found, integers));
      case State::metadata:
        file_.fail(text(kMetadata, " is ", found, ", expected an object"));
      case State::metadata_value:
        file_.fail(text(kMetadata, ": ", json_quote(metadata_key_), " is ", found, ", expected a string"));
      default:
        file_.fail(text("the header is ", found, ", expected an object"));
    }
  }

  const InputFile& file_;
  WeightsHeader header_;
  State state_ = State::header;
  std::set<std::string> names_;
  bool has_dtype_ = false, has_shape_ = false, has_offsets_ = false;
  std::size_t offsets_ = 0;
  std::string metadata_key_;
};

std::uint64_t read_header_size(const InputFile& file) {
  if (file.size() < kLengthBytes) file.fail_at(0, text("holds ", file.size(), " bytes, expected 8 of header size and a header"));
  std::array<std::uint8_t, kLengthBytes> bytes = {};
  if (file.read_at(0, bytes) < bytes.size()) file.fail("became shorter while it was read");
  const auto size = std::bit_cast<std::uint64_t>(bytes);
  if (size > kMaxHeaderBytes) file.fail_at(0, text("the header size is ", size, ", expected at most ", kMaxHeaderBytes));
  if (size > file.size() - kLengthBytes)
    file.fail_at(0, text("the header size is ", size, ", but the file holds ", file.size() - kLengthBytes, " bytes after it"));
  return size;
}

std::string read_header_text(const InputFile& file, std::uint64_t size) {
  std::string json(size, '\0');
  if (file.read_at(kLengthBytes, std::span(reinterpret_cast<std::uint8_t*>(json.data()), json.size())) < json.size())
    file.fail("became shorter while it was read");
  if (json.empty() || json[0] != '{')
    file.fail_at(kLengthBytes,
                 json.empty() ? "the header is empty, expected a JSON object"
                              : text("the header begins with ", hex_bytes(std::span(reinterpret_cast<const std::uint8_t*>(json.data()), 1)),
                                     ", expected 7b of a JSON object"));
  return json;
}

// The number of bytes that shape and dtype require, computed without overflow. A shape with an axis of size 0 is still refused if its other
// axes are too long.
std::uint64_t checked_bytes(const InputFile& file, const Entry& entry) {
  std::uint64_t most = entry.type->bytes;
  bool empty = false, beyond = false;
  for (const std::int64_t size : entry.shape) {
    empty = empty || size == 0;
    beyond = __builtin_mul_overflow(most, std::max<std::uint64_t>(static_cast<std::uint64_t>(size), 1), &most) || beyond;
  }
  const std::uint64_t widening = static_cast<std::uint64_t>(dtype_size(entry.type->loaded)) / entry.type->bytes;
  if (beyond || most > kMostTensorBytes / std::max<std::uint64_t>(widening, 1))
    file.fail(text("tensor ", json_quote(entry.name), ": shape ", entry.shape, " of ", entry.dtype, " is too large for memory"));
  return empty ? 0 : most;
}

void check_entry(const InputFile& file, Entry& entry, std::uint64_t data_bytes) {
  const std::string subject = "tensor " + json_quote(entry.name);
  const auto type = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const FileType& known) { return known.name == entry.dtype; });
  if (type == std::end(kTypes)) {
    std::string known;
    for (const FileType& each : kTypes) known += (known.empty() ? "" : ", ") + std::string(each.name);
    file.fail(text(subject, ": dtype is ", json_quote(entry.dtype), ", known names: ", known));
  }
  entry.type = type;
  const std::string offsets = text(subject, ": data_offsets is [", entry.begin(), ", ", entry.end(), "]");
  if (entry.begin() > entry.end()) file.fail(offsets + ", expected begin <= end");
  if (entry.end() > data_bytes) file.fail(text(offsets, ", but the file holds ", data_bytes, " bytes of data"));
  const std::uint64_t bytes = checked_bytes(file, entry);
  if (entry.end() - entry.begin() != bytes)
    file.fail(text(offsets, ", ", entry.end() - entry.begin(), " bytes, but shape ", entry.shape, " of ", entry.dtype, " takes ", bytes));
}

void check_header(const InputFile& file, WeightsHeader& header, std::uint64_t data_bytes) {
  for (Entry& entry : header.entries) check_entry(file, entry, data_bytes);
  std::vector<const Entry*> order;
  for (const Entry& entry : header.entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) { return a->offsets < b->offsets; });
  std::uint64_t next = 0;
  for (const Entry* entry : order) {
    if (entry->begin() != next)
      file.fail(text("tensor ", json_quote(entry->name), " begins at byte ", entry->begin(), " of the data, expected ", next,
                     entry->begin() < next ? ": it overlaps another" : ": no tensor has the bytes between"));
    next = entry->end();
  }
  if (next != data_bytes)
    file.fail_at(file.size() - data_bytes + next,
                 text("the tensors take ", next, " bytes, but the file holds ", data_bytes, " bytes of data"));
}

void read_exactly(const InputFile& file, std::uint64_t offset, std::span<std::uint8_t> out) {
  if (file.read_at(offset, out) < out.size()) file.fail("became shorter while it was read");
}

// Reads elements of type From, starting at byte `offset` of the file, and stores convert(element) for each in `out`.
template <class From, class To, class Convert>
void read_converted(const InputFile& file, std::uint64_t offset, std::span<To> out, Convert convert) {
  std::array<From, 4096> some;
  while (!out.empty()) {
    const std::size_t count = std::min(out.size(), some.size());
    read_exactly(file, offset, std::span(reinterpret_cast<std::uint8_t*>(some.data()), count * sizeof(From)));
    std::transform(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count), out.begin(), convert);
    offset += count * sizeof(From);
    out = out.subspan(count);
  }
}

template <class T>
void read_as_is(const InputFile& file, std::uint64_t offset, Tensor& tensor) {
  const std::span<T> out = tensor.mutable_data<T>();
  read_exactly(file, offset, std::span(reinterpret_cast<std::uint8_t*>(out.data()), out.size_bytes()));
}

template <class From>
void read_integers(const InputFile& file, std::uint64_t offset, Tensor& tensor) {
  read_converted<From>(file, offset, tensor.mutable_data<std::int64_t>(), [](From value) { return std::int64_t{value}; });
}

Tensor read_tensor(const InputFile& file, const Entry& entry, std::uint64_t offset) {
  Tensor tensor = zeros(entry.shape, entry.type->loaded);
  const std::string_view type = entry.type->name;
  if (type == "F32") {
    read_as_is<float>(file, offset, tensor);
  } else if (type == "F64") {
    read_as_is<double>(file, offset, tensor);
  } else if (type == "I64") {
    read_as_is<std::int64_t>(file, offset, tensor);
  } else if (type == "F16") {
    read_converted<std::uint16_t>(file, offset, tensor.mutable_data<float>(), float_of_half);
  } else if (type == "BF16") {
    read_converted<std::uint16_t>(file, offset, tensor.mutable_data<float>(), float_of_bfloat16);
  } else if (type == "I32") {
    read_integers<std::int32_t>(file, offset, tensor);
  } else if (type == "I16") {
    read_integers<std::int16_t>(file, offset, tensor);
  } else if (type == "I8") {
    read_integers<std::int8_t>(file, offset, tensor);
  } else if (type == "U32") {
    read_integers<std::uint32_t>(file, offset, tensor);
  } else if (type == "U16") {
    read_integers<std::uint16_t>(file, offset, tensor);
  } else if (type == "U8") {
    read_integers<std::uint8_t>(file, offset, tensor);
  } else {
    read_converted<std::uint8_t>(file, offset, tensor.mutable_data<std::int64_t>(),
                                 [](std::uint8_t value) { return std::int64_t{value != 0}; });
  }
  return tensor;
}

SafetensorsFile read_file(const InputFile& file) {
  refuse_other_kind(file, FileKind::safetensors, "a safetensors file");
  const std::uint64_t header_bytes = read_header_size(file);
  const std::uint64_t data_at = kLengthBytes + header_bytes;
  WeightsHeader header = WeightsHeaderParser(file).parse(read_header_text(file, header_bytes));
  check_header(file, header, file.size() - data_at);
  SafetensorsFile content;
  content.metadata = std::move(header.metadata);
  for (Entry& entry : header.entries) {
    Tensor tensor = read_tensor(file, entry, data_at + entry.begin());
    content.tensors.push_back({std::move(entry.name), std::move(tensor)});
  }
  return content;
}

// A text from the caller as a JSON string.
std::string json_of(const std::string& words, const SourceLine& line) {
  if (!is_utf8(words)) throw_invalid("save_safetensors", text("the text ", json_quote(words), " is not UTF-8"), line);
  return json_string(words);
}

void check_tensors(const std::vector<NamedTensor>& tensors, const SourceLine& line) {
  std::set<std::string_view> names;
  for (const NamedTensor& entry : tensors) {
    const std::string name = json_of(entry.name, line);
    if (entry.name == kMetadata) throw_invalid("save_safetensors", text("the name ", name, " is reserved by the format"), line);
    if (!names.insert(entry.name).second) throw_invalid("save_safetensors", text("the name ", name, " is given twice"), line);
    if (!entry.tensor.defined()) throw_invalid("save_safetensors", text(name, " is an undefined tensor"), line);
  }
}

std::string_view bytes_of(const Tensor& tensor) {
  const auto view = [](auto values) { return std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes()); };
  if (tensor.dtype() == DType::float32) return view(tensor.data<float>());
  return tensor.dtype() == DType::float64 ? view(tensor.data<double>()) : view(tensor.data<std::int64_t>());
}

}  // namespace

void save_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors, const std::map<std::string, std::string>& metadata,
                      SourceLine line) {
  const CallerScope caller(line);
  check_tensors(tensors, line);

  // Tensors of 8-byte elements come first, so that each element is aligned when a reader maps the file into memory. The header keeps the
  // order of the caller.
  std::vector<std::uint64_t> begins(tensors.size());
  std::vector<std::string_view> parts = {{}};  // the first part is the header
  std::uint64_t data_bytes = 0;
  for (const std::int64_t size : {8, 4}) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      if (dtype_size(tensors[i].tensor.dtype()) != size) continue;
      begins[i] = data_bytes;
      parts.push_back(bytes_of(tensors[i].tensor));
      data_bytes += parts.back().size();
    }
  }

  std::string json = "{";
  const auto add = [&](const std::string& member) { json += (json.size() == 1 ? "" : ",") + member; };
  if (!metadata.empty()) {
    std::string members;
    for (const auto& [key, value] : metadata) members += (members.empty() ? "" : ",") + json_of(key, line) + ":" + json_of(value, line);
    add(text('"', kMetadata, "\":{", members, "}"));
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& tensor = tensors[i].tensor;
    std::string sizes;
    for (const std::int64_t size : tensor.shape()) sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
    add(text(json_of(tensors[i].name, line), ":{\"dtype\":\"", file_dtype(tensor.dtype()), "\",\"shape\":[", sizes, "],\"data_offsets\":[",
             begins[i], ",", begins[i] + bytes_of(tensor).size(), "]}"));
  }
  json += "}";
  json.resize((json.size() + 7) / 8 * 8, ' ');
  if (json.size() > kMaxHeaderBytes)
    throw_invalid("save_safetensors", text("names, shapes and metadata take ", json.size(), " bytes, expected at most ", kMaxHeaderBytes),
                  line);

  const auto size = std::bit_cast<std::array<char, kLengthBytes>>(std::uint64_t{json.size()});
  json.insert(0, size.data(), size.size());
  parts[0] = json;
  write_whole_file(path, parts);
}

SafetensorsFile read_safetensors(const std::string& path, SourceLine line) {
  const CallerScope caller(line);
  const InputFile file(path);
  return file.within_memory([&] { return read_file(file); });
}

std::vector<NamedTensor> load_safetensors(const std::string& path, SourceLine line) { return read_safetensors(path, line).tensors; }

}  // namespace chainrule::nn
