#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "provider/description.hpp"
#include "provider/model.hpp"
#include "provider/token_cost.hpp"

namespace stagger::provider {

/// A request that waits in line for a place.
struct waiting_request {
    time_point since;
    token_cost tokens;
    std::string caller;
    std::string model;
};

/** The requests being served and the line of those that wait for one to leave.
 *
 * Without a limit it only counts, so that a limit that comes later finds what is in flight then. An id is an
 * index and a generation: leaving twice, or under an id of long ago, is without effect.
 */
class concurrency_limiter {
 public:
    /// Of several limits the smallest `max` governs.
    void set_limit(const std::vector<limit>& limits);

    bool has_room() const { return !limit_ || (running_ < limit_->max && line_.empty()); }
    bool has_place_in_line() const { return limit_ && line_.size() < limit_->queue; }
    std::size_t served() const { return running_; }
    bool anyone_waits() const { return !line_.empty(); }

    /// @param end when the request is expected to leave
    request_id start(time_point end);
    request_id wait(waiting_request request);
    /// The request was answered, or its caller is gone.
    void leave(request_id id);

    /// True while the head of the line could start.
    bool can_promote() const { return !line_.empty() && (!limit_ || running_ < limit_->max); }
    /// Who may start when somebody leaves; `anyone_waits` must hold.
    const waiting_request& first_in_line() const { return places_[line_.front()].request; }
    /// Starts the head of the line.
    request_id promote(time_point end);
    /// When the head of the line has waited too long; `never` if nobody waits.
    time_point next_timeout() const;
    /// Removes the head of the line.
    waiting_request give_up(request_id& id);
    /// When the next request is expected to leave; `never` if none is served.
    time_point next_departure() const;

 private:
    enum class stage : std::uint8_t { empty, running, waiting };
    struct place {
        std::uint32_t generation = 0;
        stage at = stage::empty;
        time_point end = never;
        waiting_request request;
    };

    std::uint32_t occupy(stage as);
    void vacate(std::uint32_t index);
    request_id id_of(std::uint32_t index) const;

    std::optional<concurrency_limit> limit_;
    std::vector<place> places_;
    std::vector<std::uint32_t> empty_;
    std::deque<std::uint32_t> line_;
    std::size_t running_ = 0;
};

}  // namespace stagger::provider
