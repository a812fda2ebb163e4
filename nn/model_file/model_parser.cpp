#include "nn/model_file/model_parser.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autograd/base/check.h"
#include "nn/files/checked_bytes.h"
#include "nn/files/json_reader.h"
#include "nn/files/json_text.h"
#include "nn/model_file/tensor_parser.h"

namespace chainrule::nn {

using detail::ConfigField;
using detail::ConfigValue;
using detail::text;
using model_format::Content;

namespace {

// Parses the file as a stream of JSON events. Weights become Tensors, everything else is kept as values.
class ModelParser : public JsonHandler {
 public:
  explicit ModelParser(const InputFile& file) : file_(file), tensors_(file) {}

  Content parse() {
    CheckedBytes bytes(file_, model_format::kMaxTokenBytes, model_format::kMaxGapBytes);
    read_json(bytes, *this);
    for (const auto& [field, given] : {std::pair("format", format_.has_value()),
                                       {"version", version_.has_value()},
                                       {"architecture", architecture_.has_value()},
                                       {"weights", has_weights_}})
      if (!given) file_.fail(text("has no field \"", field, "\""));
    Content content;
    content.architecture = std::move(*architecture_);
    if (modules_) {
      auto* const fields = std::get_if<ConfigValue::Fields>(&modules_->is);
      if (fields == nullptr) file_.fail(text("modules is ", detail::words_for(*modules_), ", expected an object"));
      content.modules = std::move(*fields);
    }
    if (shared_) {
      auto* const list = std::get_if<ConfigValue::List>(&shared_->is);
      if (list == nullptr) file_.fail(text("shared is ", detail::words_for(*shared_), ", expected a list"));
      content.shared = std::move(*list);
    }
    content.weights = tensors_.take();
    return content;
  }

  // The functions below are called by the JSON parser.

  void start_object() override {
    nest();
    if (in_weights_) {
      tensors_.start_object();
    } else if (depth_ > 1) {
      add({ConfigValue::Fields()}, true);
    }
  }

  void end_object() override {
    --depth_;
    if (in_weights_) {
      in_weights_ = tensors_.end_object();
    } else if (depth_ > 0) {
      end_value();
    }
  }

  void start_array() override {
    nest();
    if (in_weights_) {
      tensors_.start_array();
    } else {
      add({ConfigValue::List()}, true);
    }
  }

  void end_array() override {
    --depth_;
    if (in_weights_) {
      tensors_.end_array();
    } else {
      end_value();
    }
  }

  void key(std::string& key) override {
    count_text(key);
    if (in_weights_) {
      tensors_.key(key);
    } else if (open_.empty()) {
      start_field(key);
    } else {
      if (!open_.back().names.insert(key).second) file_.fail(text(detail::path_of_field(path(), key), " is given twice"));
      std::get<ConfigValue::Fields>(open_.back().value->is).push_back({key, {}});
    }
  }

  void null() override {
    if (in_weights_) {
      tensors_.null();
    } else {
      add({});
    }
  }

  void boolean(bool value) override {
    if (in_weights_) {
      tensors_.boolean(value);
    } else {
      add({value});
    }
  }

  void number_integer(std::int64_t value) override {
    if (in_weights_) {
      tensors_.integer(value);
    } else if (value == 0) {
      add({-0.0});  // the parser reports "-0" as a signed 0, and "0" as unsigned
    } else {
      add({value});
    }
  }

  void number_unsigned(std::uint64_t value) override {
    if (in_weights_) {
      tensors_.unsigned_integer(value);
    } else if (std::in_range<std::int64_t>(value)) {
      add({static_cast<std::int64_t>(value)});
    } else {
      add({static_cast<double>(value)});
    }
  }

  void number_float(double value, const std::string& digits) override {
    if (in_weights_) {
      tensors_.number(digits);
    } else {
      add({value});
    }
  }

  void number_too_large(const std::string& digits) override {
    if (in_weights_) tensors_.number(digits);
    const std::string shown = digits.substr(0, 40);
    if (depth_ == 0) file_.fail(text("is ", shown, ", expected an object"));
    file_.fail(text(path_of_next(), " is ", shown, ", which is too large for float64"));
  }

  void string(std::string& value) override {
    if (value.size() > 4) count_text(value);  // "nan", "inf" and "-inf" among the weights are values, not text
    if (in_weights_) {
      tensors_.string(value);
    } else {
      add({value});
    }
  }

  void parse_error(std::size_t, std::string_view words) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ...; last read: '...'"
    words = words.substr(0, words.find("; last read"));
    constexpr std::string_view kBefore = "parse error at ";
    if (const std::size_t at = words.find(kBefore); at != words.npos) words.remove_prefix(at + kBefore.size());
    const std::size_t colon = words.find(": ");
    file_.fail(text(words.substr(0, colon), ": not JSON", colon == words.npos ? "" : words.substr(colon)));
  }

