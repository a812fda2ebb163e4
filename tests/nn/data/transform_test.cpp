#include "nn/data/transform.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <set>
#include <tuple>
#include <vector>

#include "autograd/autograd.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::message_of;

namespace {

using Numbers = std::vector<double>;

// n examples numbered from 0, a fifth of them of class 1.
nn::Dataset numbered(std::int64_t n) {
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < n; ++i) labels.push_back(i % 5 == 0 ? 1 : 0);
  return {cr::arange(static_cast<double>(n)).reshape({n, 1}), cr::from_vector(labels)};
}

Numbers features_of(const nn::Dataset& data) { return data.batch(0, data.size()).inputs.to_vector<double>(); }

Numbers labels_of(const nn::Dataset& data) { return data.batch(0, data.size()).targets.to_vector<double>(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(transform)

BOOST_AUTO_TEST_CASE(splits_are_drawn_and_whole) {
  cr::Generator generator(1), same(1), other(2);
  const auto [first, second] = nn::train_test_split(numbered(50), 0.3, {.generator = &generator});
  BOOST_TEST(first.size() == 35);
  BOOST_TEST(second.size() == 15);
  std::set<double> all;
  for (const nn::Dataset& part : {first, second})
    for (const double number : features_of(part)) all.insert(number);
  BOOST_TEST(all.size() == 50u);
  BOOST_TEST(features_of(nn::train_test_split(numbered(50), 0.3, {.generator = &same}).second) == features_of(second));
  BOOST_TEST(features_of(nn::train_test_split(numbered(50), 0.3, {.generator = &other}).second) != features_of(second));
  BOOST_TEST(features_of(nn::train_test_split(numbered(10), 0.3, {.in_order = true}).second) == (Numbers{7, 8, 9}));
}

BOOST_AUTO_TEST_CASE(stratified_splits_keep_the_shares) {
  cr::Generator generator(3);
  for (int round = 0; round < 5; ++round) {
    const auto [first, second] = nn::train_test_split(numbered(50), 0.3, {.generator = &generator, .stratify = true});
    const Numbers labels = labels_of(second);
    BOOST_TEST(std::ranges::count(labels, 1.0) == 3);
    BOOST_TEST(std::ranges::count(labels, 0.0) == 12);
    BOOST_TEST(first.size() == 35);
  }
}

// The sizes are round(fraction * n) by definition, and each class has its share, rounded down or up.
BOOST_AUTO_TEST_CASE(stratified_splits_have_the_size_asked_for) {
  const auto of_sizes = [](const std::vector<std::int64_t>& sizes) {
    std::vector<std::int64_t> labels;
    for (std::size_t c = 0; c < sizes.size(); ++c)
      labels.insert(labels.end(), static_cast<std::size_t>(sizes[c]), static_cast<std::int64_t>(c));
    return nn::Dataset(cr::arange(static_cast<double>(labels.size())), cr::from_vector(labels));
  };
  const auto counts = [](const nn::Dataset& data, std::size_t classes) {
    std::vector<std::int64_t> found(classes);
    for (const double label : labels_of(data)) ++found[static_cast<std::size_t>(label)];
    return found;
  };
  using Sizes = std::vector<std::int64_t>;
  cr::Generator generator(1);
  for (const auto& [classes, each, fraction, wanted] :
       {std::tuple{30, 5, 0.1, 15}, {30, 4, 0.1, 12}, {25, 2, 0.25, 13}, {20, 3, 0.2, 12}, {7, 1, 0.5, 4}}) {
    const nn::Dataset data = of_sizes(Sizes(static_cast<std::size_t>(classes), each));
    const auto [first, second] = nn::train_test_split(data, fraction, {.generator = &generator, .stratify = true});
    BOOST_TEST(second.size() == wanted);
    BOOST_TEST(first.size() == classes * each - wanted);
    const double share = fraction * each;
    for (const std::int64_t count : counts(second, static_cast<std::size_t>(classes))) {
      BOOST_TEST(static_cast<double>(count) >= std::floor(share));
      BOOST_TEST(static_cast<double>(count) <= std::ceil(share));
    }
  }
  // Shares 2.4, 1.2 and 0.4 of 4 examples: 2, 1 and 0, and one more for the remainder 0.4 of class 0 or of class 2.
  std::set<Sizes> seen;
  for (int round = 0; round < 20; ++round)
    seen.insert(counts(nn::train_test_split(of_sizes({6, 3, 1}), 0.4, {.generator = &generator, .stratify = true}).second, 3));
  BOOST_TEST((seen == std::set<Sizes>{{3, 1, 0}, {2, 1, 1}}));
  // Shares 3.5, 2.1 and 1.4: the largest remainder decides.
  BOOST_TEST(counts(nn::train_test_split(of_sizes({5, 3, 2}), 0.7, {.stratify = true}).second, 3) == (Sizes{4, 2, 1}));
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::train_test_split(of_sizes({2, 2}), 0.1, {.stratify = true});
             }) == "train_test_split: fraction 0.1 of 4 examples leaves none for the second part" + at_line());
}

