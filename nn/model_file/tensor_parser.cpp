#include "nn/model_file/tensor_parser.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "autograd/base/check.h"
#include "autograd/ops/create.h"
#include "nn/files/json_text.h"
#include "nn/files/parse_number.h"

namespace chainrule::nn {

using detail::parse_number;
using detail::Parsed;
using detail::text;

template <class T>
void TensorParser::Elements::move_to(std::span<T> out) {
  for (std::unique_ptr<std::byte[]>& block : blocks_) {
    const std::size_t some = std::min(out.size(), kPerBlock);
    std::memcpy(out.data(), block.get(), some * sizeof(T));
    block.reset();
    out = out.subspan(some);
  }
  blocks_.clear();
  count_ = 0;
}

std::string TensorParser::path() const { return detail::path_of_field("weights", weights_.back().path); }

std::string TensorParser::place_name() const {
  switch (state_) {
    case State::tensor:
      return path();
    case State::dtype:
      return path_of("dtype");
    case State::shape:
      return path_of("shape");
    case State::sizes:
      return detail::path_of_item(path_of("shape"), static_cast<std::size_t>(shape_.rank()));
    case State::values:
      return path_of("values");
    case State::numbers:
      return detail::path_of_item(path_of("values"), static_cast<std::size_t>(elements_.count()));
    case State::requires_grad:
      return path_of("requires_grad");
    case State::name:
      return path_of("name");
    case State::same_as:
      return path_of("same_as");
    default:
      return "weights";
  }
}

std::string TensorParser::expectation() const {
  switch (state_) {
    case State::dtype:
      return "\"float32\", \"float64\" or \"int64\"";
    case State::shape:
      return "a list of integers";
    case State::sizes:
      return "an integer of 0 or more";
    case State::values:
      return "a list of numbers";
    case State::numbers:
      return dtype_ == DType::int64 ? "an integer of 64 bits" : text("a number of ", dtype_, ", \"nan\", \"inf\" or \"-inf\"");
    case State::requires_grad:
      return "true or false";
    case State::name:
      return "a string";
    case State::same_as:
      return "the path of a tensor before it";
    default:
      return "an object";
  }
}

void TensorParser::refuse(const std::string& found) const { file_.fail(text(place_name(), " is ", found, ", expected ", expectation())); }

void TensorParser::start_object() {
  if (state_ == State::start) {
    state_ = State::names;
  } else if (state_ == State::tensor) {
    state_ = State::fields;
  } else {
    refuse("an object");
  }
}

bool TensorParser::end_object() {
  if (state_ == State::names) return false;
  end_weight();
  state_ = State::names;
  return true;
}

void TensorParser::key(const std::string& key) {
  if (state_ == State::names) {
    start_weight(key);
  } else {
    start_field(key);
  }
}

void TensorParser::start_weight(const std::string& path) {
  if (weights_.size() == model_format::kMaxTensors) file_.fail(text("weights has more than ", model_format::kMaxTensors, " tensors"));
  if (!places_.emplace(path, weights_.size()).second) file_.fail(text(detail::path_of_field("weights", path), " is given twice"));
  weights_.emplace_back().path = path;
  given_ = {};
  elements_ = {};
  state_ = State::tensor;
}

void TensorParser::start_field(const std::string& field) {
  bool* given = nullptr;
  if (field == "dtype") {
    given = &given_.dtype;
    state_ = State::dtype;
  } else if (field == "shape") {
    given = &given_.shape;
    state_ = State::shape;
  } else if (field == "values") {
    given = &given_.values;
    state_ = State::values;
  } else if (field == "requires_grad") {
    given = &given_.requires_grad;
    state_ = State::requires_grad;
  } else if (field == "name") {
    given = &given_.name;
    state_ = State::name;
  } else if (field == "same_as") {
    given = &given_.same_as;
    state_ = State::same_as;
  } else {
    file_.fail(text(path(), " has an unknown field ", json_quote(field)));
  }
  if (std::exchange(*given, true)) file_.fail(text(path_of(field.c_str()), " is given twice"));
}

void TensorParser::end_weight() {
  if (given_.same_as) {
    if (given_.dtype || given_.shape || given_.values || given_.requires_grad || given_.name)
      file_.fail(text(path(), " has same_as together with other fields"));
    return;
  }
  for (const auto& [field, given] : {std::pair("dtype", given_.dtype), {"shape", given_.shape}, {"values", given_.values}})
    if (!given) file_.fail(text(path(), " has no field \"", field, "\""));
}

void TensorParser::start_array() {
  if (state_ == State::shape) {
    shape_ = Shape();
    state_ = State::sizes;
  } else if (state_ == State::values) {
    start_values();
    state_ = State::numbers;
  } else {
    refuse("a list");
  }
}

void TensorParser::start_values() {
  if (!given_.dtype || !given_.shape) file_.fail(text(path(), " has values before dtype and shape"));
  // A shape with an axis of size 0 is still refused if its other axes are too long.
  std::int64_t most = dtype_size(dtype_);
  bool beyond = false;
  for (const std::int64_t size : shape_) beyond = __builtin_mul_overflow(most, std::max<std::int64_t>(size, 1), &most) || beyond;
  if (beyond) file_.fail(text(path_of("shape"), " is ", shape_, ", which is too large for memory"));
  expected_ = shape_.numel();
}

void TensorParser::end_array() {
  if (state_ == State::numbers) {
    if (elements_.count() != expected_)
      file_.fail(text(path_of("values"), " has ", elements_.count(), " numbers, expected ", expected_, " for shape ", shape_));
    Tensor tensor = zeros(shape_, dtype_);
    if (dtype_ == DType::float32) {
      elements_.move_to(tensor.mutable_data<float>());
    } else if (dtype_ == DType::float64) {
      elements_.move_to(tensor.mutable_data<double>());
    } else {
      elements_.move_to(tensor.mutable_data<std::int64_t>());
    }
    weight().tensor = std::move(tensor);
  }
  state_ = State::fields;
}

template <class T>
void TensorParser::add(T value) {
  if (elements_.count() == expected_)
    file_.fail(text(path_of("values"), " has more than ", expected_, " numbers, those of shape ", shape_));
  elements_.push_back(value);
}

template <class T>
void TensorParser::add_integer(T value) {
  if (state_ == State::numbers && dtype_ == DType::float32) return add(static_cast<float>(value));
  if (state_ == State::numbers && dtype_ == DType::float64) return add(static_cast<double>(value));
  const bool fits = std::in_range<std::int64_t>(value);
  if (state_ == State::numbers && fits) return add(static_cast<std::int64_t>(value));
  if (state_ != State::sizes || !fits || value < 0) refuse(std::to_string(value));
  if (shape_.rank() == Shape::kMaxRank) file_.fail(text(path_of("shape"), " has more than ", Shape::kMaxRank, " sizes"));
  shape_.push_back(static_cast<std::int64_t>(value));
}

void TensorParser::integer(std::int64_t value) {
  // The JSON parser reports only "-0" as a signed 0; other zeros come as unsigned.
  if (value == 0 && state_ == State::numbers && dtype_ != DType::int64) return number("-0");
  add_integer(value);
}

void TensorParser::unsigned_integer(std::uint64_t value) { add_integer(value); }

void TensorParser::number(const std::string& digits) {
  const auto shown = [&] { return digits.substr(0, 40); };
  const auto parse = [&](auto value) {
    const Parsed parsed = parse_number(digits, value);
    if (parsed == Parsed::too_large) file_.fail(text(place_name(), " is ", shown(), ", which is too large for ", dtype_));
    if (parsed == Parsed::other) refuse(shown());
    add(value);
  };
  if (state_ != State::numbers || dtype_ == DType::int64) refuse(shown());
  if (dtype_ == DType::float32) {
    parse(float{});
  } else {
    parse(double{});
  }
}

void TensorParser::boolean(bool value) {
  if (state_ != State::requires_grad) refuse(value ? "true" : "false");
  weight().given_requires_grad = true;
  weight().requires_grad = value;
  state_ = State::fields;
}

void TensorParser::string(const std::string& value) {
  if (state_ == State::dtype) {
    if (value == "float32") {
      dtype_ = DType::float32;
    } else if (value == "float64") {
      dtype_ = DType::float64;
    } else if (value == "int64") {
      dtype_ = DType::int64;
    } else {
      refuse(json_quote(value));
    }
  } else if (state_ == State::name) {
    weight().name = value;
  } else if (state_ == State::same_as) {
    const auto found = places_.find(value);
    if (found == places_.end() || found->second + 1 == weights_.size()) refuse(json_quote(value));
    weight().tensor = weights_[found->second].tensor;
    weight().is_repeated = true;
  } else if (const auto special = special_number(value); state_ == State::numbers && dtype_ != DType::int64 && special) {
    if (dtype_ == DType::float32) return add(static_cast<float>(*special));
    return add(*special);
  } else {
    refuse(json_quote(value));
  }
  state_ = State::fields;
}

}  // namespace chainrule::nn
