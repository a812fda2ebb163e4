// register_module: gives a custom module type a name in model files, so that it can be saved and loaded.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <typeindex>
#include <utility>

#include "nn/module/config.h"
#include "nn/module/module.h"

#pragma GCC visibility push(default)
namespace chainrule::detail {
void register_type(std::string_view name, std::type_index type, std::function<std::shared_ptr<nn::Module>(const nn::Config&)> make,
                   const SourceLine& line);
}  // namespace chainrule::detail

namespace chainrule::nn {

/// Registers the module type M under a name for save_model() and load_model(). `make` receives the settings that M's config() stored, and
/// returns an M or a shared_ptr to one. The weights of the returned module may be arbitrary, because load_model() replaces them.
///
///     nn::register_module<Residual>("Residual", [](const nn::Config& c) { return Residual(c.integer("width")); });
///
/// The registration is valid for the whole process and may be made from any thread, before the first module of this type is saved or
/// loaded. Registering the same type under the same name again has no effect.
/// @throws std::invalid_argument if the name is empty, is longer than 200 bytes, is not UTF-8 or belongs to another type; or if the type
/// has another name.
template <std::derived_from<Module> M, class F>
requires std::invocable<const F&, const Config&>
void register_module(std::string_view name, F make, SourceLine line = SourceLine::current()) {
  detail::register_type(
      name, typeid(M),
      [make = std::move(make)](const Config& config) -> std::shared_ptr<Module> {
        if constexpr (std::is_convertible_v<std::invoke_result_t<const F&, const Config&>, std::shared_ptr<Module>>) {
          return make(config);
        } else {
          return std::make_shared<M>(make(config));
        }
      },
      line);
}
/// Same as above, for a type M that has a default constructor.
template <std::derived_from<Module> M>
requires std::default_initializable<M>
void register_module(std::string_view name, SourceLine line = SourceLine::current()) {
  detail::register_type(
      name, typeid(M), [](const Config&) -> std::shared_ptr<Module> { return std::make_shared<M>(); }, line);
}

}  // namespace chainrule::nn
#pragma GCC visibility pop
