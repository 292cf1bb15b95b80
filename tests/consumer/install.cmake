# Installs `build` into an empty `prefix`: what an earlier run left there must not hide a missing file.
file(REMOVE_RECURSE "${prefix}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${build}" --prefix "${prefix}" --config "${config}"
    COMMAND_ERROR_IS_FATAL ANY)
