#include "nn/metrics/metric.h"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <optional>

#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"
#include "tests/nn/metrics/metric_cases.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_number;
using cr::test::message_of;
using cr::test::metric_cases;
using cr::test::numbers_in;
using nlohmann::json;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

cr::Tensor labels_of(std::vector<std::int64_t> labels) { return cr::from_vector(labels); }

double closeness(const cr::Tensor& prediction, const cr::Tensor& target) {
  return cr::mean(cr::le(cr::abs(prediction - target), 0.1)).item();
}

// The metric over batches of these sizes, of which the last is repeated.
double over_batches(const nn::Metric& metric, const cr::Tensor& prediction, const cr::Tensor& target, std::vector<std::int64_t> sizes) {
  const std::unique_ptr<nn::MetricState> state = metric.begin();
  const std::int64_t n = prediction.size(0);
  std::size_t batch = 0;
  for (std::int64_t begin = 0; begin < n;) {
    const std::int64_t end = std::min(n, begin + sizes[std::min(batch++, sizes.size() - 1)]);
    state->update(cr::slice(prediction, 0, begin, end), cr::slice(target, 0, begin, end));
    begin = end;
  }
  return state->result();
}

const std::vector<std::vector<std::int64_t>> kCuts{{1}, {2}, {7}, {1, 20, 3}, {0, 5, 0, 8}, {39, 1}};

void check_exact_in_all_cuts(const nn::Metric& metric, const cr::Tensor& prediction, const cr::Tensor& target) {
  const double whole = over_batches(metric, prediction, target, {prediction.size(0)});
  for (const std::vector<std::int64_t>& cut : kCuts) {
    const double value = over_batches(metric, prediction, target, cut);
    BOOST_TEST((value == whole || (std::isnan(value) && std::isnan(whole))), metric.name() << " is " << value << ", expected " << whole);
  }
}

void check_close_in_all_cuts(const nn::Metric& metric, const cr::Tensor& prediction, const cr::Tensor& target, double whole) {
  for (const std::vector<std::int64_t>& cut : kCuts) check_number(over_batches(metric, prediction, target, cut), whole, metric.name());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metric)

BOOST_AUTO_TEST_CASE(counts_are_those_of_the_pass_however_it_is_cut) {
  const std::vector<nn::Metric> metrics{"accuracy",
                                        "top1_accuracy",
                                        "top2_accuracy",
                                        "precision",
                                        "recall",
                                        "f1",
                                        nn::f1({.average = nn::Average::micro}),
                                        nn::recall({.average = nn::Average::weighted})};
  for (const json& c : metric_cases("classification"))
    for (const cr::DType dtype : {cr::DType::float32, cr::DType::float64}) {
      const cr::Tensor scores = numbers_in(c, "scores", dtype), labels = labels_of(c.at("labels"));
      for (const nn::Metric& metric : metrics) {
        check_exact_in_all_cuts(metric, scores, labels);
        if (scores.size(1) > 1) check_exact_in_all_cuts(metric, scores, cr::one_hot(labels, scores.size(1), dtype));
      }
      check_number(over_batches("f1", scores, labels, {3}), c.at("f1").at("macro"), "f1");
      check_number(over_batches("accuracy", scores, labels, {3}), c.at("accuracy"), "accuracy");
      check_number(over_batches("top2_accuracy", scores, labels, {3}), c.at("top")[1], "top2_accuracy");
    }
}

BOOST_AUTO_TEST_CASE(sums_are_those_of_the_pass_however_it_is_cut) {
  for (const json& c : metric_cases("regression"))
    for (const cr::DType dtype : {cr::DType::float32, cr::DType::float64}) {
      const cr::Tensor prediction = numbers_in(c, "prediction", dtype), target = numbers_in(c, "target", dtype);
      for (const char* name : {"mse", "mae", "r2"}) {
        check_exact_in_all_cuts(name, prediction, target);
        check_number(over_batches(name, prediction, target, {3}), c.at(name).is_null() ? kNaN : c.at(name).get<double>(), name);
      }
    }
}

