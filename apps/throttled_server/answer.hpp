#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "provider/model.hpp"
#include "server/answer_head.hpp"
#include "throttled_server/call.hpp"

/// What the server says in any dialect, and the heads of its answers.
namespace stagger::server {

/// What a prompt is answered with: what follows "say exactly: " in it, else "answer to: " and the prompt.
std::string answer_text(const std::string& prompt);
/// Tokens of all answers together, as far as the request allowed.
std::uint64_t completion_tokens(const call& asked);
/// Those of the prompt that are said to come from a cache.
std::uint64_t cached_tokens(const call& asked);
/// OpenAI's `usage`.
boost::json::object usage_of(const call& asked);

/// An id that only depends on what is asked.
std::string repeatable_id(const call& asked);

/// What a refusal or a failure of the provider is told as.
/// @param quota of a quota that is used up
std::string_view provider_message(unsigned status, bool quota = false);

/// Retry-After and rate-limit header lines, each with its CRLF.
/// @param quota is used up: that, no API tells a wait for
std::string hint_lines(const provider::decision& decided, const provider::hints_description& hints,
                       std::int64_t unix_now, bool quota = false);

/// The head of an answer in JSON.
/// @param request_id may be empty
/// @param more_lines each with its CRLF
http_server::answer_head whole_head(unsigned status, std::string_view request_id,
                                    std::string_view more_lines);

/// The head of an event stream.
http_server::answer_head stream_head(std::string_view request_id, std::string_view more_lines);

/// "2024-01-27T16:05:00Z"
std::string rfc3339(std::int64_t unix_time);

}  // namespace stagger::server
