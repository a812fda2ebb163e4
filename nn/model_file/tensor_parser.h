// TensorParser: parses the weights in a model file.
// Internal header: not installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/files/input_file.h"
#include "nn/model_file/model_format.h"

namespace chainrule::nn {

/// Parses the object "weights", which has for each name an object with dtype, shape and values.
class TensorParser {
 public:
  explicit TensorParser(const InputFile& file) : file_(file) {}

  /// The events of the JSON parser. Each throws like InputFile::fail() if the event is not allowed at this place. end_object() returns
  /// false at the end of "weights" itself. `digits` is the text of the number, with a decimal point.
  /// @{
  void start_object();
  bool end_object();
  void key(const std::string& key);
  void start_array();
  void end_array();
  void boolean(bool value);
  void string(const std::string& value);
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  void number(const std::string& digits);
  void null() { refuse("null"); }
  /// @}

  std::vector<model_format::Weight> take() { return std::move(weights_); }

 private:
  enum class State { start, names, tensor, fields, dtype, shape, sizes, values, numbers, requires_grad, name, same_as };

  // Elements in blocks. Growing does not copy them, and no more memory is used than the file has values for.
  class Elements {
   public:
    template <class T>
    void push_back(T value) {
      if (count_ % kPerBlock == 0) blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(kPerBlock * sizeof(T)));
      std::memcpy(blocks_.back().get() + count_++ % kPerBlock * sizeof(T), &value, sizeof(T));
    }
    std::int64_t count() const noexcept { return static_cast<std::int64_t>(count_); }
    /// Moves all elements to `out`.
    template <class T>
    void move_to(std::span<T> out);

   private:
    static constexpr std::size_t kPerBlock = 65'536;
    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    std::size_t count_ = 0;
  };

  struct Given {
    bool dtype = false, shape = false, values = false, requires_grad = false, name = false, same_as = false;
  };

  model_format::Weight& weight() { return weights_.back(); }
  std::string path() const;
  std::string path_of(const char* field) const { return path() + "." + field; }
  std::string place_name() const;
  std::string expectation() const;
  [[noreturn]] void refuse(const std::string& found) const;

  void start_weight(const std::string& path);
  void end_weight();
  void start_field(const std::string& field);
  void start_values();
  template <class T>
  void add_integer(T value);
  template <class T>
  void add(T value);

  const InputFile& file_;
  State state_ = State::start;
  std::vector<model_format::Weight> weights_;
  std::map<std::string, std::size_t> places_;  // of the paths in weights_
  Given given_;
  DType dtype_ = DType::float32;
  Shape shape_;
  std::int64_t expected_ = 0;
  Elements elements_;
};

}  // namespace chainrule::nn
