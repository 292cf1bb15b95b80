#pragma once

#include <string>

#include "stagger/error.hpp"

namespace stagger::batch {

/// What is wrong with a prompt list as a whole, or with what a single prompt was answered.
enum class batch_errc {
    prompts_changed = 1,     ///< lines that a results file answers say something else now
    prompts_shrunk,          ///< it ended earlier than when it was opened
    answer_not_as_expected,  ///< of one prompt: the server answered, with what cannot be used
};

error_code make_error_code(batch_errc code);

/// The name by which results call an error: its own of a batch's, else as wire::error_name has it.
std::string result_code(error_code error);

}  // namespace stagger::batch

template <>
struct boost::system::is_error_code_enum<stagger::batch::batch_errc> : std::true_type {};
