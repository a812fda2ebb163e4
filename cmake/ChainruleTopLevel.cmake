# Defaults if this project is built by itself. A parent project makes these choices for its own build.
get_property(chainrule_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT chainrule_multi_config AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()

find_program(CHAINRULE_CCACHE ccache)
mark_as_advanced(CHAINRULE_CCACHE)
if(CHAINRULE_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths below the source folder count as relative, so that clones of the repository share cache entries.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CHAINRULE_CCACHE})
endif()

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
