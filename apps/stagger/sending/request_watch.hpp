#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "load/attempt_ledger.hpp"
#include "load/run_recorder.hpp"
#include "stagger/observer.hpp"

namespace app {

/** @brief Measures the requests of a client as `stagger bench` measures its own, by what is told of their
 * attempts.
 *
 * A request is due when it joins the line for the first time. Requests that were given up with the run are
 * left out.
 */
class request_watch final : public stagger::attempt_observer {
 public:
    /// @param status how the client stands now; asked for after `start`
    /// @param next is told everything, too
    request_watch(std::function<stagger::time_point()> clock,
                  std::function<stagger::coordinator_status()> status,
                  std::shared_ptr<stagger::attempt_observer> next);

    /// The run begins; nothing is told of attempts before.
    void start();
    /// A step of the timeline is over.
    void end_step();
    /// The run is over; once. Without the policy's name, and without tokens, which attempts do not tell.
    stagger::load::run_results finish();

    void queued(const stagger::attempt_events::queued& event) noexcept override;
    void admitted(const stagger::attempt_events::admitted& event) noexcept override;
    void sent(const stagger::attempt_events::sent& event) noexcept override;
    void head(const stagger::attempt_events::head& event) noexcept override;
    void done(const stagger::attempt_events::done& event) noexcept override;

 private:
    void end_request(const stagger::attempt_events::done& event);
    void observe();

    std::function<stagger::time_point()> clock_;
    std::function<stagger::coordinator_status()> status_;
    std::shared_ptr<stagger::attempt_observer> next_;
    stagger::load::attempt_ledger ledger_;
    std::optional<stagger::load::run_recorder> recorder_;
    std::unordered_map<std::uint64_t, stagger::time_point> begun_;  // requests that have not ended
    bool closed_ = false;                                           // the client takes the server for closed
};

}  // namespace app
