#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "throttled_server/answer.hpp"
#include "throttled_server/api_voice.hpp"
#include "throttled_server/call_members.hpp"
#include "throttled_server/openai_error.hpp"

namespace stagger::server {

namespace json = boost::json;

namespace {

json::object responses_usage(const call& asked) {
    const std::uint64_t answered = completion_tokens(asked);
    return {{"input_tokens", asked.prompt_tokens},
            {"input_tokens_details", json::object{{"cached_tokens", cached_tokens(asked)}}},
            {"output_tokens", answered},
            {"output_tokens_details", json::object{{"reasoning_tokens", 0}}},
            {"total_tokens", asked.prompt_tokens + answered}};
}

json::object text_part(const std::string& text) {
    return {{"type", "output_text"}, {"text", text}, {"annotations", json::array()}};
}

json::object item_of(const call& asked, std::string_view status, json::array content) {
    if (asked.tool) {
        return {{"id", "fc_1"},
                {"type", "function_call"},
                {"status", status},
                {"call_id", "call_1"},
                {"name", asked.tool->name},
                {"arguments", status == "completed" ? asked.tool->arguments : ""}};
    }
    return {{"id", "msg_1"},
            {"type", "message"},
            {"status", status},
            {"role", "assistant"},
            {"content", std::move(content)}};
}

json::object whole_item(const call& asked) {
    return item_of(asked, "completed", json::array{text_part(answer_text(asked.prompts.front()))});
}

/// @param output none while it is in the making
json::object response(const call& asked, std::string_view request_id, std::int64_t unix_now,
                      std::string_view status, json::array output) {
    const bool made = status == "completed";
    return {{"id", "resp_" + std::string(request_id)},
            {"object", "response"},
            {"created_at", unix_now},
            {"status", status},
            {"error", nullptr},
            {"incomplete_details", nullptr},
            {"instructions", nullptr},
            {"model", asked.model},
            {"output", std::move(output)},
            {"parallel_tool_calls", true},
            {"tool_choice", "auto"},
            {"tools", json::array()},
            {"usage", made ? json::value(responses_usage(asked)) : json::value(nullptr)}};
}

/// Events with names and numbers of their own.
class responses_writer {
 public:
    explicit responses_writer(std::size_t pieces) : out_(pieces) {}

    void next_piece() { out_.next_piece(); }
    void add(std::string_view type, json::object event) {
        event["type"] = type;
        event["sequence_number"] = number_++;
        out_.add("event: " + std::string(type) + "\ndata: " + json::serialize(event) + "\n\n");
    }
    std::vector<stream_part> take() { return out_.take(); }

 private:
    stream_writer out_;
    std::uint64_t number_ = 0;
};

void add_text(const call& asked, const std::vector<std::string>& pieces, responses_writer& out) {
    const auto place = [] {
        return json::object{{"item_id", "msg_1"}, {"output_index", 0}, {"content_index", 0}};
    };
    json::object begins = place();
    begins["part"] = text_part("");
    out.add("response.content_part.added", begins);
    for (const std::string& piece : pieces) {
        json::object delta = place();
        delta["delta"] = piece;
        out.next_piece();
        out.add("response.output_text.delta", delta);
    }
    const std::string text = answer_text(asked.prompts.front());
    json::object done = place();
    done["text"] = text;
    out.add("response.output_text.done", done);
    json::object ends = place();
    ends["part"] = text_part(text);
    out.add("response.content_part.done", ends);
}

void add_call(const call& asked, responses_writer& out) {
    out.next_piece();
    out.add("response.function_call_arguments.delta",
            {{"item_id", "fc_1"}, {"output_index", 0}, {"delta", asked.tool->arguments}});
    out.add("response.function_call_arguments.done",
            {{"item_id", "fc_1"}, {"output_index", 0}, {"arguments", asked.tool->arguments}});
}

class responses_api final : public api_voice {
 public:
    std::optional<call_problem> read(const json::object& body, std::string_view, call& read) const override {
        if (auto problem = read_stream_flag(body, read)) return problem;
        read_model(body, read);
        if (auto problem = read_max_tokens(body, "max_output_tokens", read.max_tokens)) return problem;
        const auto* input = body.if_contains("input");
        if (input != nullptr && input->is_string()) {
            read.prompts.emplace_back(input->get_string());
            read.prompt_tokens = estimate_tokens(read.prompts.front().size());
        } else if (auto problem = read_turns(body, "input", "content", read)) {
            return problem;
        }
        const auto* tools = body.if_contains("tools");
        if (tools != nullptr && tools->is_array()) read_wanted_tool(tools->get_array(), read);
        return std::nullopt;
    }

    std::string whole(const call& asked, std::string_view request_id, std::int64_t unix_now) const override {
        return json::serialize(
            response(asked, request_id, unix_now, "completed", json::array{whole_item(asked)}));
    }

    std::vector<stream_part> streamed(const call& asked, std::string_view request_id,
                                      std::int64_t unix_now) const override {
        const auto pieces = pieces_of(answer_text(asked.prompts.front()));
        responses_writer out(asked.tool ? 1 : pieces.size());
        const json::object begun = response(asked, request_id, unix_now, "in_progress", json::array());
        out.add("response.created", {{"response", begun}});
        out.add("response.in_progress", {{"response", begun}});
        out.add("response.output_item.added",
                {{"output_index", 0}, {"item", item_of(asked, "in_progress", json::array())}});
        asked.tool ? add_call(asked, out) : add_text(asked, pieces, out);
        out.add("response.output_item.done", {{"output_index", 0}, {"item", whole_item(asked)}});
        out.add("response.completed", {{"response", response(asked, request_id, unix_now, "completed",
                                                             json::array{whole_item(asked)})}});
        return out.take();
    }

    std::string error(const told_error& what) const override {
        return json::serialize(json::object{{"error", openai_error(what)}});
    }

    std::string error_inside(const told_error& what) const override {
        json::object failed = response({}, what.request_id, what.unix_now, "failed", json::array());
        failed["error"] =
            json::object{{"code", what.status == 429 ? "rate_limit_exceeded" : "server_is_overloaded"},
                         {"message", what.message}};
        return json::serialize(failed);
    }

    std::string error_event(const told_error& what) const override {
        const json::object event{
            {"type", "error"},
            {"code", what.status == 429 ? "rate_limit_exceeded" : "server_is_overloaded"},
            {"message", what.message},
            {"param", nullptr},
            {"sequence_number", 0}};
        return "event: error\ndata: " + json::serialize(event) + "\n\n";
    }
};

}  // namespace

const api_voice& responses_voice() {
    static const responses_api one;
    return one;
}

}  // namespace stagger::server
