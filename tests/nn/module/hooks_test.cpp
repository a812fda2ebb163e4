#include "nn/module/hooks.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::message_of;

namespace {

struct Sum : nn::MultiModule {
  Sum() : MultiModule(2, 2) {}
  std::vector<cr::Tensor> forward_many(const std::vector<cr::Tensor>& x) const override { return {x[0] + x[1], x[0] - x[1]}; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(module_hooks)

BOOST_AUTO_TEST_CASE(a_hook_sees_what_goes_in_and_comes_out) {
  const nn::Sequential model{nn::Dense(2, 3), nn::ReLU()};
  std::vector<std::string> seen;
  cr::Tensor input, output;
  model[1]->on_forward([&](const nn::Module& module, std::span<const cr::Tensor> inputs, std::span<cr::Tensor> outputs) {
    seen.push_back(module.describe());
    BOOST_REQUIRE(inputs.size() == 1U);
    BOOST_REQUIRE(outputs.size() == 1U);
    input = inputs[0];
    output = outputs[0];
  });
  const cr::Tensor x = cr::randn({4, 2}), y = model(x);
  BOOST_TEST(seen == std::vector<std::string>{"ReLU"}, boost::test_tools::per_element());
  BOOST_TEST(output.is(y));
  BOOST_TEST(input.to_vector<float>() == model[0](x).to_vector<float>(), boost::test_tools::per_element());
  model[1]->forward(x);  // not through operator()
  BOOST_TEST(seen.size() == 1U);
}

BOOST_AUTO_TEST_CASE(several_replace_in_order_until_removed) {
  nn::Sequential model;
  nn::HookHandle add = model.on_forward([](const nn::Module&, std::span<const cr::Tensor>, std::span<cr::Tensor> y) { y[0] = y[0] + 1; });
  nn::HookHandle twice = model.on_forward([](const nn::Module&, std::span<const cr::Tensor>, std::span<cr::Tensor> y) { y[0] = y[0] * 2; });
  nn::HookHandle before = model.before_forward([](const nn::Module&, std::span<cr::Tensor> x) { x[0] = x[0] * 10; });
  cr::Tensor had;
  model.on_forward([&](const nn::Module&, std::span<const cr::Tensor> x, std::span<cr::Tensor>) { had = x[0]; });
  const cr::Tensor x = cr::variable({3});
  cr::Tensor y = model(x);
  check_close(y, {62});
  check_close(had, {30});
  cr::sum(y).backward();
  check_close(x.grad(), {20});
  add.remove();
  check_close(model(x), {60});
  add.remove();
  before.remove();
  check_close(model(x), {6});
  twice.remove();
  BOOST_TEST(model(x).is(x));
  nn::HookHandle().remove();
}

BOOST_AUTO_TEST_CASE(hooks_of_several_inputs_and_outputs) {
  Sum model;
  model.before_forward([](const nn::Module&, std::span<cr::Tensor> x) { std::swap(x[0], x[1]); });
  model.on_forward([](const nn::Module&, std::span<const cr::Tensor> x, std::span<cr::Tensor> y) {
    BOOST_TEST(x.size() == 2U);
    y[0] = -y[0];
  });
  const std::vector<cr::Tensor> y = model({cr::tensor({5}), cr::tensor({2})});
  check_close(y[0], {-7});
  check_close(y[1], {-3});
  nn::Dense dense(1, 1);
  int calls = 0;
  dense.on_forward([&](const nn::Module&, std::span<const cr::Tensor>, std::span<cr::Tensor>) { ++calls; });
  dense({cr::ones({1, 1})});
  dense(cr::ones({1, 1}));
  BOOST_TEST(calls == 2);
  nn::Sequential one{std::move(dense)};
  one({cr::ones({1, 1})});
  BOOST_TEST(calls == 3);
}

BOOST_AUTO_TEST_CASE(a_handle_that_is_dropped_leaves_the_hook_and_moves_keep_it) {
  int calls = 0;
  nn::HookHandle handle;
  {
    nn::Dense dense(2, 2);
    dense.on_forward([&](const nn::Module&, std::span<const cr::Tensor>, std::span<cr::Tensor>) { ++calls; });
    handle = dense.on_forward([&](const nn::Module&, std::span<const cr::Tensor>, std::span<cr::Tensor>) { calls += 10; });
    const nn::Sequential model{std::move(dense)};
    model(cr::ones({1, 2}));
    BOOST_TEST(calls == 11);
    handle.remove();
    model(cr::ones({1, 2}));
    BOOST_TEST(calls == 12);
    nn::Dense other(2, 2);
    other.on_forward([&](const nn::Module&, std::span<const cr::Tensor>, std::span<cr::Tensor>) { calls += 100; });
    other = nn::Dense(2, 2);  // what it was is gone, with its hooks
    other(cr::ones({1, 2}));
    BOOST_TEST(calls == 12);
  }
  handle.remove();  // the module is gone
}

BOOST_AUTO_TEST_CASE(a_hook_may_remove_itself_and_add_another) {
  nn::ReLU relu;
  std::vector<int> order;
  nn::HookHandle once;
  const auto note = [&](int what) {
    return [&order, what](const nn::Module&, std::span<const cr::Tensor>, std::span<cr::Tensor>) { order.push_back(what); };
  };
  once = relu.on_forward([&](const nn::Module&, std::span<const cr::Tensor>, std::span<cr::Tensor>) {
    order.push_back(1);
    once.remove();
    relu.on_forward(note(3));
  });
  relu.on_forward(note(2));
  relu(cr::ones({1}));
  relu(cr::ones({1}));
  BOOST_TEST(order == (std::vector<int>{1, 2, 2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(errors_name_the_modules_path_and_the_hooks_line) {
  const nn::Sequential model{nn::Dense(2, 3), nn::ReLU()};
  const unsigned line = __LINE__ + 2;
  nn::HookHandle bad = model[1]->on_forward([](const nn::Module&, std::span<const cr::Tensor>, std::span<cr::Tensor> y) {
    y[0] = y[0] + cr::ones({4});  //
  });
  const cr::Tensor x = cr::ones({2, 2});
  BOOST_TEST(message_of<std::invalid_argument>([&] { model(x); }) ==
             "Sequential.1 (ReLU): add: shapes [2, 3] and [4] do not broadcast together" + at_line(line));
  bad.remove();
  bad = model[0]->before_forward([](const nn::Module&, std::span<cr::Tensor> inputs) { inputs[0] = cr::Tensor(); });
  BOOST_TEST(message_of<std::logic_error>([&] { model(x); }) ==
             "Sequential.0 (Dense 2 -> 3): before_forward: a hook left an undefined tensor at position 0" + at_line());
  bad.remove();
  bad = model[0]->on_forward([](const nn::Module&, std::span<const cr::Tensor>, std::span<cr::Tensor> y) { y[0] = cr::Tensor(); });
  BOOST_TEST(message_of<std::logic_error>([&] { model(x); }) ==
             "Sequential.0 (Dense 2 -> 3): on_forward: a hook left an undefined tensor at position 0" + at_line());
  bad.remove();
  BOOST_TEST(model(x).shape() == cr::Shape({2, 3}));
  BOOST_TEST(message_of<std::invalid_argument>([&] { model[0]->on_forward({}); }) == "on_forward: got an empty function" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { model[0]->before_forward({}); }) ==
             "before_forward: got an empty function" + at_line());
}

BOOST_AUTO_TEST_CASE(build_and_clones_call_none) {
  struct Block : nn::Module {
    nn::Dense fc{2, 2};
    cr::Tensor forward(const cr::Tensor& x) const override { return fc(x); }
    void members(nn::Members& visit) override { visit("fc", fc); }
    std::shared_ptr<nn::Module> copy_structure(nn::Cloner&) const override { return std::make_shared<Block>(); }
  };
  int calls = 0;
  Block block;
  const auto count = [&](const nn::Module&, std::span<const cr::Tensor>, std::span<cr::Tensor>) { ++calls; };
  block.on_forward(count);
  block.fc.on_forward(count);
  block.build({2});
  const nn::Layer inner = nn::Dense(2, 2);
  inner->on_forward(count);
  const cr::Tensor one = cr::ones({1, 2});
  inner(nn::Sequential{inner}(nn::input({2})));
  const nn::Layer copy = block.clone();
  copy(one);
  BOOST_TEST(calls == 0);
  block(one);
  BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(module_hooks_threads)

BOOST_AUTO_TEST_CASE(eight_threads_may_call_a_module_with_hooks) {
  nn::Sequential model{nn::Dense(4, 4), nn::Tanh()};
  std::mutex mutex;
  int calls = 0;
  model[0]->on_forward([&](const nn::Module&, std::span<const cr::Tensor>, std::span<cr::Tensor> y) {
    y[0] = y[0] * 2;
    const std::lock_guard lock(mutex);
    ++calls;
  });
  const nn::Sequential& shared = model;
  const cr::Tensor x = cr::ones({1, 4});
  const std::vector<float> expected = shared(x).to_vector<float>();
  std::array<int, 8> right{};
  std::vector<std::thread> threads;
  for (int& count : right)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) count += shared(x).to_vector<float>() == expected;
    });
  for (std::thread& thread : threads) thread.join();
  for (const int count : right) BOOST_TEST(count == 50);
  BOOST_TEST(calls == 401);
}

BOOST_AUTO_TEST_SUITE_END()
