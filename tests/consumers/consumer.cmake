# Shared by all CMake consumers: builds main.cpp and other programs with the library, with warnings as errors, and checks that the library
# changed no settings of the project. Each consumer includes this file once before and once after it adds the library.
set(watched CMAKE_CXX_FLAGS CMAKE_MODULE_PATH CMAKE_PREFIX_PATH CMAKE_BUILD_TYPE CMAKE_CXX_STANDARD CMAKE_CXX_COMPILER_LAUNCHER
            CMAKE_POSITION_INDEPENDENT_CODE CMAKE_EXPORT_COMPILE_COMMANDS BUILD_SHARED_LIBS BUILD_TESTING)
if(NOT DEFINED consumer_before)
  set(consumer_before "")
  foreach(name IN LISTS watched)
    list(APPEND consumer_before "${name}=${${name}}")
  endforeach()
  return()
endif()

set(consumer_after "")
foreach(name IN LISTS watched)
  list(APPEND consumer_after "${name}=${${name}}")
endforeach()
if(NOT consumer_before STREQUAL consumer_after)
  message(FATAL_ERROR "variables changed\nfrom ${consumer_before}\nto   ${consumer_after}")
endif()
foreach(scope GLOBAL DIRECTORY)
  foreach(name COMPILE_OPTIONS COMPILE_DEFINITIONS INCLUDE_DIRECTORIES LINK_OPTIONS LINK_DIRECTORIES)
    get_property(value ${scope} PROPERTY ${name})
    if(value)
      message(FATAL_ERROR "the library set ${name}: ${value}")
    endif()
  endforeach()
endforeach()

# Compiled with the usage requirements of the library only.
add_executable(plain ${CMAKE_CURRENT_LIST_DIR}/main.cpp)
target_link_libraries(plain PRIVATE chainrule::chainrule)

# Compiles public headers with users' warnings. NO_SYSTEM_FROM_IMPORTED, because warnings in system headers are not reported.
foreach(name layer_graph own_layer own_loop scopes second_derivatives)
  add_executable(${name} ${CMAKE_CURRENT_LIST_DIR}/programs/${name}.cpp)
  target_link_libraries(${name} PRIVATE chainrule::chainrule)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror)
  set_target_properties(${name} PROPERTIES NO_SYSTEM_FROM_IMPORTED ON)
endforeach()
