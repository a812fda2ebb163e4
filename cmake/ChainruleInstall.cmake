# Installs the library for find_package(chainrule) and pkg-config. The installed tree is relocatable.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(chainrule_headers_dir ${CMAKE_INSTALL_INCLUDEDIR}/chainrule)
set(chainrule_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/chainrule)

install(
  TARGETS chainrule
  EXPORT chainruleTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${chainrule_headers_dir})
install(EXPORT chainruleTargets NAMESPACE chainrule:: DESTINATION ${chainrule_package_dir})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/chainruleConfig.cmake.in ${PROJECT_BINARY_DIR}/chainruleConfig.cmake
                              INSTALL_DESTINATION ${chainrule_package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/chainruleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/chainruleConfig.cmake ${PROJECT_BINARY_DIR}/chainruleConfigVersion.cmake
        DESTINATION ${chainrule_package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/cmake/FindSleef.cmake ${PROJECT_SOURCE_DIR}/cmake/FindDNNL.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindCBLAS.cmake DESTINATION ${chainrule_package_dir}/modules)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/chainrule)

# pkg-config: libraries in the linker's own search path are given by name, others by path. All are in Libs and none in Requires, because
# users of a static library must link them but do not need their compile flags.
function(chainrule_pkg_config_flag library result)
  get_filename_component(folder ${library} DIRECTORY)
  get_filename_component(name ${library} NAME)
  file(REAL_PATH ${folder} folder)
  set(${result} ${library} PARENT_SCOPE)
  foreach(searched IN LISTS CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
    if(EXISTS ${searched})
      file(REAL_PATH ${searched} searched)
      if(folder STREQUAL searched AND name MATCHES "^lib(.+)\\.(so|a|dylib)")  # also libhwy.so.1.0.3, if libhwy.so points to it
        if(EXISTS ${folder}/${CMAKE_MATCH_0})
          set(${result} -l${CMAKE_MATCH_1} PARENT_SCOPE)
        endif()
      endif()
    endif()
  endforeach()
endfunction()

function(chainrule_pkg_config_libraries result)
  set(flags "")
  foreach(target IN LISTS CHAINRULE_LINKED_TARGETS)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "INTERFACE_LIBRARY")
      get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
    else()
      get_target_property(libraries ${target} LOCATION)
    endif()
    foreach(library IN LISTS libraries)
      if(IS_ABSOLUTE ${library})
        chainrule_pkg_config_flag(${library} library)
      endif()
      list(APPEND flags ${library})
    endforeach()
  endforeach()
  list(JOIN flags " " flags)
  set(${result} ${flags} PARENT_SCOPE)
endfunction()

set(CHAINRULE_PKG_CONFIG_LIBRARIES "")
if(NOT BUILD_SHARED_LIBS)
  chainrule_pkg_config_libraries(CHAINRULE_PKG_CONFIG_LIBRARIES)
endif()
set(chainrule_pkg_config_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH CHAINRULE_PREFIX_FROM_PC /prefix/${chainrule_pkg_config_dir} /prefix)
string(REGEX REPLACE "/$" "" CHAINRULE_PREFIX_FROM_PC ${CHAINRULE_PREFIX_FROM_PC})
configure_file(${PROJECT_SOURCE_DIR}/cmake/chainrule.pc.in ${PROJECT_BINARY_DIR}/chainrule.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/chainrule.pc DESTINATION ${chainrule_pkg_config_dir})
