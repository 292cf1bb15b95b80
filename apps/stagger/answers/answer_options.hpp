#pragma once

#include <memory>
#include <optional>
#include <string>

#include "answers/checked_answers.hpp"
#include "answers/copied_answers.hpp"
#include "sending/send_options.hpp"

namespace CLI {
class App;
}

namespace app {

/// What `stagger batch` takes on its command line about answers, as given.
struct answer_options {
    bool dedupe = false;
    std::string cache;
    std::string expect;
    std::string schema;
    std::optional<unsigned> expect_retries;
    bool fail_truncated = false;
    std::string prices;
    std::optional<double> max_cost;          ///< in the currency of the prices
    std::optional<double> max_cost_per_day;  ///< the same, of a day of UTC
    std::string spending_file;               ///< empty: the usual one
};

/// Adds the options to the subcommand; `options` must outlive the parsing.
void add_answer_options(CLI::App& command, answer_options& options);

/// @throws failure wrong_usage or file_failed
answer_rules make_answer_rules(const answer_options& options);

/// What of the options decides what is asked and recorded, for `parameters_hash`; empty where nothing does.
std::string hashed_answers(const answer_options& options, const answer_rules& rules);

/// What requests are encoded with, as the client does it.
stagger::wire::encoding_context encoding_of(const send_plan& plan);

/// Null where neither --dedupe nor --cache is given.
/// @throws failure file_failed
std::shared_ptr<copied_answers> make_copied_answers(const answer_options& options, const send_plan& plan,
                                                    const stagger::batch::transport& through);

}  // namespace app
