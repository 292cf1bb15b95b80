#include "run_description.hpp"

#include "cli/command_line.hpp"
#include "load/machine.hpp"
#include "version.hpp"

namespace app {

stagger::load::results_document describe_this_run(const send_options& options, const send_plan& plan) {
    stagger::load::results_document about;
    about.command = command_line(plan.hidden);
    about.started = stagger::load::utc_now();
    about.stagger = version;
    about.machine = stagger::load::describe_machine();
    about.endpoint = plan.shown_url;
    if (!options.model.empty()) about.model = options.model;
    return about;
}

}  // namespace app
