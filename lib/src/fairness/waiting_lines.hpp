#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "fairness/fair_line.hpp"
#include "fairness/tenant_counts.hpp"

namespace stagger::fairness {

/// Who stands in a line. Told inside the call that moves the line: what follows is to be posted.
class line_member {
 public:
    line_member() = default;
    line_member(const line_member&) = delete;
    line_member& operator=(const line_member&) = delete;

    /// Its turn to ask the coordinator has come; it has left the line.
    virtual void called() = 0;

 protected:
    ~line_member() = default;
};

/** @brief The lines before the coordinator's: one for each kind of calls, which is refused as a whole or not.
 *
 * A few of each kind stand before the coordinator, so that it always has somebody to admit; who comes after
 * them is decided as late as possible. A tenant that has as many calls going as it may have is passed over in
 * all lines until one of them ends.
 */
class waiting_lines {
 public:
    using kind = std::uint64_t;
    /// How many calls of a tenant may go at once; nothing: any number. Asked whenever one of them moves.
    using bounds = std::function<std::optional<std::size_t>(std::uint64_t tenant)>;

    /// How many of a kind stand before the coordinator, by its pace.
    static std::size_t places_at_gate(double pace_per_s);

    /// @param at_once empty: no tenant has a bound
    explicit waiting_lines(bounds at_once = {}, const by_class<double>& weights = usual_class_weights)
        : at_once_(std::move(at_once)), weights_(weights) {}

    fair_line::place join(kind of, const fair_line::newcomer& what, line_member& who);
    /// @return where it stood; nothing if it has been called
    std::optional<fair_line::standing> leave(kind of, fair_line::place which);
    /// As `fair_line::rise`.
    bool rise(kind of, fair_line::place which);
    /// Somebody who was called stands before the coordinator no more.
    void left_gate(kind of);
    /// The call of somebody who was called has ended.
    /// @return the lines that may move on by that
    std::vector<kind> ended(std::uint64_t tenant);
    /// What a call has cost beyond what it was charged for, as `fair_line::settle`.
    void settle(kind of, priority in, std::uint64_t tenant, double further);
    /// Calls as many of a kind as there is room for.
    void move_on(kind of, std::size_t places);
    /// Bounds and weights are others from now on.
    /// @return all lines
    std::vector<kind> reconsider(const by_class<double>& weights);

    std::size_t ahead_of(kind of, fair_line::place which) const;
    /// The same for somebody who joined now.
    std::size_t ahead_of(kind of, const fair_line::newcomer& who) const;
    std::size_t waiting() const { return waiting_; }
    /// Of all kinds.
    std::size_t waiting(priority in) const;
    std::size_t waiting_of(std::uint64_t tenant) const { return tenants_waiting_.of(tenant); }
    /// Calls that were called and have not ended.
    std::size_t going_of(std::uint64_t tenant) const { return going_.of(tenant); }

 private:
    struct line {
        explicit line(const by_class<double>& weights) : order(weights) {}

        fair_line order;
        struct member {
            line_member* who;
            std::uint64_t tenant;
        };
        std::unordered_map<fair_line::place, member> members;
        std::size_t at_gate = 0;
    };
    bool may_go(std::uint64_t tenant) const;
    /// The lines that `tenant` is held in no longer.
    std::vector<kind> release(std::uint64_t tenant);
    void hold_everywhere(std::uint64_t tenant);
    void forget_if_empty(std::unordered_map<kind, line>::iterator one);

    const bounds at_once_;
    by_class<double> weights_;
    std::unordered_map<kind, line> lines_;
    std::unordered_set<std::uint64_t> held_;
    tenant_counts going_;
    tenant_counts tenants_waiting_;
    std::size_t waiting_ = 0;
};

}  // namespace stagger::fairness
