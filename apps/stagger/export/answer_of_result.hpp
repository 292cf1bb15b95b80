#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "batch/batch_line.hpp"
#include "export_value.hpp"

namespace app {

/// A line of results, as far as a table shows it.
struct shown_result {
    std::string id;
    bool answered = false;
    std::string answer;  ///< the text of the first choice
    std::string finish_reason;
    std::optional<std::uint64_t> prompt_tokens;
    std::optional<std::uint64_t> completion_tokens;
    std::string cost;   ///< a number, where the server tells one
    std::string error;  ///< "code: message"
};

/// Nothing for what is no whole result line. Any dialect's answers are read, by what their bodies have.
std::optional<shown_result> read_shown_result(std::string_view line);

/// The members of an answer that is a JSON object, one in a fence of Markdown, too; empty of any other.
named_values members_of_answer(const std::string& answer);

}  // namespace app
