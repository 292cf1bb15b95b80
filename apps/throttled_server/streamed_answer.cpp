#include "throttled_server/streamed_answer.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "throttled_server/answer.hpp"

namespace stagger::server {

namespace json = boost::json;

namespace {

constexpr std::size_t most_pieces =
    64;  // of one text: a prompt of megabytes is no reason for a million events
constexpr std::size_t piece_bytes = 4;  // as tokens are counted

/// Cut at characters, never inside one.
std::vector<std::string> pieces_of(const std::string& text) {
    const std::size_t size = std::max(piece_bytes, (text.size() + most_pieces - 1) / most_pieces);
    std::vector<std::string> pieces;
    pieces.reserve(text.size() / size + 1);
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = std::min(text.size(), begin + size);
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
        pieces.push_back(text.substr(begin, end - begin));
        begin = end;
    }
    return pieces;
}

/// One stream in the making.
class writer {
 public:
    writer(const call& asked, std::string_view request_id, std::int64_t unix_now)
        : asked_(asked), chat_(asked.spoken == dialect::openai_chat), created_(unix_now), id_(request_id) {
        if (asked.spoken != dialect::llm_engine) id_.insert(0, chat_ ? "chatcmpl-" : "cmpl-");
    }

    std::vector<stream_part> write() {
        std::vector<std::vector<std::string>> texts;
        texts.reserve(asked_.prompts.size());
        std::size_t total = 0;
        for (const std::string& prompt : asked_.prompts) {
            texts.push_back(pieces_of(answer_text(prompt)));
            total += texts.back().size();
        }
        parts_.reserve(total + 1);
        parts_.emplace_back();
        std::size_t sent = 0;
        for (std::size_t index = 0; index < texts.size(); ++index) {
            if (chat_) add(choice_event(index, {{"role", "assistant"}, {"content", ""}}, nullptr));
            for (const std::string& piece : texts[index]) {
                parts_.push_back({static_cast<double>(++sent) / static_cast<double>(total), {}});
                add_piece(index, piece, &piece == &texts[index].back());
            }
        }
        if (asked_.spoken != dialect::llm_engine) end();
        return std::move(parts_);
    }

 private:
    void add(const json::object& event) {
        const std::string_view line_end = asked_.spoken == dialect::llm_engine ? "\r\n" : "\n";
        parts_.back().events.append("data: ").append(json::serialize(event));
        parts_.back().events.append(line_end).append(line_end);
    }
    void add_piece(std::size_t index, const std::string& piece, bool last) {
        if (asked_.spoken == dialect::llm_engine) {
            const json::value counted = completion_tokens(asked_);
            const json::object output{{"text", piece},
                                      {"finished", last},
                                      {"num_prompt_tokens", asked_.prompt_tokens},
                                      {"num_completion_tokens", last ? counted : json::value(nullptr)},
                                      {"token", nullptr}};
            return add({{"request_id", id_}, {"output", output}, {"error", nullptr}});
        }
        if (!chat_)
            return add(
                choice_event(index, json::value(piece), last ? json::value("stop") : json::value(nullptr)));
        add(choice_event(index, {{"content", piece}}, nullptr));
        if (last) add(choice_event(index, json::object(), "stop"));
    }
    void end() {
        if (asked_.include_usage) {
            json::object last = frame();
            last["choices"] = json::array();
            last["usage"] = usage_of(asked_);
            add(last);
        }
        parts_.back().events.append("data: [DONE]\n\n");
    }
    json::object choice_event(std::size_t index, const json::value& content,
                              const json::value& reason) const {
        json::object event = frame();
        event["choices"] = json::array{json::object{{"index", index},
                                                    {chat_ ? "delta" : "text", content},
                                                    {"logprobs", nullptr},
                                                    {"finish_reason", reason}}};
        return event;
    }
    json::object frame() const {
        return {{"id", id_},
                {"object", chat_ ? "chat.completion.chunk" : "text_completion"},
                {"created", created_},
                {"model", asked_.model}};
    }

    const call& asked_;
    bool chat_;
    std::int64_t created_;
    std::string id_;
    std::vector<stream_part> parts_;
};

}  // namespace

std::vector<stream_part> streamed_answer(const call& asked, std::string_view request_id,
                                         std::int64_t unix_now) {
    return writer(asked, request_id, unix_now).write();
}

}  // namespace stagger::server
