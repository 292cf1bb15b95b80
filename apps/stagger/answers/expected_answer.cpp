#include "expected_answer.hpp"

// Without it a schema that is none would end the program.
#define VALIJSON_USE_EXCEPTIONS 1

#include <boost/json/parse.hpp>
#include <stdexcept>
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

std::string expected_answer::response_format() const {
    if (!schema_) return {};
    std::string text;
    wire::object_writer format(text);
    format.string("type", "json_schema");
    wire::object_writer described(format.key("json_schema"));
    described.string("name", "answer");
    described.raw("schema", schema_->text);
    described.close();
    format.close();
    return text;
}

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
        const auto text = each.name == "prompt" ? wire::json_string_value(each.value) : std::nullopt;
        if (each.name == "messages" && each.value.ends_with(']')) {
            auto& messages = writer.key("messages");
            messages += each.value.substr(0, each.value.size() - 1);
            for (const auto& [role, content] : {std::pair("assistant", &answer), std::pair("user", &note)}) {
                messages += ',';
                wire::object_writer message(messages);
                message.string("role", role);
                message.string("content", *content);
                message.close();
            }
            messages += ']';
        } else if (text) {
            std::string prompt = *text;
            prompt.append("\n\n").append(answer).append("\n\n").append(note).append("\n\n");
            writer.string("prompt", prompt);
        } else {
            writer.raw(each.name, each.value);
        }
    }
    writer.close();
    auto again = stagger::completion_request::from_body(std::move(body));
    if (!request.model().empty()) again.model(request.model());
    return again;
}

}  // namespace app
