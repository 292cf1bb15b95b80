#include <array>
#include <stdexcept>
#include <utility>

#include "json/exact_json_object.hpp"
#include "records/decision_line.hpp"
#include "records/decision_line_names.hpp"
#include "records/limits_members.hpp"

namespace stagger::wire {

namespace {

namespace names = decision_names;

constexpr std::int64_t most_of_32_bits = std::numeric_limits<std::uint32_t>::max();

/// Reads the members of each kind of decision.
class member_reader {
 public:
    member_reader(const exact_json_object& line, time_point origin) : line_(line), origin_(origin) {}

    decision submitted() const {
        line_.expect_only({"at_ns", "event", "task", "requests", "tokens", "prompt_tokens", "open_answers",
                           "deadline_ns", "alike", "priority"});
        decisions::submitted read{cost_(), time_or_never("deadline_ns"), task(), alike()};
        if (line_.has("priority")) read.in = line_.word<priority>("priority");
        return read;
    }

    decision resubmitted() const {
        line_.expect_only({"at_ns", "event", "task", "requests", "tokens", "prompt_tokens", "open_answers",
                           "deadline_ns", "not_before_ns", "cause", "alike", "refused"});
        return decisions::resubmitted{cost_(),
                                      time_or_never("deadline_ns"),
                                      time_or_never("not_before_ns"),
                                      line_.word<retry_cause>("cause"),
                                      task(),
                                      alike(),
                                      refused()};
    }

    decision withdrawn() const {
        line_.expect_only({"at_ns", "event", "task", "was_waiting", "waited_ns"});
        return decisions::withdrawn{task(), line_.flag("was_waiting"), waited()};
    }

    decision admitted() const {
        line_.expect_only({"at_ns", "event", "task", "permit", "waited_ns", "reserved_tokens", "mode",
                           "pace_per_s", "measured_per_s", "measured_window"});
        decisions::admitted read{task(), permit(), waited(), view(), std::nullopt};
        if (line_.has("reserved_tokens")) read.reserved_tokens = line_.not_negative("reserved_tokens");
        return read;
    }

    decision expired() const {
        line_.expect_only({"at_ns", "event", "task", "waited_ns"});
        return decisions::expired{task(), waited()};
    }

    decision told_to_wait() const {
        line_.expect_only({"at_ns", "event", "until_ns", "why"});
        return decisions::held{time("until_ns"), line_.word<wait_reason>("why")};
    }

    decision idle() const {
        line_.expect_only({"at_ns", "event", "why"});
        return decisions::held{never, line_.word<wait_reason>("why")};
    }

    decision answering() const {
        line_.expect_only({"at_ns", "event", "permit", "said"});
        return decisions::answering{permit(), said()};
    }

    decision accepted() const {
        line_.expect_only({"at_ns", "event", "permit", "said", "prompt_tokens", "completion_tokens"});
        return decisions::accepted{permit(), said(), used()};
    }

    decision throttled() const {
        line_.expect_only({"at_ns", "event", "permit", "said", "earliest_ns", "refused", "own"});
        return decisions::throttled{permit(), said(), time_or_never("earliest_ns"), refused(),
                                    flag(line_, "own")};
    }

    decision failed() const {
        line_.expect_only({"at_ns", "event", "permit"});
        return decisions::failed{permit()};
    }

    decision abandoned() const {
        line_.expect_only({"at_ns", "event", "permit"});
        return decisions::abandoned{permit()};
    }

    decision probed_again() const {
        line_.expect_only({"at_ns", "event"});
        return decisions::probed_again{};
    }

    decision fleet_heard() const {
        line_.expect_only({"at_ns", "event", "message"});
        return decisions::fleet_heard{line_.text("message")};
    }

    decision fleet_said() const {
        line_.expect_only({"at_ns", "event", "message"});
        return decisions::fleet_said{line_.text("message")};
    }

    decision expected() const {
        line_.expect_only({"at_ns", "event", "further_requests"});
        return decisions::expected{line_.count("further_requests")};
    }

    decision labelled() const {
        line_.expect_only({"at_ns", "event", "task", "label"});
        return decisions::labelled{task(), line_.text("label")};
    }

    decision mode_changed() const {
        line_.expect_only(
            {"at_ns", "event", "from", "mode", "pace_per_s", "measured_per_s", "measured_window", "because"});
        return decisions::mode_changed{line_.word<coordinator_mode>("from"),
                                       line_.word<mode_cause>("because"), view()};
    }

