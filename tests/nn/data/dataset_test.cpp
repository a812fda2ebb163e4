#include "nn/data/dataset.h"

#include <boost/test/unit_test.hpp>

#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::message_of;

namespace {

using Picks = std::vector<std::int64_t>;
using Numbers = std::vector<double>;

cr::Tensor labels_of(const std::vector<std::int64_t>& labels) { return cr::from_vector(labels); }

// Examples {0, 1}, {2, 3}, ... with labels 0, 1, 2, ...
nn::Dataset counted(std::int64_t n) {
  return {cr::arange(static_cast<double>(2 * n)).reshape({n, 2}), cr::arange(0, static_cast<double>(n), 1, cr::DType::int64)};
}

// Four images of 2x3 pixels, 0 to 23, with labels 0 to 3.
nn::Dataset small_images(const nn::ByteDatasetOptions& options = {}) {
  nn::IdxArray images{.shape = {4, 2, 3}, .bytes = {}};
  for (std::uint8_t i = 0; i < 24; ++i) images.bytes.push_back(i);
  return {images, std::vector<std::uint8_t>{0, 1, 2, 3}, options};
}

void check_batch(const nn::Batch& batch, const Numbers& inputs, const Numbers& targets) {
  BOOST_TEST(batch.inputs.to_vector<double>() == inputs);
  BOOST_TEST(batch.targets.to_vector<double>() == targets);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dataset)

BOOST_AUTO_TEST_CASE(batches_of_tensors) {
  const nn::Dataset data = counted(4);
  BOOST_TEST(data.size() == 4);
  BOOST_TEST(data.classes() == 4);
  BOOST_TEST(data.sample_shape() == (cr::Shape{2}));
  BOOST_TEST(data.target_shape() == (cr::Shape{}));
  check_batch(data.batch(Picks{3, 0, 3}), {6, 7, 0, 1, 6, 7}, {3, 0, 3});
  check_batch(data.batch(1, 3), {2, 3, 4, 5}, {1, 2});
  check_batch(data.batch(2, 2), {}, {});
  BOOST_TEST(data.batch(0, 1).targets.dtype() == cr::DType::int64);
}

BOOST_AUTO_TEST_CASE(targets_may_be_values) {
  const nn::Dataset data(cr::zeros({3, 2, 2}, cr::DType::float64), cr::tensor({{1, 2}, {3, 4}, {5, 6}}, cr::DType::float64));
  BOOST_TEST(data.classes() == 0);
  BOOST_TEST(data.sample_shape() == (cr::Shape{2, 2}));
  BOOST_TEST(data.target_shape() == (cr::Shape{2}));
  const nn::Batch batch = data.batch(Picks{2});
  BOOST_TEST(batch.inputs.shape() == (cr::Shape{1, 2, 2}));
  BOOST_TEST(batch.inputs.dtype() == cr::DType::float64);
  BOOST_TEST(batch.targets.to_vector<double>() == (Numbers{5, 6}));
  BOOST_TEST(nn::Dataset(cr::zeros({3, 2}), cr::zeros({3})).batch(0, 2).targets.shape() == (cr::Shape{2}));
}

BOOST_AUTO_TEST_CASE(bytes_become_fractions) {
  const nn::Dataset data = small_images();
  BOOST_TEST(data.size() == 4);
  BOOST_TEST(data.classes() == 4);
  BOOST_TEST(data.sample_shape() == (cr::Shape{6}));
  const nn::Batch batch = data.batch(Picks{3});
  BOOST_TEST(batch.inputs.dtype() == cr::DType::float32);
  BOOST_TEST(batch.targets.to_vector<int>() == (std::vector<int>{3}));
  for (std::size_t i = 0; i < 6; ++i) BOOST_TEST(batch.inputs.data<float>()[i] == static_cast<float>(18 + i) * (1.0f / 255));
}

BOOST_AUTO_TEST_CASE(bytes_may_be_shifted_and_keep_their_shape) {
  const nn::Dataset data = small_images({.scale = 2, .shift = -1, .flatten = false});
  BOOST_TEST(data.sample_shape() == (cr::Shape{2, 3}));
  const nn::Batch batch = data.batch(Picks{1, 0});
  BOOST_TEST(batch.inputs.shape() == (cr::Shape{2, 2, 3}));
  check_batch(batch, {11, 13, 15, 17, 19, 21, -1, 1, 3, 5, 7, 9}, {1, 0});
}

BOOST_AUTO_TEST_CASE(several_inputs_and_targets) {
  const cr::Tensor a = cr::arange(6).reshape({3, 2}), b = cr::arange(3), values = cr::arange(3).reshape({3, 1});
  const nn::Dataset data({a, b}, {labels_of({2, 0, 1}), values});
  BOOST_TEST(data.size() == 3);
  BOOST_TEST(data.input_count() == 2u);
  BOOST_TEST(data.target_count() == 2u);
  BOOST_TEST(data.sample_shapes()[1] == cr::Shape());
  BOOST_TEST(data.target_shapes()[1] == cr::Shape({1}));
  BOOST_TEST(data.classes() == 3);
  BOOST_TEST(data.classes(1) == 0);
  const nn::Batch batch = data.subset(Picks{2, 0}).batch(0, 2);
  check_batch(batch, {4, 5, 0, 1}, {1, 2});
  BOOST_TEST(batch.more_inputs.size() == 1u);
  BOOST_TEST(batch.more_inputs[0].to_vector<double>() == (Numbers{2, 0}));
  BOOST_TEST(batch.more_targets[0].to_vector<double>() == (Numbers{2, 0}));
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::Dataset({a, cr::arange(4)}, {b});
             }) == "Dataset: features 1 have shape [4], expected [3, ...] to match features 0 of shape [3, 2]" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::Dataset({a, b}, {b, cr::Tensor()});
             }) == "Dataset: targets 1: undefined tensor" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::Dataset({a, b}, std::vector<cr::Tensor>{});
             }) == "Dataset: got 2 features and 0 targets, expected at least 1 each" + at_line());
}

