#include <cmath>

#include "json/json_writer.hpp"
#include "probe_text.hpp"

namespace app {
namespace {

namespace probe = stagger::probe;
using stagger::wire::object_writer;

std::string_view name_of(probe::probe_end end) {
    switch (end) {
        case probe::probe_end::running:
        case probe::probe_end::finished:
            return "finished";
        case probe::probe_end::out_of_requests:
            return "out_of_requests";
        case probe::probe_end::out_of_time:
            return "out_of_time";
        case probe::probe_end::down:
            return "down";
        case probe::probe_end::unusable:
            return "unusable";
        case probe::probe_end::stopped:
            return "interrupted";
    }
    return "unknown";
}

std::string_view name_of(probe::limit_rule rule) {
    switch (rule) {
        case probe::limit_rule::draining:
            return "rate";
        case probe::limit_rule::in_flight:
            return "concurrency";
        case probe::limit_rule::first_opens:
            return "window_from_first";
        case probe::limit_rule::clock_opens:
            return "window_by_clock";
        case probe::limit_rule::sliding:
            return "window_sliding";
    }
    return "unknown";
}

std::string_view name_of(probe::hint_truth truth) {
    switch (truth) {
        case probe::hint_truth::unknown:
            return "unknown";
        case probe::hint_truth::holds:
            return "true";
        case probe::hint_truth::rounded_up:
            return "rounded_up";
        case probe::hint_truth::too_long:
            return "too_long";
        case probe::hint_truth::too_short:
            return "too_short";
    }
    return "unknown";
}

/// Members of an object that is the value of one.
template <class Fill>
void add_object(object_writer& to, std::string_view name, const Fill& fill) {
    std::string text;
    object_writer object(text);
    fill(object);
    object.close();
    to.raw(name, text);
}

void add_range(object_writer& to, std::string_view name, const probe::fitted_range& value) {
    add_object(to, name, [&](object_writer& range) {
        range.number("best", value.best);
        range.number("low", value.low);
        range.number("high", value.high);
    });
}

void add_limit(object_writer& to, std::string_view name, const probe::limit_fit& limit) {
    add_object(to, name, [&](object_writer& object) {
        object.string("kind", name_of(limit.rule));
        const bool window = is_window(limit.rule);
        if (limit.rule != probe::limit_rule::in_flight) add_range(object, "rate_per_s", limit.rate_per_s());
        if (window) add_range(object, "window_s", limit.pace);
        add_range(object,
                  window                                       ? "quota"
                  : limit.rule == probe::limit_rule::in_flight ? "in_flight"
                                                               : "burst",
                  limit.capacity);
        if (limit.counts_refused) object.raw("counts_refused", "true");
        object.count("unexplained", limit.unexplained);
    });
}

void add_wait(object_writer& to, std::string_view name, const probe::wait_check& check) {
    if (check.said == 0) return;
    add_object(to, name, [&](object_writer& object) {
        object.count("said", check.said);
        object.number("shortest_s", stagger::to_seconds(check.shortest));
        object.number("longest_s", stagger::to_seconds(check.longest));
        object.string("truth", name_of(check.truth));
        object.number("off_s", stagger::to_seconds(check.off));
    });
}

void add_hints(object_writer& to, const probe::hint_checks& hints) {
    add_object(to, "hints", [&](object_writer& object) {
        add_wait(object, "retry_after", hints.retry_after);
        object.count("rate_headers", hints.rate_headers);
        if (hints.limit) object.number("limit", *hints.limit);
        if (hints.rate_headers > 0)
            object.string("remaining", hints.remaining == probe::hint_truth::too_long
                                           ? "false"
                                           : name_of(hints.remaining));
        add_wait(object, "reset", hints.reset);
        object.count("token_headers", hints.token_headers);
        if (hints.token_limit) object.number("token_limit", *hints.token_limit);
    });
}

}  // namespace

std::string to_json(const probe::probe_findings& found) {
    std::string text;
    object_writer object(text);
    object.string("found", to_string(found.verdict));
    if (found.has_limit()) {
        object.raw("sure", found.is_sure() ? "true" : "false");
        add_limit(object, "limit", found.limit);
        std::string& others = object.key("also_possible");
        others += '[';
        for (const probe::limit_fit& each : found.also_possible) {
            if (&each != &found.also_possible.front()) others += ',';
            stagger::wire::append_json_string(
                others, std::string(name_of(each.rule)) + (each.counts_refused ? "_counting_refused" : ""));
        }
        others += ']';
        if (found.next_best) add_limit(object, "next_best", *found.next_best);
    }
    if (found.line) {
        add_object(object, "line", [&](object_writer& queue) {
            queue.number("served_per_s", found.line->served_per_s);
            queue.number("longest_s", found.line->longest_s);
            queue.number("alone_s", found.line->alone_s);
            if (!found.line->is_paced()) queue.number("places", found.line->places());
        });
    }
    add_hints(object, found.hints);
    object.string("batch_options", batch_options_for(found));
    object.string("end", name_of(found.end));
    object.count("requests", found.requests);
    object.count("admitted", found.admitted);
    object.count("refused", found.refused);
    object.count("failed", found.failed);
    object.count("most_at_once", found.most_at_once);
    object.count("most_in_second", found.most_in_second);
    object.number("took_s", stagger::to_seconds(found.took));
    object.close();
    text += '\n';
    return text;
}

}  // namespace app
