#pragma once

#include <optional>
#include <string>
#include <vector>

#include "load/load_run.hpp"
#include "load/token_lengths.hpp"
#include "sending/progress_display.hpp"
#include "sending/send_options.hpp"

namespace app {

/// What `stagger bench` takes on its command line, as given.
struct bench_options {
    send_options send;
    std::vector<std::string> policies{"coordinated"};
    std::string load;
    std::optional<unsigned> concurrency;
    std::optional<double> rate_per_s;
    std::optional<double> ramp_to_per_s;
    std::optional<unsigned> burst;
    std::optional<unsigned> requests;
    std::optional<stagger::duration> length;
    stagger::duration warm_up{0};
    stagger::duration cool_down{0};
    stagger::duration rest = std::chrono::seconds(5);
    std::string prompts;
    std::string prompt_tokens = "128";
    bool stream = false;
    std::string slo;
    std::string progress = "line";
    std::string json;
    std::string html;
    std::string csv;
    bool gate_is_given = false;  ///< --max-concurrency
};

/// Adds the options to the subcommand; `options` must outlive the parsing.
void add_bench_options(CLI::App& command, bench_options& options);

/// The options, checked and put into the terms of lib/src/load.
struct bench_plan {
    std::vector<send_plan> turns;  ///< one for each policy
    stagger::load::load_profile profile;
    stagger::load::measuring measuring;
    stagger::duration rest{0};
    bool stream = false;
    std::string prompts;                         ///< a file; empty: synthetic ones
    stagger::load::token_lengths prompt_tokens;  ///< of synthetic ones
    progress_mode progress = progress_mode::line;
    bool has_standard_output = false;  ///< one of the files is `-`: no tables go there

    std::string prompts_name() const;
};

/// @throws failure wrong_usage or file_failed
bench_plan make_bench_plan(const bench_options& options);

/// What the results file says of the load.
stagger::load::load_description describe_load(const bench_plan& plan);

}  // namespace app
