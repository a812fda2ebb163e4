#include "nn/optim/factory.h"

#include <optimizer_names.h>  // generated: kOptimizerNames

#include <algorithm>
#include <iterator>

#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {
namespace {

OptimizerFactory momentum(std::string_view name, const OptimizerSettings& settings, const SourceLine& line) {
  return sgd(with_settings(name, SGDOptions{.momentum = 0.9}, settings, line));
}

OptimizerFactory iterative(std::string_view name, const OptimizerSettings& settings, const SourceLine& line) {
  return make_factory<SGD>("iterative", with_settings(name, SGDOptions(), settings, line), true);
}

// The names of the table, with two more for SGD: "momentum" second and "iterative" last.
struct AllNames {
  constexpr AllNames() {
    auto* next = std::copy_n(kOptimizerNames, 1, names);
    *next++ = {"momentum", momentum};
    next = std::copy(std::begin(kOptimizerNames) + 1, std::end(kOptimizerNames), next);
    *next = {"iterative", iterative};
  }
  Named<MakeNamed> names[std::size(kOptimizerNames) + 2];
};
constexpr AllNames kAll;

}  // namespace

OptimizerFactory::OptimizerFactory(std::string_view name, const OptimizerSettings& settings, SourceLine line)
    : OptimizerFactory(find_named("OptimizerFactory", "optimizer", kAll.names, name, line)(name, settings, line)) {
  name_ = name;
}

std::unique_ptr<Optimizer> OptimizerFactory::operator()(std::vector<Tensor> parameters, SourceLine line) const {
  if (make_ == nullptr) detail::throw_misuse("OptimizerFactory", "no optimizer was chosen", line);
  return make_(std::move(parameters), line);
}

std::unique_ptr<Optimizer> make_optimizer(std::string_view name, std::vector<Tensor> parameters, const OptimizerSettings& settings,
                                          SourceLine line) {
  return OptimizerFactory(name, settings, line)(std::move(parameters), line);
}

}  // namespace chainrule::nn
