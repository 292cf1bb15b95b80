#pragma once

#include <string>
#include <string_view>

#include "gateway/error_text.hpp"

namespace stagger::gateway {

/// How a request goes on.
enum class passage {
    in_line,       ///< waits for its turn
    at_once,       ///< costs the limits nothing that is known: passes without the line
    not_found,     ///< no path of the API: 404
    wrong_method,  ///< 405
    upgrade,       ///< wants another protocol: 501
};

struct destination {
    passage how = passage::not_found;
    std::string target;                   ///< upstream's path and query
    api_shape shape = api_shape::openai;  ///< how an error is to be told
};

/** @brief Where a request goes.
 *
 * Paths below `/v1`, `/openai/v1` and `/anthropic/v1` are the API's, and the API's own first words without
 * any of these. What follows is put behind `upstream_path` as it was sent.
 * @param target path and query, as sent
 * @param upstream_path without a slash at its end
 */
destination find_destination(std::string_view method, std::string_view target, bool wants_upgrade,
                             std::string_view upstream_path);

}  // namespace stagger::gateway
