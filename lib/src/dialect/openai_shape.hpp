#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "dialect/api_dialect.hpp"
#include "dialect/delivery.hpp"
#include "json/json_node.hpp"
#include "stagger/completion.hpp"

/// What OpenAI's completions have in common, whether of chats or of text: a list of choices.
namespace stagger::wire {

/// The member that asks, and what writes its value.
struct openai_question {
    std::string_view member;
    void (*append)(std::string& out, const completion_request& request);
};

/// As `api_dialect::body_of`.
std::string openai_body(const completion_request& request, const openai_question& question,
                        std::string& model, delivery how, std::string& problem);

/// Takes the text out of one choice; returns what is wrong with it, or nothing.
/// @param calls set where it asks for calls of tools
using choice_reader = std::string (*)(const json_node& choice, std::string& text, bool& calls);

/// Takes text, finish reason, usage and id out of an answer; returns what is wrong with it, or nothing.
/// @param calls set where the first choice asks for calls of tools
std::string read_openai_answer(const json_node& document, choice_reader read, completion& answer,
                               bool& calls);
/// The same of one event of a stream.
/// @param calling set to the place of the choice that brings a piece of a call
std::string read_openai_event(const json_node& event, choice_reader read, completion_delta& delta,
                              stream_progress& progress, std::optional<std::size_t>& calling);
/// Whether any choice of an answer, or of an event of one, has a text, a call, a refusal, a sound or a
/// picture.
bool choices_say_anything(const json_node& document);
/// All choices; none where any of them has another shape.
/// @param calls_in where a choice has its list of calls, in `text`; nothing: it has none
std::vector<completion_choice> read_openai_choices(const json_node& document, choice_reader read,
                                                   std::string_view text, std::string_view calls_in);
/// Whether there is a choice.
bool has_choices(const json_node& document);

}  // namespace stagger::wire
