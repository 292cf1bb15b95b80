#include "expected_answer.hpp"

// Without it a schema that is none would end the program.
#define VALIJSON_USE_EXCEPTIONS 1

#include <array>
#include <boost/json/parse.hpp>
#include <stdexcept>
#include <utility>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "json/json_text.hpp"
#include "json/json_writer.hpp"

namespace app {
namespace {

namespace wire = stagger::wire;

// A note with a longer one would cost more than it helps.
constexpr std::size_t longest_schema_in_note = 8 * 1024;
// libstdc++ matches patterns by recursion, a frame a character: longer texts could take the whole stack.
constexpr std::size_t longest_matched = 16 * 1024;
constexpr std::size_t problems_told = 3;

std::string first_problems(valijson::ValidationResults& results) {
    std::string told;
    valijson::ValidationResults::Error each;
    for (std::size_t count = 0; count < problems_told && results.popError(each); ++count) {
        std::string place;
        for (const auto& step : each.context) place += step;
        told += (told.empty() ? "" : "; ") + place + ": " + each.description;
    }
    return told;
}

}  // namespace

struct expected_answer::schema {
    std::string text;
    bool has_patterns = false;
    valijson::Schema parsed;
};

expected_answer expected_answer::json() {
    return {};
}

expected_answer expected_answer::fitting(const std::string& text) {
    if (const auto wrong = wire::json_problem(text))
        throw std::invalid_argument("is not valid JSON: " + *wrong);
    auto made = std::make_shared<schema>();
    made->text = text;
    made->has_patterns = text.find("\"pattern") != std::string::npos;
    const auto value = boost::json::parse(text);
    if (!value.is_object()) throw std::invalid_argument("is no JSON Schema: it must be an object");
    try {
        valijson::SchemaParser parser;
        const valijson::adapters::BoostJsonAdapter adapter(value);
        parser.populateSchema(adapter, made->parsed);
    } catch (const std::exception& wrong) {
        throw std::invalid_argument(std::string("is no JSON Schema that can be used: ") + wrong.what());
    }
    expected_answer expected;
    expected.schema_ = std::move(made);
    return expected;
}

std::optional<std::string> expected_answer::problem(const std::string& answer) const {
    if (const auto wrong = wire::json_problem(answer)) return "it is not one JSON value: " + *wrong;
    if (!schema_) return std::nullopt;
    if (schema_->has_patterns && answer.size() > longest_matched)
        return "it is longer than what is matched with a schema's patterns, " +
               std::to_string(longest_matched) + " bytes";
    boost::system::error_code unreadable;
    const auto value = boost::json::parse(answer, unreadable);
    if (unreadable) return "it is not one JSON value: " + unreadable.message();
    valijson::Validator validator;
    valijson::ValidationResults results;
    const valijson::adapters::BoostJsonAdapter adapter(value);
    if (validator.validate(schema_->parsed, adapter, &results)) return std::nullopt;
    return "it does not fit the schema: " + first_problems(results);
}

std::string expected_answer::note(const std::string& problem) const {
    std::string text = "Your answer cannot be used: " + problem +
                       ". Answer again, with the JSON alone and nothing around it.";
    if (schema_ && schema_->text.size() <= longest_schema_in_note)
        text += " It has to fit this JSON Schema: " + schema_->text;
    return text;
}

std::string expected_answer::schema_text() const {
    return schema_ ? schema_->text : std::string();
}

namespace {

using turns = std::array<std::pair<const char*, const std::string*>, 2>;  // roles, and what they say

std::string with_turns(std::string_view messages, const turns& more) {
    std::string text(messages.substr(0, messages.size() - 1));
    for (const auto& [role, content] : more) {
        text += ',';
        wire::object_writer message(text);
        message.string("role", role);
        message.string("content", *content);
        message.close();
    }
    return text + ']';
}

std::string with_gemini_turns(std::string_view contents, const turns& more) {
    std::string text(contents.substr(0, contents.size() - 1));
    for (const auto& [role, content] : more) {
        text += ',';
        wire::object_writer turn(text);
        turn.string("role", role);
        auto& parts = turn.key("parts");
        parts += '[';
        wire::object_writer part(parts);
        part.string("text", *content);
        part.close();
        parts += ']';
        turn.close();
    }
    return text + ']';
}

/// The member of a body that asks, with what was answered and a note behind it; nothing: it cannot be
/// continued.
std::optional<std::string> continued(const wire::json_member& question, stagger::dialect spoken,
                                     const std::string& answer, const std::string& note) {
    const bool list = question.value.ends_with(']');
    const turns more{{{"assistant", &answer}, {"user", &note}}};
    const auto text = wire::json_string_value(question.value);
    if (question.name == "messages" && list) return with_turns(question.value, more);
    if (question.name == "contents" && list)
        return with_gemini_turns(question.value, {{{"model", &answer}, {"user", &note}}});
    if (question.name == "input" && spoken == stagger::dialect::openai_responses) {
        if (list) return with_turns(question.value, more);
        const auto first = R"([{"role":"user","content":)" + std::string(question.value) + "}]";
        return text ? std::optional(with_turns(first, more)) : std::nullopt;
    }
    if (question.name != "prompt" || !text) return std::nullopt;
    std::string json;
    wire::append_json_string(json, *text + "\n\n" + answer + "\n\n" + note + "\n\n");
    return json;
}

}  // namespace

stagger::completion_request asked_again(const stagger::completion_request& request,
                                        const wire::encoding_context& encoding, const std::string& answer,
                                        const std::string& note) {
    stagger::error_code unsendable;
    std::string problem;
    const auto encoded = wire::encode(request, encoding, unsendable, problem);
    const auto members =
        unsendable || wire::json_problem(encoded.body) ? std::nullopt : wire::json_members(encoded.body);
    if (!members) return request;
    std::string body;
    wire::object_writer writer(body);
    for (const auto& each : *members) {
        const auto longer = continued(each, encoding.dialect, answer, note);
        writer.raw(each.name, longer ? std::string_view(*longer) : each.value);
    }
    writer.close();
    auto again = stagger::completion_request::from_body(std::move(body));
    if (!request.model().empty()) again.model(request.model());
    return again;
}

}  // namespace app
