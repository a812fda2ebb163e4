// Losses against torch 1.13.1, and their derivatives against differences. Numbers: tests/reference/layers_and_losses.py.
// Covers nn/losses/classification.cpp, nn/losses/regression.cpp.
#include <functional>
#include <map>
#include <set>

#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"
#include "tests/nn/layers/reference.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_as_reference;
using cr::test::check_close;
using cr::test::message_of;
using cr::test::optional_tensor_in;
using cr::test::tensor_in;
using nlohmann::json;

namespace {

// A loss as the file's cases name it, with the case's options.
using LossOfCase = std::function<cr::Tensor(const cr::Tensor&, const cr::Tensor&, nn::Reduction, const json&)>;

const std::map<std::string, LossOfCase>& losses_of_cases() {
  const auto plain = [](cr::Tensor (*loss)(const cr::TensorArg&, const cr::Tensor&, const nn::LossOptions&)) -> LossOfCase {
    return [loss](const cr::Tensor& x, const cr::Tensor& y, nn::Reduction r, const json&) { return loss(x, y, {.reduction = r}); };
  };
  static const std::map<std::string, LossOfCase> losses{
      {"mse_loss", plain(nn::mse_loss)},
      {"l1_loss", plain(nn::l1_loss)},
      {"squared_error_loss", plain(nn::squared_error_loss)},
      {"log_cosh_loss", plain(nn::log_cosh_loss)},
      {"softmax_mse_loss", plain(nn::softmax_mse_loss)},
      {"huber_loss", [](const auto& x, const auto& y, nn::Reduction r,
                        const json& o) { return nn::huber_loss(x, y, {.reduction = r, .delta = o.at("delta")}); }},
      {"smooth_l1_loss", [](const auto& x, const auto& y, nn::Reduction r,
                            const json& o) { return nn::smooth_l1_loss(x, y, {.reduction = r, .beta = o.at("beta")}); }},
      {"poisson_nll_loss",
       [](const auto& x, const auto& y, nn::Reduction r, const json& o) {
         return nn::poisson_nll_loss(
             x, y, {.reduction = r, .log_input = o.value("log_input", true), .full = o.at("full"), .epsilon = o.value("epsilon", 1e-8)});
       }},
      {"cross_entropy",
       [](const auto& x, const auto& y, nn::Reduction r, const json& o) {
         return nn::cross_entropy(x, y,
                                  {.reduction = r,
                                   .weight = optional_tensor_in(o, "weight", x.dtype()),
                                   .ignore_index = o.value("ignore_index", -100),
                                   .label_smoothing = o.value("label_smoothing", 0.0)});
       }},
      {"nll_loss",
       [](const auto& x, const auto& y, nn::Reduction r, const json& o) {
         return nn::nll_loss(
             x, y, {.reduction = r, .weight = optional_tensor_in(o, "weight", x.dtype()), .ignore_index = o.value("ignore_index", -100)});
       }},
      {"binary_cross_entropy",
       [](const auto& x, const auto& y, nn::Reduction r, const json& o) {
         return nn::binary_cross_entropy(x, y, {.reduction = r, .weight = optional_tensor_in(o, "weight", x.dtype())});
       }},
      {"binary_cross_entropy_with_logits",
       [](const auto& x, const auto& y, nn::Reduction r, const json& o) {
         return nn::binary_cross_entropy_with_logits(x, y,
                                                     {.reduction = r,
                                                      .weight = optional_tensor_in(o, "weight", x.dtype()),
                                                      .pos_weight = optional_tensor_in(o, "pos_weight", x.dtype())});
       }},
      {"kl_div", [](const auto& x, const auto& y, nn::Reduction r,
                    const json& o) { return nn::kl_div(x, y, {.reduction = r, .log_target = o.value("log_target", false)}); }},
      {"hinge_loss", [](const auto& x, const auto& y, nn::Reduction r,
                        const json& o) { return nn::hinge_loss(x, y, {.reduction = r, .margin = o.value("margin", 1.0)}); }},
      {"multi_margin_loss",
       [](const auto& x, const auto& y, nn::Reduction r, const json& o) {
         return nn::multi_margin_loss(
             x, y, {.reduction = r, .p = o.at("p"), .margin = o.at("margin"), .weight = optional_tensor_in(o, "weight", x.dtype())});
       }},
  };
  return losses;
}

bool takes_labels(const json& entry) {
  const std::string name = entry.at("loss");
  const bool of_classes = name == "nll_loss" || name == "multi_margin_loss" || name == "cross_entropy";
  return of_classes && cr::test::shape_in(entry.at("target")).rank() == 1;
}

cr::Tensor labels(std::vector<std::int64_t> values) { return cr::from_vector(values); }

}  // namespace

