#include "gateway/error_text.hpp"

#include "json/json_writer.hpp"

namespace stagger::gateway {

namespace {

// By which clients know that nothing comes of trying again.
constexpr std::string_view quota_code = "insufficient_quota";

std::string_view anthropic_type(unsigned status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 413:
            return "request_too_large";
        case 429:
            return "rate_limit_error";
        case 503:
        case 529:
            return "overloaded_error";
        case 504:
            return "timeout_error";
        default:
            return status < 500 ? "invalid_request_error" : "api_error";
    }
}

std::string_view openai_type(unsigned status) {
    if (status == 429) return "requests";
    return status < 500 ? "invalid_request_error" : "server_error";
}

std::string_view openai_code(unsigned status) {
    switch (status) {
        case 401:
            return "invalid_api_key";
        case 429:
            return "rate_limit_exceeded";
        case 503:
            return "service_unavailable";
        case 504:
            return "deadline_exceeded";
        default:
            return {};
    }
}

}  // namespace

std::string error_json(api_shape shape, unsigned status, std::string_view message, bool quota) {
    std::string inner;
    wire::object_writer error(inner);
    if (shape == api_shape::anthropic) {
        error.string("type", anthropic_type(status));
        error.string("message", message);
    } else {
        error.string("message", message);
        error.string("type", quota ? quota_code : openai_type(status));
        error.raw("param", "null");
        const std::string_view code = quota ? quota_code : openai_code(status);
        code.empty() ? error.raw("code", "null") : error.string("code", code);
    }
    error.close();
    std::string text;
    wire::object_writer whole(text);
    if (shape == api_shape::anthropic) whole.string("type", "error");
    whole.raw("error", inner);
    whole.close();
    return text;
}

std::string error_event(api_shape shape, std::string_view json) {
    std::string event = shape == api_shape::anthropic ? "event: error\n" : "";
    return event.append("data: ").append(json).append("\n\n");
}

}  // namespace stagger::gateway
