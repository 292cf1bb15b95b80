#include "transport_log.hpp"

namespace app {
namespace {

void note(const std::string& said, const std::string& before, spdlog::logger& log) {
    if (!said.empty()) log.info("{}{}", before, said);
}

}  // namespace

void log_transport(const send_plan& plan, spdlog::logger& log) {
    note(plan.way.description(plan.base_url), "", log);
    for (const planned_route& one : plan.routes)
        note(one.way.description(one.about.base_url), "route " + one.about.name + ": ", log);
}

}  // namespace app
