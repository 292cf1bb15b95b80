# Configures the project in `source` with `options`, builds it in `build` and runs it. Each is a process of its own: what
# `ctest --build-and-test` does in one leaves LC_ALL set, to nothing, when it has looked for a compiler. ccache takes that
# for other messages than those of an unset one, and would compile the whole library a second time.
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${source}" -B "${build}" ${options} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${build}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${build}/consumer" COMMAND_ERROR_IS_FATAL ANY)
