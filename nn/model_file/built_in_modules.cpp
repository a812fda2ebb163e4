// The names of the library's layers in model files, and the functions that make each layer from what its config() set.
#include <limits>
#include <typeindex>
#include <utility>

#include "nn/graph/merge.h"
#include "nn/graph/model.h"
#include "nn/layers/activations.h"
#include "nn/layers/batch_norm.h"
#include "nn/layers/dense.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/flatten.h"
#include "nn/layers/layer_norm.h"
#include "nn/layers/reshape.h"
#include "nn/layers/sequential.h"
#include "nn/model_file/module_table.h"

namespace chainrule::nn {
namespace {

using Made = std::shared_ptr<Module>;

// Same as make_shared<M>(), but with the same control block for all M, which takes a fifth of the code.
template <class M, class... Arguments>
Made make(Arguments&&... arguments) {
  return Made(static_cast<Module*>(new M(std::forward<Arguments>(arguments)...)));
}

template <class M>
BuiltInModule plain(std::string_view name) {
  return {name, typeid(M), [](const Config&) -> Made { return make<M>(); }};
}

int axis_in(const Config& c) { return static_cast<int>(c.integer("axis", -Shape::kMaxRank, Shape::kMaxRank - 1)); }

}  // namespace

std::span<const BuiltInModule> built_in_modules() {
  static const BuiltInModule all[] = {
      plain<ReLU>("ReLU"),
      plain<ReLU6>("ReLU6"),
      plain<SELU>("SELU"),
      plain<GELU>("GELU"),
      plain<GELUTanh>("GELUTanh"),
      plain<SiLU>("SiLU"),
      plain<Mish>("Mish"),
      plain<Sigmoid>("Sigmoid"),
      plain<LogSigmoid>("LogSigmoid"),
      plain<Tanh>("Tanh"),
      plain<Softsign>("Softsign"),
      plain<Hardsigmoid>("Hardsigmoid"),
      plain<Hardswish>("Hardswish"),
      plain<Flatten>("Flatten"),
      {"LeakyReLU", typeid(LeakyReLU), [](const Config& c) -> Made { return make<LeakyReLU>(c.number("negative_slope")); }},
      {"ELU", typeid(ELU), [](const Config& c) -> Made { return make<ELU>(c.number("alpha")); }},
      {"CELU", typeid(CELU), [](const Config& c) -> Made { return make<CELU>(c.number("alpha")); }},
      {"Softplus", typeid(Softplus), [](const Config& c) -> Made { return make<Softplus>(c.number("beta"), c.number("threshold")); }},
      {"Hardtanh", typeid(Hardtanh), [](const Config& c) -> Made { return make<Hardtanh>(c.number("low"), c.number("high")); }},
      {"GLU", typeid(GLU), [](const Config& c) -> Made { return make<GLU>(axis_in(c)); }},
      {"Softmax", typeid(Softmax), [](const Config& c) -> Made { return make<Softmax>(axis_in(c)); }},
      {"LogSoftmax", typeid(LogSoftmax), [](const Config& c) -> Made { return make<LogSoftmax>(axis_in(c)); }},
      {"PReLU", typeid(PReLU), [](const Config& c) -> Made { return make<PReLU>(c.integer("channels")); }},
      {"Dense", typeid(Dense),
       [](const Config& c) -> Made {
         const std::int64_t d_in = c.integer("d_in"), d_out = c.integer("d_out");  // in a fixed order on every compiler
         return make<Dense>(d_in, d_out, DenseOptions{.bias = c.boolean("bias"), .activation = c.string("activation")});
       }},
      {"BatchNorm", typeid(BatchNorm),
       [](const Config& c) -> Made {
         return make<BatchNorm>(
             c.integer("features"),
             BatchNormOptions{.momentum = c.number("momentum"), .epsilon = c.number("epsilon"), .affine = c.boolean("affine")});
       }},
      {"LayerNorm", typeid(LayerNorm),
       [](const Config& c) -> Made {
         return make<LayerNorm>(c.shape("sizes"), LayerNormOptions{.epsilon = c.number("epsilon"), .affine = c.boolean("affine")});
       }},
      {"Dropout", typeid(Dropout), [](const Config& c) -> Made { return make<Dropout>(c.number("p")); }},
      {"Embedding", typeid(Embedding), [](const Config& c) -> Made { return make<Embedding>(c.integer("count"), c.integer("size")); }},
      {"Reshape", typeid(Reshape), [](const Config& c) -> Made { return make<Reshape>(c.shape("shape")); }},
      {"Sequential", typeid(Sequential), [](const Config& c) -> Made { return make<Sequential>(c.layers("layers")); }},
      {"Merge", typeid(Merge),
       [](const Config& c) -> Made {
         return make<Merge>(c.string("op"), c.integer("inputs", 1, std::numeric_limits<int>::max()), axis_in(c));
       }},
      {"Model", typeid(Model), [](const Config& c) -> Made { return Model::from_config(c); }},
  };
  return all;
}

}  // namespace chainrule::nn