BOOST_AUTO_TEST_SUITE(losses_reference)

BOOST_AUTO_TEST_CASE(values_and_gradients_as_torch) {
  std::set<std::string> met;
  for (const cr::DType dtype : {cr::DType::float64, cr::DType::float32}) {
    for (const json& entry : cr::test::reference().at("losses")) {
      const std::string name = entry.at("loss");
      met.insert(name);
      const cr::Tensor target = tensor_in(entry.at("target"), takes_labels(entry) ? cr::DType::int64 : dtype);
      for (const auto& [word, reduction] :
           {std::pair("none", nn::Reduction::none), std::pair("mean", nn::Reduction::mean), std::pair("sum", nn::Reduction::sum)}) {
        cr::Tensor x = tensor_in(entry.at("x"), dtype).set_requires_grad(true);
        const std::string what = cr::Shape(x.shape()).str() + " " + name + " " + word + " " + entry.at("options").dump();
        const cr::Tensor loss = losses_of_cases().at(name)(x, target, reduction, entry.at("options"));
        check_as_reference(loss, entry.at(word), what);
        loss.backward({.gradient = cr::test::weights_like(loss)});
        check_as_reference(x.grad(), entry.at(std::string("gradient_of_") + word), "the gradient of " + what);
      }
    }
  }
  BOOST_TEST(met.size() == losses_of_cases().size());
}

BOOST_AUTO_TEST_CASE(gradients_of_all_inputs_agree_with_differences) {
  cr::Generator generator(17);
  constexpr cr::DType kDouble = cr::DType::float64;
  const cr::Tensor x = cr::randn({5, 3}, generator, kDouble), y = cr::randn({5, 3}, generator, kDouble);
  const cr::Tensor p = cr::rand({5, 3}, generator, kDouble) * 0.8 + 0.1, q = cr::rand({5, 3}, generator, kDouble) * 0.8 + 0.1;
  const cr::Tensor weight = cr::rand({3}, generator, kDouble) + 0.5, signs = cr::sign(y);
  const cr::Tensor counts = cr::rand({5, 3}, generator, kDouble) * 4 + 1.5;
  const cr::Tensor index = labels({2, 0, -100, 1, 2}), known = labels({2, 0, 0, 1, 2});
  const auto check = [](const char* what, const cr::TensorFunction& f, const cr::TensorList& inputs) {
    const cr::GradcheckResult first = cr::gradcheck(f, inputs);
    BOOST_TEST(first.passed, what << ": " << first.report);
    const cr::GradcheckResult second = cr::gradgradcheck(f, inputs);
    BOOST_TEST(second.passed, what << ", twice: " << second.report);
  };
  for (const nn::Reduction r : {nn::Reduction::mean, nn::Reduction::sum, nn::Reduction::none}) {
    using T = cr::Tensor;
    check("mse", [r](const T& a, const T& b) { return nn::mse_loss(a, b, {.reduction = r}); }, {x, y});
    check("l1", [r](const T& a, const T& b) { return nn::l1_loss(a, b, {.reduction = r}); }, {x, y});
    check("squared_error", [r](const T& a, const T& b) { return nn::squared_error_loss(a, b, {.reduction = r}); }, {x, y});
    check("huber", [r](const T& a, const T& b) { return nn::huber_loss(a, b, {.reduction = r, .delta = 0.7}); }, {x, y});
    check("smooth_l1", [r](const T& a, const T& b) { return nn::smooth_l1_loss(a, b, {.reduction = r, .beta = 0.7}); }, {x, y});
    check("log_cosh", [r](const T& a, const T& b) { return nn::log_cosh_loss(a, b, {.reduction = r}); }, {x, y});
    check("poisson", [r](const T& a, const T& b) { return nn::poisson_nll_loss(a, b, {.reduction = r, .full = true}); }, {x, counts});
    check("poisson of rates", [r](const T& a, const T& b) { return nn::poisson_nll_loss(a, b, {.reduction = r, .log_input = false}); },
          {p, counts});
    check("cross_entropy of labels that count alike", [&, r](const T& a) { return nn::cross_entropy(a, known, {.reduction = r}); }, {x});
    check("cross_entropy",
          [&, r](const T& a, const T& w) { return nn::cross_entropy(a, index, {.reduction = r, .weight = w, .label_smoothing = 0.3}); },
          {x, weight});
    check("cross_entropy of probabilities",
          [&, r](const T& a, const T& b, const T& w) {
            return nn::cross_entropy(a, b, {.reduction = r, .weight = w, .label_smoothing = 0.3});
          },
          {x, q, weight});
    check("nll", [&, r](const T& a, const T& w) { return nn::nll_loss(a, index, {.reduction = r, .weight = w}); }, {x, weight});
    check("bce", [r](const T& a, const T& b, const T& w) { return nn::binary_cross_entropy(a, b, {.reduction = r, .weight = w}); },
          {p, q, weight});
    check("bce of logits",
          [r](const T& a, const T& b, const T& w) {
            return nn::binary_cross_entropy_with_logits(a, b, {.reduction = r, .weight = w, .pos_weight = 2 * w});
          },
          {x, q, weight});
    check("kl_div", [r](const T& a, const T& b) { return nn::kl_div(a, b, {.reduction = r}); }, {x, q});
    check("kl_div of logs", [r](const T& a, const T& b) { return nn::kl_div(a, b, {.reduction = r, .log_target = true}); }, {x, y});
    check("hinge", [&, r](const T& a) { return nn::hinge_loss(a, signs, {.reduction = r, .margin = 0.7}); }, {x});
    check("multi_margin", [&, r](const T& a, const T& w) { return nn::multi_margin_loss(a, known, {.reduction = r, .p = 2, .weight = w}); },
          {x, weight});
    check("softmax_mse", [r](const T& a, const T& b) { return nn::softmax_mse_loss(a, b, {.reduction = r}); }, {x, q});
  }
}

