# The files of the library: chainrule's are built for speed, chainrule_compact's for size.
add_library(chainrule_compact OBJECT)
target_sources(chainrule PRIVATE $<TARGET_OBJECTS:chainrule_compact>)
target_compile_features(chainrule_compact PRIVATE cxx_std_20)
target_include_directories(chainrule_compact PRIVATE ${PROJECT_SOURCE_DIR})
target_compile_options(chainrule_compact PRIVATE $<$<CONFIG:Release>:-Os>)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A group of files may grow by inlining as much as small files alone, but for functions that are large themselves. Unlikely paths stay with
  # their function: apart, they cost a fifth of the object file in tables.
  target_compile_options(chainrule PRIVATE --param=inline-unit-growth=100 --param=max-inline-insns-single=70 -fno-reorder-blocks-and-partition)
endif()
foreach(target chainrule chainrule_compact)
  chainrule_target_options(${target})
  # Where a compiler may fuse a product with a sum, a rule on single numbers could round otherwise than on Tensors, and a loop over a buffer
  # otherwise than one over its tail. Nothing reads what a function of <cmath> leaves in errno.
  target_compile_options(${target} PRIVATE -ffp-contract=off -fno-math-errno -fno-semantic-interposition)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${CHAINRULE_UNITY} UNITY_BUILD_MODE GROUP)
endforeach()

# chainrule_sources(target group file...): files of this folder. Where CHAINRULE_UNITY is on, those of one group are compiled as one, and a
# program that needs one of them links all: a group is what is used together.
function(chainrule_sources target group)
  target_sources(${target} PRIVATE ${ARGN})
  set_source_files_properties(${ARGN} TARGET_DIRECTORY chainrule PROPERTIES UNITY_GROUP ${group})
endfunction()
