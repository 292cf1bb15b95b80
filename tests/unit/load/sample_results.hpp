#pragma once

#include "load/latency_histogram.hpp"
#include "load/run_results.hpp"

/// A results document in which every member has a value of its own, and one of each kind is absent.
inline stagger::load::results_document sample_results() {
    using namespace std::chrono_literals;
    stagger::load::latency_histogram spans;
    for (const auto span : {0ms, 3ms, 250ms, 2000ms}) spans.add(span);

    stagger::load::run_results run;
    run.policy = "coordinated";
    run.elapsed_s = 12.5;
    run.measured_s = 10;
    run.requests = 500;
    run.succeeded = 490;
    run.failed = 10;
    run.failures = {{"answer_timed_out", 4}, {"rate_limited", 6}};
    run.attempts = 510;
    run.rejections = 16;
    run.goodput_per_s = 49;
    run.slo_goodput_per_s = 48.5;
    run.attempts_per_success = 1.04;
    run.rejections_per_100_successes = 3.26;
    run.wasted_tokens = 2000;
    run.prompt_tokens = 50'000;
    run.completion_tokens = 64'000;
    run.tokens_per_s = 6400;
    run.peak_10ms = 3;
    run.peak_1s = 55;
    run.closed_s = 0.25;
    run.schedule = {50, 49.9, 0.1, 2.5, 30, true};
    run.latency_ms[std::string(stagger::load::latency_kinds::total)] = spans.summary();
    run.waiting_s[stagger::wait_reason::pace] = std::chrono::duration<double>(31.25);
    run.timeline.step_s = 0.5;
    run.timeline.rows = {{0, 30, 2, 28, 32, std::nullopt, std::nullopt, 4, 17},
                         {0.5, 25, 0, 25, 50, 49.5, 6, 3, 0}};

    stagger::load::results_document all;
    all.command = {"stagger", "bench", "--rate", "50"};
    all.started = "2026-11-24T19:10:00Z";
    all.stagger = "0.1.0";
    all.machine = {"Linux 6.1 x86_64", "a \"processor\"", 2, "g++ 12.2.0"};
    all.endpoint = "http://127.0.0.1:8080/v1";
    all.load.kind = "constant";
    all.load.rate_per_s = 50;
    all.load.requests = 500;
    all.load.seed = 7;
    all.load.prompts = "synthetic";
    all.slo = stagger::load::service_level{std::nullopt, 10'000};
    all.runs.push_back(run);
    run.policy = "tenacity";
    run.schedule.reset();
    run.slo_goodput_per_s.reset();
    all.runs.push_back(run);
    return all;
}
