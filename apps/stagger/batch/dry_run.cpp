#include "dry_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "batch/existing_results.hpp"
#include "batch/unanswered_prompts.hpp"
#include "cli/output_file.hpp"
#include "coordinator/token_forecast.hpp"
#include "dialect/dialect.hpp"
#include "prices/cost_counter.hpp"
#include "sending/limits_file.hpp"
#include "terminal/duration_text.hpp"

namespace app {
namespace {

namespace asio = boost::asio;
namespace batch = stagger::batch;

/// In money: of prompts whose model has a price.
struct cost_estimate {
    double prompts = 0;
    double answers_at_most = 0;
    double supposed = 0;       ///< of answers that nothing bounds
    std::size_t unpriced = 0;  ///< prompts of other models

    void add(const stagger::cost& tokens, const token_prices* prices) {
        if (prices == nullptr) {
            ++unpriced;
            return;
        }
        prompts += tokens.prompt_tokens * prices->prompt;
        answers_at_most += tokens.tokens * prices->completion;
        supposed += stagger::token_forecast::supposed_answer * tokens.open_answers * prices->completion;
    }
};

struct estimate {
    std::size_t prompts = 0;
    std::size_t unreadable = 0;
    stagger::cost tokens{0};
    cost_estimate cost;

    /// Where nothing bounds an answer its length is only supposed.
    double supposed() const { return stagger::token_forecast::supposed_answer * tokens.open_answers; }
    double all_tokens() const { return tokens.prompt_tokens + tokens.tokens + supposed(); }
};

/// What is added up, and what it is added up by.
struct adding {
    const send_plan& plan;
    const price_list& prices;
    std::string name;
    std::shared_ptr<const row_places> places;
    console& out;
};

asio::awaitable<void> add_up(stagger::prompt_source& prompts, const adding& by, estimate& sum) {
    stagger::error_code error;
    while (auto prompt = co_await prompts.read(error)) {
        if (prompt->request) {
            ++sum.prompts;
            const auto cost = stagger::wire::cost_of(*prompt->request, by.plan.dialect);
            if (!by.prices.empty())
                sum.cost.add(cost, by.prices.find(asked_model(*prompt->request, by.plan.client.model())));
            sum.tokens.tokens += cost.tokens;
            sum.tokens.prompt_tokens += cost.prompt_tokens;
            sum.tokens.open_answers += cost.open_answers;
            continue;
        }
        if (sum.unreadable++ < problems_shown)
            by.out.error(by.places->name_of(prompt->position) + ": " + prompt->problem);
    }
    if (error) throw failure(exit_code::file_failed, by.name + ": " + error.message());
}

/// What a results file has results of, which is not opened for writing and need not exist.
batch::recorded_prompts recorded(const batch_file_options& options) {
    const batch::file_handle file(options.overwrite || options.results == "-"
                                      ? -1
                                      : ::open(options.results.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return batch::recorded_prompts();
    batch::reading_results how;
    how.by_id = options.accept_changes;
    how.failed_are_recorded = !options.retry_failed;
    std::string problem;
    auto found = batch::read_existing_results(file.get(), how, problem);
    if (!found) throw failure(exit_code::file_failed, options.results + ": " + problem);
    return std::move(found->recorded);
}

/// How long a limit that is told makes the amount take; 0 where none is told.
double minutes(double amount, double a_minute) {
    return a_minute > 0 ? amount / a_minute : 0;
}

/// What the limit allows that earlier runs found, which is tested anew each time.
std::string remembered_time_text(const send_plan& plan, const estimate& sum) {
    const auto& limits = plan.limits.remembered();
    if (!limits) return "unknown: neither --rpm nor --tpm is given, and no limit is remembered";
    const auto time = stagger::from_seconds(static_cast<double>(sum.prompts) / limits->rate_per_s);
    return fmt::format("{}, at the {:.3g}/s {} {}", format_clock(time), limits->rate_per_s,
                       limits->kind == stagger::limit_kind::none ? "that were admitted" : "remembered from",
                       format_age(current_date() - *limits->learned_at));
}

std::string time_text(const send_plan& plan, const estimate& sum) {
    const auto of_requests = minutes(static_cast<double>(sum.prompts), plan.limits.requests_per_minute());
    const auto of_tokens = minutes(sum.all_tokens(), plan.limits.tokens_per_minute());
    if (of_requests + of_tokens <= 0) return remembered_time_text(plan, sum);
    const auto* which = of_requests >= of_tokens ? "--rpm" : "--tpm";
    const bool supposes = of_tokens > of_requests && sum.tokens.open_answers > 0;
    return fmt::format("{} {}, for {}",
                       format_clock(stagger::from_seconds(60 * std::max(of_requests, of_tokens))),
                       supposes ? "with answers as long as supposed" : "at least", which);
}

/// How sure each part is: a maximum is charged whether it is used or not, a length that nothing bounds is not
/// known before it is there.
std::string tokens_text(const estimate& sum) {
    std::string text = fmt::format("{:.0f} in prompts", sum.tokens.prompt_tokens);
    if (sum.tokens.tokens > 0) text += fmt::format(", {:.0f} in answers at most", sum.tokens.tokens);
    if (sum.tokens.open_answers > 0) {
        text += fmt::format(", {:.0f} in {:.0f} answer{} without a maximum, if {} {:.0f}{}", sum.supposed(),
                            sum.tokens.open_answers, sum.tokens.open_answers == 1 ? "" : "s",
                            sum.tokens.open_answers == 1 ? "it has" : "they have",
                            stagger::token_forecast::supposed_answer,
                            sum.tokens.open_answers == 1 ? "" : " each");
    }
    return text;
}

/// A line of its own, where there are prices.
std::string cost_line(const cost_estimate& cost) {
    std::string text = cost_text(cost.prompts) + " for prompts";
    if (cost.answers_at_most > 0) text += ", " + cost_text(cost.answers_at_most) + " for answers at most";
    if (cost.supposed > 0) {
        text += fmt::format(", {} for answers without a maximum, if they have {:.0f} tokens each",
                            cost_text(cost.supposed), stagger::token_forecast::supposed_answer);
    }
    if (cost.unpriced > 0)
        text += fmt::format("; {} prompt{} of models without a price", cost.unpriced,
                            cost.unpriced == 1 ? "" : "s");
    return "cost, about       " + text + "\n";
}

}  // namespace

exit_code dry_run(const batch_file_options& options, const send_plan& plan, const price_list& prices,
                  console& out) {
    asio::io_context context(1);
    const auto known = recorded(options);
    auto opened = open_prompts(context.get_executor(), options, plan);
    batch::unanswered_prompts prompts(std::move(opened.source), known);
    prompts.select(opened.selected, std::nullopt);
    estimate sum;
    auto rethrow = [](const std::exception_ptr& failed) {
        if (failed) std::rethrow_exception(failed);
    };
    const adding by{plan, prices, options.prompts_name(), opened.places, out};
    asio::co_spawn(context, add_up(prompts, by, sum), rethrow);
    context.run();
    write_standard_output(
        fmt::format("prompts to send   {}\n"
                    "answered before   {}\n"
                    "unreadable lines  {}\n"
                    "tokens, about     {}\n"
                    "{}"
                    "time              {}\n",
                    sum.prompts, prompts.skipped(), sum.unreadable, tokens_text(sum),
                    prices.empty() ? "" : cost_line(sum.cost), time_text(plan, sum)));
    return sum.unreadable > 0 ? exit_code::some_failed : exit_code::done;
}

}  // namespace app
