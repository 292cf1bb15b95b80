#include "throttled_server/statistics.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace stagger::server {

namespace json = boost::json;

namespace {

// Whoever sends a new key with every request shall not fill the memory with them.
constexpr std::size_t most_callers = 4096;

json::object to_object(const request_counts& counts) {
    return {{"accepted", counts.accepted},
            {"rejected", counts.rejected},
            {"refused_by_chance", counts.refused_by_chance},
            {"errors", counts.errors},
            {"queued", counts.queued},
            {"abandoned", counts.abandoned},
            {"peak_10ms", counts.peak_10ms},
            {"peak_1s", counts.peak_1s}};
}

}  // namespace

std::string to_json(const statistics& counted, const std::string& scenario_name) {
    json::object document = to_object(counted.all);
    document["unauthorized"] = counted.unauthorized;
    document["invalid"] = counted.invalid;
    document["connections"] = {{"open", counted.connections_open}, {"total", counted.connections_total}};
    document["scenario"] = scenario_name;
    document["started"] = counted.started;
    document["uptime_s"] = counted.uptime_s;
    json::object keys;
    for (const auto& [name, counts] : counted.by_key) keys[name] = to_object(counts);
    document["keys"] = std::move(keys);
    return json::serialize(document) + "\n";
}

std::size_t caller_names::number_of(const std::string& key) {
    const auto known = numbers_.find(key);
    if (known != numbers_.end()) return known->second;
    if (numbers_.size() >= most_callers) return most_callers;
    return numbers_.emplace(key, numbers_.size()).first->second;
}

std::string caller_names::label(std::size_t number) {
    return number < most_callers ? "key-" + std::to_string(number + 1) : "others";
}

statistics_recorder::statistics_recorder(time_point now, std::string started) : begin_(now) {
    others_.started = std::move(started);
}

statistics_recorder::tally& statistics_recorder::of(std::size_t caller) {
    if (caller >= by_caller_.size()) by_caller_.resize(caller + 1);
    return by_caller_[caller];
}

void statistics_recorder::count(std::size_t caller, std::uint64_t request_counts::*which) {
    const std::lock_guard lock(mutex_);
    ++(all_.counts.*which);
    ++(of(caller).counts.*which);
}

void statistics_recorder::arrived(std::size_t caller, time_point now) {
    const std::lock_guard lock(mutex_);
    for (tally* each : {&all_, &of(caller)}) {
        each->peak_10ms.add(now);
        each->peak_1s.add(now);
    }
}

void statistics_recorder::accepted(std::size_t caller) {
    count(caller, &request_counts::accepted);
}
void statistics_recorder::rejected(std::size_t caller, bool by_chance) {
    count(caller, &request_counts::rejected);
    if (by_chance) count(caller, &request_counts::refused_by_chance);
}
void statistics_recorder::failed(std::size_t caller) {
    count(caller, &request_counts::errors);
}
void statistics_recorder::queued(std::size_t caller) {
    count(caller, &request_counts::queued);
}
void statistics_recorder::abandoned(std::size_t caller) {
    count(caller, &request_counts::abandoned);
}

void statistics_recorder::unauthorized() {
    const std::lock_guard lock(mutex_);
    ++others_.unauthorized;
}
void statistics_recorder::invalid() {
    const std::lock_guard lock(mutex_);
    ++others_.invalid;
}
void statistics_recorder::connected() {
    const std::lock_guard lock(mutex_);
    ++others_.connections_open;
    ++others_.connections_total;
}
void statistics_recorder::disconnected() {
    const std::lock_guard lock(mutex_);
    --others_.connections_open;
}

void statistics_recorder::reset() {
    const std::lock_guard lock(mutex_);
    all_ = {};
    by_caller_.clear();
    others_.unauthorized = 0;
    others_.invalid = 0;
    others_.connections_total = others_.connections_open;
}

request_counts statistics_recorder::tally::snapshot() const {
    request_counts all = counts;
    all.peak_10ms = peak_10ms.most();
    all.peak_1s = peak_1s.most();
    return all;
}

statistics statistics_recorder::snapshot(time_point now) const {
    const std::lock_guard lock(mutex_);
    statistics counted = others_;
    counted.uptime_s = to_seconds(now - begin_);
    counted.all = all_.snapshot();
    for (std::size_t caller = 0; caller < by_caller_.size(); ++caller) {
        const request_counts counts = by_caller_[caller].snapshot();
        if (counts.peak_1s > 0) counted.by_key.emplace_back(caller_names::label(caller), counts);
    }
    return counted;
}

}  // namespace stagger::server
