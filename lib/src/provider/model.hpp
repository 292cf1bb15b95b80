#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "provider/description.hpp"
#include "provider/token_cost.hpp"
#include "stagger/time.hpp"

namespace stagger::provider {

/// A request that the model has admitted or queued and that has not left yet.
enum class request_id : std::uint64_t {};

/// What arrives.
struct arrival {
    std::string_view caller;  ///< an API key, a process
    token_cost tokens;
    std::string_view model = {};  ///< that the request names; may be empty
    bool unwanted = false;        ///< one of those prompts that are always refused
};

/// What the rate-limit headers of an answer say, for one unit.
struct limit_report {
    unit counts = unit::requests;
    double limit = 0;
    double remaining = 0;
    duration reset{};
};

/// Why a request was refused.
enum class refusal_cause : std::uint8_t {
    limits,   ///< those on requests and tokens, the places, a lockout
    chance,   ///< drawn, regardless of load
    load,     ///< drawn, the likelier the more was being served
    closure,  ///< nothing was let through
    prompt,   ///< such a prompt, or any of its model, is never admitted
};

struct decision {
    enum class kind {
        admit,   ///< answer 200 after `service`; call `depart` then
        queue,   ///< holds a place; a later `events_until` or `depart` tells how it went on
        reject,  ///< answer `status` after `service`, with `retry_after` where the provider gives hints
        fail,    ///< answer `status` at once: a random error or an outage; charged like an admission, no
                 ///< Retry-After
    };
    decision::kind what = kind::admit;
    request_id id{};
    unsigned status = 200;  ///< of a refusal perhaps `connection_closed`
    duration service{};     ///< how long an answer is in the making; of a refusal, how late it is told
    refusal_cause refused_by = refusal_cause::limits;  ///< of a rejection
    std::optional<duration> retry_after;               ///< already rounded as `retry_after_kind` asks
    retry_after_hint retry_after_kind = retry_after_hint::none;
    std::vector<limit_report> headers;  ///< empty unless `hints.headers` is set
};

/// What became of a queued request.
struct queue_event {
    request_id id{};
    decision outcome;  ///< admit or reject
};

/** @brief A throttling provider as a pure model: arrivals in, decisions out.
 *
 * A request is held against, in this order: closures, refusals by chance, what is never admitted, the lockout
 * of its caller, every limit on requests and tokens (everybody's and its model's), the places in flight and
 * in line. Only one that passes all of them is
 * charged, unless `charge_rejections`; then an outage or a random error may fail it. A limiter's `exact`
 * Retry-After is what `earliest_admission` says.
 *
 * A queued request was charged when it arrived; if it times out in line it is refused and the charge is taken
 * back. A limit that counts what an answer made is told of it when the answer departs. Limits belong to the
 * provider and are shared by all callers, the lockout to each caller.
 *
 * Time is passed in and counted from `start`, which scenario times (`changes`, `outages`, `closures`,
 * window phases) refer to. `now` never goes back. Randomness (latency, faults, refusals by chance) comes from
 * `seed`.
 */
class model {
 public:
    model(provider_description description, std::uint64_t seed, time_point start);
    model(model&&) noexcept;
    model& operator=(model&&) noexcept;
    ~model();

    decision arrive(time_point now, const arrival& what);
    /// A request whose whole cost is known when it arrives.
    decision arrive(time_point now, std::string_view caller, double tokens) {
        return arrive(now, arrival{caller, {tokens}});
    }
    /// An admitted request has been answered, or a queued one's caller is gone.
    void depart(time_point now, request_id id);
    /// Whether `depart` changes anything: not where the requests in flight are never limited.
    bool departures_matter() const;
    /// Queued requests that were admitted or timed out by `now`, in order; call after `depart` and at
    /// `next_event`.
    std::vector<queue_event> events_until(time_point now);
    /// When `events_until` has something to tell at the latest: a queued request times out, or other limits
    /// let it in. `never` if none is queued.
    time_point next_event() const;
    /** The first instant at which this request would be admitted and served if nothing else came: `now` if it
     * would be at once, `never` if that is not known.
     *
     * Requests in flight are taken to leave when their service ends. Limits that have yet to change are not
     * looked at: at `next_change` the answer may be another. Nor are refusals by chance, as long as there is
     * a chance to pass, nor what answers will give back that are still made.
     */
    time_point earliest_admission(time_point now, const arrival& what);
    time_point earliest_admission(time_point now, std::string_view caller, double tokens) {
        return earliest_admission(now, arrival{caller, {tokens}});
    }
    /// When the limits change next after what the model has seen; `never` if they do not.
    time_point next_change() const;

 private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace stagger::provider
