#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "stagger/decision_log.hpp"

namespace stagger::sim {

/// Where a coordinator decided otherwise than the log says.
struct replay_difference {
    std::optional<decision_record> logged;    ///< nothing: the log ends here
    std::optional<decision_record> replayed;  ///< nothing: the coordinator did not do anything of the kind
};

/** @brief Makes a log's decisions again, and compares each with the logged one.
 *
 * A coordinator with the logged options and seed is called as the log says. Its own records are what is
 * compared, so that answers, explanations and changes of mode are checked alike. After a difference nothing
 * that follows means anything. Labels are no decisions, and passed over.
 */
class replay {
 public:
    replay(const coordinator_options& options, std::uint64_t seed);

    std::optional<replay_difference> step(const decision_record& logged);
    /// After the last record of the log.
    std::optional<replay_difference> finish() const;
    /// Records that were the same.
    std::size_t same() const { return same_; }

 private:
    class collector;
    struct caller;

    std::optional<replay_difference> compare(const decision_record& logged);

    std::shared_ptr<collector> made_;
    coordinator core_;
    std::optional<decision_record> announced_;  ///< an `expect`, until the call that follows it
    std::size_t same_ = 0;
};

}  // namespace stagger::sim
