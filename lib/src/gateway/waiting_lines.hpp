#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "gateway/fair_line.hpp"

namespace stagger::gateway {

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
 * them is decided as late as possible.
 */
class waiting_lines {
 public:
    using kind = std::uint64_t;

    /// How many of a kind stand before the coordinator, by its pace.
    static std::size_t places_at_gate(double pace_per_s);

    fair_line::place join(kind of, call_class in, std::uint64_t tenant, std::optional<double> kept,
                          line_member& who);
    /// @return its start tag; nothing if it has been called
    std::optional<double> leave(kind of, fair_line::place which);
    /// Somebody who was called stands before the coordinator no more.
    void left_gate(kind of);
    /// Calls as many of a kind as there is room for.
    void move_on(kind of, std::size_t places);

    std::size_t ahead_of(kind of, fair_line::place which) const;
    /// Those who would be before somebody who joined now.
    std::size_t before_newcomer(kind of) const;
    std::size_t waiting() const { return waiting_; }
    /// Of all kinds.
    std::size_t waiting(call_class in) const;

 private:
    struct line {
        fair_line order;
        std::unordered_map<fair_line::place, line_member*> members;
        std::size_t at_gate = 0;
    };
    void forget_if_empty(std::unordered_map<kind, line>::iterator one);

    std::unordered_map<kind, line> lines_;
    std::size_t waiting_ = 0;
};

}  // namespace stagger::gateway