BOOST_AUTO_TEST_CASE(splits_that_cannot_be_are_refused) {
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::train_test_split(numbered(5), 1); }) ==
             "train_test_split: fraction is 1, expected between 0 and 1" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::train_test_split(numbered(5), 0.01); }).find("leaves none for the second part") !=
             std::string::npos);
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::train_test_split(numbered(5), 0.99); }).find("leaves none for the first part") !=
             std::string::npos);
  const nn::Dataset values(cr::zeros({4, 1}), cr::zeros({4, 1}));
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::train_test_split(values, 0.5, {.stratify = true});
             }).find("stratify needs labels") != std::string::npos);
}

// The difference of the ends is too large for the dtype.
BOOST_AUTO_TEST_CASE(scalers_of_more_than_the_largest_number) {
  for (const double most : {3e38, 1.5e308}) {
    const cr::DType dtype = most > 1e300 ? cr::float64 : cr::float32;
    const cr::Tensor x = cr::tensor({{-most, 1, 7}, {most, 3, 7}, {0, 2, 7}, {most / 2, 1.5, 7}}, dtype);
    const nn::Scaler low_high = nn::Scaler::min_max(x);
    check_close(low_high(x), {0, 0, 0, 1, 1, 0, 0.5, 0.5, 0, 0.75, 0.25, 0}, 1e-6);
    const std::vector<double> back = low_high.inverse(low_high(x)).to_vector<double>(), given = x.to_vector<double>();
    for (std::size_t i = 0; i < given.size(); ++i) BOOST_TEST(std::abs(back[i] - given[i]) <= 1e-6 * std::abs(given[i]));
    BOOST_TEST(low_high.shift().to_vector<double>() == x[0].to_vector<double>(), boost::test_tools::per_element());
    BOOST_TEST(low_high.scale().to_vector<double>()[1] == 0.5);
    BOOST_TEST(low_high.scale().to_vector<double>()[2] == 1);
    BOOST_TEST(std::abs(low_high.scale().to_vector<double>()[0] * most - 0.5) < 1e-5);
    check_close(nn::Scaler::min_max(x, nn::Over::all)(x), {0, 0.5, 0.5, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.75, 0.5, 0.5}, 1e-6);
    // Mean most/2, deviation most · √3/2.
    const cr::Tensor y = cr::tensor({{-most}, {most}, {most}, {most}}, dtype);
    check_close(nn::Scaler::standard(y)(y), {-std::sqrt(3.0), 1 / std::sqrt(3.0), 1 / std::sqrt(3.0), 1 / std::sqrt(3.0)}, 1e-6);
  }
}

