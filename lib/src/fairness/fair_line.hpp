#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "fairness/class_turns.hpp"
#include "stagger/priority.hpp"

namespace stagger::fairness {

/** @brief Who goes next: start-time fair queueing of classes, and of tenants inside each.
 *
 * What `class_turns` does with classes is done once more with the tenants of each: who floods waits behind
 * itself alone, who was idle earns nothing by it, and none starves. A few calls of a tenant at once are no
 * flood: they have the start tags of one, so that whoever asks at random is not put behind all who come
 * later. Beyond those a tenant gets its share and no more. Calls of one tenant and class keep their order. A
 * tenant may be held: its calls keep their places while others go. No clock: who is in time is for others to
 * know.
 */
class fair_line {
 public:
    enum class place : std::uint64_t {};

    /// Calls of a tenant that go as the one before them would, of the usual cost and weight 1. Random
    /// arrivals at nine tenths of the pace rarely bring more before the line has been empty once.
    static constexpr double burst = 5;

    /// Where somebody stands, for when it comes again.
    struct standing {
        double start;         ///< its start tag; the least goes first
        std::uint64_t order;  ///< among those of equal start tags
        double debt;          ///< what its start tag were, had its tenant no burst
        friend bool operator==(const standing&, const standing&) = default;
    };
    /// Before everybody else.
    static constexpr standing front{0, 0, 0};

    /// Who joins.
    struct newcomer {
        priority in = priority::normal;
        std::uint64_t tenant = 0;
        double weight = 1;  ///< of the tenant among those of its class, above 0
        double cost = 1;    ///< what it is charged for, above 0
        std::optional<standing>
            kept{};  ///< of an earlier place that was left unserved: the new one is no worse
    };

    explicit fair_line(const by_class<double>& weights = usual_class_weights) : turns_(weights) {}

    place join(const newcomer& who);
    /// Takes the head out of the line. Nothing if nobody is in it who may go.
    std::optional<place> next();
    /// @return where it stood; nothing if it is not in line
    std::optional<standing> leave(place which);
    /// One that has waited long goes over to the next higher class, keeping its name, if that lets it go
    /// sooner. True if so.
    bool rise(place which);

    /// Calls of a tenant stay where they are while others go. @param stays or no longer
    /// @return whether any of them wait here
    bool hold(std::uint64_t tenant, bool stays);
    /// A call that went has cost so much more (less, below 0) than it was charged for.
    void settle(priority in, std::uint64_t tenant, double further);
    void weights(const by_class<double>& value) { turns_.weights(value); }

    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }
    /// About how many go before it: exact where all are of one tenant and cost, and none has left.
    std::size_t ahead_of(place which) const;
    /// The same for somebody who joined now.
    std::size_t ahead_of(const newcomer& who) const;
    std::size_t waiting(priority in) const { return levels_[in].waiting; }

 private:
    struct entry {
        priority in;
        std::uint64_t tenant;
        standing at;  // without the shift of its flow
        double cost;
    };
    struct rank {
        double start;
        std::uint64_t order;
        place which;
        friend bool operator<(const rank& one, const rank& other) {
            return std::tie(one.start, one.order, one.which) <
                   std::tie(other.start, other.order, other.which);
        }
    };
    struct flow {
        double finish = 0;  // as `debt` is
        double shift = 0;   // what settling has added, to waiting calls as well
        double weight = 1;
        bool held = false;
        std::set<rank> calls;
    };
    struct level {
        double virtual_time = 0;
        std::set<rank> heads;  // of the flows that may go
        std::unordered_map<std::uint64_t, flow> flows;
        std::size_t active = 0;  // flows that wait
        std::size_t waiting = 0;
        double cost = 0;    // of those that wait
        double weight = 0;  // of the flows that may go
    };

    /// Of the next call of a flow, without its shift.
    static standing next_standing(const level& in, const flow& of, double cost, double weight);
    static rank shifted(rank of, double by);
    /// A flow's head may be another one after `change`.
    template <class Change>
    void changing(level& its, flow& of, const Change& change);
    flow& flow_of(level& in, std::uint64_t tenant);
    void enter(level& its, const entry& what, flow& of, place which);
    void take_out(const entry& what, place which);
    double ahead_in_class(const level& in, double debt) const;
    std::size_t ahead_with(priority in, double in_class, std::size_t own) const;
    static void forget_idle(level& in);

    std::unordered_map<place, entry> entries_;
    by_class<level> levels_;
    class_turns turns_;
    std::unordered_set<std::uint64_t> held_;
    std::uint64_t joined_ = 0;
};

}  // namespace stagger::fairness
