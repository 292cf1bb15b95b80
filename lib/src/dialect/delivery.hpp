#pragma once

namespace stagger::wire {

/// How an answer is asked for.
enum class delivery {
    whole,     ///< in one piece
    streamed,  ///< as server-sent events, while it is made
};

}  // namespace stagger::wire
