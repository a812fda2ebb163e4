# The source files of the library. The target chainrule compiles the kernels; these three object libraries, part of it, compile the rest.
add_library(chainrule_engine OBJECT)    # optimised for speed
add_library(chainrule_balanced OBJECT)  # -O2 with vectorised loops: 0.1 MB smaller than -O3, and as fast on graphs of small ops
add_library(chainrule_compact OBJECT)   # optimised for size: this code spends its time in the other parts
set(chainrule_parts chainrule_engine chainrule_balanced chainrule_compact)
target_compile_options(chainrule PRIVATE $<$<CONFIG:Release>:-O2>)  # kernels are vectorised by hand; -O3 would make them 0.1 MB larger
target_compile_options(chainrule_balanced PRIVATE "$<$<CONFIG:Release>:-O2;-ftree-vectorize>")
target_compile_options(chainrule_compact PRIVATE $<$<CONFIG:Release>:-Os>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # These limits let a group of files grow by inlining as much as its files would separately, except for large functions.
  foreach(part chainrule_engine chainrule_balanced)
    target_compile_options(${part} PRIVATE --param=inline-unit-growth=100 --param=max-inline-insns-single=40 --param=inline-min-speedup=30)
  endforeach()
  # Unlikely paths stay within their functions, because the tables for separate ones are a twentieth of the object file. The engine
  # separates them, which makes the smallest graphs an eighth faster.
  foreach(part chainrule chainrule_balanced)
    target_compile_options(${part} PRIVATE -fno-reorder-blocks-and-partition)
  endforeach()
  target_compile_options(chainrule_balanced PRIVATE -fvect-cost-model=dynamic)
endif()

chainrule_target_options(chainrule)
file(RELATIVE_PATH chainrule_relative_source ${CMAKE_BINARY_DIR} ${PROJECT_SOURCE_DIR})  # as ccache writes paths
foreach(part chainrule ${chainrule_parts})
  # Objects name neither the compiler nor the folders in which they were built; the paths of debug information remain.
  target_compile_options(${part} PRIVATE -fno-ident)
  foreach(folder ${PROJECT_SOURCE_DIR}/ ${chainrule_relative_source} ${PROJECT_BINARY_DIR}/)
    target_compile_options(${part} PRIVATE -fmacro-prefix-map=${folder}=)
  endforeach()
  # A shared library exports what public headers declare, because these push the visibility "default" (checked by check_layering.py).
  set_target_properties(${part} PROPERTIES CXX_VISIBILITY_PRESET hidden)
endforeach()
foreach(part ${chainrule_parts})
  chainrule_target_options(${part})
  target_sources(chainrule PRIVATE $<TARGET_OBJECTS:${part}>)
  target_compile_features(${part} PRIVATE cxx_std_20)
  target_include_directories(${part} PRIVATE ${PROJECT_SOURCE_DIR})
  # If the compiler fused products with sums, a rule on scalars could round differently than on Tensors. No code reads the errno of <cmath>
  # functions, and no user replaces functions of the library.
  target_compile_options(${part} PRIVATE -ffp-contract=off -fno-math-errno -fno-semantic-interposition)
  set_target_properties(${part} PROPERTIES UNITY_BUILD ${CHAINRULE_UNITY} UNITY_BUILD_MODE GROUP)
endforeach()
# The binary interface is not stable: each version has its own name.
set_target_properties(chainrule PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION} DEFINE_SYMBOL "")
set_target_properties(chainrule PROPERTIES UNITY_BUILD OFF)  # each kernel file is already compiled once per instruction set

# chainrule_sources(target group file...) adds files of this folder. With CHAINRULE_UNITY the files of a group are compiled as one, and a
# program that needs one of them links all. A group therefore contains files that are used together.
function(chainrule_sources target group)
  target_sources(${target} PRIVATE ${ARGN})
  set_source_files_properties(${ARGN} TARGET_DIRECTORY ${target} PROPERTIES UNITY_GROUP ${group})
endfunction()

# chainrule_headers(PUBLIC header... PRIVATE header...) adds headers of this folder. Public ones are installed; private ones are visible only
# to the library's own sources and tests.
function(chainrule_headers)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "PUBLIC;PRIVATE")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "chainrule_headers: ${arg_UNPARSED_ARGUMENTS} is neither PUBLIC nor PRIVATE")
  endif()
  target_sources(chainrule PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_PUBLIC})
  target_sources(chainrule PRIVATE FILE_SET private_headers TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_PRIVATE})
endfunction()

# chainrule_table(target group header result): the one table of a room. Each line `#include "nn/optim/adam.h"  // WORDS` of `header` (a public
# header of this folder that includes all others of a kind, such as optimizers.h) puts adam.h and adam.cpp into the library; `result` is
# set to a list of its entries, "adam;WORDS" with a blank in place of the semicolon. More words may follow on indented lines `// WORDS`.
function(chainrule_table target group header result)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${header})
  file(STRINGS ${header} lines REGEX "^(#include \"| +// )")
  set(entries "")
  foreach(line IN LISTS lines)
    if(entries AND line MATCHES "^ +// (.+)$")
      list(POP_BACK entries entry)
      list(APPEND entries "${entry} ${CMAKE_MATCH_1}")
      continue()
    endif()
    if(NOT line MATCHES "^#include \"[a-z_/]+/([a-z_0-9]+)\\.h\" +// (.+)$")
      message(FATAL_ERROR "${header}: expected #include \"room/name.h\"  // WORDS, got ${line}")
    endif()
    list(APPEND entries "${CMAKE_MATCH_1} ${CMAKE_MATCH_2}")
    chainrule_sources(${target} ${group} ${CMAKE_MATCH_1}.cpp)
    chainrule_headers(PUBLIC ${CMAKE_MATCH_1}.h)
  endforeach()
  chainrule_headers(PUBLIC ${header})
  set(${result} "${entries}" PARENT_SCOPE)
endfunction()
