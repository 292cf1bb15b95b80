#include "summary.hpp"

#include <fmt/format.h>

namespace app {
namespace {

double per(double amount, double of) {
    return of > 0 ? amount / of : 0;
}

double goodput(const stagger::batch::run_report& report) {
    return per(static_cast<double>(report.counts.succeeded), stagger::to_seconds(report.elapsed));
}

}  // namespace

std::string describe(const stagger::batch::run_report& report, const copy_counts& copied) {
    const auto& counts = report.counts;
    const auto succeeded = static_cast<double>(counts.succeeded);
    std::string text = fmt::format("{} answered, {} failed", counts.succeeded, counts.failed);
    if (counts.skipped > 0) text += fmt::format(", {} answered before", counts.skipped);
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
                    const copy_counts& copied) {
    const auto& counts = report.counts;
    const auto left = report.left ? std::to_string(*report.left) : "null";
    return fmt::format(
        R"({{"succeeded":{},"failed":{},"attempts":{},"rejected":{},"elapsed_s":{:.6f},"goodput_per_s":{:.6f},)"
        R"("waiting_s":{:.6f},"skipped":{},"left":{},"policy":"{}","prompt_tokens":{},"completion_tokens":{},)"
        R"("unreadable_answers":{},"truncated":{},"empty":{},"refused":{},"asked_again":{},"duplicates":{},"cached":{},)"
        R"("saved_tokens":{}}})"
        "\n",
        counts.succeeded, counts.failed, counts.attempts, counts.rejected,
        stagger::to_seconds(report.elapsed), goodput(report), stagger::to_seconds(counts.waiting),
        counts.skipped, left, policy, counts.prompt_tokens, counts.completion_tokens,
        counts.unreadable_answers, counts.truncated, counts.empty, counts.refused, counts.asked_again,
        copied.duplicates, copied.cached, copied.tokens);
}

}  // namespace app
