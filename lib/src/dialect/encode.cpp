#include <functional>
#include <utility>

#include "base/utf8.hpp"
#include "dialect/authorization.hpp"
#include "dialect/dialect.hpp"
#include "dialect/llm_engine_dialect.hpp"
#include "dialect/openai_dialect.hpp"

namespace stagger::wire {

namespace {

/// Whether `text` can stand in a header: anything else would let it forge further headers.
bool fits_header(std::string_view text) {
    for (const char character : text) {
        if (character < 0x20 || character > 0x7e) return false;
    }
    return true;
}

std::string_view without_trailing_slashes(std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    return path;
}

std::string broken_frame(const completion_request& request, const encoding_context& context,
                         std::string_view model) {
    if (!fits_header(context.api_key)) return "api_key: must be printable ASCII";
    if (!fits_header(request.request_id())) return "request_id: must be printable ASCII";
    if (invalid_utf8_at(model)) return "model: is not valid UTF-8";
    if (context.dialect == dialect::llm_engine && model.empty())
        return "model: the llm-engine dialect needs one";
    return {};
}

/// The request's model, else one that its body names, else the client's.
std::string model_of(const completion_request& request, const encoding_context& context) {
    if (!request.model().empty()) return request.model();
    auto named = context.dialect == dialect::llm_engine ? llm_engine_model_in_body(request) : std::string();
    return named.empty() ? context.model : named;
}

}  // namespace

std::string common_target(const encoding_context& context) {
    const auto base = without_trailing_slashes(context.base_path);
    switch (context.dialect) {
        case dialect::openai_chat:
            return openai_target(openai_endpoint::chat, base);
        case dialect::openai_completions:
            return openai_target(openai_endpoint::completions, base);
        case dialect::llm_engine:
            break;
    }
    return {};
}

std::vector<field> common_fields(const encoding_context& context, delivery how) {
    std::vector<field> fields;
    add_authorization(fields, context.dialect, context.api_key);
    fields.push_back({"Content-Type", "application/json"});
    // A server that cannot stream answers in one piece; that is accepted, too.
    const bool streamed = how == delivery::streamed;
    fields.push_back({"Accept", streamed ? "text/event-stream, application/json" : "application/json"});
    return fields;
}

encoded_request encode(const completion_request& request, const encoding_context& context, error_code& error,
                       std::string& problem, delivery how) {
    error.clear();
    std::string model = model_of(request, context);
    encoded_request encoded;
    problem = broken_frame(request, context, model);
    if (problem.empty()) {
        switch (context.dialect) {
            case dialect::openai_chat:
                encoded.body = openai_body(request, openai_endpoint::chat, model, problem, how);
                break;
            case dialect::openai_completions:
                encoded.body = openai_body(request, openai_endpoint::completions, model, problem, how);
                break;
            case dialect::llm_engine:
                encoded.target = llm_engine_target(without_trailing_slashes(context.base_path), model, how);
                encoded.body = llm_engine_body(request, how, problem);
                break;
        }
    }
    if (!problem.empty()) {
        error = errc::invalid_request;
        return {};
    }
    encoded.model = std::hash<std::string>()(model);
    if (!request.request_id().empty()) encoded.fields.push_back({"x-request-id", request.request_id()});
    return encoded;
}

}  // namespace stagger::wire
