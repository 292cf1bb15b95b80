#include "fairness/waiting_lines.hpp"

#include <algorithm>

namespace stagger::fairness {

namespace {

constexpr double ahead_s = .05;  // of the pace: longer than it takes to wake who comes next
// One can always be admitted; a second would go before whoever comes and should be first.
constexpr double least_places = 1;
constexpr double most_places = 256;

}  // namespace

std::size_t waiting_lines::places_at_gate(double pace_per_s) {
    return static_cast<std::size_t>(std::clamp(pace_per_s * ahead_s, least_places, most_places));
}

bool waiting_lines::may_go(std::uint64_t tenant) const {
    const auto most = at_once_ ? at_once_(tenant) : std::nullopt;
    return !most || going_.of(tenant) < *most;
}

fair_line::place waiting_lines::join(kind of, const fair_line::newcomer& what, line_member& who) {
    const auto [found, is_new] = lines_.try_emplace(of, weights_);
    line& its = found->second;
    if (is_new) {
        for (const std::uint64_t tenant : held_) its.order.hold(tenant, true);
    }
    const auto place = its.order.join(what);
    its.members.emplace(place, line::member{&who, what.tenant});
    ++waiting_;
    tenants_waiting_.add(what.tenant);
    return place;
}

std::optional<fair_line::standing> waiting_lines::leave(kind of, fair_line::place which) {
    const auto found = lines_.find(of);
    if (found == lines_.end()) return std::nullopt;
    const auto stood = found->second.order.leave(which);
    if (!stood) return std::nullopt;
    const auto who = found->second.members.extract(which);
    tenants_waiting_.remove(who.mapped().tenant);
    --waiting_;
    forget_if_empty(found);
    return stood;
}

bool waiting_lines::rise(kind of, fair_line::place which) {
    const auto found = lines_.find(of);
    return found != lines_.end() && found->second.order.rise(which);
}

void waiting_lines::left_gate(kind of) {
    const auto found = lines_.find(of);
    if (found == lines_.end() || found->second.at_gate == 0) return;
    --found->second.at_gate;
    forget_if_empty(found);
}

std::vector<waiting_lines::kind> waiting_lines::ended(std::uint64_t tenant) {
    going_.remove(tenant);
    return held_.contains(tenant) && may_go(tenant) ? release(tenant) : std::vector<kind>();
}

void waiting_lines::hold_everywhere(std::uint64_t tenant) {
    if (!held_.insert(tenant).second) return;
    for (auto& [of, one] : lines_) one.order.hold(tenant, true);
}

std::vector<waiting_lines::kind> waiting_lines::release(std::uint64_t tenant) {
    held_.erase(tenant);
    std::vector<kind> all;
    for (auto& [of, one] : lines_) {
        if (one.order.hold(tenant, false)) all.push_back(of);
    }
    return all;
}

void waiting_lines::settle(kind of, priority in, std::uint64_t tenant, double further) {
    const auto found = lines_.find(of);
    if (found != lines_.end()) found->second.order.settle(in, tenant, further);
}

void waiting_lines::move_on(kind of, std::size_t places) {
    const auto found = lines_.find(of);
    if (found == lines_.end()) return;
    line& its = found->second;
    while (its.at_gate < places) {
        const auto next = its.order.next();
        if (!next) break;
        const auto one = its.members.extract(*next);
        const std::uint64_t tenant = one.mapped().tenant;
        ++its.at_gate;
        --waiting_;
        tenants_waiting_.remove(tenant);
        going_.add(tenant);
        if (!may_go(tenant)) hold_everywhere(tenant);
        one.mapped().who->called();
    }
}

std::vector<waiting_lines::kind> waiting_lines::reconsider(const by_class<double>& weights) {
    weights_ = weights;
    std::vector<kind> all;
    std::unordered_set<std::uint64_t> of_lines;
    for (auto& [of, one] : lines_) {
        one.order.weights(weights);
        all.push_back(of);
        for (const auto& [place, member] : one.members) of_lines.insert(member.tenant);
    }
    of_lines.insert(held_.begin(), held_.end());
    for (const std::uint64_t tenant : of_lines)
        may_go(tenant) ? void(release(tenant)) : hold_everywhere(tenant);
    return all;
}

std::size_t waiting_lines::ahead_of(kind of, fair_line::place which) const {
    const auto found = lines_.find(of);
    return found == lines_.end() ? 0 : found->second.order.ahead_of(which) + found->second.at_gate;
}

std::size_t waiting_lines::waiting(priority in) const {
    std::size_t sum = 0;
    for (const auto& [of, one] : lines_) sum += one.order.waiting(in);
    return sum;
}

std::size_t waiting_lines::ahead_of(kind of, const fair_line::newcomer& who) const {
    const auto found = lines_.find(of);
    return found == lines_.end() ? 0 : found->second.order.ahead_of(who) + found->second.at_gate;
}

void waiting_lines::forget_if_empty(std::unordered_map<kind, line>::iterator one) {
    if (one->second.at_gate == 0 && one->second.order.empty()) lines_.erase(one);
}

}  // namespace stagger::fairness
