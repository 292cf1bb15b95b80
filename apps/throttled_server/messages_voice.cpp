#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "throttled_server/answer.hpp"
#include "throttled_server/api_voice.hpp"
#include "throttled_server/call_members.hpp"

namespace stagger::server {

namespace json = boost::json;

namespace {

json::object messages_usage(const call& asked, std::uint64_t answered) {
    const std::uint64_t cached = cached_tokens(asked);
    return {{"input_tokens", asked.prompt_tokens - cached},
            {"cache_creation_input_tokens", 0},
            {"cache_read_input_tokens", cached},
            {"output_tokens", answered}};
}

/// What the prompt says of a call is its arguments; what is no JSON is a text of that.
json::value input_of(const call& asked) {
    boost::system::error_code unreadable;
    json::value read = json::parse(asked.tool->arguments, unreadable);
    return unreadable ? json::value(json::object{{"text", asked.tool->arguments}}) : read;
}

json::object tool_block(const call& asked, json::value input) {
    return {{"type", "tool_use"}, {"id", "toolu_1"}, {"name", asked.tool->name}, {"input", std::move(input)}};
}

json::object message(const call& asked, std::string_view request_id, json::array content,
                     const json::value& stop_reason, std::uint64_t answered) {
    return {{"id", "msg_" + std::string(request_id)},
            {"type", "message"},
            {"role", "assistant"},
            {"model", asked.model},
            {"content", std::move(content)},
            {"stop_reason", stop_reason},
            {"stop_sequence", nullptr},
            {"usage", messages_usage(asked, answered)}};
}

std::string messages_event(std::string_view type, json::object body) {
    body["type"] = type;
    return "event: " + std::string(type) + "\ndata: " + json::serialize(body) + "\n\n";
}

std::string_view stop_reason_of(const call& asked) {
    return asked.tool ? "tool_use" : "end_turn";
}

std::string_view messages_error_type(const told_error& what) {
    switch (what.status) {
        case 401:
            return "authentication_error";
        case 402:
            return "billing_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 413:
            return "request_too_large";
        case 429:
            return "rate_limit_error";
        case 504:
            return "timeout_error";
        case 503:
        case 529:
            return "overloaded_error";
        default:
            return what.status < 500 ? "invalid_request_error" : "api_error";
    }
}

json::object messages_error(const told_error& what) {
    json::object error{{"type", messages_error_type(what)}, {"message", what.message}};
    if (what.quota) error["details"] = json::object{{"error_code", "enforced_spend_limit_reached"}};
    json::object told{{"type", "error"}, {"error", std::move(error)}};
    if (!what.request_id.empty()) told["request_id"] = what.request_id;
    return told;
}

class messages_api final : public api_voice {
 public:
    std::optional<call_problem> read(const json::object& body, std::string_view, call& read) const override {
        if (auto problem = read_stream_flag(body, read)) return problem;
        read_model(body, read);
        if (body.if_contains("max_tokens") == nullptr)
            return call_problem{"max_tokens: Field required", "max_tokens"};
        if (auto problem = read_max_tokens(body, "max_tokens", read.max_tokens)) return problem;
        if (auto problem = read_turns(body, "messages", "content", read)) return problem;
        const auto* tools = body.if_contains("tools");
        if (tools != nullptr && tools->is_array()) read_wanted_tool(tools->get_array(), read);
        return std::nullopt;
    }

    std::string whole(const call& asked, std::string_view request_id, std::int64_t) const override {
        json::array content;
        if (asked.tool) {
            content.push_back(tool_block(asked, input_of(asked)));
        } else {
            content.push_back(json::object{{"type", "text"}, {"text", answer_text(asked.prompts.front())}});
        }
        return json::serialize(message(asked, request_id, std::move(content),
                                       json::value(stop_reason_of(asked)), completion_tokens(asked)));
    }

    std::vector<stream_part> streamed(const call& asked, std::string_view request_id,
                                      std::int64_t) const override {
        const auto pieces = asked.tool ? std::vector<std::string>{asked.tool->arguments}
                                       : pieces_of(answer_text(asked.prompts.front()));
        stream_writer out(pieces.size());
        out.add(messages_event("message_start",
                               {{"message", message(asked, request_id, json::array(), nullptr, 1)}}));
        const json::object block =
            asked.tool ? tool_block(asked, json::object()) : json::object{{"type", "text"}, {"text", ""}};
        out.add(messages_event("content_block_start", {{"index", 0}, {"content_block", block}}));
        out.add(messages_event("ping", {}));
        for (const std::string& piece : pieces) {
            json::object delta{{"type", "text_delta"}, {"text", piece}};
            if (asked.tool) delta = {{"type", "input_json_delta"}, {"partial_json", piece}};
            out.next_piece();
            out.add(messages_event("content_block_delta", {{"index", 0}, {"delta", std::move(delta)}}));
        }
        out.add(messages_event("content_block_stop", {{"index", 0}}));
        out.add(messages_event(
            "message_delta",
            {{"delta", json::object{{"stop_reason", stop_reason_of(asked)}, {"stop_sequence", nullptr}}},
             {"usage", messages_usage(asked, completion_tokens(asked))}}));
        out.add(messages_event("message_stop", {}));
        return out.take();
    }

    std::string error(const told_error& what) const override { return json::serialize(messages_error(what)); }

    std::string error_event(const told_error& what) const override {
        return messages_event("error", messages_error(what));
    }
};

}  // namespace

const api_voice& messages_voice() {
    static const messages_api one;
    return one;
}

}  // namespace stagger::server
