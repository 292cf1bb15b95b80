#include <functional>
#include <utility>

#include "base/utf8.hpp"
#include "dialect/authorization.hpp"
#include "dialect/dialect.hpp"
#include "dialect/registry.hpp"

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

/// What the dialect has no word for.
std::string beyond(const api_dialect& spoken, const completion_request& request, std::string_view model) {
    const abilities can = spoken.can();
    const auto named = [&](std::string_view what, std::string_view has) {
        return std::string(what) + ": the " + std::string(to_string(spoken.value())) + " dialect " +
               std::string(has);
    };
    if (can.needs_model && model.empty()) return named("model", "needs one");
    if (!can.system && request.system()) return named("system", "has no system message");
    return {};
}

std::string broken_frame(const completion_request& request, const encoding_context& context,
                         std::string_view model) {
    if (!fits_header(context.api_key)) return "api_key: must be printable ASCII";
    if (!fits_header(request.request_id())) return "request_id: must be printable ASCII";
    if (invalid_utf8_at(model)) return "model: is not valid UTF-8";
    return {};
}

/// The request's model, else one that its body names, else the client's.
std::string model_of(const completion_request& request, const encoding_context& context,
                     const api_dialect& spoken) {
    if (!request.model().empty()) return request.model();
    auto named = spoken.model_moved_out_of(request);
    return named.empty() ? context.model : named;
}

std::string target_of(const encoding_context& context, const api_dialect& spoken, std::string_view model,
                      delivery how) {
    std::string target(spoken.without_operation(without_trailing_slashes(context.base_path)));
    if (!spoken.has_version(target)) target += spoken.version();
    return target + spoken.operation(model, how);
}

}  // namespace

std::string common_target(const encoding_context& context) {
    const api_dialect& spoken = implementation_of(context.dialect);
    return spoken.names_model_in_target() ? std::string() : target_of(context, spoken, {}, delivery::whole);
}

std::vector<field> common_fields(const encoding_context& context, delivery how) {
    std::vector<field> fields;
    add_authorization(fields, context.dialect, context.api_key);
    implementation_of(context.dialect).add_fields(fields);
    fields.push_back({"Content-Type", "application/json"});
    // A server that cannot stream answers in one piece; that is accepted, too.
    const bool streamed = how == delivery::streamed;
    fields.push_back({"Accept", streamed ? "text/event-stream, application/json" : "application/json"});
    return fields;
}

encoded_request encode(const completion_request& request, const encoding_context& context, error_code& error,
                       std::string& problem, delivery how) {
    error.clear();
    const api_dialect& spoken = implementation_of(context.dialect);
    std::string model = model_of(request, context, spoken);
    encoded_request encoded;
    problem = broken_frame(request, context, model);
    if (problem.empty()) problem = beyond(spoken, request, model);
    if (problem.empty()) {
        if (spoken.names_model_in_target()) encoded.target = target_of(context, spoken, model, how);
        encoded.body = spoken.body_of(request, model, how, problem);
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