    time_point time(std::string_view name) const { return time(line_, name); }

 private:
    time_point time(const exact_json_object& from, std::string_view name) const {
        const auto since = static_cast<std::uint64_t>(from.whole(name));
        const auto origin = static_cast<std::uint64_t>(origin_.time_since_epoch().count());
        return time_point(duration(static_cast<std::int64_t>(origin + since)));
    }

    time_point time_or_never(std::string_view name) const { return line_.has(name) ? time(name) : never; }
    task_id task() const { return task_id{line_.count("task")}; }
    permit_id permit() const { return permit_id{line_.count("permit")}; }
    cost cost_() const {
        cost asked{line_.not_negative("requests"), line_.not_negative("tokens")};
        if (line_.has("prompt_tokens")) asked.prompt_tokens = line_.not_negative("prompt_tokens");
        if (line_.has("open_answers")) asked.open_answers = line_.not_negative("open_answers");
        return asked;
    }
    token_usage used() const {
        token_usage counted;
        if (line_.has("prompt_tokens")) counted.prompt_tokens = line_.count("prompt_tokens");
        if (line_.has("completion_tokens")) counted.completion_tokens = line_.count("completion_tokens");
        return counted;
    }

    task_kind alike() const {
        if (!line_.has("alike")) return {};
        return task_kind{static_cast<std::uint32_t>(line_.whole("alike", 0, most_of_32_bits))};
    }

    static bool flag(const exact_json_object& from, std::string_view name) {
        return from.has(name) && from.flag(name);
    }

    refusal_history refused() const {
        refusal_history history;
        if (!line_.has("refused")) return history;
        const exact_json_object told = line_.object("refused");
        told.expect_only({"refusals", "since_ns", "alike_before", "alike_latest", "alike_weighed", "alone",
                          "log_rest", "singled_out", "own"});
        history.refusals = static_cast<std::uint32_t>(told.whole("refusals", 0, most_of_32_bits));
        history.since = told.has("since_ns") ? time(told, "since_ns") : never;
        history.evidence.before = counts(told, "alike_before");
        history.evidence.latest = counts(told, "alike_latest");
        history.evidence.weighed = counts(told, "alike_weighed");
        history.evidence.alone = static_cast<std::uint32_t>(told.whole("alone", 0, most_of_32_bits));
        history.evidence.log_rest = told.number("log_rest");
        history.evidence.singled_out = flag(told, "singled_out");
        history.own = flag(told, "own");
        return history;
    }

    static attempt_counts counts(const exact_json_object& from, std::string_view name) {
        const exact_json_object each = from.object(name);
        each.expect_only({"admitted", "refused", "under_way"});
        return {each.count("admitted"), each.count("refused"), each.count("under_way")};
    }

    waiting_times waited() const {
        const exact_json_object spans = line_.object("waited_ns");
        spans.expect_only({"none", "pace", "in_flight", "retry_after", "closed", "retry_budget", "own_delay",
                           "kind_refused"});
        waiting_times result;
        for (const wait_reason why : wait_reasons) {
            if (spans.has(to_string(why))) result[why] = spans.span(to_string(why));
        }
        return result;
    }

    coordinator_view view() const {
        coordinator_view seen;
        seen.mode = line_.word<coordinator_mode>("mode");
        seen.pace_per_s = line_.number("pace_per_s");
        if (line_.has("measured_per_s")) seen.measured_per_s = line_.number("measured_per_s");
        if (line_.has("measured_window")) {
            seen.measured_window = static_cast<unsigned>(line_.whole("measured_window", 0, most_of_32_bits));
        }
        return seen;
    }

    hints said() const {
        hints told;
        if (!line_.has("said")) return told;
        const exact_json_object heard = line_.object("said");
        heard.expect_only(
            {"retry_after_ns", "kind", "otherwise_ns", "otherwise_kind", "requests", "tokens", "overloaded"});
        if (heard.has("retry_after_ns")) told.retry_after = heard.span("retry_after_ns");
        if (heard.has("kind")) told.retry_after_kind = heard.word<opening_hint>("kind");
        if (heard.has("otherwise_ns"))
            told.otherwise = {heard.word<opening_hint>("otherwise_kind"), heard.span("otherwise_ns")};
        told.requests = limit(heard, "requests");
        told.tokens = limit(heard, "tokens");
        told.overloaded = flag(heard, "overloaded");
        return told;
    }

