// register_module: names under which files know modules of one's own.
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

namespace chainrule::detail {
void register_type(std::string_view name, std::type_index type, std::function<std::shared_ptr<nn::Module>(const nn::Config&)> make,
                   const SourceLine& line);
}  // namespace chainrule::detail

namespace chainrule::nn {

/// Makes modules of type M known to save_model() and load_model() under this name, with a function that makes one from what M's config()
/// set; it gives an M or a shared_ptr of one, whose values need not be right.
///
///     nn::register_module<Residual>("Residual", [](const nn::Config& c) { return Residual(c.integer("width")); });
///
/// For the whole process and from any thread; before the first save or load of one. The same again changes nothing.
/// @throws std::invalid_argument for no name, one that is not UTF-8, one that another type has, or a type that has another.
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
/// The same for one whose constructor takes nothing.
template <std::derived_from<Module> M>
requires std::default_initializable<M>
void register_module(std::string_view name, SourceLine line = SourceLine::current()) {
  detail::register_type(
      name, typeid(M), [](const Config&) -> std::shared_ptr<Module> { return std::make_shared<M>(); }, line);
}

}  // namespace chainrule::nn
