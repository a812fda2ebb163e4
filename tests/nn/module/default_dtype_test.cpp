// Modules made under a DefaultDType, and what comes from files or exists already.
// Covers nn/module.
#include <autograd/base/default_dtype.h>

#include <boost/test/unit_test.hpp>
#include <vector>

#include "nn/nn.h"
#include "tests/nn/files/folder.h"
#include "tests/nn/module/every_layer.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::DType;
using cr::Tensor;

namespace {

void require_all(const nn::Module& module, DType dtype) {
  for (const nn::NamedTensor& entry : module.state())
    BOOST_TEST(entry.tensor.dtype() == dtype, entry.name << " is " << entry.tensor.dtype());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(default_dtype)

BOOST_AUTO_TEST_CASE(every_layer_takes_it) {
  for (const DType dtype : {DType::float64, DType::float32}) {
    const cr::DefaultDType scope(dtype);
    cr::Generator generator(1);
    for (const auto& [name, layer] : cr::test::every_layer()) {
      BOOST_TEST_CONTEXT(name) {
        require_all(*layer, dtype);
        BOOST_TEST(layer(cr::test::input_for(name, generator)).dtype() == dtype);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(open_layers_take_it_when_they_are_built) {
  nn::Sequential model{nn::Dense(3), nn::BatchNorm(3), nn::Dense(1)};
  const cr::DefaultDType precise(cr::float64);
  nn::Sequential own{nn::Dense(3), nn::Tanh(), nn::Dense(1)};
  own.build({4});
  require_all(own, DType::float64);
  BOOST_TEST(own(cr::randn({2, 4})).dtype() == DType::float64);
}

BOOST_AUTO_TEST_CASE(a_layer_graph_in_it_trains_and_is_read_anywhere) {
  const cr::test::Folder folder;
  const std::string path = folder / "model.json";
  Tensor outputs, images;
  {
    const cr::DefaultDType precise(cr::float64);
    cr::manual_seed(1);
    const nn::Symbol x = nn::input({3});
    BOOST_TEST(x.dtype() == DType::float64);
    nn::Model model(x, nn::Dense(1)(nn::BatchNorm(4)(nn::Dense(4, {.activation = "relu"})(x))));
    require_all(model, DType::float64);
    images = cr::randn({16, 3});
    model.compile({.loss = "mse", .optimizer = nn::adam({.learning_rate = 0.01}), .metrics = {"mae"}});
    model.fit(nn::Dataset(images, cr::sum(images, 1, true)), {.epochs = 2, .batch_size = 8});
    model.save(path);
    outputs = model.predict(images);
    BOOST_TEST(outputs.dtype() == DType::float64);
    require_all(*model.clone(), DType::float64);
  }
  const nn::Model same = nn::Model::load(path);
  require_all(same, DType::float64);
  BOOST_TEST(same.predict(images).to_vector<double>() == outputs.to_vector<double>(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(files_and_modules_keep_the_dtype_they_have) {
  const cr::test::Folder folder;
  const std::string path = folder / "model.json", weights = folder / "weights.safetensors";
  const nn::Symbol x = nn::input({3});
  nn::Model model(x, nn::Dense(1)(nn::Dense(4)(x)));
  model.save(path);
  nn::save(model, weights);
  nn::Sequential single{nn::Dense(2, 2), nn::BatchNorm(2)};
  const cr::DefaultDType precise(cr::float64);
  require_all(nn::Model::load(path), DType::float32);
  nn::load(model, weights);
  require_all(model, DType::float32);
  require_all(*single.clone(), DType::float32);
  require_all(*model.clone(), DType::float32);
  BOOST_TEST(single(cr::zeros({4, 2}, cr::float32)).dtype() == DType::float32);
  BOOST_TEST(nn::read_csv(folder.file("t.csv", "a,b\n1,2\n3,4\n"), {}).features.dtype() == DType::float32);
  single.to(cr::float64);
  require_all(single, DType::float64);
}

BOOST_AUTO_TEST_SUITE_END()