BOOST_AUTO_TEST_CASE(binary_metrics_over_batches) {
  cr::Generator generator(3);
  const cr::Tensor scores = cr::rand({40, 1}, generator), targets = cr::gt(cr::rand({40, 1}, generator), 0.5);
  for (const nn::Metric& metric : {nn::Metric("binary_accuracy"), nn::binary_accuracy({.threshold = 0.2}),
                                   nn::precision({.average = nn::Average::binary}), nn::f1({.average = nn::Average::binary})})
    check_exact_in_all_cuts(metric, scores, targets);
  BOOST_TEST(over_batches(nn::binary_accuracy({.threshold = 0.2}), scores, targets, {7}) == nn::binary_accuracy(scores, targets, 0.2));
  BOOST_TEST(over_batches("binary_accuracy", scores, targets, {7}) == nn::binary_accuracy(scores, targets));
}

BOOST_AUTO_TEST_CASE(losses_are_means_over_the_examples) {
  cr::Generator generator(4);
  const cr::Tensor logits = cr::randn({40, 3}, generator, cr::DType::float64), other = cr::randn({40, 3}, generator, cr::DType::float64);
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < 40; ++i) labels.push_back(i % 3);
  check_close_in_all_cuts("cross_entropy", logits, labels_of(labels), nn::cross_entropy(logits, labels_of(labels)).item());
  check_close_in_all_cuts("huber_loss", logits, other, nn::huber_loss(logits, other).item());
  check_close_in_all_cuts("squared_error_loss", logits, other, nn::squared_error_loss(logits, other).item());
  // Examples with ignored labels do not count. Two batches of one example contain only such.
  for (const std::size_t i : {0U, 1U, 5U, 39U}) labels[i] = -100;
  check_close_in_all_cuts("cross_entropy", logits, labels_of(labels), nn::cross_entropy(logits, labels_of(labels)).item());
  const cr::Tensor log_probabilities = cr::log_softmax(logits, 1);
  check_close_in_all_cuts("nll_loss", log_probabilities, labels_of(labels), nn::nll_loss(log_probabilities, labels_of(labels)).item());
}

BOOST_AUTO_TEST_CASE(a_loss_of_rank_0_counts_as_one_example) {
  const std::unique_ptr<nn::MetricState> state = nn::Metric("mse_loss").begin();
  state->update(cr::tensor(1), cr::tensor(3));
  state->update(cr::tensor(1), cr::tensor(1));
  BOOST_TEST(state->result() == 2);
}

BOOST_AUTO_TEST_CASE(a_function_of_ones_own_is_weighted_by_examples) {
  const cr::Tensor prediction = cr::tensor({{1}, {2}, {3}}), target = cr::tensor({{1.05}, {1}, {3}});
  check_number(over_batches(nn::Metric("closeness", closeness), prediction, target, {2, 1}), 2.0 / 3, "closeness");
  int calls = 0;
  const nn::Metric counted("calls", [&calls](const cr::Tensor& p, const cr::Tensor&) {
    BOOST_TEST(!cr::grad_enabled());
    return ++calls == 1 ? 10 : static_cast<int>(p.size(0));
  });
  BOOST_TEST(over_batches(counted, prediction, target, {0, 2, 1}) == (2 * 10.0 + 1 * 1.0) / 3);
  BOOST_TEST(calls == 2);
  BOOST_TEST(cr::grad_enabled());
}

BOOST_AUTO_TEST_CASE(a_function_of_ones_own_names_its_own_lines) {
  unsigned line = 0;
  const nn::Metric metric("mine", [&line](const cr::Tensor& prediction, const cr::Tensor& target) {
    line = std::source_location::current().line() + 1;
    return cr::sum(prediction + target).item();
  });
  const std::string message = message_of<std::invalid_argument>([&] { metric.begin()->update(cr::zeros({2, 3}), cr::zeros({2, 2})); });
  BOOST_TEST(message.ends_with(at_line(line)), message);
}

BOOST_AUTO_TEST_CASE(a_state_of_ones_own) {
  struct Largest : nn::MetricState {
    double largest = kNaN;
    double result() const override { return largest; }
    void add(const cr::Tensor& prediction, const cr::Tensor&, const cr::SourceLine&) override {
      largest = std::fmax(largest, cr::max(prediction).item());
    }
  };
  const nn::Metric metric(
      "largest", [] { return std::make_unique<Largest>(); }, nn::Better::larger);
  BOOST_TEST(over_batches(metric, cr::tensor({1, 5, 3}), cr::zeros({3}), {2}) == 5);
  BOOST_TEST(metric.name() == "largest");
}

