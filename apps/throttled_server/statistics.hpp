#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "provider/arrival_peak.hpp"
#include "stagger/time.hpp"

namespace stagger::server {

/// What became of the completion requests that reached the provider.
struct request_counts {
    std::uint64_t accepted = 0;           ///< admitted, at once or from the line
    std::uint64_t rejected = 0;           ///< refused, at once or after waiting in line
    std::uint64_t refused_by_chance = 0;  ///< of those rejected: drawn, regardless of load
    std::uint64_t errors = 0;             ///< failed by the scenario's faults
    std::uint64_t queued = 0;             ///< had to wait in line first
    std::uint64_t abandoned = 0;          ///< the caller was gone before the answer
    std::uint64_t peak_10ms = 0;          ///< most arrivals in any 10 ms
    std::uint64_t peak_1s = 0;            ///< most arrivals in any second
};

struct statistics {
    request_counts all;
    std::vector<std::pair<std::string, request_counts>>
        by_key;                      ///< "key-1" for the first key seen, and so on
    std::uint64_t unauthorized = 0;  ///< refused for their key, never counted elsewhere
    std::uint64_t invalid = 0;       ///< not a request the provider understands
    std::uint64_t connections_open = 0;
    std::uint64_t connections_total = 0;
    double uptime_s = 0;
    std::string started;  ///< RFC 3339
};

/// As `GET /stats` answers it.
std::string to_json(const statistics& counted, const std::string& scenario_name);

/// Numbers callers in the order in which their keys are first seen. A key itself is never shown.
class caller_names {
 public:
    /// The caller's number, from 0. Past the bound all further callers share one.
    std::size_t number_of(const std::string& key);
    static std::string label(std::size_t number);

 private:
    std::unordered_map<std::string, std::size_t> numbers_;
};

/// Counts as it happens; every function may be called from any thread.
class statistics_recorder {
 public:
    statistics_recorder(time_point now, std::string started);

    void arrived(std::size_t caller, time_point now);
    void accepted(std::size_t caller);
    void rejected(std::size_t caller, bool by_chance);
    void failed(std::size_t caller);
    void queued(std::size_t caller);
    void abandoned(std::size_t caller);
    void unauthorized();
    void invalid();
    void connected();
    void disconnected();
    /// Counts begin anew; open connections, uptime and the callers' names stay.
    void reset();
    statistics snapshot(time_point now) const;

 private:
    struct tally {
        request_counts counts;
        provider::arrival_peak peak_10ms{std::chrono::milliseconds(10)};
        provider::arrival_peak peak_1s{std::chrono::seconds(1)};
        request_counts snapshot() const;
    };

    void count(std::size_t caller, std::uint64_t request_counts::*which);
    tally& of(std::size_t caller);

    mutable std::mutex mutex_;
    time_point begin_;
    tally all_;
    std::vector<tally> by_caller_;
    statistics others_;  // what is not counted by caller
};

}  // namespace stagger::server
