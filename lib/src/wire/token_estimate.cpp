#include <algorithm>

#include "wire/dialect.hpp"
#include "wire/json_document.hpp"
#include "wire/json_text.hpp"
#include "wire/usage.hpp"

namespace stagger::wire {

namespace {

/// English text has about four characters a token; text of other scripts has fewer, but more bytes each.
constexpr double bytes_per_token = 4;
/// What a request that does not say how much may be generated is taken for: a chat answer of usual length.
constexpr double default_generated_tokens = 256;
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

token_estimate estimate_of_body(const json_node& body, double generated) {
    token_estimate estimate;
    if (const auto* prompt = member(body, "prompt")) estimate.prompt += tokens_of_prompt(*prompt);
    if (const auto* messages = member(body, "messages"); messages && messages->is_array()) {
        for (const auto& message : *messages) estimate.prompt += tokens_of_message(message);
    }
    for (const std::string_view name : {"max_completion_tokens", "max_tokens", "max_new_tokens"}) {
        const auto count = token_count(body, name);
        if (!count) continue;
        generated = static_cast<double>(*count);
        estimate.limited = true;
        break;
    }
    const auto answers = token_count(body, "n").value_or(1);
    estimate.generated = generated * static_cast<double>(std::max<std::uint64_t>(answers, 1));
    return estimate;
}

/// What the request's own members say about a count, or nothing.
std::optional<double> own_count(const completion_request& request) {
    for (const auto& [name, text] : request.members()) {
        const bool names_it =
            name == "max_completion_tokens" || name == "max_tokens" || name == "max_new_tokens";
        if (names_it && !json_problem(text)) return json_number_value(text);
    }
    return std::nullopt;
}

}  // namespace

token_estimate estimate_token_parts(const completion_request& request) {
    const auto own = own_count(request);
    double generated = own.value_or(default_generated_tokens);
    if (request.max_new_tokens()) generated = *request.max_new_tokens();
    token_estimate estimate;
    if (request.body().empty()) {
        const std::size_t system = request.system() ? request.system()->size() : 0;
        estimate.prompt = tokens_of_text(request.prompt().size() + system);
        estimate.generated = generated;
    } else {
        const json_document document(request.body());
        estimate.generated = generated;
        if (document.object()) estimate = estimate_of_body(*document.object(), generated);
    }
    estimate.limited = estimate.limited || own || request.max_new_tokens();
    return estimate;
}

double estimate_tokens(const completion_request& request) {
    if (request.expected_tokens() > 0) return request.expected_tokens();
    const auto estimate = estimate_token_parts(request);
    return estimate.prompt + estimate.generated;
}

}  // namespace stagger::wire