BOOST_AUTO_TEST_CASE(second_derivatives_at_0_are_those_of_the_square) {
  const auto second = [](cr::Tensor (*loss)(const cr::TensorArg&, const cr::Tensor&)) {
    const cr::Tensor x = cr::variable({0.25}, cr::DType::float64);
    const cr::Tensor first = cr::grad(loss(x, x.detach()), {x}, {.create_graph = true})[0];
    return cr::grad(first, {x})[0].item();
  };
  BOOST_TEST(second(nn::huber_loss) == 1);
  BOOST_TEST(second(nn::smooth_l1_loss) == 1);
  BOOST_TEST(second(nn::log_cosh_loss) == 1);
}

BOOST_AUTO_TEST_CASE(far_away_losses_stay_finite) {
  cr::Tensor x = cr::variable({1e30, -1e30, 500, -500});
  const cr::Tensor zero = cr::zeros({4});
  for (const nn::Loss& loss :
       {nn::Loss(nn::log_cosh_loss), nn::Loss(nn::huber_loss), nn::Loss(nn::smooth_l1_loss), nn::Loss(nn::l1_loss)}) {
    x.zero_grad();
    loss(x, zero).backward();
    check_close(x.grad(), {0.25, -0.25, 0.25, -0.25});
  }
  check_close(nn::log_cosh_loss(x, zero, {.reduction = nn::Reduction::none}), {1e30, 1e30, 500 - std::log(2), 500 - std::log(2)}, 1e-6);
}

BOOST_AUTO_TEST_CASE(binary_cross_entropy_at_0_and_1) {
  cr::Tensor p = cr::variable({0, 1, 0, 1}, cr::DType::float64);
  const cr::Tensor y = cr::tensor({0, 1, 1, 0}, cr::DType::float64);
  const cr::Tensor loss = nn::binary_cross_entropy(p, y, {.reduction = nn::Reduction::none});
  check_close(loss, {0, 0, 100, 100});
  cr::sum(loss).backward();
  check_close(p.grad(), {1, -1, 0, 0});  // the slopes where they are finite
}

BOOST_AUTO_TEST_CASE(targets_of_0_in_kl_div_cost_nothing) {
  cr::Tensor t = cr::variable({{0, 1}}, cr::DType::float64);
  const cr::Tensor loss = nn::kl_div(cr::tensor({{-3, -2}}, cr::DType::float64), t, {.reduction = nn::Reduction::none});
  check_close(loss, {0, 2});
  cr::sum(loss).backward();
  BOOST_TEST(std::isfinite(t.grad().to_vector<double>()[0]));
}

BOOST_AUTO_TEST_CASE(ignored_examples_count_nowhere) {
  cr::Tensor x = cr::variable({{1, 2}, {3, -1}, {0, 5}}, cr::DType::float64);
  const cr::Tensor kept = nn::cross_entropy(cr::tensor({{1, 2}, {0, 5}}, cr::DType::float64), labels({0, 1}));
  check_close(nn::cross_entropy(x, labels({0, 7, 1}), {.ignore_index = 7}), {kept.item()});
  nn::cross_entropy(x, labels({0, -100, 1})).backward();
  const std::vector<double> gradient = x.grad().to_vector<double>();
  BOOST_TEST(gradient[2] == 0);
  BOOST_TEST(gradient[3] == 0);
  BOOST_TEST(gradient[0] != 0);
  // If no example counts, there is no mean.
  const cr::Tensor none = labels({-100, -100, -100});
  BOOST_TEST(std::isnan(nn::cross_entropy(x, none).item()));
  BOOST_TEST(nn::cross_entropy(x, none, {.reduction = nn::Reduction::sum}).item() == 0);
  BOOST_TEST(nn::nll_loss(x, none, {.reduction = nn::Reduction::sum}).item() == 0);
}

