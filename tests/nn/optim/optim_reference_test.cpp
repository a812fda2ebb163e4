// Each optimizer against PyTorch, step for step, and resumed from its state.
// Covers nn/optim/adadelta.cpp, nn/optim/adagrad.cpp, nn/optim/adamax.cpp, nn/optim/adamw.cpp, nn/optim/rprop.cpp.
// Covers nn/optim/elements.h, nn/optim/lion.cpp, nn/optim/nadam.cpp, nn/optim/radam.cpp, nn/optim/rmsprop.cpp.
#include "tests/nn/optim/optim_reference.h"

#include <filesystem>

#include "nn/optim/optimizers.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::kReferenceSteps;
using cr::test::make;
using cr::test::ReferenceParameters;

namespace {

// A run of the script's in both dtypes, and one in two halves with a new optimizer between them.
template <class Optimizer>
void check_run(const std::string& name, const typename Optimizer::Options& first, const typename Optimizer::Options& second) {
  const auto& wanted = cr::test::reference(name);
  BOOST_REQUIRE_EQUAL(wanted.size(), std::size_t{kReferenceSteps});
  for (const cr::DType dtype : {cr::DType::float64, cr::DType::float32}) {
    ReferenceParameters whole(dtype), halves(dtype);
    Optimizer one = make<Optimizer>(whole, first, second);
    Optimizer before = make<Optimizer>(halves, first, second);
    Optimizer after = make<Optimizer>(halves, first, second);
    for (int step = 0; step < kReferenceSteps; ++step) {
      whole.set_gradients(step);
      one.step();
      cr::test::check_relative(whole.values(), wanted[static_cast<std::size_t>(step)], cr::test::reference_tolerance(dtype),
                               name + " step " + std::to_string(step));
      if (step == kReferenceSteps / 2) after.load_state(before.state());
      halves.set_gradients(step);
      (step < kReferenceSteps / 2 ? before : after).step();
      BOOST_TEST(halves.values() == whole.values(), name << " in two halves, step " << step);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(optim_reference)

BOOST_AUTO_TEST_CASE(sgd) {
  check_run<nn::SGD>("sgd", {.learning_rate = 0.1}, {.learning_rate = 0.05, .weight_decay = 0.2});
  check_run<nn::SGD>("sgd_momentum", {.learning_rate = 0.1, .momentum = 0.9, .dampening = 0.4, .weight_decay = 0.01},
                     {.learning_rate = 0.05, .momentum = 0.8, .weight_decay = 0.1, .nesterov = true});
}

BOOST_AUTO_TEST_CASE(rmsprop) {
  const nn::RMSpropOptions second{.learning_rate = 0.02, .alpha = 0.9, .epsilon = 1e-3, .weight_decay = 0.1};
  check_run<nn::RMSprop>("rmsprop", {}, second);
  check_run<nn::RMSprop>("rmsprop_all",
                         {.learning_rate = 0.005, .alpha = 0.8, .epsilon = 1e-2, .weight_decay = 0.05, .momentum = 0.7, .centered = true},
                         {.learning_rate = 0.02, .alpha = 0.9, .epsilon = 1e-3, .weight_decay = 0.1, .momentum = 0.5});
}

BOOST_AUTO_TEST_CASE(adagrad) {
  check_run<nn::Adagrad>("adagrad", {}, {.learning_rate = 0.1, .lr_decay = 0.05, .weight_decay = 0.1, .epsilon = 1e-3});
  check_run<nn::Adagrad>("adagrad_initial",
                         {.learning_rate = 0.05, .lr_decay = 0.1, .weight_decay = 0.05, .initial_accumulator_value = 0.3},
                         {.learning_rate = 0.1, .initial_accumulator_value = 0.3, .epsilon = 1e-2});
}

BOOST_AUTO_TEST_CASE(adadelta) {
  check_run<nn::Adadelta>("adadelta", {}, {.learning_rate = 0.5, .rho = 0.8, .epsilon = 1e-3, .weight_decay = 0.1});
}

BOOST_AUTO_TEST_CASE(adam) {
  check_run<nn::Adam>("adam", {}, {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1});
  check_run<nn::Adam>("adam_amsgrad", {.learning_rate = 0.02, .beta1 = 0.7, .beta2 = 0.9, .epsilon = 1e-4, .amsgrad = true},
                      {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1, .amsgrad = true});
}

BOOST_AUTO_TEST_CASE(adamw) {
  check_run<nn::AdamW>("adamw", {}, {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.2});
  check_run<nn::AdamW>("adamw_amsgrad",
                       {.learning_rate = 0.02, .beta1 = 0.7, .beta2 = 0.9, .epsilon = 1e-4, .weight_decay = 0.3, .amsgrad = true},
                       {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.2, .amsgrad = true});
}

BOOST_AUTO_TEST_CASE(adamax) {
  check_run<nn::Adamax>("adamax", {}, {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1});
}

BOOST_AUTO_TEST_CASE(nadam) {
  nn::NAdamOptions second{.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1, .momentum_decay = 0.02};
  check_run<nn::NAdam>("nadam", {}, second);
  second.decoupled_weight_decay = true;
  check_run<nn::NAdam>(
      "nadam_decoupled",
      {.learning_rate = 0.02, .beta1 = 0.7, .beta2 = 0.9, .epsilon = 1e-4, .weight_decay = 0.3, .decoupled_weight_decay = true}, second);
}

BOOST_AUTO_TEST_CASE(rprop) {
  check_run<nn::Rprop>("rprop", {}, {.learning_rate = 0.05, .eta_minus = 0.6, .eta_plus = 1.5, .step_min = 0.02, .step_max = 0.2});
}

BOOST_AUTO_TEST_CASE(radam) {
  nn::RAdamOptions second{.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1};
  check_run<nn::RAdam>("radam", {}, second);
  second.decoupled_weight_decay = true;
  check_run<nn::RAdam>(
      "radam_decoupled",
      {.learning_rate = 0.02, .beta1 = 0.7, .beta2 = 0.9, .epsilon = 1e-4, .weight_decay = 0.3, .decoupled_weight_decay = true}, second);
}

BOOST_AUTO_TEST_CASE(lion) { check_run<nn::Lion>("lion", {}, {.learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.95, .weight_decay = 0.1}); }

// Each name of nn/optim/optimizers.h has numbers, which a check_...("name" of these tests reads.
BOOST_AUTO_TEST_CASE(every_optimizer_of_the_table_is_compared) {
  const std::filesystem::path root = std::filesystem::path(CHAINRULE_REFERENCE_DIR) / "../..";
  const auto read = [](const std::filesystem::path& path) {
    std::ifstream file(path);
    BOOST_REQUIRE_MESSAGE(file, "cannot open " << path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  std::string tests;
  for (const auto& entry : std::filesystem::directory_iterator(root / "tests/nn/optim")) tests += read(entry.path());
  std::istringstream table(read(root / "nn/optim/optimizers.h"));
  std::size_t names = 0;
  for (std::string line; std::getline(table, line);) {
    if (!line.starts_with("#include")) continue;
    std::istringstream words(line.substr(line.find("// ") + 3));
    std::string name, type;
    words >> name >> type;
    BOOST_TEST(cr::test::has_reference(name), name << " is in optimizers.h, but not in tests/reference/optimizers.txt");
    const bool compared = tests.find("check_run<nn::" + type + ">(\"" + name + "\"") != std::string::npos ||
                          tests.find("check_" + name + "(\"" + name + "\"") != std::string::npos;
    BOOST_TEST(compared, name << " is in optimizers.h, but no test compares it with its reference numbers");
    ++names;
  }
  BOOST_TEST(names > 0U);
}

BOOST_AUTO_TEST_SUITE_END()
