# Warnings and sanitizers belong to this project's own targets and are never exported.
function(stagger_target target)
    target_compile_features(${target} PUBLIC cxx_std_20)
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
        -Wnon-virtual-dtor -Wold-style-cast)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # g++ 12 reports awaitable frames as freed by a mismatched operator; they are not.
        target_compile_options(${target} PRIVATE -Wno-mismatched-new-delete)
        if(CMAKE_UNITY_BUILD)
            # A class of one file that uses names of that file stands in an included file there.
            target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
        endif()
    endif()
    if(STAGGER_SANITIZE)
        list(JOIN STAGGER_SANITIZE "," sanitizers)
        target_compile_options(${target} PRIVATE -fsanitize=${sanitizers} -fno-omit-frame-pointer
            -fno-sanitize-recover=all)
        target_link_options(${target} PUBLIC $<BUILD_INTERFACE:-fsanitize=${sanitizers}>)
        if("fuzzer-no-link" IN_LIST STAGGER_SANITIZE)
            stagger_spare_coroutines(${target})
        endif()
        if("thread" IN_LIST STAGGER_SANITIZE)
            # Asio counts references with a fence, which the thread sanitizer does not understand and takes for a
            # race. Without std::atomic it uses Boost's counter, whose operations carry the order themselves.
            target_compile_definitions(${target} PUBLIC $<BUILD_INTERFACE:BOOST_ASIO_DISABLE_STD_ATOMIC>)
        endif()
    endif()
endfunction()

# clang 14 cannot instrument a coroutine for the fuzzer beside the address sanitizer, nor check calls by pointer in one.
function(stagger_spare_coroutines target)
    get_target_property(sources ${target} SOURCES)
    foreach(source IN LISTS sources)
        if(source MATCHES "\\.cpp$")
            file(STRINGS "${CMAKE_CURRENT_SOURCE_DIR}/${source}" found REGEX "co_await|co_return|co_spawn" LIMIT_COUNT 1)
            if(found)
                set_property(SOURCE "${source}" APPEND PROPERTY COMPILE_OPTIONS
                    -fno-sanitize=fuzzer-no-link,function)
            endif()
        endif()
    endforeach()
endfunction()

# stagger_library(NAME SOURCES ... HEADERS ... PUBLIC_LINK ... PRIVATE_LINK ...)
# A layer of the library as the target stagger::NAME: shared where BUILD_SHARED_LIBS says so, else static. HEADERS are the
# public ones, below lib/include.
function(stagger_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;PUBLIC_LINK;PRIVATE_LINK" ${ARGN})
    add_library(stagger_${name} ${arg_SOURCES})
    add_library(stagger::${name} ALIAS stagger_${name})
    set_property(GLOBAL APPEND PROPERTY stagger_layers stagger_${name})  # what stagger_install installs
    set_target_properties(stagger_${name} PROPERTIES EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS ON
        POSITION_INDEPENDENT_CODE ON VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} INSTALL_RPATH "$ORIGIN")
    stagger_target(stagger_${name})
    list(TRANSFORM arg_HEADERS PREPEND "${PROJECT_SOURCE_DIR}/lib/include/")
    target_sources(stagger_${name} PUBLIC
        FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/lib/include" FILES ${arg_HEADERS})
    target_include_directories(stagger_${name} PRIVATE "${PROJECT_SOURCE_DIR}/lib/src")
    target_link_libraries(stagger_${name} PUBLIC ${arg_PUBLIC_LINK} PRIVATE ${arg_PRIVATE_LINK})
endfunction()
