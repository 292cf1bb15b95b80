#include "decision_summary.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "progress.hpp"

namespace app {
namespace {

namespace decisions = stagger::decisions;

// A long run behind a window closes at the end of each; its first hours tell how it goes on.
constexpr std::size_t modes_shown = 20;

}  // namespace

std::string_view explain(const decisions::mode_changed& change) {
    using stagger::coordinator_mode;
    using stagger::mode_cause;
    const auto to = change.view.mode;
    if (change.from == coordinator_mode::closed) {
        switch (change.because) {
            case mode_cause::admission:
                return "a request was admitted";
            case mode_cause::fleet:
                return "the fleet's leader said so";
            case mode_cause::time:
                return "the probe was not refused in time";
            case mode_cause::rejection:
            case mode_cause::failure:
                return "the announced end proved wrong";
        }
    }
    if (change.because == mode_cause::fleet) return "the fleet's leader said so";
    if (to == coordinator_mode::closed) {
        return change.because == mode_cause::failure ? "attempts failed one after the other"
                                                     : "the server refuses everything for now, or said so";
    }
    if (change.from == coordinator_mode::ramp) return "the first refusal: the limit is reached";
    if (to == coordinator_mode::ride) return "refusals are far enough apart to measure the limit";
    return "what was measured holds no longer";
}

/// Counts a record as its kind wants.
struct decision_summary::counter {
    decision_summary& sum;
    stagger::time_point at;

    void operator()(const decisions::submitted&) const { ++sum.counts_.submitted; }
    void operator()(const decisions::resubmitted&) const { ++sum.counts_.resubmitted; }
    void operator()(const decisions::withdrawn& call) const { sum.counts_.withdrawn += call.was_waiting; }
    void operator()(const decisions::admitted& answer) const {
        ++sum.counts_.admitted;
        sum.waited_ += answer.waited;
    }
    void operator()(const decisions::expired&) const { ++sum.counts_.expired; }
    void operator()(const decisions::held&) const {}
    void operator()(const decisions::answering&) const {}  // its end is yet to come
    void operator()(const decisions::accepted&) const { ++sum.counts_.accepted; }
    void operator()(const decisions::throttled&) const { ++sum.counts_.throttled; }
    void operator()(const decisions::failed&) const { ++sum.counts_.failed; }
    void operator()(const decisions::abandoned&) const { ++sum.counts_.abandoned; }
    void operator()(const decisions::probed_again&) const {}
    void operator()(const decisions::fleet_heard&) const {}
    void operator()(const decisions::fleet_said&) const {}
    void operator()(const decisions::expected&) const {}
    void operator()(const decisions::labelled&) const {}
    void operator()(const decisions::mode_changed& change) const {
        ++sum.mode_changes_;
        if (sum.modes_.size() < modes_shown) sum.modes_.emplace_back(at, change);
    }
};

void decision_summary::add(const stagger::decision_record& made) {
    if (!std::exchange(any_, true)) first_ = made.at;
    last_ = made.at;
    std::visit(counter{*this, made.at}, made.what);
}

std::string decision_summary::text() const {
    return fmt::format(
               "{:.1f} s: {} submitted, {} resubmitted, {} withdrawn, {} expired\n"
               "{} admitted: {} accepted, {} rejected, {} failed, {} abandoned, {} without an end\n",
               stagger::to_seconds(last_ - first_), counts_.submitted, counts_.resubmitted, counts_.withdrawn,
               counts_.expired, counts_.admitted, counts_.accepted, counts_.throttled, counts_.failed,
               counts_.abandoned,
               counts_.admitted - std::min(counts_.admitted, counts_.accepted + counts_.throttled +
                                                                 counts_.failed + counts_.abandoned)) +
           waiting_text() + modes_text();
}

std::string decision_summary::waiting_text() const {
    const double all = stagger::to_seconds(waited_.total());
    std::string text = fmt::format("waiting before admission {:.1f} s in all, {:.3f} s each\n", all,
                                   counts_.admitted > 0 ? all / static_cast<double>(counts_.admitted) : 0);
    for (const stagger::wait_reason why : stagger::wait_reasons) {
        const double spent = stagger::to_seconds(waited_[why]);
        if (spent > 0)
            text += fmt::format("{:>10.1f} s {:>5.1f} %  {}\n", spent, 100 * spent / all, in_words(why));
    }
    return text;
}

std::string decision_summary::modes_text() const {
    std::string text = fmt::format("{} changes of mode\n", mode_changes_);
    for (const auto& [at, change] : modes_) {
        text += fmt::format("{:>10.3f} s  {} -> {} at {:.1f}/s", stagger::to_seconds(at - first_),
                            to_string(change.from), to_string(change.view.mode), change.view.pace_per_s);
        if (change.view.measured_per_s) text += fmt::format(", limit {:.1f}/s", *change.view.measured_per_s);
        if (change.view.measured_window) text += fmt::format(", {} in flight", *change.view.measured_window);
        text += fmt::format(": {}\n", explain(change));
    }
    if (mode_changes_ > modes_.size())
        text += fmt::format("{:>10}    and {} more\n", "", mode_changes_ - modes_.size());
    return text;
}

}  // namespace app
