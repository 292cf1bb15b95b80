#include "throttled_server/call_members.hpp"

#include <boost/json/array.hpp>

namespace stagger::server {

namespace json = boost::json;

namespace {

constexpr std::uint64_t most_tokens = 1u << 24;

/// Whether a tool is called so, in the shape of any API: {"name"}, or {"function": {"name"}}.
bool is_called(const json::value& tool, std::string_view name) {
    const auto* object = tool.if_object();
    if (object == nullptr) return false;
    if (const auto* function = object->if_contains("function")) return is_called(*function, name);
    const auto* found = object->if_contains("name");
    return found != nullptr && found->is_string() && found->get_string() == name;
}

}  // namespace

std::optional<call_problem> read_max_tokens(const json::object& body, std::string_view name,
                                            std::uint64_t& to) {
    const auto* found = body.if_contains(name);
    if (found == nullptr || found->is_null()) return std::nullopt;
    boost::system::error_code inexact;
    const auto count = found->is_number() ? found->to_number<std::uint64_t>(inexact) : 0;
    if (!found->is_number() || inexact || count == 0 || count > most_tokens) {
        return call_problem{std::string(name) + " must be a whole number from 1", std::string(name)};
    }
    to = count;
    return std::nullopt;
}

std::optional<call_problem> read_stream_flag(const json::object& body, call& read) {
    const auto* streams = body.if_contains("stream");
    if (streams != nullptr && !streams->is_null() && !streams->is_bool()) {
        return call_problem{"stream must be true or false", "stream"};
    }
    read.streamed = streams != nullptr && streams->is_bool() && streams->get_bool();
    return std::nullopt;
}

void read_model(const json::object& body, call& read) {
    if (const auto* model = body.if_contains("model"); model != nullptr && model->is_string())
        read.model = std::string(model->get_string());
}

void append_content(const json::value& content, std::string& text) {
    if (content.is_string()) {
        text.append(content.get_string());
    } else if (const auto* parts = content.if_array()) {
        for (const json::value& part : *parts) {
            const auto* object = part.if_object();
            const auto* piece = object != nullptr ? object->if_contains("text") : nullptr;
            if (piece != nullptr && piece->is_string()) text.append(piece->get_string());
        }
    }
}

std::optional<call_problem> read_turns(const json::object& body, std::string_view name,
                                       std::string_view content, call& read) {
    const std::string called(name);
    const auto* found = body.if_contains(name);
    const auto* turns = found != nullptr ? found->if_array() : nullptr;
    if (turns == nullptr || turns->empty()) {
        return call_problem{called + " must be an array that is not empty", called};
    }
    std::size_t characters = 0;
    std::string last;
    for (const json::value& turn : *turns) {
        const auto* object = turn.if_object();
        if (object == nullptr) return call_problem{"a message must be an object", called};
        last.clear();
        if (const auto* said = object->if_contains(content)) append_content(*said, last);
        characters += last.size();
    }
    read.prompts.push_back(std::move(last));
    read.prompt_tokens = estimate_tokens(characters);
    return std::nullopt;
}

void read_wanted_tool(const json::array& offered, call& read) {
    constexpr std::string_view wanted = "call: ";
    const std::string_view prompt = read.prompts.front();
    const auto at = prompt.find(wanted);
    if (at == std::string_view::npos) return;
    const std::string_view words = prompt.substr(at + wanted.size());
    const auto end = words.find(' ');
    const std::string_view name = words.substr(0, end);
    for (const json::value& tool : offered) {
        if (!is_called(tool, name)) continue;
        read.tool.emplace(wanted_tool{
            std::string(name), end == std::string_view::npos ? "{}" : std::string(words.substr(end + 1))});
        return;
    }
}

}  // namespace stagger::server