 private:
  // A list or object that has not ended yet.
  struct Open {
    ConfigValue* value;
    std::set<std::string> names;
  };

  void nest() {
    if (++depth_ > model_format::kMaxDepth) file_.fail(text("lists and objects are nested more than ", model_format::kMaxDepth, " deep"));
  }

  void count_text(const std::string& words) {
    text_bytes_ += words.size();
    if (text_bytes_ > model_format::kMaxTextBytes)
      file_.fail(text("names and strings take more than ", model_format::kMaxTextBytes, " bytes"));
  }

  void start_field(const std::string& key) {
    if (!fields_.insert(key).second) file_.fail(text(detail::path_of_field("", key), " is given twice"));
    if (key == "weights") {
      in_weights_ = has_weights_ = true;
    } else if (key != "format" && key != "version" && key != "architecture" && key != "shared" && key != "modules") {
      file_.fail(text("has an unknown field ", json_quote(key)));
    }
    field_ = key;
  }

  // The place of the next value.
  ConfigValue* place() {
    if (depth_ == 0) return nullptr;
    if (open_.empty()) return &top_;
    ConfigValue& outer = *open_.back().value;
    if (auto* const list = std::get_if<ConfigValue::List>(&outer.is)) return &list->emplace_back();
    return &std::get<ConfigValue::Fields>(outer.is).back().value;
  }

  void add(ConfigValue value, bool opens = false) {
    if (++values_ > model_format::kMaxValues) file_.fail(text("has more than ", model_format::kMaxValues, " values besides the weights"));
    const bool is_inside = opens ? depth_ > 1 : depth_ > 0;
    if (!is_inside) file_.fail(text("is ", detail::words_for(value), ", expected an object"));
    ConfigValue* const at = place();
    *at = std::move(value);
    if (opens) {
      open_.push_back({at, {}});
    } else if (open_.empty()) {
      end_field();
    }
  }

  void end_value() {
    open_.pop_back();
    if (open_.empty()) end_field();
  }

  void end_field() {
    if (field_ == "format") {
      const auto* const format = std::get_if<std::string>(&top_.is);
      if (format == nullptr || *format != model_format::kFormat)
        file_.fail(text("format is ", detail::words_for(top_), ", expected ", json_quote(model_format::kFormat)));
      format_ = *format;
    } else if (field_ == "version") {
      const auto* const version = std::get_if<std::int64_t>(&top_.is);
      if (version == nullptr || *version < 1) file_.fail(text("version is ", detail::words_for(top_), ", expected an integer from 1"));
      if (*version > model_format::kVersion)
        file_.fail(text("has format version ", *version, ", expected at most ", model_format::kVersion,
                        ", the newest that this version of chainrule reads"));
      version_ = *version;
    } else if (field_ == "architecture") {
      architecture_ = std::move(top_);
    } else if (field_ == "shared") {
      shared_ = std::move(top_);
    } else {
      modules_ = std::move(top_);
    }
    top_ = {};
  }

  std::string path() const {
    std::string path = field_;
    for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
      const ConfigValue& outer = *open_[i].value;
      if (const auto* const list = std::get_if<ConfigValue::List>(&outer.is)) {
        path = detail::path_of_item(path, list->size() - 1);
      } else {
        path = detail::path_of_field(path, std::get<ConfigValue::Fields>(outer.is).back().name);
      }
    }
    return path;
  }

  // The path of the value that comes next.
  std::string path_of_next() const {
    if (open_.empty()) return field_;
    const ConfigValue& outer = *open_.back().value;
    if (const auto* const list = std::get_if<ConfigValue::List>(&outer.is)) return detail::path_of_item(path(), list->size());
    return detail::path_of_field(path(), std::get<ConfigValue::Fields>(outer.is).back().name);
  }

  const InputFile& file_;
  TensorParser tensors_;
  bool in_weights_ = false, has_weights_ = false;
  std::size_t depth_ = 0, values_ = 0, text_bytes_ = 0;
  std::set<std::string> fields_;  // the fields of the outermost object read so far
  std::string field_;
  ConfigValue top_;  // the value of field_
  std::vector<Open> open_;
  std::optional<std::string> format_;
  std::optional<std::int64_t> version_;
  std::optional<ConfigValue> architecture_, shared_, modules_;
};

}  // namespace

model_format::Content parse_model(const InputFile& file) { return ModelParser(file).parse(); }

}  // namespace chainrule::nn
