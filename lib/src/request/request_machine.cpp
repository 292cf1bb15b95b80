#include "request/request_machine.hpp"

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "base/thrown_error.hpp"
#include "coordinator/own_refusals.hpp"
#include "request/judgement.hpp"

namespace stagger::detail {

namespace {

// Each was made, and may have been billed: more than this is not worth what may be wrong with all of them.
constexpr unsigned most_unreadable_answers = 3;

/// What a function of the program's own threw; null: nothing.
template <class Call>
std::exception_ptr thrown_by(Call call) {
    try {
        call();
    } catch (const std::bad_alloc&) {
        throw;
    } catch (...) {
        return std::current_exception();
    }
    return nullptr;
}

bool was_refused(const wire::decoded_answer& ended) {
    return ended.tells_limit && ended.what.verdict == verdict::throttled;
}

}  // namespace

request_machine::request_machine(request_context& context, time_point now)
    : context_(context), session_(context.rules.retry, context.rules.backoff, now) {
    end_within(context.rules.deadline);
}

void request_machine::end_within(duration longest) {
    deadline_ = longest > duration::zero() ? saturating_add(session_.state().started, longest) : never;
}

request_step request_machine::begin(time_point now) {
    if (state_ != state::not_begun) return request_step::nothing;
    line_.not_before = now;
    return ask_for_attempt(now);
}

request_step request_machine::ask_for_attempt(time_point now) {
    state_ = state::announcing;
    phase_ = request_phase::queued;
    line_.joined = now;
    return request_step::announce;
}

request_step request_machine::announced() {
    if (state_ != state::announcing) return request_step::nothing;
    if (is_stopped()) return end(progress_.stopped);
    state_ = state::asking;
    return request_step::ask_to_pass;
}

request_step request_machine::passed(bool chosen) {
    if (state_ != state::asking && state_ != state::held) return request_step::nothing;
    if (is_stopped()) return end(progress_.stopped);
    chosen_ = chosen_ || chosen;
    if (std::exchange(has_leave_, false)) return admit();
    state_ = context_.has_several_routes ? state::choosing : state::in_line;
    return context_.has_several_routes ? request_step::choose_route : request_step::stand_in_line;
}

request_step request_machine::routed(const error_code& error, bool elsewhere, time_point now) {
    if (state_ != state::choosing) return request_step::nothing;
    if (is_stopped()) return stop_waiting(progress_.stopped, now);
    if (std::exchange(steps_aside_, false) && error == errc::cancelled) {
        progress_.queued += now - line_.joined;
        return ask_again(now);
    }
    if (error) return stop_waiting(error, now);
    if (elsewhere) {
        line_.not_before = std::min(line_.not_before, now);
        refused_.reset();
        begins_anew_ = cause_ == retry_cause::accident;
    }
    state_ = state::in_line;
    return request_step::stand_in_line;
}

/// The wait for leave is over, without it.
request_step request_machine::stop_waiting(const error_code& error, time_point now) {
    progress_.queued += now - line_.joined;
    if (now < line_.not_before) phase_ = request_phase::backing_off;
    return end(error);
}

request_step request_machine::ask_again(time_point now) {
    line_.joined = now;
    line_.not_before = std::max(line_.not_before, now);
    state_ = state::asking;
    return request_step::ask_to_pass;
}

request_step request_machine::held() {
    if (state_ != state::asking) return request_step::nothing;
    state_ = state::held;
    has_leave_ = false;
    return request_step::nothing;
}

request_step request_machine::turned_away() {
    if (state_ != state::asking && state_ != state::held) return request_step::nothing;
    return end(is_stopped() ? progress_.stopped : errc::shut_down);
}

request_step request_machine::left_line(const error_code& error, bool leave, bool some_are_held,
                                        time_point now) {
    if (state_ != state::in_line && state_ != state::asking) return request_step::nothing;
    progress_.queued += now - line_.joined;
    const bool left_to_wait = std::exchange(steps_aside_, false) && error == errc::cancelled;
    if (error && now < line_.not_before) phase_ = request_phase::backing_off;
    // Stopped and admitted at the same moment: the leave is not used.
    if (is_stopped()) return end(progress_.stopped);
    if (left_to_wait || (leave && some_are_held && !chosen_)) {
        has_leave_ = leave;
        return ask_again(now);
    }
    if (std::exchange(reroutes_, false) && error == errc::cancelled) {
        line_.joined = now;
        state_ = state::choosing;
        return request_step::choose_route;
    }
    if (leave) return admit();
    return end(error);
}

request_step request_machine::admit() {
    state_ = state::beginning;
    return request_step::admit;
}

request_step request_machine::admitted(time_point now) {
    if (state_ != state::beginning) return request_step::nothing;
    const time_point limit = std::min(saturating_add(now, context_.rules.attempt_timeout), deadline());
    attempt_ = {now, limit, {}};
    session_.attempt_begins(now);
    ++progress_.attempts;
    phase_ = request_phase::awaiting_place;
    chosen_ = false;
    attempt_.before = outcomes();
    state_ = state::connecting;
    return request_step::connect;
}

request_step request_machine::connected(time_point now) {
    if (state_ != state::connecting) return request_step::nothing;
    state_ = state::exchanging;
    attempt_.sent_at = now;
    return is_stopped() ? request_step::abandon : request_step::exchange;
}

request_step request_machine::attempt_ended(wire::decoded_answer& ended, time_point now) {
    if (state_ != state::connecting && state_ != state::exchanging) return request_step::nothing;
    if (state_ == state::connecting) attempt_.sent_at = now;
    state_ = state::reporting;
    diagnostic& info = ended.answer.info;
    info.served = now - attempt_.sent_at;
    info.last_error = ended.error;
    if (ended.error && ended.error == errc::unreadable_answer) ++progress_.unreadable_answers;
    if (is_stopped() && ended.error == errc::cancelled) {
        told_ = gate_report::abandoned;
        return request_step::report;
    }
    note_progress(info);
    if (auto thrown = thrown_by([&] { judge(ended, context_.rules.retry); })) {
        last_ = std::make_unique<diagnostic>();
        last_->thrown = std::move(thrown);
    }
    if (was_refused(ended)) {
        ++progress_.rejections;
        if (!refused_) refused_ = std::make_unique<refusal_history>();
        told_ = gate_report::refused;
    } else {
        told_ = ended.tells_limit ? gate_report::admitted : gate_report::untold;
    }
    return request_step::report;
}

request_step request_machine::stream_begins(wire::decoded_answer& head, time_point now) {
    if (state_ != state::exchanging) return request_step::nothing;
    state_ = state::reporting;
    head.answer.info.served = now - attempt_.sent_at;
    told_ = gate_report::answering;
    return request_step::report;
}

request_step request_machine::reported(wire::decoded_answer& ended, time_point earliest, time_point now) {
    if (state_ != state::reporting) return request_step::nothing;
    diagnostic& info = ended.answer.info;
    note_progress(info);
    if (told_ == gate_report::answering) {
        state_ = state::streaming;
        return request_step::hand_over;
    }
    if (told_ == gate_report::abandoned) {
        info.last_error = progress_.stopped;
        info.message = info.last_error.message();
        return end(progress_.stopped);
    }
    const bool given_up = fails_for_good(ended, now);
    auto follows = retry_session::next::end;
    std::exception_ptr thrown = last_ ? last_->thrown : nullptr;
    if (!thrown && !given_up) thrown = thrown_by([&] { follows = plan_next(ended, earliest, now); });
    if (thrown) return end_by(thrown, info);

    const bool late = ended.error && (now >= deadline() || follows == retry_session::next::late);
    // What ended the attempt was not its own limit.
    if (late && attempt_.limit == deadline() && ended.error == errc::answer_timed_out)
        info.message = make_error_code(errc::deadline_exceeded).message();
    const bool refused_itself = follows == retry_session::next::late && refused_for_good();
    if (refused_itself) info.message = explain_refusals(now, info.message);
    if (given_up) info.message = failed_->explained(outcomes(), now, info.message);
    if (follows == retry_session::next::attempt) {
        last_ = std::make_unique<diagnostic>(std::move(info));
        return ask_for_attempt(now);
    }
    state_ = state::ended;
    result_ = ended.error;
    if (late) result_ = refused_itself ? errc::prompt_refused : errc::deadline_exceeded;
    if (given_up) result_ = errc::prompt_failed;
    return request_step::end;
}

request_machine::attempt_fate request_machine::fate(const diagnostic& info, const hints& said,
                                                    time_point now) const {
    if (info.thrown) return {result_, false, {}, {}};
    attempt_fate told{info.last_error, told_ == gate_report::refused, {}, {}};
    if (!has_ended()) told.again_in = std::max(line_.not_before - now, duration::zero());
    const duration cap = context_.rules.retry_after_cap;
    if (told.refused && said.retry_after > cap) told.hint_cut_to = cap;
    return told;
}

bool request_machine::fails_for_good(const wire::decoded_answer& ended, time_point now) {
    if (!ended.error || ended.what.verdict != verdict::transient) return false;
    if (!failed_) {
        failed_ = std::make_unique<accidents>(attempt_.before, attempt_.sent_at);
        ++outcomes().troubled;
    }
    const diagnostic& info = ended.answer.info;
    failed_->add({attempt_.sent_at - session_.state().started, ended.error, info.http_status, info.message});
    const request_rules& rules = context_.rules;
    return rules.retry.max_attempts() == 0 && failed_->are_its_own(outcomes(), now, rules.give_up);
}

retry_session::next request_machine::plan_next(const wire::decoded_answer& ended, time_point earliest,
                                               time_point now) {
    const request_rules& rules = context_.rules;
    const bool refused_by_limit = was_refused(ended);
    // The gate knows of a refusal's Retry-After, and of no other.
    if (!refused_by_limit)
        earliest = ended.what.verdict == verdict::transient && ended.what.retry_after
                       ? saturating_add(now, *ended.what.retry_after)
                       : time_point();
    retry_session::pause known;
    if (rules.obey_retry_after) known.earliest = earliest;
    known.own_backoff = !refused_by_limit || (rules.backoff_after_rejection && known.earliest <= now);
    // Nobody waits for a Retry-After that is over when the deadline has passed.
    known.too_late = std::max(now, known.earliest) >= deadline() || (refused_by_limit && refused_for_good());
    known.last =
        progress_.unreadable_answers >= most_unreadable_answers && ended.error == errc::unreadable_answer;
    const auto step = session_.attempt_ended(result_of(ended), ended.what, now, known, context_.random);
    if (step.what == retry_session::next::attempt) {
        begins_anew_ = false;
        cause_ = refused_by_limit ? retry_cause::throttled : retry_cause::accident;
        line_.not_before = step.not_before;
    }
    return step.what;
}

admission request_machine::wanted() const {
    admission what;
    what.cost(cost_).deadline(deadline()).alike(alike_).priority(class_);
    // What failed at one route is no load that another one's own failures cause: its budget for those is not
    // to keep it, and a whole short line with it.
    if (!is_retry() || begins_anew_) return what;
    what.again(cause_, line_.not_before);
    if (refused_) what.refused(*refused_);
    return what;
}

request_step request_machine::stop(errc why) {
    if (is_stopped() || state_ == state::ended || state_ == state::streaming) return request_step::nothing;
    progress_.stopped = why;
    switch (state_) {
        case state::held:
            return request_step::stop_holding;
        case state::choosing:
            return request_step::stop_choosing;
        case state::in_line:
            return request_step::leave_line;
        case state::connecting:
        case state::exchanging:
            return request_step::break_off;
        case state::not_begun:
        case state::announcing:
        case state::asking:
        case state::beginning:
        case state::reporting:
        case state::streaming:
        case state::ended:
            break;
    }
    return request_step::nothing;
}

// Those in front would keep the one that is let through waiting, and take the pace for nothing.
request_step request_machine::step_aside() {
    const bool waits = state_ == state::in_line || state_ == state::choosing;
    if (!waits || is_stopped() || chosen_) return request_step::nothing;
    steps_aside_ = true;
    return state_ == state::in_line ? request_step::leave_line : request_step::stop_choosing;
}

request_step request_machine::reroute() {
    if (state_ != state::in_line || is_stopped() || chosen_ || steps_aside_) return request_step::nothing;
    reroutes_ = true;
    return request_step::leave_line;
}

request_step request_machine::end(const error_code& error) {
    state_ = state::ended;
    result_ = error;
    return request_step::end;
}

request_step request_machine::end_by(const std::exception_ptr& thrown, diagnostic& info) {
    thrown_error meant = error_of(thrown);
    info.message = std::move(meant.message);
    info.thrown = thrown;
    return end(meant.error);
}

request_step request_machine::broke(const error_code& error, std::string message, std::exception_ptr thrown) {
    if (state_ == state::ended) return request_step::nothing;
    if (!last_) last_ = std::make_unique<diagnostic>();
    last_->last_error = error;
    last_->message = std::move(message);
    last_->thrown = std::move(thrown);
    return end(error);
}

void request_machine::describe_end(diagnostic& info) {
    if (last_) info = std::move(*last_);
    if (info.message.empty()) info.message = result_.message();
    note_progress(info);
}

void request_machine::note_progress(diagnostic& info) const {
    info.phase = phase_;
    info.attempts = progress_.attempts;
    info.rejections = progress_.rejections;
    info.unreadable_answers = progress_.unreadable_answers;
    info.queued = progress_.queued;
    info.alike = alike_;
}

std::string request_machine::explain_refusals(time_point now, const std::string& last) const {
    const double since = std::chrono::duration<double>(now - refused_->since).count();
    return "refused " + std::to_string(refused_->refusals) + " times in " +
           std::to_string(std::lround(since)) + " s, in which " +
           std::to_string(own_refusals::admitted_meanwhile(refused_->evidence)) +
           " requests of the same model and key were admitted: " + last;
}

}  // namespace stagger::detail
