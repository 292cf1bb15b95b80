#include "dialect/tool_calls.hpp"

#include <algorithm>
#include <charconv>

#include "json/json_text.hpp"

namespace stagger::wire {

namespace {

/// No model asks for more calls at once; what a server counts on from there is not believed.
constexpr std::size_t most_calls = 1024;

std::optional<std::size_t> number_in(std::string_view text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// One step into checked text.
std::optional<std::string_view> step_into(std::string_view text, std::string_view where) {
    if (const auto members = json_members(text)) {
        const auto* found = find_member(*members, where);
        return found ? std::optional(found->value) : std::nullopt;
    }
    const auto elements = json_elements(text);
    const auto number = number_in(where);
    if (!elements || !number || *number >= elements->size()) return std::nullopt;
    return (*elements)[*number];
}

}  // namespace

std::optional<std::string_view> json_at(std::string_view text, std::initializer_list<std::string_view> path) {
    if (json_problem(text)) return std::nullopt;
    std::optional<std::string_view> found = json_trimmed(text);
    for (const std::string_view where : path) {
        found = step_into(*found, where);
        if (!found) break;
    }
    return found;
}

std::vector<std::string_view> json_elements_at(std::string_view text,
                                               std::initializer_list<std::string_view> path) {
    const auto found = json_at(text, path);
    return found ? json_elements(*found).value_or(std::vector<std::string_view>())
                 : std::vector<std::string_view>();
}

std::string json_string_at(std::string_view text, std::initializer_list<std::string_view> path) {
    const auto found = json_at(text, path);
    return found ? json_string_value(*found).value_or(std::string()) : std::string();
}

tool_call& call_at(std::vector<tool_call>& calls, std::size_t number) {
    number = std::min(number, most_calls - 1);
    if (calls.size() <= number) calls.resize(number + 1);
    return calls[number];
}

void join_openai_calls(std::string_view list, std::vector<tool_call>& calls) {
    std::size_t place = 0;
    for (const std::string_view piece : json_elements_at(list, {})) {
        const auto index = json_at(piece, {"index"});
        tool_call& call = call_at(calls, index ? number_in(*index).value_or(place) : place);
        ++place;
        if (auto id = json_string_at(piece, {"id"}); !id.empty()) call.id = std::move(id);
        if (auto name = json_string_at(piece, {"function", "name"}); !name.empty())
            call.name = std::move(name);
        call.arguments += json_string_at(piece, {"function", "arguments"});
    }
}

}  // namespace stagger::wire
