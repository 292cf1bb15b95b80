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
