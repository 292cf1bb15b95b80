#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace stagger::gateway {

/// Classes of calls, and their shares of the pace where all of them wait: 16, 4 and 1 of 21.
enum class call_class : std::uint8_t { interactive, normal, batch };
std::string_view to_string(call_class one);
std::optional<call_class> parse_call_class(std::string_view text);

/** @brief Who goes next: start-time fair queueing of classes, and of tenants inside each.
 *
 * Goyal, Vin and Cheng, "Start-time Fair Queuing" (SIGCOMM 1996), twice: a call gets the start tag
 * S = max(V, F) and its flow the finish tag F = S + cost / weight, the least start tag goes first and becomes
 * the virtual time V. A flow that was idle earns nothing by it, one that floods waits behind itself alone,
 * and none starves. Calls of one tenant and class keep their order. No clock: who is in time is for others to
 * know.
 */
class fair_line {
 public:
    enum class place : std::uint64_t {};

    /// @param kept the start tag of an earlier place that was left unserved: the new one is no worse
    place join(call_class of, std::uint64_t tenant, double cost = 1, std::optional<double> kept = {});
    /// Takes the head out of the line.
    std::optional<place> next();
    /// @return the start tag that it had; nothing if it is not in line
    std::optional<double> leave(place which);

    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }
    /// About how many go before it: exact where all are of one tenant, and none has left.
    std::size_t ahead_of(place which) const;
    std::size_t waiting(call_class of) const { return levels_[index(of)].line.size(); }

 private:
    struct entry {
        call_class of;
        std::uint64_t tenant;
        double start;
    };
    struct flow {
        double finish = 0;
        std::size_t waiting = 0;
    };
    struct level {
        double virtual_time = 0;
        double start = 0;  // of the class among the classes, while it has calls
        double finish = 0;
        std::set<std::pair<double, place>> line;
        std::unordered_map<std::uint64_t, flow> flows;
        std::size_t active = 0;  // flows that wait
    };

    static std::size_t index(call_class of) { return static_cast<std::size_t>(of); }
    void take_out(level& from, place which, const entry& what);
    static void forget_idle(level& in);

    std::unordered_map<place, entry> entries_;
    std::array<level, 3> levels_;
    double virtual_time_ = 0;
    std::uint64_t joined_ = 0;
};

}  // namespace stagger::gateway
