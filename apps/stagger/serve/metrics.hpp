#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "few_names.hpp"
#include "gateway/gateway.hpp"

namespace app {

/** @brief What `/metrics` tells of a gateway, in the text format of Prometheus.
 *
 * Calls are counted as they end, everything else is read when it is asked for. Models and tenants are for
 * clients to name, so that only so many have series of their own; the others are "other".
 */
class metrics final : public stagger::gateway::call_observer {
 public:
    metrics();

    void ended(const stagger::gateway::call_record& one) noexcept override;
    /// @param now for how long the first in line has waited
    std::string text(const stagger::gateway::gateway& shown, stagger::time_point now);

    /// For the Content-Type.
    static constexpr const char* media_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
    using counters = prometheus::Family<prometheus::Counter>;
    using gauges = prometheus::Family<prometheus::Gauge>;
    using histograms = prometheus::Family<prometheus::Histogram>;

    /// A value that is not always known: its series is there only while it is.
    class sometimes {
     public:
        explicit sometimes(gauges& family) : family_(family) {}
        void set(std::optional<double> value);

     private:
        gauges& family_;
        prometheus::Gauge* shown_ = nullptr;
    };

    counters& add_counter(const std::string& name, const std::string& help);
    gauges& add_gauge(const std::string& name, const std::string& help);
    histograms& add_histogram(const std::string& name, const std::string& help);
    /// Where calls of the same labels are counted, so that these are put together once.
    struct series {
        std::string model;
        prometheus::Counter* requests = nullptr;
        prometheus::Histogram* waits = nullptr;
        prometheus::Histogram* durations = nullptr;
        prometheus::Histogram* input = nullptr;
        prometheus::Histogram* output = nullptr;
    };
    void count(const stagger::gateway::call_record& one);
    series& series_of(const stagger::gateway::call_record& one);
    void count_tokens(prometheus::Histogram*& in, const std::string& model, const char* type,
                      std::optional<std::uint64_t> tokens);
    void read_gate(const stagger::gateway::gateway& shown, stagger::time_point now);
    void read_line(const stagger::gateway::gateway& shown, stagger::time_point now);

    prometheus::Registry registry_;
    few_names models_;
    few_names tenants_;
    counters& requests_;
    std::unordered_map<std::string, series> series_;  // by its labels
    histograms& waits_;
    histograms& durations_;
    histograms& tokens_;
    gauges& line_length_;
    prometheus::Gauge& line_bytes_;
    prometheus::Gauge& line_oldest_;
    sometimes limit_;
    prometheus::Gauge& pace_;
    sometimes window_;
    prometheus::Gauge& in_flight_;
    prometheus::Gauge& closed_;
    prometheus::Counter& rejections_;
    prometheus::Counter& places_resumed_;
};

}  // namespace app
