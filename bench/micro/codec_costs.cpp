#include <boost/json/parse.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "costs.hpp"
#include "dialect/dialect.hpp"
#include "stopwatch.hpp"

namespace costs {

namespace {

constexpr std::string_view answer =
    R"({"id":"chatcmpl-0123456789abcdef","object":"chat.completion","created":1700000000,"model":"m",)"
    R"("choices":[{"index":0,"message":{"role":"assistant","content":"Air scatters short waves more than )"
    R"(long ones, so that blue comes from everywhere; in the evening the way through the air is so long that )"
    R"(only red is left (Lord Rayleigh, 1871)."},"logprobs":null,"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":48,"completion_tokens":43,"total_tokens":91}})";

stagger::completion_request question() {
    return stagger::completion_request("Why is the sky blue at noon and red in the evening?")
        .max_new_tokens(64);
}

}  // namespace

double codec_ns(std::size_t requests) {
    using namespace stagger;
    wire::encoding_context context;
    context.base_path = "/v1";
    context.model = "m";
    context.api_key = "key";
    std::size_t bytes = 0;
    const stopwatch watch;
    for (std::size_t each = 0; each < requests; ++each) {
        error_code error;
        std::string problem;
        bytes += wire::encode(question(), context, error, problem).body.size();
        wire::response received;
        received.status = 200;
        received.body = answer;
        bytes += wire::decode(std::move(received), dialect::openai_chat, 1.7e9).answer.text.size();
    }
    const double seconds = watch.seconds();
    if (bytes == 0) throw std::logic_error("nothing was encoded");
    return seconds / static_cast<double>(requests) * 1e9;
}

double json_parse_ns(std::size_t answers) {
    std::size_t members = 0;
    const stopwatch watch;
    for (std::size_t each = 0; each < answers; ++each) {
        members += boost::json::parse(answer).as_object().size();
    }
    const double seconds = watch.seconds();
    if (members == 0) throw std::logic_error("nothing was parsed");
    return seconds / static_cast<double>(answers) * 1e9;
}

}  // namespace costs
