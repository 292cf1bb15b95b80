#pragma once

#include "load/run_results.hpp"

/// The members of every object of a results file, in their order: once for what writes them and what reads
/// them.
namespace stagger::load {

// `Visit` is called as visit(name, value); of a value to be read, `Value` is not const.
template <class Value, class Type>
concept maybe_const = std::same_as<std::remove_const_t<Value>, Type>;

template <class Visit, maybe_const<latency_summary> Value>
void for_each_member(Value& of, Visit visit) {
    visit("count", of.count);
    visit("mean", of.mean);
    visit("min", of.min);
    visit("p50", of.p50);
    visit("p90", of.p90);
    visit("p95", of.p95);
    visit("p99", of.p99);
    visit("p999", of.p999);
    visit("max", of.max);
    visit("histogram", of.histogram);
}

template <class Visit, maybe_const<schedule_results> Value>
void for_each_member(Value& of, Visit visit) {
    visit("asked_per_s", of.asked_per_s);
    visit("achieved_per_s", of.achieved_per_s);
    visit("lag_p50_ms", of.lag_p50_ms);
    visit("lag_p99_ms", of.lag_p99_ms);
    visit("lag_max_ms", of.lag_max_ms);
    visit("fell_behind", of.fell_behind);
}

template <class Visit, maybe_const<timeline_row> Value>
void for_each_member(Value& of, Visit visit) {
    visit("t_s", of.t_s);
    visit("attempts", of.attempts);
    visit("rejections", of.rejections);
    visit("successes", of.successes);
    visit("pace_per_s", of.pace_per_s);
    visit("limit_per_s", of.limit_per_s);
    visit("limit_in_flight", of.limit_in_flight);
    visit("in_flight", of.in_flight);
    visit("waiting", of.waiting);
}

template <class Visit, maybe_const<timeline_results> Value>
void for_each_member(Value& of, Visit visit) {
    visit("step_s", of.step_s);
    visit("rows", of.rows);
}

template <class Visit, maybe_const<run_results> Value>
void for_each_member(Value& of, Visit visit) {
    visit("policy", of.policy);
    visit("interrupted", of.interrupted);
    visit("elapsed_s", of.elapsed_s);
    visit("measured_s", of.measured_s);
    visit("requests", of.requests);
    visit("succeeded", of.succeeded);
    visit("failed", of.failed);
    visit("failures", of.failures);
    visit("attempts", of.attempts);
    visit("rejections", of.rejections);
    visit("goodput_per_s", of.goodput_per_s);
    visit("slo_goodput_per_s", of.slo_goodput_per_s);
    visit("attempts_per_success", of.attempts_per_success);
    visit("rejections_per_100_successes", of.rejections_per_100_successes);
    visit("wasted_tokens", of.wasted_tokens);
    visit("prompt_tokens", of.prompt_tokens);
    visit("completion_tokens", of.completion_tokens);
    visit("tokens_per_s", of.tokens_per_s);
    visit("peak_10ms", of.peak_10ms);
    visit("peak_1s", of.peak_1s);
    visit("closed_s", of.closed_s);
    visit("empty_answers", of.empty_answers);
    visit("schedule", of.schedule);
    visit("latency_ms", of.latency_ms);
    visit("waiting_s", of.waiting_s);
    visit("timeline", of.timeline);
}

template <class Visit, maybe_const<machine_description> Value>
void for_each_member(Value& of, Visit visit) {
    visit("system", of.system);
    visit("cpu", of.cpu);
    visit("cores", of.cores);
    visit("compiler", of.compiler);
}

template <class Visit, maybe_const<load_description> Value>
void for_each_member(Value& of, Visit visit) {
    visit("kind", of.kind);
    visit("concurrency", of.concurrency);
    visit("rate_per_s", of.rate_per_s);
    visit("ramp_to_per_s", of.ramp_to_per_s);
    visit("burst", of.burst);
    visit("requests", of.requests);
    visit("duration_s", of.duration_s);
    visit("seed", of.seed);
    visit("warm_up_s", of.warm_up_s);
    visit("cool_down_s", of.cool_down_s);
    visit("stream", of.stream);
    visit("prompts", of.prompts);
}

template <class Visit, maybe_const<service_level> Value>
void for_each_member(Value& of, Visit visit) {
    visit("first_token_ms", of.first_token_ms);
    visit("total_ms", of.total_ms);
}

template <class Visit, maybe_const<results_document> Value>
void for_each_member(Value& of, Visit visit) {
    visit("command", of.command);
    visit("started", of.started);
    visit("stagger", of.stagger);
    visit("machine", of.machine);
    visit("endpoint", of.endpoint);
    visit("model", of.model);
    visit("load", of.load);
    visit("slo", of.slo);
    visit("runs", of.runs);
}

}  // namespace stagger::load
