#include <cstdint>

#include "json/json_writer.hpp"
#include "records/decision_line.hpp"
#include "records/decision_line_names.hpp"
#include "records/limits_members.hpp"

namespace stagger::wire {

namespace {

namespace names = decision_names;

void span(object_writer& line, std::string_view name, duration value) {
    line.raw(name, std::to_string(value.count()));
}

/// Writes the members of each kind of decision.
class member_writer {
 public:
    member_writer(object_writer& line, time_point origin) : line_(line), origin_(origin) {}

    void operator()(const decisions::submitted& call) {
        event(names::submit);
        joins(call.task, call.what, call.deadline);
        alike(call.alike);
        if (call.in != priority::normal) line_.string("priority", to_string(call.in));
    }

    void operator()(const decisions::resubmitted& call) {
        event(names::resubmit);
        joins(call.task, call.what, call.deadline);
        time("not_before_ns", call.not_before);
        line_.string("cause", to_string(call.cause));
        alike(call.alike);
        refused(call.so_far);
    }

    void operator()(const decisions::withdrawn& call) {
        event(names::withdraw);
        task(call.task);
        line_.raw("was_waiting", call.was_waiting ? "true" : "false");
        waited(call.waited);
    }

    void operator()(const decisions::admitted& answer) {
        event(names::admit);
        task(answer.task);
        permit(answer.permit);
        waited(answer.waited);
        if (answer.reserved_tokens) line_.number("reserved_tokens", *answer.reserved_tokens);
        view(answer.view);
    }

    void operator()(const decisions::expired& answer) {
        event(names::expire);
        task(answer.task);
        waited(answer.waited);
    }

    void operator()(const decisions::held& answer) {
        event(answer.until == never ? names::idle : names::wait);
        time("until_ns", answer.until);
        line_.string("why", to_string(answer.why));
    }

    void operator()(const decisions::answering& call) {
        event(names::answering);
        permit(call.permit);
        said(call.said);
    }

    void operator()(const decisions::accepted& call) {
        event(names::accepted);
        permit(call.permit);
        said(call.said);
        if (call.used.prompt_tokens) line_.count("prompt_tokens", *call.used.prompt_tokens);
        if (call.used.completion_tokens) line_.count("completion_tokens", *call.used.completion_tokens);
    }

    void operator()(const decisions::throttled& call) {
        event(names::throttled);
        permit(call.permit);
        said(call.said);
        time("earliest_ns", call.earliest);
        refused(call.before);
        if (call.own) line_.raw("own", "true");
    }

    void operator()(const decisions::failed& call) {
        event(names::failed);
        permit(call.permit);
    }

    void operator()(const decisions::abandoned& call) {
        event(names::abandoned);
        permit(call.permit);
    }

    void operator()(const decisions::probed_again&) { event(names::probe_again); }

    void operator()(const decisions::fleet_heard& call) {
        event(names::fleet_heard);
        line_.string("message", call.message);
    }

    void operator()(const decisions::fleet_said& call) {
        event(names::fleet_said);
        line_.string("message", call.message);
    }

    void operator()(const decisions::expected& call) {
        event(names::expect);
        line_.count("further_requests", call.further_requests);
    }

    void operator()(const decisions::labelled& said) {
        event(names::label);
        task(said.task);
        line_.string("label", said.label);
    }

    void operator()(const decisions::mode_changed& change) {
        event(names::mode);
        line_.string("from", to_string(change.from));
        view(change.view);
        line_.string("because", to_string(change.because));
    }

    /// Left out where it never comes.
    void time(std::string_view name, time_point value) { time(line_, name, value); }

 private:
    void time(object_writer& to, std::string_view name, time_point value) {
        if (value == never) return;
        // Wraps where a duration cannot hold the difference, so that every time reads back as itself.
        const auto since = static_cast<std::uint64_t>(value.time_since_epoch().count()) -
                           static_cast<std::uint64_t>(origin_.time_since_epoch().count());
        to.raw(name, std::to_string(static_cast<std::int64_t>(since)));
    }

    void event(std::string_view name) { line_.string("event", name); }
    void task(task_id id) { line_.count("task", static_cast<std::uint64_t>(id)); }
    void permit(permit_id id) { line_.count("permit", static_cast<std::uint64_t>(id)); }

    void joins(task_id id, const cost& what, time_point deadline) {
        task(id);
        line_.number("requests", what.requests);
        line_.number("tokens", what.tokens);
        if (what.prompt_tokens != 0) line_.number("prompt_tokens", what.prompt_tokens);
        if (what.open_answers != 0) line_.number("open_answers", what.open_answers);
        time("deadline_ns", deadline);
    }

