#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

#include "load/run_records.hpp"
#include "stagger/observer.hpp"

namespace stagger::load {

/** @brief Turns what a client tells of its attempts into records, and adds up what each request's came to.
 *
 * Requests are known by the numbers that the client gives them. Everything is told on the client's strand.
 */
class attempt_ledger final : public attempt_observer {
 public:
    /// Who is told; both before the client is made.
    struct listeners {
        std::function<void(time_point)> sent;
        std::function<void(const attempt_record&)> ended;
    };

    /// @param clock the time of what is told
    /// @param next is told everything, too; may be null
    attempt_ledger(std::function<time_point()> clock, listeners told,
                   std::shared_ptr<attempt_observer> next = nullptr)
        : clock_(std::move(clock)), told_(std::move(told)), next_(std::move(next)) {}

    void queued(const attempt_events::queued& event) noexcept override;
    void admitted(const attempt_events::admitted& event) noexcept override;
    void sent(const attempt_events::sent& event) noexcept override;
    void head(const attempt_events::head& event) noexcept override;
    void done(const attempt_events::done& event) noexcept override;

    /// What the attempts of a request that has ended came to; forgets it.
    request_effort take(std::uint64_t request);

 private:
    struct open_request {
        request_effort effort;
        time_point queued_at{};
        duration own_delay{0};
        time_point admitted_at{};
        std::optional<time_point> sent_at;
        std::optional<duration> connecting;
    };

    /// Adds up the wait that is over now.
    static void leave_line(open_request& one, time_point now);

    std::function<time_point()> clock_;
    listeners told_;
    std::shared_ptr<attempt_observer> next_;
    std::unordered_map<std::uint64_t, open_request> open_;
};

}  // namespace stagger::load
