// NoGrad and EnableGrad: what is not recorded, nesting, exceptions, and that the guards belong to their thread.
#include "autograd/graph/grad_mode.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <optional>
#include <stdexcept>
#include <thread>

#include "tests/autograd/base/throws.h"
#include "tests/autograd/derivatives/on_threads.h"

namespace cr = chainrule;
using cr::Tensor;
using cr::test::at_line;
using cr::test::kThreads;
using cr::test::message_of;
using cr::test::on_threads;

namespace {

bool records() {
  const Tensor x = cr::variable(3.0);
  const bool recorded = (x * x).requires_grad();
  BOOST_TEST(recorded == cr::grad_enabled());
  return recorded;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(grad_mode)

BOOST_AUTO_TEST_CASE(nothing_is_recorded_without_need) {
  const cr::GraphStats before = cr::graph_stats();
  Tensor x = cr::variable(2.0), constant = cr::tensor(3.0);
  {
    const cr::NoGrad guard;
    BOOST_CHECK(!cr::grad_enabled());
    Tensor y = x * x;
    BOOST_CHECK(!y.requires_grad());
    BOOST_CHECK(y.is_leaf());
    BOOST_CHECK_EQUAL(cr::graph_stats().nodes, before.nodes);
  }
  BOOST_CHECK(cr::grad_enabled());
  Tensor y = constant * constant + 1;
  BOOST_CHECK(!y.requires_grad());
  BOOST_CHECK(!cr::gt(x, 1).requires_grad());
  BOOST_CHECK(!x.detach().requires_grad());
  BOOST_CHECK_EQUAL(cr::graph_stats().nodes, before.nodes);
  BOOST_CHECK((x * x).requires_grad());
  const unsigned backward_line = __LINE__ + 1;
  const auto backward = [&] { y.backward(); };
  BOOST_CHECK_EQUAL(
      message_of<std::invalid_argument>(backward),
      "backward: the tensor is a leaf of shape [] and does not depend on any tensor that requires grad" + at_line(backward_line));
}

BOOST_AUTO_TEST_CASE(scopes_nest_and_the_innermost_counts) {
  Tensor x = cr::variable(2.0);
  {
    const cr::NoGrad none;
    {
      const cr::EnableGrad again;
      BOOST_TEST(cr::grad_enabled());
      BOOST_TEST((x * x).requires_grad());
      try {
        const cr::GradMode off(false);
        BOOST_TEST(!(x * x).requires_grad());
        throw std::runtime_error("leaves the scope");
      } catch (const std::runtime_error&) {
      }
      BOOST_TEST(cr::grad_enabled());
    }
    BOOST_TEST(!cr::grad_enabled());
    { const cr::NoGrad inner; }
    BOOST_TEST(!cr::grad_enabled());
  }
  BOOST_TEST(cr::grad_enabled());
}

BOOST_AUTO_TEST_CASE(enable_grad_records_inside_no_grad) {
  BOOST_TEST(records());
  {
    const cr::NoGrad none;
    BOOST_TEST(!records());
    {
      const cr::EnableGrad again;
      BOOST_TEST(records());
      Tensor x = cr::variable(3.0);
      (x * x).backward();
      BOOST_TEST(x.grad().item() == 6);
      {
        const cr::NoGrad inner;
        BOOST_TEST(!records());
      }
      BOOST_TEST(records());
    }
    BOOST_TEST(!records());
  }
  BOOST_TEST(records());
}

BOOST_AUTO_TEST_CASE(enable_grad_outside_no_grad_changes_nothing) {
  {
    const cr::EnableGrad enabled;
    BOOST_TEST(records());
    const cr::EnableGrad twice;
    BOOST_TEST(records());
  }
  BOOST_TEST(records());
}

BOOST_AUTO_TEST_CASE(what_was_recorded_before_stays_recorded) {
  Tensor x = cr::variable(3.0);
  const Tensor y = x * x;
  const cr::NoGrad none;
  Tensor z;
  {
    const cr::EnableGrad enabled;
    z = y * 2;
  }
  const Tensor cut = z * 5;
  BOOST_TEST(!cut.requires_grad());
  z.backward();  // passes run in either mode
  BOOST_TEST(x.grad().item() == 12);
}

BOOST_AUTO_TEST_CASE(the_mode_comes_back_after_an_exception) {
  const cr::NoGrad none;
  try {
    const cr::EnableGrad enabled;
    throw std::runtime_error("left");
  } catch (const std::runtime_error&) {
  }
  BOOST_TEST(!records());
}

BOOST_AUTO_TEST_CASE(modes_belong_to_threads) {
  const cr::NoGrad none;
  bool at_first = false, in_none = true, in_enabled = false;
  std::thread([&] {
    at_first = (cr::variable(1.0) * 2).requires_grad();
    const cr::NoGrad own;
    in_none = (cr::variable(1.0) * 2).requires_grad();
    const cr::EnableGrad enabled;
    in_enabled = (cr::variable(1.0) * 2).requires_grad();
  }).join();
  BOOST_TEST((at_first && !in_none && in_enabled));
  BOOST_TEST(!records());
  {
    const cr::EnableGrad enabled;
    bool other = false;
    std::thread([&] {
      const cr::NoGrad own;
      other = (cr::variable(1.0) * 2).requires_grad();
    }).join();
    BOOST_TEST(!other);
    BOOST_TEST(records());
  }
}

BOOST_AUTO_TEST_CASE(second_derivatives_inside_no_grad) {
  const cr::NoGrad none;
  const cr::EnableGrad enabled;
  Tensor x = cr::variable(2.0);
  const Tensor first = cr::grad(x * x * x, {x}, {.create_graph = true})[0];
  BOOST_TEST(cr::grad(first, {x})[0].item() == 12);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(grad_mode_threads)

BOOST_AUTO_TEST_CASE(guards_belong_to_their_thread) {
  Tensor x = cr::variable({1, -1});
  const cr::NoGrad none;
  const cr::DetectAnomaly anomaly;
  std::thread([&] {
    BOOST_TEST(cr::grad_enabled());
    BOOST_TEST(cr::log(x).requires_grad());  // holds a NaN, unnoticed
    const cr::NoGrad inner;
  }).join();
  BOOST_TEST(!cr::grad_enabled());
  BOOST_CHECK_THROW(cr::log(x), std::runtime_error);
  on_threads(kThreads, [&](int i) {
    std::optional<cr::NoGrad> guard;
    for (int round = 0; round < 200; ++round) {
      if ((i + round) % 2 == 0) {
        guard.emplace();
      } else {
        guard.reset();
      }
      if (cr::exp(x).requires_grad() == guard.has_value()) throw std::runtime_error("another thread's guard is in force");
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()
