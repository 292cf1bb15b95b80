#pragma once

#include <optional>

#include "pacing/refilling_bucket.hpp"
#include "pacing/send_counter.hpp"

namespace stagger {

/** @brief The pause that OpenAI's script for parallel requests takes, for comparison.
 *
 * One loop sends at most one request a millisecond. After each it looks whether a rate-limit error came
 * within the last 15 s, and if so sleeps until 15 s after the last one. It does not look again when it wakes
 * up: one request goes, then it looks. Told limits are buckets that start full and hold a minute's worth;
 * without them there is no pace. Retry-After is not looked at.
 *
 * Formula: openai/openai-cookbook, examples/api_request_parallel_processor.py,
 * process_api_requests_from_file. Different here: a request of more than a minute's tokens goes when the
 * bucket is full; there it never does.
 */
class cookbook_pause final : public pacing {
 public:
    static constexpr seconds pause_after_error{15};
    static constexpr seconds sleep_each_loop{0.001};

    explicit cookbook_pause(const coordinator_options& options);

    opening next_opening(time_point now, const line_view& line) override;
    departure on_send(time_point now, const cost& what) override;
    void on_accepted(time_point, const departure&, const hints&) override {}
    void on_throttled(time_point now, const departure&, const hints&) override;
    void describe(time_point now, coordinator_status& status) const override;

 private:
    /// Falls asleep if there is reason to.
    bool looks_and_pauses(time_point now);

    send_counter sends_;
    std::optional<refilling_bucket> requests_;
    std::optional<refilling_bucket> tokens_;
    std::optional<time_point> last_error_;
    time_point asleep_until_ = time_point::min();
    wait_reason asleep_for_ = wait_reason::pace;
    bool just_woke_ = false;  ///< from a pause: the next request goes without another look
};

}  // namespace stagger