BOOST_AUTO_TEST_CASE(subsets_of_subsets) {
  const nn::Dataset data = counted(10);
  const nn::Dataset middle = data.subset(2, 8);
  BOOST_TEST(middle.size() == 6);
  BOOST_TEST(middle.classes() == 10);
  check_batch(middle.batch(Picks{0, 5}), {4, 5, 14, 15}, {2, 7});
  check_batch(middle.subset(1, 3).batch(0, 2), {6, 7, 8, 9}, {3, 4});

  const nn::Dataset picked = middle.subset(Picks{5, 0, 0, 3});
  check_batch(picked.batch(0, 4), {14, 15, 4, 5, 4, 5, 10, 11}, {7, 2, 2, 5});
  check_batch(picked.subset(1, 4).batch(Picks{2, 0}), {10, 11, 4, 5}, {5, 2});
  check_batch(picked.subset(1, 4).subset(Picks{2}).batch(0, 1), {10, 11}, {5});
  check_batch(picked.subset(1, 4).batch(1, 3), {4, 5, 10, 11}, {2, 5});

  BOOST_TEST(data.first(3).size() == 3);
  check_batch(data.first(3).batch(Picks{2}), {4, 5}, {2});
  BOOST_TEST(data.first(30).size() == 10);
  BOOST_TEST(data.first(0).size() == 0);
  BOOST_TEST(data.size() == 10);
}

BOOST_AUTO_TEST_CASE(copies_and_subsets_share_the_storage) {
  cr::Tensor features = cr::zeros({3, 1});
  const nn::Dataset data(features, labels_of({0, 1, 2}));
  const nn::Dataset copy = data, part = data.subset(1, 2);
  features.mutable_data<float>()[1] = 5;
  BOOST_TEST(copy.batch(1, 2).inputs.item() == 5);
  BOOST_TEST(part.batch(0, 1).inputs.item() == 5);
}

BOOST_AUTO_TEST_CASE(batches_belong_to_their_holder) {
  const nn::Dataset data = counted(2);
  nn::Batch batch = data.batch(0, 1);
  batch.inputs.mutable_data<float>()[0] = 100;
  check_batch(data.batch(0, 1), {0, 1}, {0});
}

