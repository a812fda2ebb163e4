#include "nn/module/config.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "autograd/base/check.h"
#include "nn/files/ascii.h"
#include "nn/files/json_text.h"
#include "nn/module/config_value.h"
#include "nn/module/parameter_budget.h"

namespace chainrule::detail {

const ConfigValue* find_field(const ConfigValue::Fields& fields, std::string_view name) noexcept {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const ConfigField& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &found->value;
}

std::string words_for(const ConfigValue& value) {
  if (std::holds_alternative<std::monostate>(value.is)) return "null";
  if (const auto* flag = std::get_if<bool>(&value.is)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value.is)) return nn::json_number(*integer);
  if (const auto* number = std::get_if<double>(&value.is)) {
    const std::string digits = nn::json_number(*number);
    return digits.find_first_not_of("-0123456789") == std::string::npos ? digits + ".0" : digits;  // unlike an integer
  }
  if (const auto* words = std::get_if<std::string>(&value.is)) return nn::json_quote(*words);
  return std::holds_alternative<ConfigValue::List>(value.is) ? "a list" : "an object";
}

std::string path_of_field(const std::string& path, std::string_view name) {
  constexpr std::size_t kMost = 60;
  const bool plain =
      !name.empty() && name.size() <= kMost && std::ranges::all_of(name, [](char c) { return nn::is_alphanumeric(c) || c == '_'; });
  if (!plain) return path + "[" + nn::json_quote(name) + "]";
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

std::string path_of_item(const std::string& path, std::size_t i) { return path + "[" + std::to_string(i) + "]"; }

nn::Config ConfigState::reading(const ConfigValue::Fields& fields, std::string path, LayerMaker& maker) {
  auto state = std::make_shared<ConfigState>();
  state->from = &fields;
  state->path = std::move(path);
  state->maker = &maker;
  state->asked.resize(fields.size());
  return nn::Config(std::move(state));
}

const ConfigValue& ConfigState::get(std::string_view name) {
  const ConfigValue* value = find_field(fields(), name);
  if (value == nullptr) fail(text(path, path.empty() ? "" : " ", "has no field ", nn::json_quote(name)));
  if (from == nullptr) return *value;
  for (std::size_t i = 0; i < asked.size(); ++i)
    if (&(*from)[i].value == value) asked[i] = true;
  return *value;
}

void ConfigState::fail(const std::string& what) const {
  if (maker != nullptr) maker->fail(what);
  throw_invalid("Config", what, SourceLine::current());
}

void ConfigState::refuse(std::string_view name, const ConfigValue& value, const std::string& expected) const {
  fail(text(path_of_field(path, name), " is ", words_for(value), ", expected ", expected));
}

void ConfigState::require_all_read() const {
  for (std::size_t i = 0; i < asked.size(); ++i)
    if (!asked[i]) fail(text(path, " has an unknown field ", nn::json_quote((*from)[i].name)));
  for (const std::shared_ptr<ConfigState>& each : inner) each->require_all_read();
}

}  // namespace chainrule::detail

namespace chainrule::nn {

using detail::ConfigField;
using detail::ConfigState;
using detail::ConfigValue;
using detail::text;
using detail::throw_invalid;

namespace {

void add(ConfigState& state, std::string_view name, ConfigValue value) {
  if (!is_utf8(name)) throw_invalid("Config", text("the name ", json_quote(name), " is not UTF-8"), SourceLine::current());
  if (detail::find_field(state.own, name) != nullptr)
    throw_invalid("Config", text(json_quote(name), " is set twice"), SourceLine::current());
  state.own.push_back({std::string(name), std::move(value)});
}

template <class T>
ConfigValue list_of(const T& items) {
  ConfigValue::List list;
  for (const auto& item : items) list.push_back({item});
  return {std::move(list)};
}

std::optional<double> number_in(const ConfigValue& value) {
  if (const auto* number = std::get_if<double>(&value.is)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value.is)) return static_cast<double>(*integer);
  if (const auto* words = std::get_if<std::string>(&value.is)) return special_number(*words);
  return std::nullopt;
}

const ConfigValue::List& list_in(ConfigState& state, std::string_view name, const char* expected) {
  const ConfigValue& value = state.get(name);
  const auto* list = std::get_if<ConfigValue::List>(&value.is);
  if (list == nullptr) state.refuse(name, value, expected);
  return *list;
}

Layer layer_in(const ConfigState& state, const ConfigValue& value, const std::string& path) {
  if (state.maker != nullptr) return state.maker->make(value, path);
  if (const auto* layer = std::get_if<Layer>(&value.is)) return *layer;
  state.fail(path + " is not a layer");
}

Config config_in(ConfigState& state, const ConfigValue& value, const std::string& path) {
  const auto* fields = std::get_if<ConfigValue::Fields>(&value.is);
  if (fields == nullptr) state.fail(text(path, " is ", detail::words_for(value), ", expected an object"));
  if (state.maker == nullptr) {
    Config copy;
    ConfigState::of(copy).own = *fields;
    return copy;
  }
  return ConfigState::reading(*fields, path, *state.maker);
}

}  // namespace

Config::Config() : state_(std::make_shared<ConfigState>()) {}

Config& Config::set_boolean(std::string_view name, bool value) {
  add(*state_, name, {value});
  return *this;
}

Config& Config::set_integer(std::string_view name, std::int64_t value) {
  add(*state_, name, {value});
  return *this;
}

Config& Config::set_number(std::string_view name, double value) {
  add(*state_, name, {value});
  return *this;
}

