#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "stagger/error.hpp"
#include "stagger/time.hpp"

namespace stagger::batch {

/** Notices an endpoint that cannot be used, so that a batch does not run against it for ever.
 *
 * That is: its name or its certificate is wrong, at any time; the key is refused (401, 403) before anything
 * else was answered; or nothing was answered whole, and readable, within `patience` while attempts failed. A
 * server that is only slow to answer is waited for: its attempts are in flight and have not failed.
 */
class endpoint_watch {
 public:
    /// Long enough for a server that is being restarted, short enough to be looked at.
    static constexpr duration patience = std::chrono::seconds(10);

    /// How often a verdict is worth asking for while nothing ends.
    static constexpr duration check_interval = std::chrono::milliseconds(250);

    explicit endpoint_watch(time_point started) : started_(started) {}

    /// An attempt, or a whole request, ended with `error`.
    void ended(error_code error);
    /// Something was answered, perhaps only that the key is refused.
    void answered() { answered_ = true; }
    /// So many attempts were let through or refused by a limit until now. Those of them whose answers were
    /// broken are no answer.
    void decided(std::uint64_t attempts) { answered_ = answered_ || attempts > broken_answers_; }

    /// Why the endpoint cannot be used, if so.
    std::optional<error_code> verdict(time_point now, std::size_t in_flight) const;
    /// The same when everything has ended: nothing is left to be patient for.
    std::optional<error_code> last_verdict() const;

 private:
    time_point started_;
    bool answered_ = false;      // by anything, a refused key included
    bool key_accepted_ = false;  // something other than a refused key was answered
    std::size_t unanswered_ = 0;
    std::size_t broken_answers_ = 0;  // of those
    error_code last_unanswered_;
    std::optional<error_code> final_;
};

/** A verdict for people.
 * @param message what the failed attempt met or was told; may be empty
 * @param watched how long nothing was answered, for verdicts that say so
 */
std::string explain(error_code verdict, const std::string& message,
                    duration watched = endpoint_watch::patience);

/// True for errors that tell about the endpoint and not about the one request.
bool concerns_endpoint(error_code error);

}  // namespace stagger::batch
