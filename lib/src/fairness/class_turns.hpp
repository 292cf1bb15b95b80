#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "stagger/priority.hpp"

namespace stagger::fairness {

/// One value for each class.
template <class Value>
class by_class {
 public:
    by_class() = default;
    explicit by_class(const std::array<Value, priorities.size()>& values) : values_(values) {}

    Value& operator[](priority one) { return values_[static_cast<std::size_t>(one)]; }
    const Value& operator[](priority one) const { return values_[static_cast<std::size_t>(one)]; }

 private:
    std::array<Value, priorities.size()> values_{};
};

/// Of the pace, where all classes wait: 16, 4 and 1 of 21.
inline const by_class<double> usual_class_weights{{16, 4, 1}};

/** @brief Which class goes next: start-time fair queueing of the classes.
 *
 * Goyal, Vin and Cheng, "Start-time Fair Queuing" (SIGCOMM 1996): who goes next has the least start tag
 * S = max(V, F), which becomes the virtual time V, and the finish tag F = S + cost / weight, from which its
 * class goes on. A class that was idle earns nothing by it, and none starves.
 */
class class_turns {
 public:
    /// @param weights each above 0
    explicit class_turns(const by_class<double>& weights = usual_class_weights) : weights_(weights) {}

    /// @param ready the classes of which somebody may go; at least one
    priority next(const by_class<bool>& ready);
    /// The same of those for which `is_ready` holds; nothing where it holds for none.
    template <class IsReady>
    std::optional<priority> next_of(const IsReady& is_ready) {
        by_class<bool> ready;
        bool any = false;
        for (const priority one : priorities) any |= ready[one] = is_ready(one);
        return any ? std::optional(next(ready)) : std::nullopt;
    }
    /// One of a class goes.
    void sent(priority one, double cost = 1);
    /// One that went has cost so much more (less, below 0) than was said then.
    void settle(priority one, double further);

    double weight(priority one) const { return weights_[one]; }
    /// From now on.
    void weights(const by_class<double>& value) { weights_ = value; }

 private:
    struct flow {
        double start = 0;  // while it is active
        double finish = 0;
        bool active = false;
    };

    by_class<double> weights_;
    by_class<flow> flows_;
    double virtual_time_ = 0;
};

}  // namespace stagger::fairness
