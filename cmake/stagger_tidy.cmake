# The target `tidy` runs clang-tidy over every file of the compilation database, and compiles nothing.
find_program(STAGGER_RUN_CLANG_TIDY run-clang-tidy)
if(STAGGER_RUN_CLANG_TIDY)
    add_custom_target(tidy COMMAND "${STAGGER_RUN_CLANG_TIDY}" -quiet -p "${PROJECT_BINARY_DIR}"
        USES_TERMINAL COMMENT "clang-tidy")
endif()
