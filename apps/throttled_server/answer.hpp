#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "provider/model.hpp"
#include "server/answer_head.hpp"
#include "throttled_server/call.hpp"

/// What the server says: bodies in either dialect, and their heads.
namespace stagger::server {

/// What a prompt is answered with: what follows "say exactly: " in it, else "answer to: " and the prompt.
std::string answer_text(const std::string& prompt);
/// Tokens of all answers together, as far as the request allowed.
std::uint64_t completion_tokens(const call& asked);
/// OpenAI's `usage`.
boost::json::object usage_of(const call& asked);

/// The completion: "answer to: " and the prompt, the same whenever the same is asked.
std::string completion_body(const call& asked, std::string_view request_id, std::int64_t unix_now);

/// An id that only depends on what is asked.
std::string repeatable_id(const call& asked);

/// An error in the dialect's own shape.
/// @param member the member of the request that is wrong, or empty
std::string error_body(stagger::dialect spoken, unsigned status, std::string_view message,
                       std::string_view member, std::int64_t unix_now);

/// What a refusal or a failure of the provider is told as.
std::string_view provider_message(unsigned status);

/// Retry-After and rate-limit header lines, each with its CRLF.
std::string hint_lines(const provider::decision& decided, const provider::hints_description& hints,
                       std::int64_t unix_now);

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
