#include "nn/optim/factory.h"

#include "autograd/base/check.h"
#include "nn/module/names.h"

namespace chainrule::nn {
namespace {

using detail::text;
using detail::throw_invalid;
using detail::throw_misuse;
using Make = OptimizerFactory::Make;

template <class O>
Make maker(const typename O::Options& options) {
  return [options](std::vector<Tensor> parameters, const SourceLine& line) {
    return std::make_unique<O>(std::move(parameters), options, line);
  };
}

template <class O>
OptimizerFactory factory(const char* name, const typename O::Options& options, bool full_batch = false) {
  return OptimizerFactory(std::string(name), maker<O>(options), full_batch);
}

// Options as `start` but for what the settings say; a setting that the options do not have is refused.
template <class O>
Make maker_from(std::string_view name, typename O::Options options, const OptimizerSettings& settings, const SourceLine& line) {
  const auto refuse = [&](const char* what) { throw_invalid("OptimizerFactory", text(name, " has no ", what), line); };
  options.learning_rate = settings.learning_rate.value_or(options.learning_rate);
  if constexpr (requires { options.weight_decay; }) {
    options.weight_decay = settings.weight_decay.value_or(options.weight_decay);
  } else if (settings.weight_decay) {
    refuse("weight_decay");
  }
  if constexpr (requires { options.momentum; }) {
    options.momentum = settings.momentum.value_or(options.momentum);
  } else if (settings.momentum) {
    refuse("momentum");
  }
  return maker<O>(options);
}

template <class O>
Make from_settings(std::string_view name, const OptimizerSettings& settings, const SourceLine& line) {
  return maker_from<O>(name, {}, settings, line);
}

Make momentum_from_settings(std::string_view name, const OptimizerSettings& settings, const SourceLine& line) {
  return maker_from<SGD>(name, {.momentum = 0.9}, settings, line);
}

struct Entry {
  Make (*make)(std::string_view name, const OptimizerSettings& settings, const SourceLine& line);
  bool full_batch = false;
};

constexpr Named<Entry> kOptimizers[] = {
    {"sgd", {from_settings<SGD>}},
    {"momentum", {momentum_from_settings}},
    {"rmsprop", {from_settings<RMSprop>}},
    {"adagrad", {from_settings<Adagrad>}},
    {"adadelta", {from_settings<Adadelta>}},
    {"adam", {from_settings<Adam>}},
    {"adamw", {from_settings<AdamW>}},
    {"adamax", {from_settings<Adamax>}},
    {"nadam", {from_settings<NAdam>}},
    {"radam", {from_settings<RAdam>}},
    {"lion", {from_settings<Lion>}},
    {"lbfgs", {from_settings<LBFGS>, true}},
    {"iterative", {from_settings<SGD>, true}},
};

}  // namespace

OptimizerFactory::OptimizerFactory(std::string_view name, const OptimizerSettings& settings, SourceLine line) : name_(name) {
  const Entry& entry = find_named("OptimizerFactory", "optimizer", kOptimizers, name, line);
  make_ = entry.make(name, settings, line);
  full_batch_ = entry.full_batch;
}

std::unique_ptr<Optimizer> OptimizerFactory::operator()(std::vector<Tensor> parameters, SourceLine line) const {
  if (make_ == nullptr) throw_misuse("OptimizerFactory", "none was chosen", line);
  return make_(std::move(parameters), line);
}

std::unique_ptr<Optimizer> make_optimizer(std::string_view name, std::vector<Tensor> parameters, const OptimizerSettings& settings,
                                          SourceLine line) {
  return OptimizerFactory(name, settings, line)(std::move(parameters), line);
}

OptimizerFactory sgd(const SGDOptions& options) { return factory<SGD>("sgd", options); }
OptimizerFactory rmsprop(const RMSpropOptions& options) { return factory<RMSprop>("rmsprop", options); }
OptimizerFactory adagrad(const AdagradOptions& options) { return factory<Adagrad>("adagrad", options); }
OptimizerFactory adadelta(const AdadeltaOptions& options) { return factory<Adadelta>("adadelta", options); }
OptimizerFactory adam(const AdamOptions& options) { return factory<Adam>("adam", options); }
OptimizerFactory adamw(const AdamWOptions& options) { return factory<AdamW>("adamw", options); }
OptimizerFactory adamax(const AdamaxOptions& options) { return factory<Adamax>("adamax", options); }
OptimizerFactory nadam(const NAdamOptions& options) { return factory<NAdam>("nadam", options); }
OptimizerFactory radam(const RAdamOptions& options) { return factory<RAdam>("radam", options); }
OptimizerFactory lion(const LionOptions& options) { return factory<Lion>("lion", options); }
OptimizerFactory lbfgs(const LBFGSOptions& options) { return factory<LBFGS>("lbfgs", options, true); }

}  // namespace chainrule::nn