    static limit_hint limit(const exact_json_object& heard, std::string_view name) {
        limit_hint told;
        if (!heard.has(name)) return told;
        const exact_json_object dimension = heard.object(name);
        dimension.expect_only({"limit", "remaining", "reset_ns"});
        if (dimension.has("limit")) told.limit = dimension.number("limit");
        if (dimension.has("remaining")) told.remaining = dimension.number("remaining");
        if (dimension.has("reset_ns")) told.reset = dimension.span("reset_ns");
        return told;
    }

    const exact_json_object& line_;
    time_point origin_;
};

using read_members = decision (member_reader::*)() const;
constexpr std::array<std::pair<std::string_view, read_members>, 18> events{
    {{names::submit, &member_reader::submitted},
     {names::resubmit, &member_reader::resubmitted},
     {names::withdraw, &member_reader::withdrawn},
     {names::admit, &member_reader::admitted},
     {names::expire, &member_reader::expired},
     {names::wait, &member_reader::told_to_wait},
     {names::idle, &member_reader::idle},
     {names::answering, &member_reader::answering},
     {names::accepted, &member_reader::accepted},
     {names::throttled, &member_reader::throttled},
     {names::failed, &member_reader::failed},
     {names::abandoned, &member_reader::abandoned},
     {names::probe_again, &member_reader::probed_again},
     {names::fleet_heard, &member_reader::fleet_heard},
     {names::fleet_said, &member_reader::fleet_said},
     {names::expect, &member_reader::expected},
     {names::mode, &member_reader::mode_changed},
     {names::label, &member_reader::labelled}}};

exact_json_object parse_object(std::string_view line) {
    if (const auto problem = json_problem(line)) {
        throw std::invalid_argument("must be JSON, " + *problem);
    }
    return {line, ""};
}

coordinator_options read_options(const exact_json_object& given) {
    given.expect_only({"max_in_flight", "requests_per_minute", "tokens_per_minute", "probing",
                       "retry_after_cap_ns", "prompt_refused_after_ns", "initial_rate", "remembered",
                       "pacing", "fleet_member"});
    // The setters check their values and name the option.
    coordinator_options options;
    options.max_in_flight(static_cast<unsigned>(given.whole("max_in_flight", 1, most_of_32_bits)));
    options.requests_per_minute(given.number("requests_per_minute"));
    options.tokens_per_minute(given.number("tokens_per_minute"));
    options.probing(given.number("probing"));
    if (given.has("retry_after_cap_ns")) options.retry_after_cap(given.span("retry_after_cap_ns"));
    if (given.has("prompt_refused_after_ns")) {  // since 0.2
        options.prompt_refused_after(given.span("prompt_refused_after_ns"));
    }
    options.initial_rate(given.number("initial_rate"));
    if (given.has("remembered")) options.remembered(read_limits(given.object("remembered")));
    options.pacing(given.word<pacing_kind>("pacing"));
    if (given.has("fleet_member")) options.fleet_member(given.text("fleet_member"));
    return options;
}

}  // namespace

decision_log_header parse_decision_log_header(std::string_view text) {
    const exact_json_object line = parse_object(text);
    if (!line.has("format") || line.text("format") != names::format) {
        line.reject("format", "must be \"" + std::string(names::format) + "\"");
    }
    if (line.count("version") != names::version) {
        line.reject("version", "must be " + std::to_string(names::version));
    }
    line.expect_only({"format", "version", "seed", "origin_ns", "coordinator"});
    decision_log_header header;
    header.seed = line.count("seed");
    header.origin = time_point(duration(line.whole("origin_ns", 0)));
    header.options = read_options(line.object("coordinator"));
    return header;
}

decision_record parse_decision_line(std::string_view text, time_point origin) {
    const exact_json_object line = parse_object(text);
    const member_reader members(line, origin);
    line.whole("at_ns", 0);
    const std::string event = line.text("event");
    std::string rule = "must be one of";
    for (const auto& [name, read] : events) {
        if (event == name) return {members.time("at_ns"), (members.*read)()};
        rule.append(rule.ends_with("of") ? " " : ", ").append(name);
    }
    line.reject("event", rule);
}

}  // namespace stagger::wire
