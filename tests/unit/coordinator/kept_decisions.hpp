#pragma once

#include <vector>

#include "stagger/decision_log.hpp"

/// A recorder that keeps everything, for tests to look at.
struct kept_decisions final : stagger::decision_recorder {
    void started(const stagger::coordinator_options& options, std::uint64_t with_seed) override {
        ++starts;
        seed = with_seed;
        max_in_flight = options.max_in_flight();
    }
    void record(const stagger::decision_record& made) noexcept override { records.push_back(made); }

    template <class Decision>
    std::vector<Decision> all() const {
        std::vector<Decision> found;
        for (const auto& each : records) {
            if (const auto* one = std::get_if<Decision>(&each.what)) found.push_back(*one);
        }
        return found;
    }

    unsigned starts = 0;
    std::uint64_t seed = 0;
    unsigned max_in_flight = 0;
    std::vector<stagger::decision_record> records;
};
