// BuiltInLayer and PlainLayer: base classes with what all layers of the library have in common.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "nn/module/module.h"

#pragma GCC visibility push(default)
namespace chainrule::detail {

// Stands for an argument of any type but M.
template <class M>
struct AnyOption {
  template <class T>
  requires(!std::same_as<std::remove_cvref_t<T>, M>) operator T() const;
};

}  // namespace chainrule::detail

namespace chainrule::nn {

/// Base class of the library's own layers that have options: `class Dropout : public BuiltInLayer<Dropout>`. It moves the layer into a
/// layer graph and copies it for clone(). A layer then consists of its constructors, forward(), describe(), members() if it has
/// parameters or children, on_build() if its input size may be left open, and two functions for its options:
///
///     static Dropout from_config(const Config& config);      // makes a layer; public
///     void config(Config& config) const override;            // stores the options that from_config() reads
///
/// clone() makes the copy from the options, too; a layer that keeps something which config() does not store, such as a pointer to a
/// Generator, overrides copy_settings(). `Base` is BuiltIn or a class derived from it.
template <class Derived, class Base = BuiltIn>
class BuiltInLayer : public Base {
 protected:
  using Base::Base;

  /// Stores the options of the layer, which from_config() reads.
  void config(Config& config) const override = 0;
  /// Returns a layer with the same options, for clone().
  std::shared_ptr<Module> copy_structure(Cloner&) const override {
    static_assert(
        requires(const Config& config) {
          { Derived::from_config(config) } -> std::same_as<Derived>;
        },
        "a layer with options overrides config() and has a public `static Derived from_config(const Config&)`; one without "
        "derives from PlainLayer");
    return this->copy_with(typeid(Derived),
                           [](const Config& config) { return std::unique_ptr<Module>(new Derived(Derived::from_config(config))); });
  }

 private:
  std::unique_ptr<Module> moved() final { return std::unique_ptr<Module>(new Derived(std::move(static_cast<Derived&>(*this)))); }
};

/// Base class of the library's own layers without options: `class Flatten : public PlainLayer<Flatten>`. Same as BuiltInLayer, but there
/// is nothing to store: such a layer has only a default constructor.
template <class Derived, class Base = BuiltIn>
class PlainLayer : public BuiltInLayer<Derived, Base> {
 public:
  /// Returns a layer; there is nothing to read.
  static Derived from_config(const Config&) {
    static_assert(std::default_initializable<Derived> && !std::constructible_from<Derived, detail::AnyOption<Derived>>,
                  "a layer with options derives from BuiltInLayer and has config() and from_config()");
    return Derived();
  }

 protected:
  using BuiltInLayer<Derived, Base>::BuiltInLayer;

 private:
  void config(Config&) const final {}
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
