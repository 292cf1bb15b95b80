#include "probe_in_virtual_time.hpp"

#include <map>
#include <optional>

#include "provider/draw.hpp"
#include "provider/model.hpp"
#include "sim/event_queue.hpp"

namespace {

using namespace stagger;
using probe::probe_answer;
using probe::probe_plan;

struct event {
    enum class kind { look, arrive, leave, answer, queue } what = kind::look;
    std::size_t request = 0;
};

/// A request at the server, or on its way back.
struct call {
    duration way_back{};
    provider::request_id id{};
    probe_answer::outcome outcome = probe_answer::outcome::pending;
    hints said;
};

hints as_hints(const provider::decision& decided) {
    hints said;
    said.retry_after = decided.retry_after;
    for (const provider::limit_report& each : decided.headers) {
        limit_hint& about = each.counts == provider::unit::requests ? said.requests : said.tokens;
        about = {each.limit, each.remaining, each.reset};
    }
    return said;
}

class probed_provider {
 public:
    probed_provider(const provider::provider_description& description, const probe::probe_bounds& bounds,
                    std::uint64_t seed)
        : description_(description),
          model_(description, seed, time_point{}),
          network_(seed ^ 0x6e6574),
          plan_(bounds, time_point{}) {}

    probe_plan run() {
        look(time_point{});
        while (!events_.empty() && plan_.end() == probe::probe_end::running) {
            const auto next = events_.take();
            handle(next.at, next.what);
            look(next.at);
        }
        return plan_;
    }

 private:
    void look(time_point now) {
        while (true) {
            const probe_plan::step step = plan_.next(now);
            if (step.what == probe_plan::step::kind::wait && step.at != never)
                events_.schedule(step.at, {event::kind::look});
            if (step.what != probe_plan::step::kind::send) return;
            const duration trip = provider::draw_rtt(description_, network_);
            calls_[step.request].way_back = trip - trip / 2;
            events_.schedule(now + trip / 2, {event::kind::arrive, step.request});
        }
    }

    void handle(time_point now, const event& what) {
        switch (what.what) {
            case event::kind::look:
                return;
            case event::kind::arrive: {
                const provider::decision decided = model_.arrive(now, "probe", 1);
                calls_[what.request].id = decided.id;
                if (decided.what == provider::decision::kind::queue) {
                    queued_[decided.id] = what.request;
                } else {
                    decide(now, what.request, decided);
                }
                return look_at_queue(now);
            }
            case event::kind::leave:
                model_.depart(now, calls_[what.request].id);
                send_back(now, what.request);
                return look_at_queue(now);
            case event::kind::queue:
                return look_at_queue(now);
            case event::kind::answer: {
                const call& done = calls_[what.request];
                return plan_.answered(what.request, now, done.outcome, done.said);
            }
        }
    }

    void decide(time_point now, std::size_t request, const provider::decision& decided) {
        using kind = provider::decision::kind;
        call& decided_on = calls_[request];
        decided_on.said = as_hints(decided);
        if (decided.what != kind::admit) {
            decided_on.outcome =
                decided.what == kind::reject ? probe_answer::outcome::refused : probe_answer::outcome::failed;
            return send_back(now, request);
        }
        decided_on.outcome = probe_answer::outcome::admitted;
        decided_on.id = decided.id;
        events_.schedule(now + decided.service, {event::kind::leave, request});
    }

    void look_at_queue(time_point now) {
        for (const provider::queue_event& each : model_.events_until(now)) {
            const auto found = queued_.find(each.id);
            if (found == queued_.end()) continue;
            const std::size_t request = found->second;
            queued_.erase(found);
            decide(now, request, each.outcome);
        }
        if (model_.next_event() != never) events_.schedule(model_.next_event(), {event::kind::queue});
    }

    void send_back(time_point now, std::size_t request) {
        events_.schedule(now + calls_[request].way_back, {event::kind::answer, request});
    }

    provider::provider_description description_;
    provider::model model_;
    random_source network_;
    probe_plan plan_;
    sim::event_queue<event> events_;
    std::map<std::size_t, call> calls_;
    std::map<provider::request_id, std::size_t> queued_;
};

}  // namespace

probe_plan probe_in_virtual_time(const provider::provider_description& provider,
                                 const probe::probe_bounds& bounds, std::uint64_t seed) {
    return probed_provider(provider, bounds, seed).run();
}
