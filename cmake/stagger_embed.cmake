# stagger_embed(TARGET NAMESPACE FILE ...)
# Puts text files into a target: each as a std::string_view of the namespace, named after the file ("page_html").
# A changed file is noticed by the next build.
function(stagger_embed target namespace)
    foreach(path IN LISTS ARGN)
        get_filename_component(path "${path}" ABSOLUTE)
        get_filename_component(name "${path}" NAME)
        string(MAKE_C_IDENTIFIER "${name}" name)
        file(READ "${path}" content)
        set(made "${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}.cpp")
        configure_file("${PROJECT_SOURCE_DIR}/cmake/embedded_file.cpp.in" "${made}" @ONLY)
        # Compilers only promise 65,536 characters; g++ and clang take any number.
        set_source_files_properties("${made}" PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
        target_sources(${target} PRIVATE "${made}")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
    endforeach()
endfunction()
