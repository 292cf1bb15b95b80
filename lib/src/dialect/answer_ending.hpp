#pragma once

#include <string_view>

namespace stagger::wire {

/// Why an answer ends where it does, whatever the dialect calls it.
enum class answer_ending {
    whole,    ///< by itself, or for a reason that is not known here
    cut_off,  ///< at its greatest length
    refused,  ///< the model refused to answer, or a filter did
};

/// @param finish_reason in the server's words: "length", "max_tokens", "SAFETY"
answer_ending ending_of(std::string_view finish_reason);

}  // namespace stagger::wire
