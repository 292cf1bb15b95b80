# The target `docs` makes HTML pages of the public headers' comments, in the build folder's `reference`. The test
# docs/doxygen does the same, and fails where a comment names what does not exist.
find_package(Doxygen 1.9.4 QUIET)
if(NOT DOXYGEN_FOUND)
    return()
endif()

set(STAGGER_REFERENCE_DIR "${PROJECT_BINARY_DIR}/reference")
configure_file("${PROJECT_SOURCE_DIR}/docs/Doxyfile.in" "${STAGGER_REFERENCE_DIR}/Doxyfile" @ONLY)
add_custom_target(docs COMMAND "${DOXYGEN_EXECUTABLE}" "${STAGGER_REFERENCE_DIR}/Doxyfile"
    USES_TERMINAL COMMENT "doxygen: ${STAGGER_REFERENCE_DIR}/html/index.html")
if(STAGGER_BUILD_TESTS)
    add_test(NAME docs/doxygen COMMAND "${DOXYGEN_EXECUTABLE}" "${STAGGER_REFERENCE_DIR}/Doxyfile")
    set_tests_properties(docs/doxygen PROPERTIES LABELS layers TIMEOUT 120)
endif()
