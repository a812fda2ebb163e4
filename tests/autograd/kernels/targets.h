// Runs a test once for every instruction set that the library was compiled for and the processor supports.
#pragma once

#include <hwy/targets.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>

#include "autograd/kernels/elementwise.h"

namespace chainrule::test {

/// Makes Highway assume a processor with a single target; 0 restores the actual processor.
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
