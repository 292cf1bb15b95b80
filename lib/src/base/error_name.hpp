#pragma once

#include <string>

#include "stagger/error.hpp"

namespace stagger::wire {

/// The name by which files and figures call an error: "rate_limited"; "system:104" of another category.
std::string error_name(error_code error);

}  // namespace stagger::wire
