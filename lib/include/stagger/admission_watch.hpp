#pragma once

#include <cstdint>
#include <optional>

#include "stagger/coordinator.hpp"
#include "stagger/time.hpp"

namespace stagger {

/** @brief Notices that a server admits nothing for longer than one is ready to wait.
 *
 * For programs that would rather end and come back later than wait for hours: they ask it now and then, every
 * quarter of a second or so, with the status of their gate or coordinator, and stop when it answers.
 * `stagger batch --max-wait` is made of it. Own pacing is no such wait: only refusals, failures and the
 * server's word count.
 *
 * It reads no clock and costs nothing between two looks. A request's own limit is `client_options::deadline`.
 *
 * @par Thread safety
 * Distinct objects: safe. Shared objects: unsafe.
 * @par Exception safety
 * Nothing throws but the constructor.
 */
class admission_watch {
 public:
    enum class reason {
        announced,  ///< the server has said that it admits nothing for longer
        all_wait,  ///< each task that waits was told, or has chosen, to wait for longer, and no other is sent
        nothing,   ///< nothing was admitted for so long, though something was tried
    };
    struct verdict {
        reason why = reason::nothing;
        std::optional<time_point> opens_at;  ///< when to come back; nothing: it is not known
    };

    /// @param longest_wait > 0
    /// @throws std::invalid_argument
    explicit admission_watch(duration longest_wait);

    /// @param now never goes back between calls
    /// @param seen of one and the same coordinator in all calls
    std::optional<verdict> look(time_point now, const coordinator_status& seen);

 private:
    bool is_announced(time_point now, const coordinator_status& seen);
    bool nothing_was_admitted(time_point now, const coordinator_status& seen);

    duration longest_wait_;
    std::optional<time_point> announced_since_;
    std::optional<time_point> waits_since_;  // without an admission
    std::uint64_t accepted_ = 0;
    std::uint64_t turned_away_ = 0;  // until `waits_since_`
};

}  // namespace stagger