BOOST_AUTO_TEST_CASE(scalers_learn_from_some_and_apply_to_any) {
  const cr::Tensor x = cr::tensor({{0, 10, 7}, {4, 30, 7}});
  const nn::Scaler low_high = nn::Scaler::min_max(x);
  check_close(low_high(x), {0, 0, 0, 1, 1, 0}, 1e-6);
  check_close(low_high(cr::tensor({{8, 20, 9}})), {2, 0.5, 2}, 1e-6);
  check_close(low_high.inverse(low_high(x)), x.to_vector<double>(), 1e-5);
  check_close(nn::Scaler::min_max(x, nn::Over::all)(x), {0, 1 / 3.0, 7 / 30.0, 4 / 30.0, 1, 7 / 30.0}, 1e-6);
  check_close(nn::Scaler::standard(x)(x), {-1, -1, 0, 1, 1, 0}, 1e-6);
  const cr::Tensor whole = nn::Scaler::standard(x, nn::Over::all)(x);
  BOOST_TEST(std::abs(cr::mean(whole).item()) < 1e-6);
  BOOST_TEST(std::abs(cr::mean(cr::square(whole)).item() - 1) < 1e-5);
  const cr::Tensor images = cr::rand({6, 2, 3}, cr::DType::float64);
  BOOST_TEST(nn::Scaler::standard(images)(images).shape() == images.shape());
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               low_high(cr::zeros({2, 4}));
             }) == "Scaler: got float32 [2, 4], expected float32 examples of shape [3]" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([] {
               nn::Scaler::min_max(cr::zeros({0, 2}));
             }).find("with n at least 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(samples_are_standardised_by_themselves) {
  const cr::Tensor x = cr::tensor({{1, 3}, {5, 5}, {-20, 20}});
  check_close(nn::standardize_samples(x), {-1, 1, 0, 0, -1, 1}, 1e-6);
  BOOST_TEST(nn::standardize_samples(cr::rand({4, 2, 2})).shape() == cr::Shape({4, 2, 2}));
}

BOOST_AUTO_TEST_CASE(constant_features_are_shifted_to_exactly_0) {
  for (const cr::DType dtype : {cr::DType::float32, cr::DType::float64}) {
    for (const double constant : {14.62, 0.1, 1e-25, -3e25}) {
      for (const std::int64_t n : {3, 100, 1000, 65537}) {
        const cr::Tensor x = cr::full({n, 1}, constant, dtype);
        const nn::Scaler scaler = nn::Scaler::standard(x);
        BOOST_TEST(scaler.scale().item() == 1);
        BOOST_TEST(scaler.shift().item() == x.to_vector<double>()[0]);
        BOOST_TEST(cr::any(scaler(x)).item() == 0);
        BOOST_TEST(cr::any(nn::standardize_samples(cr::full({1, n}, constant, dtype))).item() == 0);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(features_far_from_0_and_at_both_ends_of_the_range) {
  const double a = 1 / std::sqrt(5);
  for (const double scale : {1e-25, 1e-22, 1.0, 1e20, 1e25}) {
    const cr::Tensor x = cr::tensor({{1}, {2}, {3}, {4}}) * scale;
    check_close(nn::Scaler::standard(x)(x), {-3 * a, -a, a, 3 * a}, 1e-6);
    check_close(nn::standardize_samples(x.reshape({1, 4})), {-3 * a, -a, a, 3 * a}, 1e-6);
  }
  // Unix times: multiples of 128, the steps of float32 there. The deviation is 128 · sqrt(8.25).
  std::vector<float> times;
  for (int i = 0; i < 1000; ++i) times.push_back(1.6e9F + 128 * static_cast<float>(i % 10));
  BOOST_TEST(std::abs(nn::Scaler::standard(cr::from_vector(times, {1000, 1})).scale().item() * 128 * std::sqrt(8.25) - 1) < 1e-6);
}

BOOST_AUTO_TEST_SUITE_END()
