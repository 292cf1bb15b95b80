#pragma once

#include "stagger/error.hpp"

namespace stagger::batch {

/// What is wrong with a prompt list as a whole.
enum class batch_errc {
    prompts_changed = 1,  ///< lines that a results file answers say something else now
    prompts_shrunk,       ///< it ended earlier than when it was opened
};

error_code make_error_code(batch_errc code);

}  // namespace stagger::batch

template <>
struct boost::system::is_error_code_enum<stagger::batch::batch_errc> : std::true_type {};
