#include "fleet/fleet_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace app {
namespace {

class fleet_metrics {
 public:
    void add(const shared_limit& limit) {
        const prometheus::Labels of{
            {"endpoint", limit.endpoint}, {"limit", limit.id}, {"model", limit.model}};
        gauge("stagger_fleet_processes", "Processes that share the limit", of,
              static_cast<double>(limit.processes));
        gauge("stagger_fleet_active_processes", "Of them: with requests waiting, or lately", of,
              static_cast<double>(limit.active));
        gauge("stagger_fleet_pace_per_second", "The limit, or the pace while it is not known", of,
              limit.per_s);
        gauge("stagger_fleet_share_per_second", "What each active process has of it", of,
              limit.share_per_s());
        gauge("stagger_fleet_limit_measured", "1: the pace is the limit, as measured", of,
              limit.is_measured ? 1 : 0);
        gauge("stagger_fleet_closed", "1: nothing is admitted, and one probe at a time is out", of,
              limit.mode == stagger::coordinator_mode::closed ? 1 : 0);
    }

    void add(const job_status& job) {
        const prometheus::Labels of{{"job", job.name}};
        const auto number = [](std::uint64_t count) { return static_cast<double>(count); };
        gauge("stagger_job_open", "0: every prompt has its result", of,
              job.about.state == stagger::fleet::job_state::done ? 0 : 1);
        gauge("stagger_job_waiting", "Prompts in the store that no worker has", of, number(job.waiting));
        gauge("stagger_job_in_work", "Prompts that a worker has", of, number(job.in_work));
        gauge("stagger_job_unrecorded", "Answers that are not on the feeder's disk yet", of,
              number(job.unrecorded));
        gauge("stagger_job_workers", "Workers", of, number(job.workers));
        gauge("stagger_job_done", "Results of this run of the feeder", of, number(job.about.recorded));
        gauge("stagger_job_failed", "Of them: failures", of, number(job.about.failed));
        if (job.about.left)
            gauge("stagger_job_left", "Prompts without a result", of, number(*job.about.left));
        counter("stagger_job_taken_over_total", "Prompts taken over from workers that were gone", of,
                number(job.taken_over));
        counter("stagger_job_asked_again_total",
                "Prompts that went to another worker after the server may have seen them", of,
                number(job.asked_again));
    }

    std::string text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

 private:
    void gauge(const char* name, const char* help, const prometheus::Labels& of, double value) {
        prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(of).Set(value);
    }
    void counter(const char* name, const char* help, const prometheus::Labels& of, double value) {
        prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(of).Increment(value);
    }

    prometheus::Registry registry_{prometheus::Registry::InsertBehavior::Merge};
};

}  // namespace

std::string format_fleet_metrics(const std::vector<shared_limit>& limits,
                                 const std::vector<job_status>& jobs) {
    fleet_metrics all;
    for (const shared_limit& each : limits) all.add(each);
    for (const job_status& each : jobs) all.add(each);
    return all.text();
}

}  // namespace app
