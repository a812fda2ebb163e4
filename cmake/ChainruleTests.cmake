# chainrule_add_test(name SOURCES file... LIBRARIES target...) adds a Boost.Test program. Each of its cases is a CTest test with the name
# "name.suite/case"; the cases are read from the program after each build (ChainruleDiscoverTests.cmake).
# - Cases run on one thread, except in suites whose name ends in "_threads": those use all threads of the machine, run one at a time, and
#   have the label "threads".
# - A case with "mnist" in its name that prints "skipped: " counts as skipped, because its dataset may be missing.
find_package(Boost REQUIRED COMPONENTS unit_test_framework)
add_library(chainrule_boost_test INTERFACE)
if(CMAKE_CXX_FLAGS MATCHES "-stdlib=libc\\+\\+")
  # Boost's shared library uses the other standard library, so its sources are compiled into each program.
  target_link_libraries(chainrule_boost_test INTERFACE Boost::headers)
  target_compile_definitions(chainrule_boost_test INTERFACE _LIBCPP_ENABLE_CXX17_REMOVED_UNARY_BINARY_FUNCTION)  # for Boost 1.74
else()
  target_link_libraries(chainrule_boost_test INTERFACE Boost::unit_test_framework)
  target_compile_definitions(chainrule_boost_test INTERFACE BOOST_TEST_DYN_LINK)
endif()

function(chainrule_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  add_executable(${name}_test ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/tests/main.cpp)
  target_link_libraries(${name}_test PRIVATE ${arg_LIBRARIES} chainrule_boost_test)
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR})
  chainrule_target_options(${name}_test)
  target_compile_options(${name}_test PRIVATE -O1)  # the library is optimised; the tests themselves should compile fast
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(${name}_test PRIVATE -Wno-enum-constexpr-conversion)  # Boost 1.74's headers trigger it, and it is an error in clang 16 to 19
  endif()

  set(cases ${CMAKE_CURRENT_BINARY_DIR}/${name}_cases.cmake)
  add_custom_command(
    TARGET ${name}_test
    POST_BUILD
    BYPRODUCTS ${cases}
    COMMAND ${CMAKE_COMMAND} -D NAME=${name} -D PROGRAM=$<TARGET_FILE:${name}_test> -D OUTPUT=${cases}
            "-D SANITIZE=${CHAINRULE_SANITIZE}" "-D EMULATOR=${CMAKE_CROSSCOMPILING_EMULATOR}" -P ${PROJECT_SOURCE_DIR}/cmake/ChainruleDiscoverTests.cmake
    VERBATIM)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}_include.cmake
       "if(EXISTS \"${cases}\")\n  include(\"${cases}\")\nelse()\n  add_test(${name}_NOT_BUILT ${name}_NOT_BUILT)\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}_include.cmake)
endfunction()

# chainrule_add_locale_test(name suite...) adds the CTest test name.in_another_locale, which runs these suites of a Boost.Test program once more
# in a locale with other digits (tests/autograd/base/other_locale.h). A C locale whose decimal point has two bytes is made for it if the system
# can.
find_program(CHAINRULE_LOCALEDEF localedef)
mark_as_advanced(CHAINRULE_LOCALEDEF)

function(chainrule_add_locale_test name)
  set(locales ${PROJECT_BINARY_DIR}/locales)
  if(CHAINRULE_LOCALEDEF AND NOT EXISTS ${locales})
    file(MAKE_DIRECTORY ${locales})
    execute_process(COMMAND ${CHAINRULE_LOCALEDEF} -i ps_AF -f UTF-8 ${locales}/ps_AF.UTF-8 OUTPUT_QUIET ERROR_QUIET)
  endif()
  list(TRANSFORM ARGN PREPEND --run_test= OUTPUT_VARIABLE suites)
  add_test(NAME ${name}.in_another_locale COMMAND ${name}_test ${suites} --report_level=short --color_output=no)
  set_tests_properties(${name}.in_another_locale PROPERTIES ENVIRONMENT "OMP_NUM_THREADS=1;CHAINRULE_TEST_LOCALE=1;LOCPATH=${locales}")
endfunction()

# chainrule_add_python_tests(name driver.py [SYSTEM_PYTHON] [PROGRAMS target...] [ARGUMENTS argument...]) adds a unittest program that runs
# programs as users do. `driver.py --list` prints its cases, `driver.py PROGRAM... ARGUMENT... CASE` runs one. Each case is a CTest test with
# the name "name.TestCase/what". As above, a case that ends in "_threads" runs alone, and one that ends in "_mnist", "_torch", "_chromium" or
# "_doxygen" may be skipped. SYSTEM_PYTHON runs the driver with the system's Python, which has the system's PyTorch.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_program(CHAINRULE_SYSTEM_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(CHAINRULE_SYSTEM_PYTHON python3 REQUIRED)
mark_as_advanced(CHAINRULE_SYSTEM_PYTHON)

function(chainrule_add_python_tests name driver)
  cmake_parse_arguments(PARSE_ARGV 2 arg "SYSTEM_PYTHON" "" "PROGRAMS;ARGUMENTS")
  set(python ${Python3_EXECUTABLE})
  if(arg_SYSTEM_PYTHON)
    set(python ${CHAINRULE_SYSTEM_PYTHON})
  endif()
  set(driver ${CMAKE_CURRENT_SOURCE_DIR}/${driver})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${driver})
  execute_process(COMMAND ${python} -B ${driver} --list OUTPUT_VARIABLE cases OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" cases "${cases}")
  list(TRANSFORM arg_PROGRAMS REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE programs)
  foreach(case IN LISTS cases)
    string(REPLACE ".test_" "/" test "${name}.${case}")
    add_test(NAME ${test} COMMAND ${python} -B ${driver} ${programs} ${arg_ARGUMENTS} ${case})
    if(case MATCHES "_threads$")
      set_tests_properties(${test} PROPERTIES RUN_SERIAL TRUE LABELS threads)
    else()
      set_tests_properties(${test} PROPERTIES ENVIRONMENT OMP_NUM_THREADS=1)
    endif()
    if(case MATCHES "_(mnist|torch|chromium|doxygen)$")
      set_tests_properties(${test} PROPERTIES SKIP_REGULAR_EXPRESSION "(^|\n)skipped: ")
    endif()
  endforeach()
endfunction()
