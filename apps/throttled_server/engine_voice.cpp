#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "throttled_server/answer.hpp"
#include "throttled_server/api_voice.hpp"
#include "throttled_server/call_members.hpp"

namespace stagger::server {

namespace json = boost::json;

namespace {

std::string model_in_query(std::string_view target) {
    const auto url = boost::urls::parse_origin_form(target);
    if (!url) return {};
    const auto params = url->params();
    const auto found = params.find("model_endpoint_name");
    return found == params.end() ? std::string() : std::string((*found).value);
}

class engine_api final : public api_voice {
 public:
    std::optional<call_problem> read(const json::object& body, std::string_view target,
                                     call& read) const override {
        read.streamed = target.substr(0, target.find('?')).ends_with("completions-stream");
        read.model = model_in_query(target);
        if (auto problem = read_max_tokens(body, "max_new_tokens", read.max_tokens)) return problem;
        const auto* prompt = body.if_contains("prompt");
        if (prompt == nullptr || !prompt->is_string())
            return call_problem{"prompt must be a string", "prompt"};
        read.prompts.emplace_back(prompt->get_string());
        read.prompt_tokens = estimate_tokens(read.prompts.front().size());
        return std::nullopt;
    }

    std::string whole(const call& asked, std::string_view request_id, std::int64_t) const override {
        const json::object output{{"text", answer_text(asked.prompts.front())},
                                  {"num_prompt_tokens", asked.prompt_tokens},
                                  {"num_completion_tokens", completion_tokens(asked)},
                                  {"tokens", nullptr}};
        return json::serialize(json::object{{"request_id", request_id}, {"output", output}});
    }

    std::vector<stream_part> streamed(const call& asked, std::string_view request_id,
                                      std::int64_t) const override {
        const auto pieces = pieces_of(answer_text(asked.prompts.front()));
        stream_writer out(pieces.size());
        for (const std::string& piece : pieces) {
            const bool last = &piece == &pieces.back();
            const json::value counted = completion_tokens(asked);
            const json::object output{{"text", piece},
                                      {"finished", last},
                                      {"num_prompt_tokens", asked.prompt_tokens},
                                      {"num_completion_tokens", last ? counted : json::value(nullptr)},
                                      {"token", nullptr}};
            const json::object event{{"request_id", request_id}, {"output", output}, {"error", nullptr}};
            out.next_piece();
            out.add("data: " + json::serialize(event) + "\r\n\r\n");
        }
        return out.take();
    }

    std::string error(const told_error& what) const override {
        if (what.status != 429) return json::serialize(json::object{{"detail", what.message}});
        return json::serialize(
            json::object{{"error", "Too many requests"}, {"timestamp", rfc3339(what.unix_now)}});
    }
};

}  // namespace

const api_voice& engine_voice() {
    static const engine_api one;
    return one;
}

}  // namespace stagger::server
