include(doctest)

# Targets tests-LABEL build one kind of tests: a sanitizer that runs two kinds need not build the others.
foreach(label unit sim net threads fuzz cli interop layers)
    add_custom_target(tests-${label})
endforeach()

# stagger_test(NAME LABEL ... SOURCES ... LINK ... [PROPERTIES ...])
# One doctest executable; every test case is a ctest test of its own, with those properties.
function(stagger_test name)
    cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "SOURCES;LINK;PROPERTIES" ${ARGN})
    add_executable(${name} ${arg_SOURCES} $<TARGET_OBJECTS:test_main>)
    stagger_target(${name})
    set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)  # test files share names, as their cases do words
    target_link_libraries(${name} PRIVATE doctest::doctest ${arg_LINK})
    # Assertions as calls instead of inlined: a test file compiles a tenth faster.
    target_compile_definitions(${name} PRIVATE DOCTEST_CONFIG_SUPER_FAST_ASSERTS)
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/lib/src" "${PROJECT_SOURCE_DIR}/tests")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 300)
    endif()
    add_dependencies(tests-${arg_LABEL} ${name})
    doctest_discover_tests(${name} TEST_PREFIX "${arg_LABEL}/"
        PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} ${arg_PROPERTIES})
endfunction()
