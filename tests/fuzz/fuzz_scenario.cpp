#include <cmath>
#include <stdexcept>

#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "scenario/format_scenario.hpp"
#include "scenario/scenario_file.hpp"
#include "sim/simulation.hpp"

// A scenario is read back as it was written, and its first steps can be run.

namespace stagger::fuzz {
namespace {

struct seen_enough {};

class first_steps final : public sim::observer {
 public:
    void sent(time_point, std::size_t, std::uint64_t) override { step(); }
    void settled(time_point now, std::size_t, const coordinator& core) override {
        require(!std::isnan(core.status(now).pace_per_s), "a pace is a number");
        step();
    }

 private:
    void step() {
        constexpr int most = 300;
        if (++steps_ > most) throw seen_enough();
    }
    int steps_ = 0;
};

bool is_small(const provider::scenario& scenario) {
    constexpr std::size_t most_clients = 50;
    constexpr std::uint64_t most_requests_at_once = 20000;
    std::uint64_t at_once = 0;
    for (const auto& each : scenario.clients) at_once += each.concurrency;
    return scenario.clients.size() <= most_clients && at_once <= most_requests_at_once;
}

provider::scenario read_back(const std::string& text) {
    try {
        return wire::parse_scenario(text);
    } catch (const std::invalid_argument& wrong) {
        throw broken_property("what was written is read: " + std::string(wrong.what()) + "\n" + text);
    }
}

}  // namespace

void fuzz_scenario(std::string_view bytes) {
    try {
        const provider::scenario scenario = wire::parse_scenario(bytes);
        const std::string text = wire::format_scenario(scenario);
        require(wire::format_scenario(read_back(text)) == text, "what is written is written again", text);
        if (!is_small(scenario)) return;
        first_steps steps;
        sim::run(scenario, sim::policy{}, 1, &steps);
    } catch (const seen_enough&) {
        // It ran.
    } catch (const std::invalid_argument&) {
        // Not a scenario: it says so.
    }
}

}  // namespace stagger::fuzz
