#include <algorithm>
#include <functional>
#include <utility>

#include "base/utf8.hpp"
#include "dialect/any_json.hpp"
#include "dialect/authorization.hpp"
#include "dialect/azure.hpp"
#include "dialect/dialect.hpp"
#include "dialect/neutral_members.hpp"
#include "dialect/own_header.hpp"
#include "dialect/registry.hpp"
#include "dialect/target.hpp"
#include "dialect/tool_calls.hpp"
#include "json/json_text.hpp"

namespace stagger::wire {

namespace {

/// Whether `text` can stand in a header: anything else would let it forge further headers.
bool fits_header(std::string_view text) {
    for (const char character : text) {
        if (character < 0x20 || character > 0x7e) return false;
    }
    return true;
}

/// The first thing that is asked for and that the dialect has no words for.
struct unsayable {
    std::string_view what;
    std::string_view because;
};

unsayable beyond(const abilities& can, const completion_request& request, std::string_view model,
                 delivery how) {
    using pictures = abilities::pictures;
    if (can.needs_model && model.empty()) return {"model", "needs one"};
    if (how == delivery::streamed && !can.streams) return {"stream", "answers in one piece"};
    if (!can.max_new_tokens && request.max_new_tokens()) return {"max_new_tokens", "makes no tokens"};
    if (!can.temperature && request.temperature()) return {"temperature", "has none"};
    if (first_neutral_member(request).empty()) return {};
    if (!can.system && request.system()) return {"system", "has no system message"};
    if (!can.chats && !request.messages().empty()) return {"messages", "has no chats"};
    if (!can.stop && !request.stop().empty()) return {"stop", "has no stop texts"};
    if (!can.tools && !request.tools().empty()) return {"tool", "has no tools"};
    if (!can.json_schema && request.json_schema()) return {"json_schema", "has no schema for answers"};
    if (can.images == pictures::none && has_images(request)) return {"image", "has no images"};
    if (can.images == pictures::contained && links_images(request))
        return {"image", "takes no URL but data:"};
    return {};
}

std::string unsayable_in(const api_dialect& spoken, const completion_request& request, std::string_view model,
                         delivery how) {
    const unsayable found = beyond(spoken.can(), request, model, how);
    if (found.what.empty()) return {};
    return std::string(found.what) + ": the " + std::string(to_string(spoken.value())) + " dialect " +
           std::string(found.because);
}

/// What a request says beside its body.
std::string broken_terms(const completion_request& request) {
    for (const auto& [name, value] : request.headers()) {
        if (auto problem = broken_request_header(name, value); !problem.empty()) return problem;
    }
    const duration deadline = request.deadline().value_or(duration::zero());
    if (deadline < duration::zero())
        return "deadline: must be >= 0, is " + std::to_string(to_seconds(deadline)) + " s";
    return {};
}

std::string broken_frame(const completion_request& request, const encoding_context& context,
                         std::string_view model) {
    if (!fits_header(context.api_key)) return "api_key: must be printable ASCII";
    if (request.has_more() && !fits_header(request.request_id()))
        return "request_id: must be printable ASCII";
    if (invalid_utf8_at(model)) return "model: is not valid UTF-8";
    return request.has_more() ? broken_terms(request) : std::string();
}

/// The request's model, else one that its body names, else the client's.
std::string model_of(const completion_request& request, const encoding_context& context,
                     const api_dialect& spoken) {
    if (request.has_more()) {
        if (!request.model().empty()) return request.model();
        auto named = spoken.model_moved_out_of(request);
        if (!named.empty()) return named;
    }
    return context.model.empty() ? spoken.model_in(context.base_path) : context.model;
}

void note_model(asked_model* asked, std::string& model) {
    if (!asked) return;
    asked->number = std::hash<std::string>()(model);
    asked->name = std::move(model);
}

/// A request for any operation: its body is nobody's business.
std::string broken_post(const completion_request& request, delivery how) {
    if (how == delivery::streamed) return "path: is answered in one piece";
    if (auto problem = broken_path(request.path()); !problem.empty()) return problem;
    if (const auto problem = json_problem(request.body())) return "body: is not JSON: " + *problem;
    auto beside = first_neutral_member(request);
    if (request.max_new_tokens()) beside = "max_new_tokens";
    if (request.temperature()) beside = "temperature";
    if (!request.members().empty()) beside = request.members().front().first;
    return beside.empty() ? "" : std::string(beside) + ": cannot be added to a body for a path";
}

encoded_request encode_post(const completion_request& request, const encoding_context& context, delivery how,
                            std::string& problem, asked_model* asked) {
    encoded_request encoded;
    std::string model = request.model();
    problem = broken_frame(request, context, model);
    if (problem.empty()) problem = broken_post(request, how);
    if (!problem.empty()) return encoded;
    if (model.empty()) model = json_string_at(request.body(), {"model"});
    encoded.target = target_of_path(context, implementation_of(context.dialect), request.path());
    encoded.body = request.body();
    note_model(asked, model);
    encoded.answered_in = &any_json();
    return encoded;
}

encoded_request encode_question(const completion_request& request, const encoding_context& context,
                                delivery how, std::string& problem, asked_model* asked) {
    const api_dialect& spoken = implementation_of(context.dialect);
    std::string model = model_of(request, context, spoken);
    encoded_request encoded;
    problem = broken_frame(request, context, model);
    if (problem.empty()) problem = unsayable_in(spoken, request, model, how);
    if (!problem.empty()) return encoded;
    encoded.body = spoken.body_of(request, model, how, problem);
    if (has_target_by_model(context, spoken)) {
        if (problem.empty() && model.empty()) problem = "model: a deployment at Azure is named by it";
        encoded.target = target_of(context, spoken, model, how);
    }
    note_model(asked, model);
    encoded.answered_in = &spoken;
    return encoded;
}

}  // namespace

std::string common_target(const encoding_context& context) {
    const api_dialect& spoken = implementation_of(context.dialect);
    return has_target_by_model(context, spoken) ? std::string()
                                                : target_of(context, spoken, {}, delivery::whole);
}

std::vector<field> common_fields(const encoding_context& context, delivery how) {
    std::vector<field> fields;
    const api_dialect& spoken = implementation_of(context.dialect);
    if (spoken.is_at_azure() && is_azure_host(context.host) && !context.api_key.empty()) {
        add_azure_authorization(fields, context.api_key);
    } else {
        add_authorization(fields, context.dialect, context.api_key);
    }
    spoken.add_fields(fields);
    fields.push_back({"Content-Type", "application/json"});
    // A server that cannot stream answers in one piece; that is accepted, too.
    const bool streamed = how == delivery::streamed;
    fields.push_back({"Accept", streamed ? "text/event-stream, application/json" : "application/json"});
    return fields;
}

encoded_request encode(const completion_request& request, const encoding_context& context, error_code& error,
                       std::string& problem, delivery how, asked_model* asked) {
    error.clear();
    encoded_request encoded = !request.has_more() || request.path().empty()
                                  ? encode_question(request, context, how, problem, asked)
                                  : encode_post(request, context, how, problem, asked);
    if (!problem.empty()) {
        error = errc::invalid_request;
        return {};
    }
    if (!request.has_more()) return encoded;
    if (!request.request_id().empty()) encoded.fields.push_back({"x-request-id", request.request_id()});
    for (const auto& [name, value] : request.headers()) encoded.fields.push_back({name, value});
    return encoded;
}

}  // namespace stagger::wire
