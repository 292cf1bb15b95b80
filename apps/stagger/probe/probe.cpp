#include <CLI/CLI.hpp>

#include "batch/endpoint_watch.hpp"
#include "cli/commands.hpp"
#include "cli/last_outputs.hpp"
#include "cli/option_values.hpp"
#include "cli/output_file.hpp"
#include "probe_run.hpp"
#include "probe_text.hpp"
#include "sending/cleartext_key.hpp"
#include "sending/log.hpp"
#include "sending/send_options.hpp"
#include "terminal/console.hpp"

namespace app {
namespace {

namespace probe = stagger::probe;

// What is paid for each of the requests: the shortest answer there is.
constexpr unsigned usual_max_tokens = 1;
constexpr auto usual_timeout = std::chrono::seconds(60);

class probe_command final : public command {
 public:
    explicit probe_command(CLI::App& parser) {
        options_.policy = "none";
        options_.max_attempts = 1;
        options_.max_tokens = usual_max_tokens;
        options_.timeout = usual_timeout;
        parser.add_option("PROMPT", prompt_, "What each request asks (default \"Say ok\")");
        add_whole_number<unsigned>(
            parser, "--max-requests", [this](unsigned value) { bounds_.max_requests = value; }, 1,
            "Requests at most (default 400)");
        add_duration(
            parser, "--max-time", [this](stagger::duration value) { bounds_.max_time = value; },
            "The whole probe at most (default 5m)");
        add_whole_number<unsigned>(
            parser, "-j,--max-concurrency", [this](unsigned value) { bounds_.max_in_flight = value; }, 1,
            "Requests in flight at most (default 256)");
        add_duration(
            parser, "--timeout", [this](stagger::duration value) { options_.timeout = value; },
            "One request, from sending to the answer's end (default 60s)");
        parser
            .add_option("--json", json_,
                        "Write what was found there, too, as JSON; -: on standard output, alone")
            ->type_name("FILE");
        add_endpoint_options(parser, options_);
        add_route_options(parser, options_);
        add_request_options(parser, options_);
        add_message_options(parser, options_);
    }

    exit_code run() override {
        console out(options_.quiet);
        if (bounds_.max_time == stagger::duration::zero())
            throw failure(exit_code::wrong_usage, "--max-time: must be longer than 0, is 0");
        options_.max_concurrency = bounds_.max_in_flight;
        send_plan plan = make_plan(options_, stagger::duration::zero());
        if (plan.routes.size() > 1)
            throw failure(exit_code::wrong_usage,
                          "--routes: a probe finds out one limit; pick one route by --route");
        // What the file says of the limit is what is to be found out.
        for (planned_route& one : plan.routes) one.limits = plan.limits;
        base_url_ = plan.shown_url;
        if (const auto warning = cleartext_key_warning(plan); !warning.empty()) out.remark(warning);
        output_file file(json_);
        probe_run probe(std::move(plan), bounds_, out, make_log(out, options_.log_level, options_.log_file));
        const probe::probe_findings found = probe.run(stagger::completion_request(prompt_));
        if (probe.last_error() == stagger::errc::invalid_request)
            throw failure(exit_code::wrong_usage, probe.last_problem());
        last_outputs outputs(out);
        outputs.write([&] {
            if (json_ != "-") write_standard_output(describe(found));
        });
        outputs.write([&] { file.write(to_json(found)); });
        const exit_code code = conclude(found, probe, out);
        return outputs.failed() ? exit_code::file_failed : code;
    }

 private:
    exit_code conclude(const probe::probe_findings& found, const probe_run& probe, console& out) const {
        if (probe.interrupted()) return exit_code::interrupted;
        switch (found.verdict) {
            case probe::probe_verdict::closed:
            case probe::probe_verdict::undecided:
            case probe::probe_verdict::unanswered:
                return exit_code::some_failed;
            case probe::probe_verdict::down:
            case probe::probe_verdict::unusable:
                out.error("cannot use " + base_url_ + ": " + why_unusable(found, probe));
                return exit_code::endpoint_unusable;
            default:
                return exit_code::done;
        }
    }

    static std::string why_unusable(const probe::probe_findings& found, const probe_run& probe) {
        const auto& problem = probe.last_problem();
        if (found.verdict == probe::probe_verdict::unusable)
            return stagger::batch::explain(probe.last_error(), problem) +
                   missing_key(probe.plan(), probe.last_error());
        // Before it went down, something may have been answered.
        if (found.admitted + found.refused == 0)
            return "the endpoint is down: " +
                   stagger::batch::explain(probe.last_error(), problem, found.took);
        return "the endpoint went down: " + (problem.empty() ? probe.last_error().message() : problem);
    }

    probe::probe_bounds bounds_;
    send_options options_;
    std::string prompt_ = "Say ok";
    std::string json_;
    std::string base_url_;
};

}  // namespace

std::unique_ptr<command> make_probe_command(CLI::App& parser) {
    return std::make_unique<probe_command>(parser);
}

}  // namespace app
