#pragma once

#include <boost/asio/io_context.hpp>
#include <optional>
#include <ostream>
#include <utility>

#include "stagger/client.hpp"

namespace stagger {
inline std::ostream& operator<<(std::ostream& out, request_phase phase) {
    return out << to_string(phase);
}
}  // namespace stagger

namespace stagger::test {

struct outcome {
    error_code error;
    completion result;
};

/// Runs the context until the request has ended; fails the caller's optional access if it never does.
inline outcome complete(boost::asio::io_context& context, client& llm, completion_request request) {
    std::optional<outcome> ended;
    llm.async_complete(std::move(request), [&](error_code error, completion result) {
        ended.emplace(outcome{error, std::move(result)});
    });
    context.restart();
    while (!ended && context.run_one() != 0) continue;
    return ended.value();
}

inline client_options options_for(const std::string& base_url) {
    return client_options().base_url(base_url).model("m").api_key("secret-key").jitter_seed(1);
}

/// Accidents are tried again at once, so that tests do not wait.
inline client_options impatient_options_for(const std::string& base_url) {
    return options_for(base_url).backoff(backoff_policy::none());
}

}  // namespace stagger::test
