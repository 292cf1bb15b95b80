#pragma once

#include "provider/description.hpp"
#include "provider/model.hpp"

namespace stagger::provider {

/** Tokens drip in at a rate, up to the burst; a request takes its cost or is refused.
 *
 * A request that costs more than the whole bucket takes the whole bucket: it waits for a full one instead of
 * for ever.
 */
class token_bucket_limiter {
 public:
    token_bucket_limiter(const token_bucket& description, time_point now);

    unit counts() const { return description_.counts; }
    counted_tokens counted() const { return description_.counted; }
    bool admits(time_point now, double cost);
    void take(time_point now, double cost);
    /// A refused request is charged: it takes what is left, and never more.
    void take_refused(time_point now, double cost);
    /// What was charged with `charged` at `taken` costs `owed` after all. What is owed
    /// beyond it is taken now, even if that is more than there is.
    void settle(time_point now, time_point taken, double charged, double owed);
    /// How long until `cost` would be admitted if nobody else came; zero if it would be now.
    duration wait(time_point now, double cost);
    /// `reset` is the time until the bucket is full.
    limit_report report(time_point now);
    /// Starts from what `previous` held, as much as fits.
    void take_over(token_bucket_limiter& previous, time_point now);

 private:
    void refill(time_point now);
    double bounded(double cost) const;

    token_bucket description_;
    double level_;
    time_point refilled_;
};

}  // namespace stagger::provider
