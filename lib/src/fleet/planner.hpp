#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fleet/message.hpp"
#include "pacing/pacing.hpp"
#include "stagger/random.hpp"

namespace stagger::fleet {

/// Slots for one member.
struct parcel {
    std::string member;
    slots what;
};

/** @brief The leader of a fleet: plans when each member may send, by one pacing for all of them.
 *
 * The pacing is the one that a single client has, run a little in the future: to it the fleet is one client
 * with a longer round trip. So the limit is measured once, however many members there are, and a closed limit
 * is tried by one probe of one member. Members that wait get slots in turn (start-time fair queuing, a slot
 * costs one): whoever was idle earns no credit for it.
 *
 * A pure state machine as the coordinator is: the time comes in, messages come out. `now` never goes back.
 *
 * @par Thread safety
 * Distinct objects: safe. Shared objects: unsafe.
 */
class planner {
 public:
    /// How far ahead slots are planned: longer than a message takes on its way, and a late timer.
    static constexpr duration usual_lead = std::chrono::milliseconds(40);
    static constexpr duration usual_tick = std::chrono::milliseconds(20);
    /// The same where requests in flight are limited, since each place that is free is to be used at once,
    /// and while the pace grows fast, since what is told by then is sent whatever is refused meanwhile.
    static constexpr duration short_lead = std::chrono::milliseconds(3);
    /// A member that says nothing for so long is gone; others say something three times as often.
    static constexpr duration silent_after = std::chrono::seconds(15);

    /// @param own what the leader would begin with by itself: told limits, what it remembers
    /// @param known what the fleet had learned; it is believed, not doubted as an older memory is
    planner(const coordinator_options& own, const std::optional<remembered_limits>& known, term_number term,
            std::uint64_t seed, time_point now);

    term_number term() const { return term_; }
    /// Takes up what a member says. What is of another term is passed over.
    void hear(time_point now, const report& said);
    /// The member is gone: its slots count as given up.
    void drop(time_point now, const std::string& member);
    /// The slots that are to be told now. Ask again at `plans_at`, and after `hear` where that says so.
    std::vector<parcel> plan(time_point now);
    /// When to ask next; `never`: once a report has come.
    time_point plans_at() const { return plans_at_; }

    heartbeat beat(time_point now);
    /// What was measured, else what it began with.
    std::optional<remembered_limits> learned(time_point now) const;
    std::size_t members() const { return members_.size(); }

 private:
    struct member {
        std::uint64_t granted = 0;  // of this term, cumulative
        std::uint64_t wanted = 0;
        std::uint64_t backlog = 0;
        double tag = 0;
        bool waits = false;
        time_point heard{};
        time_point used{};  // when a slot was last given
    };
    struct turn {
        double tag;
        std::string name;
        friend bool operator<(const turn& left, const turn& right) {
            return std::tie(left.tag, left.name) < std::tie(right.tag, right.name);
        }
    };
    struct held {
        departure sent;
        std::string who;
    };

    duration lead() const { return at_once_ ? short_lead : usual_lead; }
    duration tick() const { return at_once_ ? short_lead : usual_tick; }
    time_point core_time(time_point now);
    void settle(time_point now, const outcome& one);
    void join_line(const std::string& name, member& who);
    void leave_line(const std::string& name, member& who);
    void set_backlog(member& who, std::uint64_t backlog);
    bool grows_fast(const coordinator_status& seen);
    unsigned quantum() const;
    void give(time_point now, const std::string& to, std::vector<parcel>& out,
              std::unordered_map<std::string, std::size_t>& places);
    void drop_silent(time_point now);

    term_number term_;
    std::unique_ptr<pacing> pace_;
    std::optional<remembered_limits> began_with_;
    time_point core_{};  // the pacing's own time
    time_point plans_at_ = never;
    bool at_once_ = false;
    double pace_per_s_ = 1;
    std::optional<double> held_per_s_;  // what was measured, else the lowest pace of this ride
    std::unordered_map<std::string, member> members_;
    std::set<turn> line_;
    double passed_ = 0;  // the largest tag that was served
    std::uint64_t backlog_ = 0;
    std::string chosen_;
    unsigned left_of_turn_ = 0;
    slot_number next_slot_ = 1;
    std::unordered_map<slot_number, held> out_;
    random_source random_;
};

}  // namespace stagger::fleet
