// NoGrad and EnableGrad: nesting, exceptions, threads, and passes within them.
#include "autograd/graph/grad_mode.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <thread>

#include "autograd/autograd.h"

namespace cr = chainrule;
using cr::Tensor;

namespace {

bool records() {
  const Tensor x = cr::variable(3.0);
  const bool recorded = (x * x).requires_grad();
  BOOST_TEST(recorded == cr::grad_enabled());
  return recorded;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(grad_mode)

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
