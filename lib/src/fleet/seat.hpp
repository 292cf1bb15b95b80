#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fleet/planner.hpp"
#include "stagger/random.hpp"

namespace stagger::fleet {

/// What a process is to do at the store about leading the fleet.
namespace errands {

/// Ask for the leadership, of a term above that; `seat::won` or `seat::not_won` is what came of it.
struct bid {
    term_number above = 0;
};
/// Keep it for another while, and with it what was learned; `seat::renewed` is what came of it.
struct renew {
    term_number term = 0;
    std::string limits;  ///< empty: nothing is known
    std::string state;   ///< for people who ask how the fleet is
};
/// Tell every member.
struct tell_all {
    std::string message;
};
/// Tell one; `seat::member_gone` where nobody listens.
struct tell {
    std::string member;
    std::string message;
};
/// Listen to reports no more.
struct step_down {};

}  // namespace errands

using errand =
    std::variant<errands::bid, errands::renew, errands::tell_all, errands::tell, errands::step_down>;

/** @brief Whether this process leads the fleet, and what follows: the seat of the leader, taken or not.
 *
 * Whoever notices that nobody leads bids for it; the store gives it to one. It is held as long as it is
 * renewed, and given up where the store cannot be reached: then nobody could be told anything.
 *
 * A pure state machine: events and the time come in, errands come out.
 */
class seat {
 public:
    /// Without a word of the leader for so long, the seat is bid for.
    static constexpr duration bids_after = std::chrono::milliseconds(500);
    static constexpr duration renews_every = std::chrono::milliseconds(300);
    static constexpr duration beats_every = std::chrono::milliseconds(250);
    /// The store gives the seat to others where it was not renewed for so long.
    static constexpr duration held_for = std::chrono::seconds(1);

    /// @param own as planner has it
    seat(const coordinator_options& own, std::uint64_t seed);

    // ---- what happened at the store
    void connected(time_point now);
    void disconnected(time_point now);
    void won(time_point now, term_number term, const std::optional<remembered_limits>& known);
    /// Somebody else leads, or the store refused.
    void not_won(time_point now);
    /// @param mine the seat was still this process's
    void renewed(time_point now, bool mine);
    /// A leader said something; heartbeats are looked at more closely.
    void heard_leader(time_point now);
    void heard_beat(time_point now, const heartbeat& said);
    /// A report reached nobody.
    void nobody_listens(time_point now);
    /// @throws std::invalid_argument as parse_report does
    void heard_report(time_point now, std::string_view text);
    void member_gone(time_point now, const std::string& member);

    /// What is to be done now, in this order.
    std::vector<errand> next(time_point now);
    /// When to ask again, unless something happens before.
    time_point wakes_at() const;

    bool leads() const { return planner_ != nullptr; }
    const planner* leading() const { return planner_.get(); }

 private:
    void stand_up(time_point now);
    void lead_on(time_point now, std::vector<errand>& todo);
    std::string state_text(const heartbeat& said) const;

    const coordinator_options own_;
    random_source random_;
    bool is_connected_ = false;
    bool is_vacant_ = true;  // as far as is known
    std::optional<time_point> bid_at_;
    time_point may_bid_at_{};
    time_point heard_at_{};
    term_number highest_ = 0;
    std::optional<remembered_limits> last_known_;

    std::unique_ptr<planner> planner_;
    bool must_tell_ = false;  // that it listens no more
    time_point renews_at_{};
    time_point renewed_at_{};
    time_point beats_at_{};
};

}  // namespace stagger::fleet