    void alike(task_kind kind) {
        if (kind != task_kind()) line_.count("alike", static_cast<std::uint64_t>(kind));
    }

    void refused(const refusal_history& history) {
        if (history == refusal_history()) return;
        object_writer told(line_.key("refused"));
        told.count("refusals", history.refusals);
        time(told, "since_ns", history.since);
        const refusal_evidence& alike = history.evidence;
        counts(told, "alike_before", alike.before);
        counts(told, "alike_latest", alike.latest);
        counts(told, "alike_weighed", alike.weighed);
        told.count("alone", alike.alone);
        told.number("log_rest", alike.log_rest);
        if (alike.singled_out) told.raw("singled_out", "true");
        if (history.own) told.raw("own", "true");
        told.close();
    }

    void counts(object_writer& to, std::string_view name, const attempt_counts& outcomes) {
        object_writer each(to.key(name));
        each.count("admitted", outcomes.admitted);
        each.count("refused", outcomes.refused);
        each.count("under_way", outcomes.under_way);
        each.close();
    }

    void waited(const waiting_times& times) {
        object_writer by_reason(line_.key("waited_ns"));
        for (const wait_reason why : wait_reasons) {
            if (times[why] != duration::zero()) span(by_reason, to_string(why), times[why]);
        }
        by_reason.close();
    }

    void view(const coordinator_view& seen) {
        line_.string("mode", to_string(seen.mode));
        line_.number("pace_per_s", seen.pace_per_s);
        if (seen.measured_per_s) line_.number("measured_per_s", *seen.measured_per_s);
        if (seen.measured_window) line_.count("measured_window", *seen.measured_window);
    }

    void said(const hints& told) {
        if (told == hints()) return;
        object_writer heard(line_.key("said"));
        if (told.retry_after) span(heard, "retry_after_ns", *told.retry_after);
        if (told.retry_after_kind != opening_hint::retry_after)
            heard.string("kind", to_string(told.retry_after_kind));
        if (told.otherwise) {
            span(heard, "otherwise_ns", told.otherwise->wait);
            heard.string("otherwise_kind", to_string(told.otherwise->kind));
        }
        limit(heard, "requests", told.requests);
        limit(heard, "tokens", told.tokens);
        if (told.overloaded) heard.raw("overloaded", "true");
        heard.close();
    }

    void limit(object_writer& heard, std::string_view name, const limit_hint& told) {
        if (told == limit_hint()) return;
        object_writer dimension(heard.key(name));
        if (told.limit) dimension.number("limit", *told.limit);
        if (told.remaining) dimension.number("remaining", *told.remaining);
        if (told.reset) span(dimension, "reset_ns", *told.reset);
        dimension.close();
    }

    object_writer& line_;
    time_point origin_;
};

void append_options(std::string& out, const coordinator_options& options) {
    object_writer members(out);
    members.count("max_in_flight", options.max_in_flight());
    members.number("requests_per_minute", options.requests_per_minute());
    members.number("tokens_per_minute", options.tokens_per_minute());
    members.number("probing", options.probing());
    if (options.retry_after_cap() != duration::max()) {
        span(members, "retry_after_cap_ns", options.retry_after_cap());
    }
    span(members, "prompt_refused_after_ns", options.prompt_refused_after());
    members.number("initial_rate", options.initial_rate());
    if (options.remembered()) {
        object_writer remembered(members.key("remembered"));
        append_limits(remembered, *options.remembered());
        remembered.close();
    }
    members.string("pacing", to_string(options.pacing()));
    if (!options.fleet_member().empty()) members.string("fleet_member", options.fleet_member());
    members.close();
}

}  // namespace

void append_decision_log_header(std::string& out, const decision_log_header& header) {
    object_writer line(out);
    line.string("format", names::format);
    line.count("version", names::version);
    line.count("seed", header.seed);
    line.raw("origin_ns", std::to_string(header.origin.time_since_epoch().count()));
    append_options(line.key("coordinator"), header.options);
    line.close();
    out += '\n';
}

void append_decision_line(std::string& out, const decision_record& made, time_point origin) {
    object_writer line(out);
    member_writer members(line, origin);
    members.time("at_ns", made.at);
    std::visit(members, made.what);
    line.close();
    out += '\n';
}

}  // namespace stagger::wire
