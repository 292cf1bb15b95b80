# Install and export, so that find_package(stagger) works from any prefix.
if(NOT STAGGER_INSTALL)
    return()
endif()

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(stagger_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/stagger")

get_property(stagger_layers GLOBAL PROPERTY stagger_layers)
install(TARGETS ${stagger_layers} stagger_stagger
    EXPORT stagger-targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT stagger-targets NAMESPACE stagger:: DESTINATION "${stagger_package_dir}")

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/stagger-config.cmake.in"
    "${PROJECT_BINARY_DIR}/stagger-config.cmake" INSTALL_DESTINATION "${stagger_package_dir}"
    NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# While the version is 0.x a new minor version may break what used the last one.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/stagger-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/stagger-config.cmake" "${PROJECT_BINARY_DIR}/stagger-config-version.cmake"
    DESTINATION "${stagger_package_dir}")

# For builds that are not CMake's. An archive stands before those that it uses: the layers from the top to the bottom.
set(stagger_libraries "")
foreach(layer IN LISTS stagger_layers)
    string(PREPEND stagger_libraries " -l${layer}")
endforeach()
file(RELATIVE_PATH stagger_up_from_pc "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")  # so that it may be installed anywhere
configure_file("${PROJECT_SOURCE_DIR}/cmake/stagger.pc.in" "${PROJECT_BINARY_DIR}/stagger.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/stagger.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

# cmake --build BUILD --target package: one .deb with the command, its man page and completions, and the library.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME stagger)
set(CPACK_PACKAGE_CONTACT "The stagger developers <stagger@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libboost-dev, libboost-json-dev, libboost-url-dev, libhiredis-dev, libssl-dev")
include(CPack)
