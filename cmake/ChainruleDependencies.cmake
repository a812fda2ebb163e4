# The libraries that chainrule links. Each is found here, and again by chainruleConfig.cmake for users of the static library.
# All are private: no public header includes them, and they add nothing to users' compile commands.
set(CHAINRULE_FIND_DEPENDENCIES "")  # lines for chainruleConfig.cmake
set(CHAINRULE_LINKED_TARGETS "")

macro(chainrule_find target)
  find_package(${ARGN} REQUIRED)
  if(NOT BUILD_SHARED_LIBS)
    string(JOIN " " chainrule_arguments ${ARGN})
    string(APPEND CHAINRULE_FIND_DEPENDENCIES "find_dependency(${chainrule_arguments})\n")
  endif()
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
# Kernels are compiled once per instruction set. SSSE3 is left out: processors with SSE4 use that, and older ones plain loops. SVE and RVV are
# left out because kernels keep vectors in classes and arrays, which cannot hold vectors of a size unknown to the compiler. With sanitizers each
# instruction set takes minutes to compile, so only plain loops and AVX2 remain.
set(chainrule_disabled_targets "HWY_SSSE3|HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128|HWY_RVV")
if(CHAINRULE_SANITIZE)
  string(APPEND chainrule_disabled_targets "|HWY_SSE4|HWY_AVX3")
endif()
target_compile_definitions(chainrule PRIVATE "HWY_DISABLED_TARGETS=(${chainrule_disabled_targets})")
target_compile_definitions(chainrule_engine PRIVATE CHAINRULE_POOL=$<BOOL:${CHAINRULE_POOL}>)

# chainrule::internals is for tests, which call internal functions, too. A shared library hides these, so it is an archive of the same objects.
if(BUILD_SHARED_LIBS)
  add_library(chainrule_internals STATIC EXCLUDE_FROM_ALL)
  foreach(part chainrule ${chainrule_parts})
    target_sources(chainrule_internals PRIVATE $<TARGET_OBJECTS:${part}>)
  endforeach()
  set_target_properties(chainrule_internals PROPERTIES LINKER_LANGUAGE CXX)
  target_compile_features(chainrule_internals PUBLIC cxx_std_20)
  target_include_directories(chainrule_internals PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(chainrule_internals PRIVATE ${CHAINRULE_LINKED_TARGETS})
  add_library(chainrule::internals ALIAS chainrule_internals)
else()
  add_library(chainrule::internals ALIAS chainrule)
endif()