BOOST_AUTO_TEST_CASE(a_pass_begins_anew) {
  const nn::Metric metric = "accuracy";
  const std::unique_ptr<nn::MetricState> first = metric.begin(), second = metric.begin();
  first->update(cr::tensor({{1, 0}}), labels_of({0}));
  second->update(cr::tensor({{1, 0}}), labels_of({1}));
  BOOST_TEST(first->result() == 1);
  BOOST_TEST(second->result() == 0);
  BOOST_TEST(std::isnan(metric.begin()->result()));
}

BOOST_AUTO_TEST_CASE(no_examples_are_nan) {
  for (const char* name :
       {"accuracy", "binary_accuracy", "top3_accuracy", "mse", "mae", "r2", "precision", "recall", "f1", "cross_entropy", "mse_loss"})
    BOOST_TEST(std::isnan(nn::Metric(name).begin()->result()), name);
  const std::unique_ptr<nn::MetricState> state = nn::Metric("mse_loss").begin();
  state->update(cr::zeros({0, 2}), cr::zeros({0, 2}));
  BOOST_TEST(std::isnan(state->result()));
}

BOOST_AUTO_TEST_CASE(names_and_directions) {
  const auto check = [](const nn::Metric& metric, const std::string& name, nn::Better better) {
    BOOST_TEST(metric.name() == name);
    BOOST_TEST((metric.better() == better), name);
  };
  constexpr nn::Better kLarger = nn::Better::larger, kSmaller = nn::Better::smaller;
  for (const char* name : {"accuracy", "binary_accuracy", "top5_accuracy", "top05_accuracy", "r2", "precision", "recall", "f1"})
    check(name, name, kLarger);
  for (const char* name : {"mse", "mae", "cross_entropy", "huber_loss"}) check(std::string(name), name, kSmaller);
  check(nn::top_k(12), "top12_accuracy", kLarger);
  check(nn::binary_accuracy(), "binary_accuracy", kLarger);
  check(nn::precision({.average = nn::Average::macro}), "precision", kLarger);
  check(nn::recall({.average = nn::Average::weighted}), "recall_weighted", kLarger);
  check(nn::f1({.average = nn::Average::micro}), "f1_micro", kLarger);
  check(nn::f1({.average = nn::Average::binary}), "f1_binary", kLarger);
  check(nn::f1({.average = nn::Average::binary}).named("f"), "f", kLarger);
  check(nn::accuracy, "accuracy", kLarger);
  check(nn::binary_accuracy, "binary_accuracy", kLarger);
  check(nn::mean_squared_error, "mse", kSmaller);
  check(nn::f1_score, "f1", kLarger);
  check(nn::Metric("share", nn::accuracy), "share", kLarger);
  check(closeness, "function", kSmaller);
  check(nn::Metric(closeness, kLarger), "function", kLarger);
  check(nn::Metric("closeness", closeness), "closeness", kSmaller);
  check(nn::Metric("closeness", closeness, kLarger), "closeness", kLarger);
}

BOOST_AUTO_TEST_CASE(lists_may_mix_names_factories_and_functions) {
  const std::vector<nn::Metric> metrics{
      "accuracy", nn::top_k(5), nn::r2_score, {"closeness", closeness}, {"any", [](const auto&, const auto&) { return 1; }}};
  std::string names;
  for (const nn::Metric& metric : metrics) names += metric.name() + " ";
  BOOST_TEST(names == "accuracy top5_accuracy r2 closeness any ");
  const std::vector<nn::Metric> two = {"accuracy", "f1"};
  BOOST_TEST(two.size() == 2U);
}

BOOST_AUTO_TEST_CASE(functions_of_the_library_are_the_metrics_of_the_pass) {
  const json& c = metric_cases("classification")[0];
  const cr::Tensor scores = numbers_in(c, "scores", cr::DType::float32), labels = labels_of(c.at("labels"));
  check_number(over_batches(nn::f1_score, scores, labels, {7}), c.at("f1").at("macro"), "f1");
  check_number(over_batches(nn::Metric("f", nn::f1_score), scores, labels, {7}), c.at("f1").at("macro"), "f1");
}

