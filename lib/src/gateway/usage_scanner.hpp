#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "stagger/token_usage.hpp"

namespace stagger::gateway {

/** @brief Finds the tokens that an answer tells, while it passes.
 *
 * Looks for a member `usage` that is an object, at whatever depth, in JSON and in event streams alike: inside
 * a JSON string its quotes would be escaped. Of several the last that tells a number counts for that number,
 * as Anthropic tells the prompt's at the beginning of a stream and the answer's at its end. Holds no more
 * than the beginning of one that is cut.
 */
class usage_scanner {
 public:
    /// Pieces of any size.
    void pass(std::string_view piece);
    const token_usage& seen() const { return seen_; }

 private:
    std::string_view scan(std::string_view text);
    void take(std::string_view object);

    std::string held_;
    token_usage seen_;
};

}  // namespace stagger::gateway
