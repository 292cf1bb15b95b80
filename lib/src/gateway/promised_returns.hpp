#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>

#include "stagger/time.hpp"

namespace stagger::gateway {

/** @brief Those who were turned away on arrival and told when to come again, until they do.
 *
 * They stand in no line, but who comes after them has to be told a later time, or all would come again at the
 * same one and be turned away once more. A call that comes again is known by a hash of its bytes, as for
 * `kept_places`.
 */
class promised_returns {
 public:
    /// @param among a kind of calls of one tenant, which wait behind each other
    /// @param at when it was told to come
    void promise(std::uint64_t what, std::uint64_t among, time_point at, time_point now);
    /// True if it was told to come again; forgotten then.
    bool take(std::uint64_t what, time_point now);
    /// Who is still to come.
    std::size_t outstanding(std::uint64_t among, time_point now);

 private:
    struct promise_given {
        std::uint64_t among;
        time_point until;
    };
    void forget_old(time_point now);
    void remove(std::unordered_multimap<std::uint64_t, promise_given>::iterator one);

    std::unordered_multimap<std::uint64_t, promise_given> given_;
    std::unordered_map<std::uint64_t, std::size_t> counts_;
    std::multimap<time_point, std::uint64_t> ends_;
};

}  // namespace stagger::gateway