Config& Config::set(std::string_view name, std::string_view words) {
  if (!is_utf8(words))
    throw_invalid("Config", text(json_quote(name), " is ", json_quote(words), ", which is not UTF-8"), SourceLine::current());
  add(*state_, name, {std::string(words)});
  return *this;
}

Config& Config::set(std::string_view name, DType dtype) { return set(name, dtype_name(dtype)); }

Config& Config::set(std::string_view name, const Shape& shape) {
  add(*state_, name, list_of(shape));
  return *this;
}

Config& Config::set(std::string_view name, const std::vector<std::int64_t>& integers) {
  add(*state_, name, list_of(integers));
  return *this;
}

Config& Config::set(std::string_view name, const std::vector<double>& numbers) {
  add(*state_, name, list_of(numbers));
  return *this;
}

Config& Config::set(std::string_view name, const Layer& layer) {
  add(*state_, name, {layer});
  return *this;
}

Config& Config::set(std::string_view name, const std::vector<Layer>& layers) {
  add(*state_, name, list_of(layers));
  return *this;
}

Config& Config::set(std::string_view name, Config settings) {
  add(*state_, name, {std::move(settings.state_->own)});
  return *this;
}

Config& Config::set(std::string_view name, std::vector<Config> settings) {
  ConfigValue::List list;
  for (Config& each : settings) list.push_back({std::move(each.state_->own)});
  add(*state_, name, {std::move(list)});
  return *this;
}

bool Config::has(std::string_view name) const { return detail::find_field(state_->fields(), name) != nullptr; }

bool Config::boolean(std::string_view name) const {
  const ConfigValue& value = state_->get(name);
  const auto* flag = std::get_if<bool>(&value.is);
  if (flag == nullptr) state_->refuse(name, value, "true or false");
  return *flag;
}

std::int64_t Config::integer(std::string_view name, std::int64_t low, std::int64_t high) const {
  const ConfigValue& value = state_->get(name);
  const auto* integer = std::get_if<std::int64_t>(&value.is);
  if (integer == nullptr) state_->refuse(name, value, "an integer");
  if (*integer < low || *integer > high)
    state_->refuse(name, value,
                   high == std::numeric_limits<std::int64_t>::max() ? text("at least ", low) : text("an integer from ", low, " to ", high));
  return *integer;
}

double Config::number(std::string_view name) const {
  const ConfigValue& value = state_->get(name);
  const std::optional<double> number = number_in(value);
  if (!number) state_->refuse(name, value, "a number");
  return *number;
}

std::string Config::string(std::string_view name) const {
  const ConfigValue& value = state_->get(name);
  const auto* words = std::get_if<std::string>(&value.is);
  if (words == nullptr) state_->refuse(name, value, "a string");
  return *words;
}

DType Config::dtype(std::string_view name) const {
  const std::string words = string(name);
  for (const DType dtype : {DType::float32, DType::float64, DType::int64})
    if (words == dtype_name(dtype)) return dtype;
  state_->refuse(name, {words}, "float32, float64 or int64");
}

Shape Config::shape(std::string_view name) const {
  const std::vector<std::int64_t> sizes = integers(name);
  if (sizes.size() > Shape::kMaxRank)
    state_->fail(text(detail::path_of_field(state_->path, name), " has ", sizes.size(), " sizes, expected at most ", Shape::kMaxRank));
  return Shape(sizes);
}

std::vector<std::int64_t> Config::integers(std::string_view name) const {
  std::vector<std::int64_t> integers;
  for (const ConfigValue& item : list_in(*state_, name, "a list of integers")) {
    const auto* integer = std::get_if<std::int64_t>(&item.is);
    if (integer == nullptr)
      state_->fail(text(detail::path_of_item(detail::path_of_field(state_->path, name), integers.size()), " is ", detail::words_for(item),
                        ", expected an integer"));
    integers.push_back(*integer);
  }
  return integers;
}

std::vector<double> Config::numbers(std::string_view name) const {
  std::vector<double> numbers;
  for (const ConfigValue& item : list_in(*state_, name, "a list of numbers")) {
    const std::optional<double> number = number_in(item);
    if (!number)
      state_->fail(text(detail::path_of_item(detail::path_of_field(state_->path, name), numbers.size()), " is ", detail::words_for(item),
                        ", expected a number"));
    numbers.push_back(*number);
  }
  return numbers;
}

Layer Config::layer(std::string_view name) const { return layer_in(*state_, state_->get(name), detail::path_of_field(state_->path, name)); }

std::vector<Layer> Config::layers(std::string_view name) const {
  std::vector<Layer> layers;
  const std::string path = detail::path_of_field(state_->path, name);
  for (const ConfigValue& item : list_in(*state_, name, "a list of layers"))
    layers.push_back(layer_in(*state_, item, detail::path_of_item(path, layers.size())));
  return layers;
}

Config Config::config(std::string_view name) const {
  Config inner = config_in(*state_, state_->get(name), detail::path_of_field(state_->path, name));
  state_->inner.push_back(inner.state_);
  return inner;
}

std::vector<Config> Config::configs(std::string_view name) const {
  std::vector<Config> configs;
  const std::string path = detail::path_of_field(state_->path, name);
  for (const ConfigValue& item : list_in(*state_, name, "a list of objects")) {
    configs.push_back(config_in(*state_, item, detail::path_of_item(path, configs.size())));
    state_->inner.push_back(configs.back().state_);
  }
  return configs;
}

void Config::claim(const Shape& shape) const { claim_parameters("Config", shape, 1, SourceLine::current()); }

}  // namespace chainrule::nn
