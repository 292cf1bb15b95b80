#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/output_file.hpp"
#include "fleet_metrics.hpp"
#include "fleet_status.hpp"
#include "job_status.hpp"
#include "json/json_writer.hpp"
#include "sending/fleet_choice.hpp"
#include "terminal/console.hpp"
#include "terminal/text_table.hpp"

namespace app {
namespace {

std::string format_status_table(const std::vector<shared_limit>& all) {
    using kind = text_table::column::kind;
    text_table table({{"ENDPOINT", kind::words},
                      {"MODEL", kind::words},
                      {"PROCESSES", kind::words},
                      {"ACTIVE", kind::words},
                      {"LIMIT", kind::words},
                      {"SHARE", kind::words},
                      {"MODE", kind::words}});
    for (const shared_limit& each : all) {
        const auto rate = fmt::format("{:.3g}/s", each.per_s);
        table.add({each.endpoint, each.model.empty() ? "-" : each.model, fmt::format("{}", each.processes),
                   fmt::format("{}", each.active), each.is_measured ? rate : "at " + rate,
                   fmt::format("{:.3g}/s", each.share_per_s()), std::string(to_string(each.mode))});
    }
    return table.aligned();
}

std::string format_status_lines(const std::vector<shared_limit>& all) {
    std::string text;
    for (const shared_limit& each : all) {
        stagger::wire::object_writer line(text);
        line.string("endpoint", each.endpoint);
        line.string("model", each.model);
        line.count("processes", each.processes);
        line.count("active", each.active);
        line.number("per_s", each.per_s);
        line.number("share_per_s", each.share_per_s());
        line.raw("measured", each.is_measured ? "true" : "false");
        line.string("mode", to_string(each.mode));
        line.count("term", each.term);
        line.close();
        text += '\n';
    }
    return text;
}

std::string format_job_table(const std::vector<job_status>& all) {
    using kind = text_table::column::kind;
    text_table table({{"JOB", kind::words},
                      {"WAITING", kind::words},
                      {"IN WORK", kind::words},
                      {"DONE", kind::words},
                      {"LEFT", kind::words},
                      {"WORKERS", kind::words},
                      {"TAKEN OVER", kind::words},
                      {"ASKED AGAIN", kind::words}});
    for (const job_status& each : all) {
        const bool is_done = each.about.state == stagger::fleet::job_state::done;
        const auto left = each.about.left ? fmt::format("{}", *each.about.left) : "?";
        table.add({each.name, fmt::format("{}", each.waiting), fmt::format("{}", each.in_work),
                   fmt::format("{}", each.about.recorded), is_done ? "0" : left,
                   fmt::format("{}", each.workers), fmt::format("{}", each.taken_over),
                   fmt::format("{}", each.asked_again)});
    }
    return table.aligned();
}

std::string format_job_lines(const std::vector<job_status>& all) {
    std::string text;
    for (const job_status& each : all) {
        stagger::wire::object_writer line(text);
        line.string("job", each.name);
        line.string("state", each.about.state == stagger::fleet::job_state::done ? "done" : "open");
        line.string("dialect", to_string(each.about.spoken));
        line.string("model", each.about.model);
        line.count("waiting", each.waiting);
        line.count("in_work", each.in_work);
        line.count("unrecorded", each.unrecorded);
        line.count("done", each.about.recorded);
        line.count("failed", each.about.failed);
        if (each.about.left) {
            line.count("left", *each.about.left);
        } else {
            line.raw("left", "null");
        }
        line.count("workers", each.workers);
        line.count("taken_over", each.taken_over);
        line.count("asked_again", each.asked_again);
        line.close();
        text += '\n';
    }
    return text;
}

class fleet_command final : public command {
 public:
    explicit fleet_command(CLI::App& parser)
        : status_(*parser.add_subcommand(
              "status", "Which limits are shared there, and by how many, and what jobs there are")) {
        parser.require_subcommand(1);
        status_.set_help_flag("-h,--help", "Print this help");
        add_fleet_options(status_, choice_);
        auto* json = status_.add_flag("--json", json_, "One JSON object a line");
        status_
            .add_flag("--metrics", metrics_, "Metrics in Prometheus' text format, for its textfile collector")
            ->excludes(json);
    }

    exit_code run() override {
        const auto fleet = make_fleet(choice_);
        if (!fleet) throw failure(exit_code::wrong_usage, "no fleet: give --fleet or set STAGGER_FLEET_URL");
        const auto limits = read_fleet_status(*fleet);
        const auto jobs = read_jobs(*fleet);
        if (metrics_) {
            write_standard_output(format_fleet_metrics(limits, jobs));
            return exit_code::done;
        }
        if (json_) {
            write_standard_output(format_status_lines(limits) + format_job_lines(jobs));
            return exit_code::done;
        }
        if (limits.empty()) console(false).remark("no limit is shared there");
        std::string text = limits.empty() ? "" : format_status_table(limits);
        if (!jobs.empty()) text += (text.empty() ? "" : "\n") + format_job_table(jobs);
        if (!text.empty()) write_standard_output(text);
        return exit_code::done;
    }

 private:
    CLI::App& status_;
    fleet_choice choice_;
    bool json_ = false;
    bool metrics_ = false;
};

}  // namespace

std::unique_ptr<command> make_fleet_command(CLI::App& parser) {
    return std::make_unique<fleet_command>(parser);
}

}  // namespace app
