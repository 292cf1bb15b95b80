#include "row_story.hpp"

#include <fmt/format.h>

#include <utility>

#include "sending/progress.hpp"

namespace app {
namespace {

namespace decisions = stagger::decisions;

double seconds(stagger::duration span) {
    return stagger::to_seconds(span);
}

/// "4.461 s (pace 0.307 s, backing off 4.154 s)".
std::string waits_text(const stagger::waiting_times& waited) {
    std::string reasons;
    for (const auto why : stagger::wait_reasons) {
        if (waited[why] < std::chrono::microseconds(500)) continue;
        reasons +=
            fmt::format("{}{} {:.3f} s", reasons.empty() ? "" : ", ", in_words(why), seconds(waited[why]));
    }
    const auto total = fmt::format("{:.3f} s", seconds(waited.total()));
    return reasons.empty() ? total : total + " (" + reasons + ")";
}

std::string said_text(const stagger::hints& said) {
    return said.retry_after ? fmt::format("; Retry-After of {:.3f} s", seconds(*said.retry_after)) : "";
}

std::string tokens_text(const stagger::token_usage& used) {
    if (!used.prompt_tokens && !used.completion_tokens) return {};
    return fmt::format("; {} tokens in the prompt, {} in the answer", used.prompt_tokens.value_or(0),
                       used.completion_tokens.value_or(0));
}

template <class Id>
std::uint64_t number(Id id) {
    return static_cast<std::uint64_t>(id);
}

}  // namespace

/// Takes up what concerns the row.
struct row_story::teller {
    row_story& story;
    stagger::time_point at;

    bool concerns(stagger::task_id task) const { return story.tasks_.contains(number(task)); }

    void operator()(const decisions::admitted& made) const {
        if (!concerns(made.task)) return;
        const auto pace =
            made.view.pace_per_s > 0 ? fmt::format(", at a pace of {:.1f}/s", made.view.pace_per_s) : "";
        story.permits_.emplace(number(made.permit), at);
        leave(
            made.task, made.waited,
            fmt::format("attempt {} is sent, after {}{}", ++story.attempts_, waits_text(made.waited), pace));
    }
    void operator()(const decisions::withdrawn& made) const {
        if (concerns(made.task)) leave(made.task, made.waited, "gives up, after " + waits_text(made.waited));
    }
    void operator()(const decisions::expired& made) const {
        if (concerns(made.task))
            leave(made.task, made.waited, "its deadline passes in line, after " + waits_text(made.waited));
    }
    void operator()(const decisions::answering& made) const {
        if (story.permits_.contains(number(made.permit))) story.tell(at, "its answer begins");
    }
    void operator()(const decisions::accepted& made) const {
        end(made.permit, "admitted and done", tokens_text(made.used));
    }
    void operator()(const decisions::throttled& made) const {
        std::string text = said_text(made.said);
        if (made.own) {
            text += "; the prompt itself is what the server refuses, and it ends";
        } else if (made.earliest > at) {
            text += fmt::format("; not again before {:.3f} s", seconds(made.earliest - *story.origin_));
        }
        if (end(made.permit, "refused", text)) ++story.refused_;
    }
    void operator()(const decisions::failed& made) const {
        end(made.permit, "failed", ": an accident, or its time was up; nothing is known of the limit");
    }
    void operator()(const decisions::abandoned& made) const { end(made.permit, "given up on the way", ""); }
    template <class Other>
    void operator()(const Other&) const {}

    void leave(stagger::task_id task, const stagger::waiting_times& waited, const std::string& text) const {
        story.tasks_.erase(number(task));
        story.waited_ += waited;
        story.tell(at, text);
    }
    bool end(stagger::permit_id permit, const std::string& how, const std::string& more) const {
        const auto found = story.permits_.find(number(permit));
        if (found == story.permits_.end()) return false;
        const auto took = at - found->second;
        story.on_the_way_ += took;
        story.permits_.erase(found);
        story.tell(at, fmt::format("{} {:.3f} s after it was sent{}", how, seconds(took), more));
        return true;
    }
};

row_story::row_story(std::string label) : label_(std::move(label)) {}

void row_story::add(const stagger::decision_record& made) {
    if (!origin_) origin_ = made.at;
    if (std::holds_alternative<decisions::submitted>(made.what) ||
        std::holds_alternative<decisions::resubmitted>(made.what)) {
        joined_last_ = made;
    } else if (const auto* name = std::get_if<decisions::labelled>(&made.what)) {
        log_has_labels_ = true;
        if (joined_last_ && (name->label == label_ || name->label == "line-" + label_)) join(*joined_last_);
        joined_last_.reset();
    } else {
        std::visit(teller{*this, made.at}, made.what);
    }
}

void row_story::join(const stagger::decision_record& made) {
    if (!began_) began_ = made.at;
    if (const auto* first = std::get_if<decisions::submitted>(&made.what)) {
        tasks_.insert(number(first->task));
        return tell(made.at, "joins the line");
    }
    const auto& again = std::get<decisions::resubmitted>(made.what);
    tasks_.insert(number(again.task));
    std::string text = again.cause == stagger::retry_cause::throttled ? "joins it again, after a refusal"
                                                                      : "joins it again, after an accident";
    if (again.not_before > made.at)
        text += fmt::format(", not to be sent before {:.3f} s", seconds(again.not_before - *origin_));
    tell(made.at, text);
}

void row_story::tell(stagger::time_point at, const std::string& what) {
    ended_ = at;
    text_ += fmt::format("{:>10.3f} s  {}\n", seconds(at - *origin_), what);
}

std::string row_story::text() const {
    const bool open = !tasks_.empty() || !permits_.empty();
    return text_ + fmt::format("{} attempt{}, {} refused; {:.3f} s: {:.3f} s on the way, waiting {}{}\n",
                               attempts_, attempts_ == 1 ? "" : "s", refused_, seconds(ended_ - *began_),
                               seconds(on_the_way_), waits_text(waited_),
                               open ? "; the log ends before it does" : "");
}

}  // namespace app
