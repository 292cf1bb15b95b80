#include "schema_in_request.hpp"

#include <algorithm>

#include "dialect/registry.hpp"
#include "json/json_writer.hpp"

namespace app {
namespace {

namespace wire = stagger::wire;

/// `response_format` of chats.
std::string response_format(const std::string& schema) {
    std::string text;
    wire::object_writer format(text);
    format.string("type", "json_schema");
    wire::object_writer described(format.key("json_schema"));
    described.string("name", "answer");
    described.raw("schema", schema);
    described.close();
    format.close();
    return text;
}

/// `text` of Responses.
std::string text_format(const std::string& schema) {
    std::string text;
    wire::object_writer all(text);
    wire::object_writer format(all.key("format"));
    format.string("type", "json_schema");
    format.string("name", "answer");
    format.raw("schema", schema);
    format.close();
    all.close();
    return text;
}

}  // namespace

void ask_for_schema(send_plan& plan, const std::string& schema) {
    if (schema.empty()) return;
    const auto add = [&plan](const char* name, const std::string& json) {
        const auto same = [name](const auto& param) { return param.first == name; };
        if (std::none_of(plan.params.begin(), plan.params.end(), same)) plan.params.emplace_back(name, json);
    };
    if (plan.dialect == stagger::dialect::openai_chat)
        add("response_format", response_format(schema));
    else if (plan.dialect == stagger::dialect::openai_responses)
        add("text", text_format(schema));
    else if (wire::implementation_of(plan.dialect).can().json_schema)
        plan.answer_schema = schema;
}

}  // namespace app