BOOST_AUTO_TEST_CASE(features_of_a_graph_are_taken_as_numbers) {
  const cr::Tensor x = cr::variable({{1}, {2}});
  const nn::Dataset data(x * 3, labels_of({0, 1}));
  BOOST_TEST(!data.batch(0, 2).inputs.requires_grad());
  check_batch(data.batch(0, 2), {3, 6}, {0, 1});
}

BOOST_AUTO_TEST_CASE(labels_to_ignore_are_no_classes) {
  const nn::Dataset data(cr::zeros({3, 1}), labels_of({0, -100, 2}));
  BOOST_TEST(data.classes() == 3);
  check_batch(data.batch(1, 3), {0, 0}, {-100, 2});
  BOOST_TEST(nn::Dataset(cr::zeros({1, 1}), labels_of({-100})).classes() == 0);
}

BOOST_AUTO_TEST_CASE(an_empty_dataset_is_one) {
  const nn::Dataset data(cr::zeros({0, 2}), labels_of({}));
  BOOST_TEST(data.size() == 0);
  BOOST_TEST(data.classes() == 0);
  BOOST_TEST(data.batch(0, 0).inputs.shape() == (cr::Shape{0, 2}));
}

BOOST_AUTO_TEST_CASE(lengths_that_differ_are_refused) {
  BOOST_TEST(message_of<std::invalid_argument>([] {
               nn::Dataset(cr::zeros({3, 2}), cr::zeros({4, 1}));
             }) == "Dataset: targets have shape [4, 1], expected [3, ...] to match features of shape [3, 2]" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([] {
               nn::Dataset(cr::zeros({3, 2}), cr::zeros({}));
             }) == "Dataset: targets have shape [], expected [3, ...] to match features of shape [3, 2]" + at_line());
  const nn::IdxArray images{.shape = {2, 1, 1}, .bytes = {1, 2}};
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::Dataset(images, std::vector<std::uint8_t>{0}); }) ==
             "Dataset: targets have shape [1], expected [2, ...] to match features of shape [2, 1, 1]" + at_line());
}

BOOST_AUTO_TEST_CASE(what_is_no_dataset_is_refused) {
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::Dataset(cr::Tensor(), cr::zeros({1})); }) ==
             "Dataset: features: undefined tensor" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([] {
               nn::Dataset(cr::zeros({1, 1}), cr::Tensor());
             }) == "Dataset: targets: undefined tensor" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::Dataset(cr::zeros({}), cr::zeros({1})); }) ==
             "Dataset: features have rank 0, expected [n, ...]" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([] {
               nn::Dataset(cr::zeros({2, 1}), labels_of({0, 1}).reshape({2, 1}));
             }) == "Dataset: targets are int64[2, 1], expected labels, int64[2], or a floating dtype" + at_line());
  const nn::IdxArray short_of_bytes{.shape = {2, 2, 1}, .bytes = {1, 2, 3}};
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::Dataset(short_of_bytes, std::vector<std::uint8_t>{0, 1});
             }) == "Dataset: features of shape [2, 2, 1] have 3 bytes, expected at least one element and one byte per element" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::Dataset(nn::IdxArray{}, std::vector<std::uint8_t>{}); }) ==
             "Dataset: features have rank 0, expected [n, ...]" + at_line());
}

BOOST_AUTO_TEST_CASE(examples_that_are_not_there_are_refused) {
  const nn::Dataset data = counted(4), part = data.subset(1, 3), picked = data.subset(Picks{3, 1});
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               data.batch(Picks{0, 4});
             }) == "Dataset: position 4 is out of range for 4 examples" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { part.batch(Picks{2}); }) ==
             "Dataset: position 2 is out of range for 2 examples" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { picked.batch(Picks{-1}); }) ==
             "Dataset: position -1 is out of range for 2 examples" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { part.subset(Picks{2}); }) ==
             "Dataset: position 2 is out of range for 2 examples" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { part.subset(1, 3); }) ==
             "Dataset: examples 1 to 3 are out of range for 2 examples" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { data.batch(3, 2); }) ==
             "Dataset: examples 3 to 2 are out of range for 4 examples" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { data.batch(-1, 2); }) ==
             "Dataset: examples -1 to 2 are out of range for 4 examples" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { data.first(-1); }) == "Dataset: n is -1, expected at least 0" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
