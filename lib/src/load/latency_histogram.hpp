#pragma once

#include <cstdint>
#include <memory>

#include "load/run_results.hpp"
#include "stagger/time.hpp"

namespace stagger::load {

inline double milliseconds(duration span) {
    return std::chrono::duration<double, std::milli>(span).count();
}

/** @brief Spans counted in buckets whose width grows with the span.
 *
 * Percentiles are within 1 % of what a sorted list of all spans gives, in the same memory for any number.
 * Mean, least and greatest are exact. Spans below a microsecond count as zero, those beyond 100,000 s as the
 * greatest.
 */
class latency_histogram {
 public:
    latency_histogram();
    latency_histogram(latency_histogram&&) noexcept;
    latency_histogram& operator=(latency_histogram&&) noexcept;
    ~latency_histogram();

    /// A negative span counts as zero.
    void add(duration span);
    std::uint64_t count() const { return count_; }
    /** @brief The least span that this share of all does not exceed (nearest rank); zero of none.
     * @param share from 0 to 1
     */
    duration percentile(double share) const;
    latency_summary summary() const;

 private:
    struct buckets;
    std::unique_ptr<buckets> buckets_;
    std::uint64_t count_ = 0;
    double sum_s_ = 0;
    duration least_ = duration::max();
    duration greatest_{0};
};

}  // namespace stagger::load
