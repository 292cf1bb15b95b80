#include "probe/probe_plan.hpp"

#include <algorithm>

#include "probe/limit_evidence.hpp"

namespace stagger::probe {
namespace {

using outcome = probe_answer::outcome;
using namespace std::chrono_literals;

bool is_open(const probe_answer& answer) {
    return answer.what == outcome::pending;
}

}  // namespace

void probe_plan::finish(probe_end why, time_point now) {
    if (end_ != probe_end::running) return;
    end_ = why;
    for (probe_answer& each : answers_) {
        if (is_open(each) && now - each.sent < patience_) each.what = outcome::left;
    }
}

probe_plan::step probe_plan::next(time_point now) {
    while (end_ == probe_end::running) {
        if (now - start_ >= bounds_.max_time) {
            finish(probe_end::out_of_time, now);
            break;
        }
        if (trial_.until_admitted && was_admitted_in_trial(now)) trial_.sends.clear();
        if (now > trial_.last_send) trial_.sends.clear();
        const std::size_t sent = answers_.size() - trial_begin_;
        if (sent >= trial_.sends.size()) {
            const time_point settled = settles_at();
            if (settled > now) return {step::kind::wait, std::min(settled, start_ + bounds_.max_time)};
            if (!begin_trial(now)) break;
            continue;
        }
        if (next_send() <= now) return send(now);
        return {step::kind::wait, std::min({next_send(), settles_at() > now ? settles_at() : never,
                                            start_ + bounds_.max_time})};
    }
    return {step::kind::finished};
}

bool probe_plan::begin_trial(time_point now) {
    auto wanted = choice_.next(view(now));
    if (!wanted) {
        finish(nobody_answers() ? probe_end::down : probe_end::finished, now);
        return false;
    }
    if (answers_.size() == bounds_.max_requests) {
        finish(probe_end::out_of_requests, now);
        return false;
    }
    // Nothing that would be sent in the time that is left: the choice would be the same for ever.
    if (wanted->sends.empty()) {
        finish(probe_end::out_of_time, now);
        return false;
    }
    wanted->sends.resize(std::min(wanted->sends.size(), bounds_.max_requests - answers_.size()));
    trial_ = std::move(*wanted);
    trial_begin_ = answers_.size();
    return true;
}

probe_plan::step probe_plan::send(time_point now) {
    probe_answer fresh;
    fresh.sent = now;
    answers_.push_back(fresh);
    return {step::kind::send, never, answers_.size() - 1};
}

time_point probe_plan::next_send() const {
    const std::size_t sent = answers_.size() - trial_begin_;
    const unsigned most = trial_.workers > 0 ? trial_.workers : bounds_.max_in_flight;
    if (in_flight() >= most) return never;
    return trial_.sends[sent];
}

time_point probe_plan::settles_at() const {
    time_point last{};
    for (std::size_t each = trial_begin_; each < answers_.size(); ++each) {
        if (!is_open(answers_[each])) continue;
        if (trial_.awaits_answers) return never;
        last = std::max(last, saturating_add(answers_[each].sent, patience_));
    }
    return last;
}

bool probe_plan::was_admitted_in_trial(time_point now) const {
    return view(now).first_admitted().has_value();
}

void probe_plan::answered(std::size_t request, time_point now, outcome what, const hints& said) {
    probe_answer& answer = answers_[request];
    answer.ended = now;
    answer.what = what;
    answer.said = said;
    patience_ = patience();
    if (what == outcome::unusable) finish(probe_end::unusable, now);
    if (what == outcome::refused && trial_.most_refusals > 0 &&
        view(now).refused_in_trial() >= trial_.most_refusals) {
        trial_.sends.clear();
    }
    // An endpoint that was there and is gone.
    constexpr std::size_t in_a_row = 20;
    const auto failed = [](const probe_answer& each) { return each.what == outcome::failed; };
    if (what == outcome::failed && answers_.size() >= in_a_row &&
        std::all_of(answers_.end() - in_a_row, answers_.end(), failed)) {
        finish(probe_end::down, now);
    }
}

probe_view probe_plan::view(time_point now) const {
    return {answers_, trial_begin_, now, start_ + bounds_.max_time, bounds_.max_requests - answers_.size(),
            patience_};
}

duration probe_plan::patience() const {
    const limit_evidence evidence = evidence_of(answers_);
    if (evidence.anything_refused()) return from_seconds(2 * evidence.trip_s + 4 * evidence.slack_s) + 10ms;
    // A refusal takes no longer than an answer does.
    constexpr duration least = 300ms;
    const auto first = std::find_if(answers_.begin(), answers_.end(),
                                    [](const probe_answer& each) { return each.what == outcome::admitted; });
    return first == answers_.end() ? longest_patience
                                   : std::clamp(first->ended - first->sent, least, longest_patience);
}

std::size_t probe_plan::in_flight() const {
    return static_cast<std::size_t>(std::count_if(answers_.begin(), answers_.end(), is_open));
}

bool probe_plan::nobody_answers() const {
    return std::none_of(answers_.begin(), answers_.end(), [](const probe_answer& each) {
        return each.what == outcome::admitted || each.what == outcome::refused;
    });
}

}  // namespace stagger::probe
