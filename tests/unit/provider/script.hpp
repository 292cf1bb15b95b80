#pragma once

#include <string>
#include <utility>
#include <vector>

#include "provider/model.hpp"

/// A provider with a clock of its own: times are seconds (or spans) since its start.
namespace stagger::test {

using namespace std::chrono_literals;

inline const time_point origin{duration(1'000'000'000'000)};

inline time_point at(duration since_start) {
    return origin + since_start;
}

class script {
 public:
    explicit script(provider::provider_description description, std::uint64_t seed = 1)
        : model_(std::move(description), seed, origin) {}

    provider::decision arrive(duration when, double tokens = 1, const std::string& caller = "a") {
        return model_.arrive(at(when), caller, tokens);
    }
    bool admits(duration when, double tokens = 1, const std::string& caller = "a") {
        return arrive(when, tokens, caller).what == provider::decision::kind::admit;
    }
    /// How many of `count` requests at once are admitted.
    int admitted_of(int count, duration when, double tokens = 1) {
        int admitted = 0;
        for (int i = 0; i < count; ++i) admitted += admits(when, tokens) ? 1 : 0;
        return admitted;
    }
    void depart(duration when, provider::request_id id) { model_.depart(at(when), id); }
    std::vector<provider::queue_event> events(duration when) { return model_.events_until(at(when)); }
    provider::model& model() { return model_; }

 private:
    provider::model model_;
};

inline provider::provider_description limited_by(std::vector<provider::limit> limits) {
    provider::provider_description description;
    description.limits = std::move(limits);
    description.latency = {provider::distribution::constant, 2s, 0};
    return description;
}

inline provider::token_bucket bucket(double rate_per_s, double burst,
                                     provider::unit counts = provider::unit::requests) {
    return {counts, rate_per_s, burst};
}
inline provider::fixed_window fixed(double quota, duration window, duration phase = 0s,
                                    provider::unit counts = provider::unit::requests) {
    return {counts, quota, window, phase};
}
inline provider::sliding_window sliding(double quota, duration window,
                                        provider::unit counts = provider::unit::requests) {
    return {counts, quota, window};
}
inline provider::concurrency_limit at_most(unsigned max, unsigned queue = 0, duration queue_timeout = 3s) {
    return {max, queue, queue_timeout};
}

}  // namespace stagger::test
