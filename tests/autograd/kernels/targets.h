// Runs a test once for every instruction set that this library was compiled for and this processor has.
#pragma once

#include <hwy/targets.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>

#include "autograd/kernels/elementwise.h"

namespace chainrule::test {

/// Has Highway pretend to a processor with one target, or with 0 see the one there is.
inline void pretend_target(std::int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  hwy::GetChosenTarget().Update(target != 0 ? target : hwy::SupportedTargets());
  kernels::forget_elementwise_choice();
}

template <class Body>
void for_each_target(Body body) {
  const std::int64_t fallback = HWY_SCALAR | HWY_EMU128;
  const std::int64_t usable = HWY_TARGETS & (hwy::SupportedTargets() | fallback);
  for (std::int64_t rest = usable; rest != 0; rest &= rest - 1) {
    const std::int64_t target = rest & -rest;
    pretend_target(target);
    BOOST_TEST_CONTEXT("target " << hwy::TargetName(target)) { body(hwy::TargetName(target)); }
  }
  pretend_target(0);
}

}  // namespace chainrule::test
