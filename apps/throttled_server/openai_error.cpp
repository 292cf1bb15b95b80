#include "throttled_server/openai_error.hpp"

#include <boost/json/value.hpp>

namespace stagger::server {

namespace json = boost::json;

namespace {

std::string_view openai_error_type(const told_error& what) {
    if (what.quota) return "insufficient_quota";
    if (what.status == 401) return "invalid_request_error";
    if (what.status == 429) return "requests";
    return what.status < 500 ? "invalid_request_error" : "server_error";
}

json::value openai_error_code(const told_error& what) {
    if (what.quota) return "credit_balance_exhausted";
    if (what.status == 401) return "invalid_api_key";
    if (what.status == 429) return "rate_limit_exceeded";
    if (what.status == 503) return "service_unavailable";
    return nullptr;
}

}  // namespace

json::object openai_error(const told_error& what) {
    const json::value parameter = what.member.empty() ? json::value(nullptr) : json::value(what.member);
    return {{"message", what.message},
            {"type", openai_error_type(what)},
            {"param", parameter},
            {"code", openai_error_code(what)}};
}

json::object openai_error_inside(const told_error& what) {
    json::object error = openai_error(what);
    error["code"] = what.status;
    return error;
}

}  // namespace stagger::server
