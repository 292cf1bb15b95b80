#include "dialect/neutral_members.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "dialect/authorization.hpp"
#include "json/json_text.hpp"
#include "json/json_writer.hpp"

namespace stagger::wire {

namespace {

/// As OpenAI, Anthropic and Google have it for functions and schemas.
bool is_plain_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               c == '-' || c == '.';
    });
}

std::string broken_schema(std::string_view what, std::string_view schema) {
    if (const auto problem = json_problem(schema))
        return std::string(what) + ": the schema is not JSON: " + *problem;
    const bool is_object = json_trimmed(schema).starts_with('{');
    return is_object ? std::string() : std::string(what) + ": the schema must be a JSON object";
}

std::string broken_stop(const std::vector<std::string>& stop) {
    for (const std::string& text : stop) {
        if (text.empty()) return "stop: a text must not be empty";
        if (invalid_utf8_at(text)) return "stop: a text is not valid UTF-8";
    }
    return {};
}

std::string broken_tool(const tool_definition& tool) {
    if (!is_plain_name(tool.name))
        return "tool: the name must be letters, digits, _, - and ., is \"" + tool.name + "\"";
    if (invalid_utf8_at(tool.description)) return "tool: the description is not valid UTF-8";
    return broken_schema("tool: " + tool.name, tool.parameters);
}

bool is_image_url(std::string_view url) {
    const bool printable = std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (!printable) return false;
    return url.starts_with("http://") || url.starts_with("https://") || image_in(url);
}

std::string broken_images(const std::vector<std::string>& urls) {
    // One may be as long as a film.
    const bool well = std::all_of(urls.begin(), urls.end(), is_image_url);
    return well ? "" : "image: must be an http, https or data URL, the last with base64";
}

std::string broken_call(const tool_call& call) {
    if (invalid_utf8_at(call.id) || invalid_utf8_at(call.name))
        return "messages: the id or the name of a call is not valid UTF-8";
    const std::string_view arguments = arguments_of(call);
    if (json_problem(arguments) || !json_trimmed(arguments).starts_with('{'))
        return "messages: the arguments of a call of " + call.name + " are no JSON object";
    return {};
}

std::string broken_message(const chat_message& one) {
    if (invalid_utf8_at(one.text())) return "messages: a text is not valid UTF-8";
    if (!one.images().empty() && one.role() != chat_role::user)
        return "messages: an image must be in a user's message";
    if (!one.calls().empty() && one.role() == chat_role::user)
        return "messages: a call must be in an assistant's message";
    if (one.role() == chat_role::tool && one.calls().size() != 1)
        return "messages: a result must be that of one call";
    for (const tool_call& call : one.calls()) {
        if (auto problem = broken_call(call); !problem.empty()) return problem;
    }
    return broken_images(one.images());
}

template <class Predicate>
bool any_image(const completion_request& request, Predicate is_such) {
    const auto any = [&](const std::vector<std::string>& urls) {
        return std::any_of(urls.begin(), urls.end(), is_such);
    };
    const auto& messages = request.messages();
    return any(request.images()) || std::any_of(messages.begin(), messages.end(),
                                                [&](const chat_message& one) { return any(one.images()); });
}

}  // namespace

bool has_prompt(const completion_request& request) {
    return request.messages().empty() || !request.prompt().empty() || !request.images().empty();
}

std::string image_url(std::string_view media_type, std::string_view bytes) {
    return "data:" + std::string(media_type) + ";base64," + base64(bytes);
}

std::string_view arguments_of(const tool_call& call) {
    return call.arguments.empty() ? "{}" : std::string_view(call.arguments);
}

bool links_images(const completion_request& request) {
    return any_image(request, [](const std::string& url) { return !image_in(url); });
}

bool has_images(const completion_request& request) {
    return any_image(request, [](const std::string&) { return true; });
}

std::string broken_neutral_member(const completion_request& request) {
    if (!request.has_more()) return {};
    for (const chat_message& one : request.messages()) {
        if (auto problem = broken_message(one); !problem.empty()) return problem;
    }
    if (auto problem = broken_stop(request.stop()); !problem.empty()) return problem;
    if (auto problem = broken_images(request.images()); !problem.empty()) return problem;
    for (const tool_definition& tool : request.tools()) {
        if (auto problem = broken_tool(tool); !problem.empty()) return problem;
    }
    const auto& schema = request.json_schema();
    if (!schema) return {};
    if (!is_plain_name(schema->name))
        return "json_schema: the name must be letters, digits, _, - and ., is \"" + schema->name + "\"";
    return broken_schema("json_schema", schema->schema);
}

std::string_view first_neutral_member(const completion_request& request) {
    if (!request.has_more()) return {};
    if (request.system()) return "system";
    if (!request.messages().empty()) return "messages";
    if (!request.stop().empty()) return "stop";
    if (!request.images().empty()) return "image";
    if (!request.tools().empty()) return "tool";
    return request.json_schema() ? "json_schema" : std::string_view();
}

std::optional<contained_image> image_in(std::string_view url) {
    constexpr std::string_view scheme = "data:";
    constexpr std::string_view encoding = ";base64,";
    if (!url.starts_with(scheme)) return std::nullopt;
    url.remove_prefix(scheme.size());
    const auto comma = url.find(',');
    if (comma == std::string_view::npos || !url.substr(0, comma + 1).ends_with(encoding)) return std::nullopt;
    const auto type = url.substr(0, comma + 1 - encoding.size());
    return contained_image{type.substr(0, type.find(';')), url.substr(comma + 1)};
}

void append_json_strings(std::string& out, const std::vector<std::string>& texts) {
    char before = '[';
    for (const std::string& text : texts) {
        out += before;
        append_json_string(out, text);
        before = ',';
    }
    out += ']';
}

void append_openai_tools(std::string& out, const std::vector<tool_definition>& tools) {
    char before = '[';
    for (const tool_definition& tool : tools) {
        out += before;
        before = ',';
        object_writer one(out);
        one.string("type", "function");
        object_writer function(one.key("function"));
        function.string("name", tool.name);
        if (!tool.description.empty()) function.string("description", tool.description);
        function.raw("parameters", tool.parameters);
        function.close();
        one.close();
    }
    out += ']';
}

void append_openai_schema(std::string& out, const answer_schema& schema) {
    object_writer one(out);
    one.string("name", schema.name);
    one.raw("schema", schema.schema);
    one.raw("strict", "true");
    one.close();
}

}  // namespace stagger::wire
