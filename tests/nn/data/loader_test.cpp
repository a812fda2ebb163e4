#include "nn/data/loader.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <ranges>

#include "autograd/base/stats.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::message_of;

namespace {

using Labels = std::vector<int>;

static_assert(std::ranges::input_range<const nn::DataLoader>);

// Example i is {10·i} with label i.
nn::Dataset tens(std::int64_t n) {
  return {(cr::arange(static_cast<double>(n)) * 10).reshape({n, 1}), cr::arange(0, static_cast<double>(n), 1, cr::DType::int64)};
}

// The labels of each batch of an epoch, its inputs checked against them.
std::vector<Labels> epoch_of(const nn::DataLoader& loader) {
  std::vector<Labels> batches;
  for (const nn::Batch& batch : loader) {
    batches.push_back(batch.targets.to_vector<int>());
    for (std::size_t i = 0; i < batches.back().size(); ++i)
      BOOST_TEST(batch.inputs.data<float>()[i] == static_cast<float>(10 * batches.back()[i]));
  }
  BOOST_TEST(static_cast<std::int64_t>(batches.size()) == loader.size());
  return batches;
}

Labels joined(const std::vector<Labels>& batches) {
  Labels all;
  for (const Labels& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

Labels sorted(Labels labels) {
  std::ranges::sort(labels);
  return labels;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(loader)

BOOST_AUTO_TEST_CASE(batches_come_in_order) {
  const nn::DataLoader loader(tens(5), {.batch_size = 2});
  const std::vector<Labels> expected = {{0, 1}, {2, 3}, {4}};
  BOOST_TEST((epoch_of(loader) == expected));
  BOOST_TEST((epoch_of(loader) == expected));
}

BOOST_AUTO_TEST_CASE(a_partial_batch_may_be_dropped) {
  BOOST_TEST((epoch_of(nn::DataLoader(tens(5), {.batch_size = 2, .drop_last = true})) == std::vector<Labels>{{0, 1}, {2, 3}}));
  BOOST_TEST((epoch_of(nn::DataLoader(tens(4), {.batch_size = 2, .drop_last = true})) == std::vector<Labels>{{0, 1}, {2, 3}}));
  BOOST_TEST(epoch_of(nn::DataLoader(tens(1), {.batch_size = 2, .drop_last = true})).empty());
  BOOST_TEST((epoch_of(nn::DataLoader(tens(1), {.batch_size = 2})) == std::vector<Labels>{{0}}));
  BOOST_TEST(epoch_of(nn::DataLoader(tens(0))).empty());
  BOOST_TEST(nn::DataLoader(tens(65)).size() == 3);
}

BOOST_AUTO_TEST_CASE(each_epoch_has_an_order_of_its_own) {
  cr::Generator generator(3);
  const nn::DataLoader loader(tens(50), {.batch_size = 8, .shuffle = true, .generator = &generator});
  const std::vector<Labels> first = epoch_of(loader), second = epoch_of(loader);
  BOOST_TEST(first.size() == 7u);
  BOOST_TEST(first.back().size() == 2u);
  Labels all(50);
  for (int i = 0; i < 50; ++i) all[static_cast<std::size_t>(i)] = i;
  BOOST_TEST(sorted(joined(first)) == all);
  BOOST_TEST(sorted(joined(second)) == all);
  BOOST_TEST((joined(first) != all));
  BOOST_TEST((joined(first) != joined(second)));

  cr::Generator again(3);
  const nn::DataLoader other(tens(50), {.batch_size = 50, .shuffle = true, .generator = &again});
  BOOST_TEST(joined(epoch_of(other)) == joined(first));
  BOOST_TEST(joined(epoch_of(other)) == joined(second));
  BOOST_TEST((again == generator));
}

BOOST_AUTO_TEST_CASE(shuffling_moves_every_place) {
  cr::Generator generator(1);
  const nn::DataLoader loader(tens(4), {.batch_size = 4, .shuffle = true, .generator = &generator});
  std::vector<std::vector<int>> counts(4, std::vector<int>(4));
  constexpr int kEpochs = 4000;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const Labels labels = (*loader.begin()).targets.to_vector<int>();
    for (std::size_t place = 0; place < 4; ++place) ++counts[place][static_cast<std::size_t>(labels[place])];
  }
  // A quarter of 4000, give or take five standard deviations.
  for (const std::vector<int>& row : counts)
    for (const int count : row) BOOST_TEST(std::abs(count - kEpochs / 4) < 140);
}

BOOST_AUTO_TEST_CASE(without_a_generator_the_default_one_is_used) {
  const nn::DataLoader loader(tens(20), {.batch_size = 20, .shuffle = true});
  cr::manual_seed(5);
  const Labels first = joined(epoch_of(loader));
  cr::manual_seed(5);
  BOOST_TEST(joined(epoch_of(loader)) == first);
}

BOOST_AUTO_TEST_CASE(epochs_may_run_side_by_side) {
  const nn::DataLoader loader(tens(6), {.batch_size = 2, .shuffle = true});
  Labels pairs;
  for (const nn::Batch& outer : loader) {
    const Labels before = outer.targets.to_vector<int>();
    BOOST_TEST(sorted(joined(epoch_of(loader))) == (Labels{0, 1, 2, 3, 4, 5}));
    BOOST_TEST(outer.targets.to_vector<int>() == before);
    pairs.insert(pairs.end(), before.begin(), before.end());
  }
  BOOST_TEST(sorted(pairs) == (Labels{0, 1, 2, 3, 4, 5}));
}

BOOST_AUTO_TEST_CASE(subsets_load_too) {
  const std::vector<std::int64_t> picks = {3, 1, 4};
  BOOST_TEST((epoch_of(nn::DataLoader(tens(5).subset(picks), {.batch_size = 2})) == std::vector<Labels>{{3, 1}, {4}}));
}

BOOST_AUTO_TEST_CASE(an_epoch_holds_one_batch_and_lets_it_go) {
  const nn::DataLoader loader(tens(64), {.batch_size = 8, .shuffle = true});
  const cr::GraphStats before = cr::graph_stats();
  std::int64_t most = 0;
  for (const nn::Batch& batch : loader) {
    most = std::max(most, cr::graph_stats().tensors - before.tensors);
    BOOST_TEST(batch.inputs.size(0) == 8);
  }
  BOOST_TEST(most == 3);  // the order, the inputs and the targets
  BOOST_TEST((cr::graph_stats() == before));
}

BOOST_AUTO_TEST_CASE(a_batch_of_none_is_refused) {
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::DataLoader(tens(3), {.batch_size = 0}); }) ==
             "DataLoader: batch_size is 0, expected at least 1" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
