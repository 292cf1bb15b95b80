#include <bit>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "batch/line_hash.hpp"
#include "dialect/authorization.hpp"
#include "throttled_server/answer.hpp"
#include "throttled_server/api_voice.hpp"
#include "throttled_server/call_members.hpp"
#include "throttled_server/openai_error.hpp"

namespace stagger::server {

namespace json = boost::json;

namespace {

constexpr std::uint64_t usual_dimensions = 8;

/// Within -1 and 1, the same for the same text.
std::vector<double> vector_of(const std::string& text, std::uint64_t dimensions) {
    std::vector<double> all;
    std::uint64_t hash = batch::line_hash(text);
    for (std::uint64_t i = 0; i < dimensions; ++i) {
        hash = batch::mixed(hash);
        constexpr double half = 128;
        all.push_back((static_cast<double>(hash & 0xff) - half) / half);
    }
    return all;
}

/// Four bytes each, the lowest first.
json::string packed(const std::vector<double>& values) {
    std::string bytes;
    for (const double each : values) {
        const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(each));
        for (unsigned shift = 0; shift < 32; shift += 8)
            bytes.push_back(static_cast<char>(bits >> shift & 0xff));
    }
    return json::string(wire::base64(bytes));
}

class embeddings_api final : public api_voice {
 public:
    std::optional<call_problem> read(const json::object& body, std::string_view, call& read) const override {
        read_model(body, read);
        const auto* input = body.if_contains("input");
        if (input != nullptr && input->is_string()) {
            read.prompts.emplace_back(input->get_string());
        } else if (input != nullptr && input->is_array()) {
            for (const json::value& each : input->get_array()) {
                if (!each.is_string()) return call_problem{"an input must be a string", "input"};
                read.prompts.emplace_back(each.get_string());
            }
        }
        if (read.prompts.empty()) return call_problem{"input must be a string", "input"};
        for (const std::string& each : read.prompts) read.prompt_tokens += estimate_tokens(each.size());
        const auto* format = body.if_contains("encoding_format");
        read.packed = format != nullptr && format->is_string() && format->get_string() == "base64";
        read.dimensions = usual_dimensions;
        read.max_tokens = 0;
        constexpr std::uint64_t most_dimensions = 4096;
        if (auto problem = read_max_tokens(body, "dimensions", read.dimensions)) return problem;
        if (read.dimensions > most_dimensions)
            return call_problem{"dimensions must be at most 4096", "dimensions"};
        return std::nullopt;
    }

    std::string whole(const call& asked, std::string_view, std::int64_t) const override {
        json::array data;
        for (const std::string& prompt : asked.prompts) {
            const auto values = vector_of(prompt, asked.dimensions);
            json::value embedding = json::array(values.begin(), values.end());
            if (asked.packed) embedding = packed(values);
            data.push_back(json::object{
                {"object", "embedding"}, {"index", data.size()}, {"embedding", std::move(embedding)}});
        }
        return json::serialize(json::object{{"object", "list"},
                                            {"data", std::move(data)},
                                            {"model", asked.model},
                                            {"usage", json::object{{"prompt_tokens", asked.prompt_tokens},
                                                                   {"total_tokens", asked.prompt_tokens}}}});
    }

    std::vector<stream_part> streamed(const call&, std::string_view, std::int64_t) const override {
        return {};  // nothing is ever asked for as a stream
    }

    std::string error(const told_error& what) const override {
        return json::serialize(json::object{{"error", openai_error(what)}});
    }
    std::string error_inside(const told_error& what) const override {
        return json::serialize(json::object{{"error", openai_error_inside(what)}});
    }
};

}  // namespace

const api_voice& embeddings_voice() {
    static const embeddings_api one;
    return one;
}

}  // namespace stagger::server
