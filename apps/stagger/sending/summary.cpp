#include "summary.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "progress.hpp"

namespace app {
namespace {

double per(double amount, double of) {
    return of > 0 ? amount / of : 0;
}

double goodput(const stagger::batch::run_report& report) {
    return per(static_cast<double>(report.counts.succeeded), stagger::to_seconds(report.elapsed));
}

/// Answered, failed and left apart, of this run and of those before.
std::string results_text(const stagger::batch::run_report& report, std::size_t failed_before) {
    const auto& counts = report.counts;
    std::string text = fmt::format("{} answered, {} failed", counts.succeeded, counts.failed);
    // A part of a list may hold none of the failures that its results hold.
    const auto failed = std::min(failed_before, counts.skipped);
    if (counts.skipped > failed) text += fmt::format(", {} answered before", counts.skipped - failed);
    if (failed > 0) text += fmt::format(", {} failed before", failed);
    if (report.left && *report.left > 0) text += fmt::format(", {} left", *report.left);
    return text;
}

std::string tokens_text(const stagger::batch::run_report& report) {
    const auto& counts = report.counts;
    const auto all = counts.prompt_tokens + counts.completion_tokens;
    if (all == 0) return {};
    return fmt::format("tokens {}: {} in prompts, {} in answers; {:.1f}/s\n", short_count(all),
                       short_count(counts.prompt_tokens), short_count(counts.completion_tokens),
                       per(static_cast<double>(all), stagger::to_seconds(report.elapsed)));
}

/// "cost 0.0123", and what it leaves out.
std::string cost_of_run_text(const cost_counts& costs) {
    std::string text = "cost " + cost_text(costs.cost);
    if (costs.unpriced > 0)
        text += fmt::format(" without {} answer{}", costs.unpriced, costs.unpriced == 1 ? "" : "s");
    if (!costs.unlisted_model.empty()) text += fmt::format(": the prices have no {}", costs.unlisted_model);
    return text + "\n";
}

/// Members of what the answers cost.
std::string cost_json(const cost_counts& costs) {
    return fmt::format(R"(,"cost":{:.9g},"unpriced":{})", costs.cost, costs.unpriced);
}

/// "limit 20.0/s; waited for pace 57 %, server said when 43 %".
std::string limit_text(const stagger::coordinator_status& gate) {
    const auto limit = limit_found(gate);
    const double all = gate.waited.total().count();
    std::string waits;
    for (const auto why : stagger::wait_reasons) {
        const double percent = 100 * per(gate.waited[why].count(), all);
        if (percent < 0.5) continue;
        waits += fmt::format("{}{} {:.0f} %", waits.empty() ? "waited for " : ", ", in_words(why), percent);
    }
    if (limit.empty() && waits.empty()) return {};
    return limit + (limit.empty() || waits.empty() ? "" : "; ") + waits + "\n";
}

std::string number_or_null(const std::optional<double>& value) {
    return value ? fmt::format("{:.3f}", *value) : "null";
}

/// Members of what the coordinator knew at the end.
std::string gate_json(const stagger::coordinator_status& gate) {
    std::string waits;
    for (const auto why : stagger::wait_reasons) {
        const double spent_s = gate.waited[why].count();
        if (spent_s <= 0) continue;
        waits += fmt::format(R"({}"{}":{:.6f})", waits.empty() ? "" : ",", to_string(why), spent_s);
    }
    return fmt::format(R"(,"limit_per_s":{},"limit_in_flight":{},"waited_for_s":{{{}}})",
                       number_or_null(gate.measured_per_s),
                       gate.measured_window ? std::to_string(*gate.measured_window) : "null", waits);
}

}  // namespace

std::string describe(const stagger::batch::run_report& report, const summary_context& beside) {
    const auto& counts = report.counts;
    const auto& copied = beside.copied;
    const auto succeeded = static_cast<double>(counts.succeeded);
    std::string text = results_text(report, beside.failed_before);
    text +=
        fmt::format("; {:.1f} s, {:.2f} answers/s\n", stagger::to_seconds(report.elapsed), goodput(report));
    if (counts.succeeded > 0) {
        text += fmt::format("attempts per success {:.2f}, rejections per 100 successes {:.1f}, ",
                            static_cast<double>(counts.attempts) / succeeded,
                            100 * static_cast<double>(counts.rejected) / succeeded);
    } else {
        text += fmt::format("attempts {}, rejections {}, ", counts.attempts, counts.rejected);
    }
    const auto waiting = stagger::to_seconds(counts.waiting);
    text += fmt::format("waiting {:.2f} s a prompt, {:.1f} s in all\n",
                        per(waiting, static_cast<double>(counts.ended)), waiting);
    text += tokens_text(report);
    if (beside.costs) text += cost_of_run_text(*beside.costs);
    if (beside.gate) text += limit_text(*beside.gate);
    if (counts.unreadable_answers > 0)
        text +=
            fmt::format("answers that were no JSON, or only a part of it: {}\n", counts.unreadable_answers);
    if (counts.asked_again > 0)
        text +=
            fmt::format("answers that were not as expected, and asked for again: {}\n", counts.asked_again);
    if (counts.truncated > 0)
        text += fmt::format("answers that were cut off at their greatest length: {}\n", counts.truncated);
    if (counts.empty > 0)
        text += fmt::format("answers that were empty, without text, call or refusal: {}\n", counts.empty);
    if (counts.refused > 0) text += fmt::format("answers that the model refused: {}\n", counts.refused);
    if (copied.duplicates + copied.cached > 0) {
        text += fmt::format("copied: {} that this run had asked, {} from the cache; {} tokens saved\n",
                            copied.duplicates, copied.cached, copied.tokens);
    }
    for (const auto& [reason, count] : counts.failures)
        text += fmt::format("failed: {} x {}\n", count, reason);
    return text;
}

std::string to_json(const stagger::batch::run_report& report, const std::string& policy,
                    const summary_context& beside) {
    const auto& counts = report.counts;
    const auto& copied = beside.copied;
    const auto tokens = static_cast<double>(counts.prompt_tokens + counts.completion_tokens);
    const auto left = report.left ? std::to_string(*report.left) : "null";
    return fmt::format(
        R"({{"succeeded":{},"failed":{},"attempts":{},"rejected":{},"elapsed_s":{:.6f},"goodput_per_s":{:.6f},)"
        R"("waiting_s":{:.6f},"skipped":{},"left":{},"policy":"{}","prompt_tokens":{},"completion_tokens":{},)"
        R"("unreadable_answers":{},"truncated":{},"empty":{},"refused":{},"asked_again":{},"duplicates":{},"cached":{},)"
        R"("saved_tokens":{},"failed_before":{},"tokens_per_s":{:.3f}{}{}}})"
        "\n",
        counts.succeeded, counts.failed, counts.attempts, counts.rejected,
        stagger::to_seconds(report.elapsed), goodput(report), stagger::to_seconds(counts.waiting),
        counts.skipped, left, policy, counts.prompt_tokens, counts.completion_tokens,
        counts.unreadable_answers, counts.truncated, counts.empty, counts.refused, counts.asked_again,
        copied.duplicates, copied.cached, copied.tokens, std::min(beside.failed_before, counts.skipped),
        per(tokens, stagger::to_seconds(report.elapsed)), beside.gate ? gate_json(*beside.gate) : "",
        beside.costs ? cost_json(*beside.costs) : "");
}

}  // namespace app
