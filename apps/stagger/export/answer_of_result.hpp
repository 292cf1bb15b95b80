#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "batch/batch_line.hpp"
#include "export_value.hpp"
#include "prices/price_list.hpp"

namespace app {

/// A line of results, as far as a table shows it.
struct shown_result {
    std::string id;
    bool answered = false;
    std::string answer;  ///< the text of the first choice
    std::string finish_reason;
    std::optional<std::uint64_t> prompt_tokens;
    std::optional<std::uint64_t> completion_tokens;
    std::optional<std::uint64_t> cached_tokens;  ///< of the prompt's, those that were read from a cache
    std::string model;                           ///< that answered, as the server names it
    std::string cost;                            ///< a number, where the server tells one
    std::string error;                           ///< "code: message"
};

/// Nothing for what is no whole result line. Any dialect's answers are read, by what their bodies have.
std::optional<shown_result> read_shown_result(std::string_view line);

/** What its tokens cost by a list; nothing where the model is not listed, and for a copy of another answer.
 * @param prices may have none
 */
std::optional<double> cost_by_list(const shown_result& result, const price_list& prices);

/// The members of an answer that is a JSON object, one in a fence of Markdown, too; empty of any other.
named_values members_of_answer(const std::string& answer);

}  // namespace app
