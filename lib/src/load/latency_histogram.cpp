#include "load/latency_histogram.hpp"

#include <algorithm>
#include <boost/histogram/axis/regular.hpp>
#include <boost/histogram/histogram.hpp>
#include <boost/histogram/storage_adaptor.hpp>
#include <cmath>
#include <tuple>

namespace stagger::load {

namespace {

namespace histogram = boost::histogram;

constexpr double shortest_s = 1e-6;
constexpr double longest_s = 1e5;
// Each bucket ends 1.2 % above its beginning, so that its middle is within 0.6 % of everything in it.
constexpr unsigned bucket_count = 2124;  // ln(longest / shortest) / ln(1.012)

using log_axis = histogram::axis::regular<double, histogram::axis::transform::log>;
using counts = histogram::histogram<std::tuple<log_axis>, histogram::dense_storage<std::uint64_t>>;

}  // namespace

struct latency_histogram::buckets {
    counts by_span{std::make_tuple(log_axis(bucket_count, shortest_s, longest_s))};

    const log_axis& axis() const { return by_span.axis(); }
    int first() const { return -1; }  // what is too short for the axis
    int last() const { return static_cast<int>(bucket_count); }
    double middle_s(int bucket) const {
        if (bucket == first()) return 0;
        return std::sqrt(axis().value(bucket) * axis().value(bucket + 1));
    }
    double upper_s(int bucket) const { return bucket == first() ? shortest_s : axis().value(bucket + 1); }
};

latency_histogram::latency_histogram() : buckets_(std::make_unique<buckets>()) {}
latency_histogram::latency_histogram(latency_histogram&&) noexcept = default;
latency_histogram& latency_histogram::operator=(latency_histogram&&) noexcept = default;
latency_histogram::~latency_histogram() = default;

void latency_histogram::add(duration span) {
    span = std::max(span, duration::zero());
    buckets_->by_span(to_seconds(span));
    ++count_;
    sum_s_ += to_seconds(span);
    least_ = std::min(least_, span);
    greatest_ = std::max(greatest_, span);
}

duration latency_histogram::percentile(double share) const {
    if (count_ == 0) return duration::zero();
    const auto rank = std::max(1.0, std::ceil(share * static_cast<double>(count_)));
    double below = 0;
    for (int bucket = buckets_->first(); bucket < buckets_->last(); ++bucket) {
        below += static_cast<double>(buckets_->by_span.at(bucket));
        if (below >= rank)
            return std::clamp(from_seconds_rounded(buckets_->middle_s(bucket)), least_, greatest_);
    }
    return greatest_;
}

latency_summary latency_histogram::summary() const {
    latency_summary all;
    all.count = count_;
    if (count_ == 0) return all;
    constexpr double ms_per_s = 1e3;
    all.mean = sum_s_ * ms_per_s / static_cast<double>(count_);
    all.min = milliseconds(least_);
    all.p50 = milliseconds(percentile(0.5));
    all.p90 = milliseconds(percentile(0.9));
    all.p95 = milliseconds(percentile(0.95));
    all.p99 = milliseconds(percentile(0.99));
    all.p999 = milliseconds(percentile(0.999));
    all.max = milliseconds(greatest_);
    for (int bucket = buckets_->first(); bucket <= buckets_->last(); ++bucket) {
        const std::uint64_t here = buckets_->by_span.at(bucket);
        if (here == 0) continue;
        const bool beyond = bucket == buckets_->last();
        all.histogram.push_back({beyond ? all.max : buckets_->upper_s(bucket) * ms_per_s, here});
    }
    return all;
}

}  // namespace stagger::load
