#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "fairness/class_turns.hpp"
#include "routing/route_health.hpp"
#include "stagger/priority.hpp"
#include "stagger/time.hpp"

namespace stagger::routing {

/// What is wanted of a route.
struct route_rules {
    unsigned tier = 0;  ///< a route is used only while no lower tier has one that is good and open
    double weight = 1;  ///< > 0: of what routes that are equally fast get
    /// > 0: whoever has waited so long for a route of this one's tier may go to the next tier.
    duration fallback_after = duration::max();
};

/// What the gate of a route says now.
struct route_load {
    std::size_t waiting = 0;             ///< in its line
    std::size_t delayed = 0;             ///< of which sit out a wait of their own
    double pace_per_s = 0;               ///< at which it admits
    std::optional<time_point> opens_at;  ///< nothing is admitted before
    bool closed = false;  ///< nothing is admitted, for how long is not known: one asks now and then
};

/** @brief The line in which requests wait for a route: each goes where it will be answered first.
 *
 * A request that is bound to a route early waits there whatever happens elsewhere, and how fast routes are is
 * found out only under way. So this line is the long one, and the gates' lines are kept short: as long as
 * keeps them from running dry. Who cannot be sent any more where it stands comes back to its old place here.
 *
 * Knows no clock: times are passed in, and never go back.
 */
class route_line {
 public:
    using guest = std::uint64_t;
    using route_index = std::size_t;

    /// So many stand in a gate's line, where there are enough. With two a coordinator often found its line
    /// empty while it measured, and was refused six times as much; ten are enough.
    static constexpr std::size_t fewest_in_line = 10;
    static constexpr std::size_t most_routes = 64;

    /// What is to be done next.
    struct move {
        enum class kind : std::uint8_t {
            bind,    ///< `who` stands in the line of `where` from now on
            expire,  ///< the deadline of `who` has passed
            recall   ///< everybody in the gate's line of `where` is to come back: `left`, then `again`
        };
        kind what;
        guest who = 0;
        route_index where = 0;
    };

    /// @param routes from 1 to 64
    explicit route_line(std::vector<route_rules> routes);

    /// Somebody new, who waits at the end of its class. Classes take turns as 16 : 4 : 1.
    guest join(time_point now, time_point deadline, priority in = priority::normal);
    struct arrival {
        guest who;
        std::optional<route_index> where;  ///< nothing: it waits
    };
    /// The same, and where nobody waits and a route takes it, bound to that at once. For less than by `next`.
    arrival arrive(time_point now, time_point deadline, priority in, std::span<const route_load> loads);
    /// Somebody who was bound comes back to the place that the first `join` gave, for another attempt. Its
    /// wait begins anew.
    /// @param last where it was sent before, if anywhere: there it goes not before `not_before`
    void again(time_point now, guest who, time_point deadline, std::optional<route_index> last,
               time_point not_before);
    /// A route cannot carry the request of somebody. False if none is left that can.
    bool exclude(guest who, route_index where);
    /// Gives up the place. False if that has gone to a gate's line already.
    bool withdraw(guest who);
    /// Somebody who was bound to a route stands in its gate's line no longer.
    void left(route_index where);
    /// The request has ended: nothing is kept of it.
    void forget(guest who);

    /// @param loads of all routes
    std::optional<move> next(time_point now, std::span<const route_load> loads);
    /// When `next` may have something new although nothing has happened.
    time_point wake_at(time_point now, std::span<const route_load> loads) const;

    route_health& health(route_index which) { return routes_[which].health; }
    const route_health& health(route_index which) const { return routes_[which].health; }
    std::size_t routes() const { return routes_.size(); }
    std::size_t waiting() const { return waiting_count_; }
    /// In a gate's line, by this.
    std::size_t bound(route_index where) const { return routes_[where].bound; }
    std::size_t bound() const { return bound_count_; }
    /// Nobody waits, nor stands in a gate's line: `next` has nothing, and is not to be woken.
    bool is_idle() const { return waiting_count_ == 0 && bound_count_ == 0; }
    /// Whether a request that failed at a route for the route's sake has another one to go to.
    bool has_other(guest who, route_index than) const;

 private:
    struct route {
        route_rules rules;
        double fallback_after_s;
        route_health health;
        std::size_t bound = 0;  // in its gate's line, by this
        bool recalled = false;  // since it was bound to last
    };
    struct place {
        time_point since;
        time_point deadline;
        std::optional<route_index> last;
        time_point not_before{};
    };
    struct offer {
        route_index where;
        double seconds;  // until an answer from there is predicted
        bool has_room;
        double pace_per_s;
    };
    /// Of all routes at most. Made for each request, so that it takes nothing from the allocator.
    class offer_list {
     public:
        void add(const offer& one) { all_[size_++] = one; }
        void clear() { size_ = 0; }
        offer* begin() { return all_.data(); }
        offer* end() { return all_.data() + size_; }

     private:
        std::array<offer, most_routes> all_;  // of which those behind `size_` are never looked at
        std::size_t size_ = 0;
    };

    static priority class_of(guest who);
    /// The first of a class for whom there is a route.
    std::optional<move> bind_one(priority of_class, time_point now, std::span<const route_load> loads);
    std::optional<route_index> choose(guest who, const place& of, time_point now,
                                      std::span<const route_load> loads) const;
    bool may_go(guest who, const place& of, route_index where, time_point now) const;
    bool is_open(route_index where, time_point now, std::span<const route_load> loads) const;
    /// Where somebody may go.
    struct choices {
        std::uint64_t allowed = 0;     // routes, as bits
        std::uint64_t open = 0;        // of them, those that are good and open
        std::optional<unsigned> tier;  // the first of which one is open
    };
    choices choices_of(guest who, const place& of, time_point now, std::span<const route_load> loads) const;
    /// The first tier of which something is good and open.
    std::optional<unsigned> open_tier(guest who, const place& of, time_point now,
                                      std::span<const route_load> loads) const;
    /// Of the tiers behind one that is used, the first that has room for who has waited for too long.
    std::optional<route_index> behind(unsigned tier, guest who, const place& of, time_point now,
                                      std::span<const route_load> loads) const;
    /// When somebody has waited for too long for a tier.
    time_point falls_back_at(const place& of, unsigned tier) const;
    std::optional<route_index> trial_for(guest who, const place& of, unsigned tier, time_point now,
                                         std::span<const route_load> loads) const;
    std::optional<route_index> best(offer_list& offers, std::span<const route_load> loads) const;
    offer offer_of(route_index where, time_point now, const route_load& load) const;
    std::optional<route_index> to_recall(time_point now, std::span<const route_load> loads);
    std::uint64_t excluded(guest who) const;
    std::uint64_t all_bits() const;
    void bind(route_index where);

    std::vector<route> routes_;
    bool any_falls_back_ = false;
    fairness::by_class<std::map<guest, place>> waiting_;  // in the order of their first arrival
    fairness::class_turns classes_;
    std::set<std::pair<time_point, guest>> deadlines_;
    std::map<guest, std::uint64_t> excluded_;  // routes that cannot carry a request, as bits
    guest next_guest_ = 1;
    std::size_t waiting_count_ = 0;
    std::size_t bound_count_ = 0;
};

}  // namespace stagger::routing
