// Runs a test once for every instruction set that this library was compiled for and this processor has.
#pragma once

#include <hwy/targets.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>

namespace chainrule::test {

template <class Body>
void for_each_target(Body body) {
  const std::int64_t fallback = HWY_SCALAR | HWY_EMU128;
  const std::int64_t usable = HWY_TARGETS & (hwy::SupportedTargets() | fallback);
  for (std::int64_t rest = usable; rest != 0; rest &= rest - 1) {
    const std::int64_t target = rest & -rest;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    BOOST_TEST_CONTEXT("target " << hwy::TargetName(target)) { body(hwy::TargetName(target)); }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace chainrule::test
