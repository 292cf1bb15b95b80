#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "stagger/random.hpp"
#include "stagger/time.hpp"

namespace stagger::load {

/// When requests are sent.
enum class load_kind {
    closed,    ///< a fixed number at once: the next one when one has ended
    constant,  ///< evenly
    poisson,   ///< independent of each other, as of many users
    burst,     ///< several at one instant, bursts evenly
    ramp,      ///< at a rate that changes evenly
};
/// "closed", "constant", ...; "unknown" beyond the last.
std::string_view to_string(load_kind kind);
std::optional<load_kind> parse_load_kind(std::string_view name);

/// A load as it was asked for. At least one of `requests` and `length` is to bound it.
struct load_profile {
    load_kind kind = load_kind::closed;
    unsigned concurrency = 1;                 ///< of a closed loop: requests at once, from 1
    double rate_per_s = 0;                    ///< of an open loop, on average; > 0. Of a ramp: at first; >= 0
    double ramp_to_per_s = 0;                 ///< at last, >= 0; one of both > 0
    unsigned burst = 1;                       ///< requests of each burst, from 1
    std::optional<std::uint64_t> requests;    ///< in all, at most
    std::optional<stagger::duration> length;  ///< nothing is sent later than that; > 0
    std::uint64_t seed = 1;
};

/** @brief When the requests of an open loop are to be sent, whatever becomes of those before.
 *
 * The same profile gives the same times. Without a `length`, a ramp is as long as its requests take.
 */
class arrival_schedule {
 public:
    /// @pre the profile is of an open loop and keeps to its rules
    explicit arrival_schedule(const load_profile& profile);

    /// The next request's time, counted from the start of the load; nothing after the last.
    std::optional<duration> next();

 private:
    double time_of_next_s();
    double ramp_time_s(double number) const;

    load_profile profile_;
    random_source random_;
    std::uint64_t sent_ = 0;
    double ramp_length_s_ = 0;
    double last_s_ = 0;
};

}  // namespace stagger::load
