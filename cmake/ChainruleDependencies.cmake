# The libraries that chainrule links. Each is found here, and again for its users by chainruleConfig.cmake.
# All are private: no public header includes them, and they add nothing to users' compile commands.
set(CHAINRULE_FIND_DEPENDENCIES "")  # lines for chainruleConfig.cmake
set(CHAINRULE_LINKED_TARGETS "")

macro(chainrule_find target)
  find_package(${ARGN} REQUIRED)
  string(JOIN " " chainrule_arguments ${ARGN})
  string(APPEND CHAINRULE_FIND_DEPENDENCIES "find_dependency(${chainrule_arguments})\n")
  list(APPEND CHAINRULE_LINKED_TARGETS ${target})
endmacro()

macro(chainrule_dependency target)
  chainrule_find(${target} ${ARGN})
  foreach(part chainrule ${chainrule_parts})
    target_link_libraries(${part} PRIVATE ${target})
  endforeach()
endmacro()

chainrule_dependency(hwy::hwy hwy CONFIG)
chainrule_dependency(Sleef::sleef Sleef MODULE)
chainrule_dependency(ZLIB::ZLIB ZLIB MODULE)
find_package(nlohmann_json REQUIRED CONFIG)  # header-only: users neither find nor link it
target_link_libraries(chainrule_balanced PRIVATE nlohmann_json::nlohmann_json)
if(CHAINRULE_OPENMP)
  chainrule_dependency(OpenMP::OpenMP_CXX OpenMP MODULE COMPONENTS CXX)
endif()
if(CHAINRULE_GEMM STREQUAL "onednn")
  chainrule_dependency(DNNL::dnnl DNNL MODULE)
  chainrule_find(CBLAS::CBLAS CBLAS MODULE)
  target_link_libraries(chainrule PRIVATE $<LINK_ONLY:CBLAS::CBLAS>)  # only gemm_cblas.cpp includes its header; the reason is given there
elseif(NOT CHAINRULE_GEMM STREQUAL "builtin")
  message(FATAL_ERROR "CHAINRULE_GEMM is '${CHAINRULE_GEMM}', expected onednn or builtin")
endif()
# Kernels are compiled once per instruction set. SSSE3 is left out: processors with SSE4 use that, and older ones plain loops. With
# sanitizers each instruction set takes minutes to compile, so only plain loops and AVX2 remain.
set(chainrule_disabled_targets HWY_SSSE3)
if(CHAINRULE_SANITIZE)
  string(APPEND chainrule_disabled_targets "|HWY_SSE4|HWY_AVX3")
endif()
target_compile_definitions(chainrule PRIVATE "HWY_DISABLED_TARGETS=(${chainrule_disabled_targets})")
target_compile_definitions(chainrule_engine PRIVATE CHAINRULE_POOL=$<BOOL:${CHAINRULE_POOL}>)
