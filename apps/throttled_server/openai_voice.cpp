#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "throttled_server/answer.hpp"
#include "throttled_server/api_voice.hpp"
#include "throttled_server/call_members.hpp"
#include "throttled_server/openai_error.hpp"

// Chat Completions and Completions.
namespace stagger::server {

namespace json = boost::json;

namespace {

bool is_chat(const call& asked) {
    return asked.spoken == dialect::openai_chat;
}

std::optional<call_problem> read_prompts(const json::object& body, call& read) {
    const auto* prompt = body.if_contains("prompt");
    if (prompt != nullptr && prompt->is_string()) {
        read.prompts.emplace_back(prompt->get_string());
    } else if (prompt != nullptr && prompt->is_array()) {
        for (const json::value& each : prompt->get_array()) {
            if (!each.is_string()) return call_problem{"a prompt must be a string", "prompt"};
            read.prompts.emplace_back(each.get_string());
        }
    }
    if (read.prompts.empty()) return call_problem{"prompt must be a string", "prompt"};
    for (const std::string& each : read.prompts) read.prompt_tokens += estimate_tokens(each.size());
    return std::nullopt;
}

std::optional<call_problem> read_streaming(const json::object& body, call& read) {
    if (auto problem = read_stream_flag(body, read)) return problem;
    const auto* options = body.if_contains("stream_options");
    if (options == nullptr || options->is_null()) return std::nullopt;
    if (!options->is_object()) return call_problem{"stream_options must be an object", "stream_options"};
    if (!read.streamed) {
        return call_problem{"stream_options is only allowed where stream is true", "stream_options"};
    }
    const auto* usage = options->get_object().if_contains("include_usage");
    read.include_usage = usage != nullptr && usage->is_bool() && usage->get_bool();
    return std::nullopt;
}

json::object called_function(const call& asked) {
    return {{"id", "call_1"},
            {"type", "function"},
            {"function", json::object{{"name", asked.tool->name}, {"arguments", asked.tool->arguments}}}};
}

json::object message_of(const call& asked, const std::string& prompt) {
    json::object message{{"role", "assistant"}, {"content", nullptr}};
    if (asked.tool) {
        message["tool_calls"] = json::array{called_function(asked)};
    } else {
        message["content"] = answer_text(prompt);
    }
    return message;
}

json::array choices(const call& asked) {
    json::array all;
    for (const std::string& prompt : asked.prompts) {
        json::object choice{{"index", all.size()},
                            {"finish_reason", asked.tool ? "tool_calls" : "stop"},
                            {"logprobs", nullptr}};
        if (is_chat(asked)) {
            choice["message"] = message_of(asked, prompt);
        } else {
            choice["text"] = answer_text(prompt);
        }
        all.push_back(std::move(choice));
    }
    return all;
}

std::string id_of(const call& asked, std::string_view request_id) {
    return (is_chat(asked) ? "chatcmpl-" : "cmpl-") + std::string(request_id);
}

/// One stream in the making.
class chunk_writer {
 public:
    chunk_writer(const call& asked, std::string_view request_id, std::int64_t unix_now, std::size_t pieces)
        : asked_(asked), created_(unix_now), id_(id_of(asked, request_id)), out_(pieces) {}

    std::vector<stream_part> write(const std::vector<std::vector<std::string>>& texts) {
        for (std::size_t index = 0; index < texts.size(); ++index) {
            if (is_chat(asked_)) add(choice_event(index, {{"role", "assistant"}, {"content", ""}}, nullptr));
            for (const std::string& piece : texts[index]) {
                out_.next_piece();
                add_piece(index, piece, &piece == &texts[index].back());
            }
        }
        end();
        return out_.take();
    }

 private:
    void add(const json::object& event) { out_.add("data: " + json::serialize(event) + "\n\n"); }
    void add_piece(std::size_t index, const std::string& piece, bool last) {
        if (!is_chat(asked_))
            return add(
                choice_event(index, json::value(piece), last ? json::value("stop") : json::value(nullptr)));
        if (asked_.tool) {
            json::object named = called_function(asked_);
            named["index"] = 0;
            add(choice_event(index, json::object{{"tool_calls", json::array{named}}}, nullptr));
        } else {
            add(choice_event(index, {{"content", piece}}, nullptr));
        }
        if (last) add(choice_event(index, json::object(), asked_.tool ? "tool_calls" : "stop"));
    }
    void end() {
        if (asked_.include_usage) {
            json::object last = frame();
            last["choices"] = json::array();
            last["usage"] = usage_of(asked_);
            add(last);
        }
        out_.add("data: [DONE]\n\n");
    }
    json::object choice_event(std::size_t index, const json::value& content,
                              const json::value& reason) const {
        json::object event = frame();
        event["choices"] = json::array{json::object{{"index", index},
                                                    {is_chat(asked_) ? "delta" : "text", content},
                                                    {"logprobs", nullptr},
                                                    {"finish_reason", reason}}};
        return event;
    }
    json::object frame() const {
        return {{"id", id_},
                {"object", is_chat(asked_) ? "chat.completion.chunk" : "text_completion"},
                {"created", created_},
                {"model", asked_.model}};
    }

    const call& asked_;
    std::int64_t created_;
    std::string id_;
    stream_writer out_;
};

class openai_api final : public api_voice {
 public:
    std::optional<call_problem> read(const json::object& body, std::string_view, call& read) const override {
        if (auto problem = read_streaming(body, read)) return problem;
        read_model(body, read);
        for (const std::string_view name : {"max_tokens", "max_completion_tokens"}) {
            if (auto problem = read_max_tokens(body, name, read.max_tokens)) return problem;
        }
        if (!is_chat(read)) return read_prompts(body, read);
        if (auto problem = read_turns(body, "messages", "content", read)) return problem;
        const auto* tools = body.if_contains("tools");
        if (tools != nullptr && tools->is_array()) read_wanted_tool(tools->get_array(), read);
        return std::nullopt;
    }

    std::string whole(const call& asked, std::string_view request_id, std::int64_t unix_now) const override {
        return json::serialize(
            json::object{{"id", id_of(asked, request_id)},
                         {"object", is_chat(asked) ? "chat.completion" : "text_completion"},
                         {"created", unix_now},
                         {"model", asked.model},
                         {"choices", choices(asked)},
                         {"usage", usage_of(asked)}});
    }

    std::vector<stream_part> streamed(const call& asked, std::string_view request_id,
                                      std::int64_t unix_now) const override {
        std::vector<std::vector<std::string>> texts;
        std::size_t pieces = 0;
        for (const std::string& prompt : asked.prompts) {
            // A call is one piece.
            texts.push_back(asked.tool ? std::vector<std::string>(1) : pieces_of(answer_text(prompt)));
            pieces += texts.back().size();
        }
        return chunk_writer(asked, request_id, unix_now, pieces).write(texts);
    }

    std::string error(const told_error& what) const override {
        return json::serialize(json::object{{"error", openai_error(what)}});
    }
    std::string error_inside(const told_error& what) const override {
        return json::serialize(json::object{{"error", openai_error_inside(what)}});
    }
};

}  // namespace

const api_voice& openai_voice() {
    static const openai_api one;
    return one;
}

}  // namespace stagger::server
