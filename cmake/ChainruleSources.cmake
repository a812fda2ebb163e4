# The files of the library: the target chainrule itself compiles the kernels, these three the rest, which goes into it as objects.
add_library(chainrule_engine OBJECT)    # built for speed
add_library(chainrule_balanced OBJECT)  # -O2, with loops in vectors: 0.1 MB smaller, and graphs of small ops as fast
add_library(chainrule_compact OBJECT)   # built for size: what takes long here is the work of the others
set(chainrule_parts chainrule_engine chainrule_balanced chainrule_compact)
target_compile_options(chainrule PRIVATE $<$<CONFIG:Release>:-O2>)  # vectors are written out where kernels want them; -O3 makes them 0.1 MB larger
target_compile_options(chainrule_balanced PRIVATE "$<$<CONFIG:Release>:-O2;-ftree-vectorize>")
target_compile_options(chainrule_compact PRIVATE $<$<CONFIG:Release>:-Os>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A group of files may grow as much by inlining as small files alone, but for functions that are large themselves.
  foreach(part chainrule_engine chainrule_balanced)
    target_compile_options(${part} PRIVATE --param=inline-unit-growth=100 --param=max-inline-insns-single=40 --param=inline-min-speedup=30)
  endforeach()
  # Unlikely paths stay with their functions: apart, they are a twentieth of the object file, in tables. In the engine they go, which makes
  # the smallest graphs an eighth faster.
  foreach(part chainrule chainrule_balanced)
    target_compile_options(${part} PRIVATE -fno-reorder-blocks-and-partition)
  endforeach()
  target_compile_options(chainrule_balanced PRIVATE -fvect-cost-model=dynamic)
endif()

chainrule_target_options(chainrule)
foreach(part chainrule ${chainrule_parts})
  target_compile_options(${part} PRIVATE -fno-ident)  # no object need name the compiler
endforeach()
foreach(part ${chainrule_parts})
  chainrule_target_options(${part})
  target_sources(chainrule PRIVATE $<TARGET_OBJECTS:${part}>)
  target_compile_features(${part} PRIVATE cxx_std_20)
  target_include_directories(${part} PRIVATE ${PROJECT_SOURCE_DIR})
  # Where a compiler may fuse a product with a sum, a rule on single numbers could round otherwise than on Tensors. Nothing reads what a
  # function of <cmath> leaves in errno, and nobody puts another function in the place of one of the library's.
  target_compile_options(${part} PRIVATE -ffp-contract=off -fno-math-errno -fno-semantic-interposition)
  set_target_properties(${part} PROPERTIES UNITY_BUILD ${CHAINRULE_UNITY} UNITY_BUILD_MODE GROUP)
endforeach()
set_target_properties(chainrule PROPERTIES UNITY_BUILD OFF)  # each kernel is one file many times already, for the sets of instructions

# chainrule_sources(target group file...): files of this folder. Where CHAINRULE_UNITY is on, those of one group are compiled as one, and a
# program that needs one of them links all: a group is what is used together.
function(chainrule_sources target group)
  target_sources(${target} PRIVATE ${ARGN})
  set_source_files_properties(${ARGN} TARGET_DIRECTORY ${target} PROPERTIES UNITY_GROUP ${group})
endfunction()

# chainrule_headers(PUBLIC header... PRIVATE header...): headers of this folder. Public ones are installed; private ones are seen only by the
# library's own sources and tests.
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