BOOST_AUTO_TEST_CASE(every_loss_is_a_metric) {
  BOOST_TEST(nn::Loss::names().size() >= 17u);
  for (const std::string_view loss : nn::Loss::names()) BOOST_TEST(nn::Metric(loss).name() == loss);
}

BOOST_AUTO_TEST_CASE(unknown_names_are_refused) {
  const std::string message = message_of<std::invalid_argument>([] { nn::Metric("acuracy"); });
  const std::string expected =
      "Metric: unknown metric \"acuracy\", known names: accuracy, binary_accuracy, mse, mae, r2, precision, recall, f1, topK_accuracy for "
      "any K, and the losses mse_loss, l1_loss, ";
  BOOST_TEST(message.starts_with(expected), message);
  BOOST_TEST(message.ends_with(at_line(std::source_location::current().line() - 5)), message);
  for (const char* name : {"", "top_accuracy", "topK_accuracy", "top0_accuracy", "top-1_accuracy", "top5", "top5_accuracyx",
                           "top5x_accuracy", "top 5_accuracy", "top99999999999999999999_accuracy", "Accuracy", "top_accurac"})
    BOOST_TEST(message_of<std::invalid_argument>([&] { nn::Metric{name}; }).starts_with("Metric: unknown metric"), name);
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::top_k(0); }) == "top_k: k is 0, expected 1 or more" + at_line());
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused_and_changes_nothing) {
  const auto refused = [](const nn::Metric& metric, const cr::Tensor& prediction, const cr::Tensor& target) {
    return message_of<std::invalid_argument>([&] { metric.begin()->update(prediction, target); });
  };
  const std::string here = at_line(std::source_location::current().line() - 2);
  BOOST_TEST(refused("accuracy", cr::zeros({2, 3}), cr::zeros({2, 2})) ==
             "accuracy: scores has shape [2, 3] and target [2, 2], expected the same shape" + here);
  BOOST_TEST(refused("top5_accuracy", cr::zeros({2, 3}), labels_of({0, 1, 2})) ==
             "top5_accuracy: labels have shape [3], expected [2] for scores of shape [2, 3]" + here);
  BOOST_TEST(refused(nn::Metric("err", nn::mean_squared_error), cr::zeros({2, 1}), cr::zeros({2})) ==
             "mse: prediction has shape [2, 1] and target [2], expected the same shape: use target.reshape({2, 1})" + here);
  BOOST_TEST(refused("cross_entropy", cr::zeros({2, 3}), cr::zeros({2, 2})) ==
             "cross_entropy: logits has shape [2, 3] and target [2, 2], expected the same shape" + here);
  BOOST_TEST(refused("cross_entropy", cr::Tensor(), cr::zeros({2, 2})) == "cross_entropy: undefined tensor for prediction" + here);

  const std::unique_ptr<nn::MetricState> f1 = nn::Metric("f1").begin(), r2 = nn::Metric("r2").begin();
  f1->update(cr::tensor({{1, 0}, {0, 1}}), labels_of({0, 1}));
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               f1->update(cr::zeros({1, 3}), labels_of({0}));
             }) == "f1: scores have 3 classes, expected 2 as in earlier batches" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               f1->update(cr::zeros({2, 2}), labels_of({0, 2}));
             }) == "f1: label 2 at position 1 is outside 0 to 1 for scores of shape [2, 2]" + at_line());
  BOOST_TEST(f1->result() == 1);
  r2->update(cr::tensor({{1, 0}, {0, 1}}), cr::tensor({{1, 0}, {0, 1}}));
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               r2->update(cr::zeros({1, 3}), cr::zeros({1, 3}));
             }) == "r2: prediction and target have shape [1, 3], expected 2 columns as in earlier batches" + at_line());
  BOOST_TEST(r2->result() == 1);
}

BOOST_AUTO_TEST_CASE(updates_record_nothing) {
  const cr::Tensor prediction = cr::variable({{1, 2}, {3, 1}}) * 2, target = cr::tensor({{0, 1}, {0, 1}});
  const std::unique_ptr<nn::MetricState> loss = nn::Metric("cross_entropy").begin();
  const std::int64_t before = cr::graph_stats().nodes;
  loss->update(prediction, target);
  BOOST_TEST(cr::graph_stats().nodes == before);
  BOOST_TEST(cr::grad_enabled());
  BOOST_TEST(loss->result() > 0);
}

BOOST_AUTO_TEST_SUITE_END()
