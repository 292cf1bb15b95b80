#pragma once

#include <exception>
#include <string>

#include "stagger/error.hpp"

namespace stagger {

/// What an exception of the program's own code means where only an error_code can be handed on.
struct thrown_error {
    error_code error;     ///< that of a system_error, not_enough_memory, or errc::callback_threw
    std::string message;  ///< its `what`
};

/// @param thrown not null
thrown_error error_of(const std::exception_ptr& thrown);

}  // namespace stagger
