#include "gateway/waiting_lines.hpp"

#include <algorithm>

namespace stagger::gateway {

namespace {

constexpr double ahead_s = .05;  // of the pace: longer than it takes to wake who comes next
constexpr double least_places = 2;
constexpr double most_places = 256;

}  // namespace

std::size_t waiting_lines::places_at_gate(double pace_per_s) {
    return static_cast<std::size_t>(std::clamp(pace_per_s * ahead_s, least_places, most_places));
}

fair_line::place waiting_lines::join(kind of, call_class in, std::uint64_t tenant, std::optional<double> kept,
                                     line_member& who) {
    line& its = lines_[of];
    const auto place = its.order.join(in, tenant, 1, kept);
    its.members.emplace(place, &who);
    ++waiting_;
    return place;
}

std::optional<double> waiting_lines::leave(kind of, fair_line::place which) {
    const auto found = lines_.find(of);
    if (found == lines_.end()) return std::nullopt;
    const auto start = found->second.order.leave(which);
    if (!start) return std::nullopt;
    found->second.members.erase(which);
    --waiting_;
    forget_if_empty(found);
    return start;
}

void waiting_lines::left_gate(kind of) {
    const auto found = lines_.find(of);
    if (found == lines_.end() || found->second.at_gate == 0) return;
    --found->second.at_gate;
    forget_if_empty(found);
}

void waiting_lines::move_on(kind of, std::size_t places) {
    const auto found = lines_.find(of);
    if (found == lines_.end()) return;
    line& its = found->second;
    while (its.at_gate < places) {
        const auto next = its.order.next();
        if (!next) break;
        const auto who = its.members.extract(*next);
        ++its.at_gate;
        --waiting_;
        who.mapped()->called();
    }
}

std::size_t waiting_lines::ahead_of(kind of, fair_line::place which) const {
    const auto found = lines_.find(of);
    return found == lines_.end() ? 0 : found->second.order.ahead_of(which) + found->second.at_gate;
}

std::size_t waiting_lines::waiting(call_class in) const {
    std::size_t sum = 0;
    for (const auto& [of, one] : lines_) sum += one.order.waiting(in);
    return sum;
}

std::size_t waiting_lines::before_newcomer(kind of) const {
    const auto found = lines_.find(of);
    return found == lines_.end() ? 0 : found->second.order.size() + found->second.at_gate;
}

void waiting_lines::forget_if_empty(std::unordered_map<kind, line>::iterator one) {
    if (one->second.at_gate == 0 && one->second.order.empty()) lines_.erase(one);
}

}  // namespace stagger::gateway