BOOST_AUTO_TEST_CASE(options_are_checked) {
  const cr::Tensor x = cr::zeros({2, 3}), y = cr::zeros({2, 3});
  const auto message = [](auto f) { return message_of<std::invalid_argument>(f); };
  BOOST_TEST(message([&] { nn::huber_loss(x, y, {.delta = 0}); }) == "huber_loss: delta is 0, expected above 0" + at_line());
  BOOST_TEST(message([&] { nn::smooth_l1_loss(x, y, {.beta = -1}); }) == "smooth_l1_loss: beta is -1, expected 0 or more" + at_line());
  BOOST_TEST(message([&] { nn::squared_error_loss(cr::zeros({}), cr::zeros({})); }) ==
             "squared_error_loss: prediction has shape [], expected [n, ...]" + at_line());
  BOOST_TEST(message([&] {
               nn::cross_entropy(x, labels({0, 1}), {.label_smoothing = 1.5});
             }) == "cross_entropy: label_smoothing is 1.5, expected 0 to 1" + at_line());
  BOOST_TEST(message([&] {
               nn::cross_entropy(x, labels({0, 1}), {.weight = cr::ones({2})});
             }) == "cross_entropy: weight is float32 [2], expected float32 [3]" + at_line());
  BOOST_TEST(message([&] {
               nn::nll_loss(x, labels({0, 1}), {.weight = cr::ones({3}, cr::DType::float64)});
             }) == "nll_loss: weight is float64 [3], expected float32 [3]" + at_line());
  BOOST_TEST(message([&] {
               nn::multi_margin_loss(x, labels({0, 1}), {.p = 3});
             }) == "multi_margin_loss: p is 3, expected 1 or 2" + at_line());
  BOOST_TEST(message([&] {
               nn::multi_margin_loss(x, labels({0, -100}));
             }) == "multi_margin_loss: label -100 at position 1 is outside 0 to 2 for scores of shape [2, 3]" + at_line());
  BOOST_TEST(message([&] { nn::binary_cross_entropy(x, y, {.weight = cr::ones({2})}); }) ==
             "binary_cross_entropy: weight is float32 [2], expected float32 that broadcasts to [2, 3]" + at_line());
  BOOST_TEST(message([&] {
               nn::binary_cross_entropy_with_logits(x, y, {.pos_weight = cr::ones({1, 2, 3})});
             }) ==
             "binary_cross_entropy_with_logits: pos_weight is float32 [1, 2, 3], expected float32 that broadcasts to [2, 3]" + at_line());
  BOOST_TEST(message([&] { nn::binary_cross_entropy(x - 0.5, y); }) ==
             "binary_cross_entropy: probabilities reach from -0.5 to -0.5, expected 0 to 1: binary_cross_entropy_with_logits takes logits" +
                 at_line());
  BOOST_TEST(message([&] { nn::hinge_loss(x, y); }) ==
             "hinge_loss: a target is neither -1 nor 1: for 0 and 1 use 2 * target - 1" + at_line());
}

BOOST_AUTO_TEST_CASE(no_loss_broadcasts_and_each_has_its_name) {
  const cr::Tensor column = cr::zeros({4, 1}), row = cr::zeros({4});
  for (const char* name : {"mse_loss", "l1_loss", "squared_error_loss", "huber_loss", "smooth_l1_loss", "log_cosh_loss", "poisson_nll_loss",
                           "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div", "hinge_loss", "softmax_mse_loss"}) {
    const nn::Loss loss(name);
    const std::string found = message_of<std::invalid_argument>([&] { loss(column, row); });
    BOOST_TEST(found.starts_with(std::string(name) + ": "), found);
    BOOST_TEST(found.ends_with("expected the same shape: use target.reshape({4, 1})" + at_line(__LINE__ - 2)), found);
  }
  const cr::Tensor scores = cr::zeros({4, 2}), of_column = cr::zeros({4, 1}, cr::DType::int64);
  for (const char* name : {"cross_entropy", "nll_loss", "multi_margin_loss"}) {
    const nn::Loss loss(name);
    const std::string found = message_of<std::invalid_argument>([&] { loss(scores, of_column); });
    BOOST_TEST(found.ends_with("use labels.reshape({4})" + at_line(__LINE__ - 1)), found);
  }
}

BOOST_AUTO_TEST_SUITE_END()
