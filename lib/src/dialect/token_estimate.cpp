#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include "dialect/dialect.hpp"
#include "dialect/registry.hpp"
#include "dialect/usage.hpp"
#include "json/json_document.hpp"
#include "json/json_text.hpp"

namespace stagger::wire {

namespace {

/// English text has about four characters a token; text of other scripts has fewer, but more bytes each.
constexpr double bytes_per_token = 4;
/// Template tokens around each message of a chat.
constexpr double tokens_per_message = 4;

double tokens_of_text(std::size_t bytes) {
    return static_cast<double>(bytes) / bytes_per_token;
}

/// A prompt: text, token ids, or a list of either.
double tokens_of_prompt(const json_node& prompt) {
    if (prompt.is_string()) return tokens_of_text(prompt.text().size());
    if (!prompt.is_array()) return 0;
    double tokens = 0;
    for (const auto& part : prompt) {
        if (part.is_string()) {
            tokens += tokens_of_text(part.text().size());
        } else {
            tokens += part.is_array() ? static_cast<double>(part.size()) : 1;
        }
    }
    return tokens;
}

/// A message's text; images and other parts are not text, and their size says nothing about their cost.
double tokens_of_message(const json_node& message) {
    const auto* content = message.is_object() ? member(message, "content") : nullptr;
    if (!content) return 0;
    if (content->is_string()) return tokens_per_message + tokens_of_text(content->text().size());
    double tokens = tokens_per_message;
    if (!content->is_array()) return tokens;
    for (const auto& part : *content) {
        const auto* text = part.is_object() ? member(part, "text") : nullptr;
        if (text && text->is_string()) tokens += tokens_of_text(text->text().size());
    }
    return tokens;
}

/// What Responses and embeddings call the prompt: text, token ids, or messages.
double tokens_of_input(const json_node& input) {
    if (!input.is_array()) return tokens_of_prompt(input);
    double tokens = 0;
    for (const auto& part : input) {
        if (part.is_object()) {
            tokens += tokens_of_message(part);
        } else {
            tokens += part.is_string()  ? tokens_of_text(part.text().size())
                      : part.is_array() ? static_cast<double>(part.size())
                                        : 1;
        }
    }
    return tokens;
}

/// A turn of Gemini's.
double tokens_of_content(const json_node& content) {
    const auto* parts = content.is_object() ? member(content, "parts") : nullptr;
    if (!parts || !parts->is_array()) return 0;
    double tokens = tokens_per_message;
    for (const auto& part : *parts) {
        const auto* text = part.is_object() ? member(part, "text") : nullptr;
        if (text && text->is_string()) tokens += tokens_of_text(text->text().size());
    }
    return tokens;
}

/// How much each answer may have at most, in the order in which servers go by them.
constexpr std::array<std::string_view, 4> maxima{"max_completion_tokens", "max_tokens", "max_new_tokens",
                                                 "max_output_tokens"};

/// What no server counts in. A body that asks for more is the server's to refuse.
constexpr double most_reckoned = 1e12;

struct token_parts {
    double prompt = 0;
    double answers = 1;
    std::optional<double> most;  ///< tokens in each answer
};

void add_body(const json_node& body, token_parts& parts) {
    if (const auto* prompt = member(body, "prompt")) parts.prompt += tokens_of_prompt(*prompt);
    if (const auto* messages = member(body, "messages"); messages && messages->is_array()) {
        for (const auto& message : *messages) parts.prompt += tokens_of_message(message);
    }
    if (const auto* input = member(body, "input")) parts.prompt += tokens_of_input(*input);
    for (const std::string_view name : {"system", "instructions"}) {
        if (const auto* text = member(body, name)) parts.prompt += tokens_of_prompt(*text);
    }
    if (const auto* contents = member(body, "contents"); contents && contents->is_array()) {
        for (const auto& content : *contents) parts.prompt += tokens_of_content(content);
    }
    for (const std::string_view name : maxima) {
        const auto count = token_count(body, name);
        if (!count) continue;
        parts.most = static_cast<double>(*count);
        break;
    }
    const auto answers = token_count(body, "n").value_or(1);
    parts.answers = static_cast<double>(std::max<std::uint64_t>(answers, 1));
}

/// What the request's own members say of its answers.
void add_members(const completion_request& request, token_parts& parts) {
    for (const auto& [name, text] : request.members()) {
        const bool is_most = std::find(maxima.begin(), maxima.end(), name) != maxima.end();
        if ((name != "n" && !is_most) || json_problem(text)) continue;
        const double number = json_number_value(text);  // 0 for what is none
        if (!(number >= 1) || std::isinf(number)) continue;
        (is_most ? parts.most.emplace() : parts.answers) = number;
    }
    if (request.max_new_tokens()) parts.most = *request.max_new_tokens();
}

token_parts parts_of(const completion_request& request) {
    token_parts parts;
    add_members(request, parts);
    if (request.body().empty()) {
        const std::size_t system = request.system() ? request.system()->size() : 0;
        parts.prompt = tokens_of_text(request.prompt().size() + system);
        for (const chat_message& said : request.messages()) {
            std::size_t bytes = said.text().size();
            for (const tool_call& call : said.calls()) bytes += call.name.size() + call.arguments.size();
            parts.prompt += tokens_per_message + tokens_of_text(bytes);
        }
    } else {
        const json_document document(request.body());
        if (document.object()) add_body(*document.object(), parts);
    }
    return parts;
}

/// Of a request for any operation, by the dialect that this belongs to.
answer_charge charge_of(const completion_request& request, stagger::dialect spoken) {
    if (request.path().empty()) return implementation_of(spoken).charge();
    const std::string_view path = request.path();
    const auto named = dialect_of_path("/" + std::string(path.substr(0, path.find('?'))));
    return named ? implementation_of(*named).charge() : answer_charge::made;
}

}  // namespace

double estimate_prompt_tokens(const completion_request& request) {
    return parts_of(request).prompt;
}

cost cost_of(const completion_request& request, stagger::dialect spoken) {
    cost expected;
    if (request.expected_tokens() > 0) {
        expected.tokens = request.expected_tokens();
        return expected;
    }
    const token_parts parts = parts_of(request);
    // No prompt has none, and what is taken for nothing cannot be corrected.
    expected.prompt_tokens = std::max(parts.prompt, 1.0);
    const answer_charge charge = charge_of(request, spoken);
    if (charge == answer_charge::nothing) return expected;
    if (charge == answer_charge::made) {
        expected.open_answers = std::min(parts.answers, most_reckoned);
        return expected;
    }
    const double answers = std::min(parts.answers * parts.most.value_or(1), most_reckoned);
    (parts.most ? expected.tokens : expected.open_answers) = answers;
    return expected;
}

}  // namespace stagger::wire
