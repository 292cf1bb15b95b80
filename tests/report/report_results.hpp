#pragma once

#include <vector>

#include "load/latency_histogram.hpp"
#include "report/labelled_run.hpp"
#include "unit/load/sample_results.hpp"

/// Two runs that have everything a report can show.
inline app::named_results full_results() {
    namespace kinds = stagger::load::latency_kinds;
    using namespace std::chrono_literals;
    app::named_results made{"results.json", sample_results()};
    made.results.slo = stagger::load::service_level{500, 10'000};
    auto factor = 1;
    for (auto& run : made.results.runs) {
        for (const auto kind :
             {kinds::total, kinds::from_actual_send, kinds::first_token, kinds::between_tokens,
              kinds::waiting_in_line, kinds::backing_off, kinds::connecting, kinds::service}) {
            stagger::load::latency_histogram spans;
            for (int each = 1; each <= 100; ++each) spans.add(each * factor * 7ms);
            run.latency_ms[std::string(kind)] = spans.summary();
        }
        run.latency_ms[std::string(kinds::total)].mean *= 4;  // more than its parts explain
        for (const auto why : stagger::wait_reasons)
            run.waiting_s[why] = std::chrono::duration<double>(factor * (1.5 + static_cast<double>(why)));
        ++factor;
    }
    return made;
}

/// Every text of them says `text`.
inline app::named_results results_that_say(const std::string& text) {
    app::named_results made = full_results();
    made.name = text;
    auto& all = made.results;
    all.command = {"stagger", text};
    all.started = all.stagger = all.endpoint = text;
    all.machine = {text, text, 2, text};
    all.model = text;
    all.load.kind = all.load.prompts = text;
    for (auto& run : all.runs) {
        run.policy = text;
        run.failures = {{text, 1}};
    }
    return made;
}
