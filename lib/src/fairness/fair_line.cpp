#include "fairness/fair_line.hpp"

#include <algorithm>
#include <cmath>

namespace stagger::fairness {

namespace {

// Flows that do not wait are remembered while they are in debt; looked through beyond this number.
constexpr std::size_t usual_flows = 1024;

}  // namespace

fair_line::rank fair_line::shifted(rank of, double by) {
    of.start += by;
    return of;
}

template <class Change>
void fair_line::changing(level& its, flow& of, const Change& change) {
    if (!of.held && !of.calls.empty()) {
        its.heads.erase(shifted(*of.calls.begin(), of.shift));
        its.weight = its.heads.empty() ? 0 : its.weight - of.weight;
    }
    change();
    if (of.held || of.calls.empty()) return;
    its.heads.insert(shifted(*of.calls.begin(), of.shift));
    its.weight += of.weight;
}

fair_line::flow& fair_line::flow_of(level& in, std::uint64_t tenant) {
    const auto [found, is_new] = in.flows.try_emplace(tenant);
    if (is_new) found->second.held = held_.contains(tenant);
    return found->second;
}

void fair_line::enter(level& its, const entry& what, flow& of, place which) {
    if (of.calls.empty()) ++its.active;
    of.calls.insert(rank{what.at.start, what.at.order, which});
    ++its.waiting;
    its.cost += what.cost;
}

fair_line::standing fair_line::next_standing(const level& in, const flow& of, double cost, double weight) {
    const double now = in.virtual_time - of.shift;
    const double usual_cost = (in.cost + cost) / static_cast<double>(in.waiting + 1);
    const double debt = std::max(now, of.finish);
    double start = std::max(now, debt - burst * usual_cost / weight);
    // A tenant's calls keep their order, whatever they cost.
    if (!of.calls.empty()) start = std::max(start, of.calls.rbegin()->start);
    return {start, 0, debt};
}

fair_line::place fair_line::join(const newcomer& who) {
    level& its = levels_[who.in];
    if (its.flows.size() > usual_flows + 2 * its.active) forget_idle(its);
    flow& of = flow_of(its, who.tenant);
    const place got{joined_++};
    changing(its, of, [&] {
        of.weight = who.weight;
        standing at = next_standing(its, of, who.cost, who.weight);
        at.order = static_cast<std::uint64_t>(got);
        if (who.kept && who.kept->start - of.shift <= at.start) {
            // It was charged for when it came first.
            at = {who.kept->start - of.shift, who.kept->order, who.kept->debt - of.shift};
        } else {
            of.finish = at.debt + who.cost / who.weight;
        }
        const entry made{who.in, who.tenant, at, who.cost};
        enter(its, made, of, got);
        entries_.emplace(got, made);
    });
    return got;
}

std::optional<fair_line::place> fair_line::next() {
    const auto in = turns_.next_of([&](priority one) { return !levels_[one].heads.empty(); });
    if (!in) return std::nullopt;
    level& its = levels_[*in];
    const auto [start, order, which] = *its.heads.begin();
    its.virtual_time = std::max(its.virtual_time, start);
    const entry gone = entries_.extract(which).mapped();
    turns_.sent(*in, gone.cost);
    take_out(gone, which);
    return which;
}

std::optional<fair_line::standing> fair_line::leave(place which) {
    const auto found = entries_.extract(which);
    if (found.empty()) return std::nullopt;
    const entry& gone = found.mapped();
    const double shift = levels_[gone.in].flows[gone.tenant].shift;
    const standing at{gone.at.start + shift, gone.at.order, gone.at.debt + shift};
    take_out(gone, which);
    return at;
}

void fair_line::take_out(const entry& what, place which) {
    level& its = levels_[what.in];
    flow& of = its.flows[what.tenant];
    changing(its, of, [&] { of.calls.erase(rank{what.at.start, what.at.order, which}); });
    if (of.calls.empty()) --its.active;
    --its.waiting;
    its.cost = its.waiting == 0 ? 0 : its.cost - what.cost;
}

bool fair_line::rise(place which) {
    const auto found = entries_.find(which);
    if (found == entries_.end() || found->second.in == priority::interactive) return false;
    entry& mine = found->second;
    const auto above = static_cast<priority>(static_cast<std::uint8_t>(mine.in) - 1);
    level& target = levels_[above];
    flow& own = levels_[mine.in].flows[mine.tenant];
    flow& of = flow_of(target, mine.tenant);
    const double weight = own.weight;
    standing there = next_standing(target, of, mine.cost, weight);
    there.order = mine.at.order;
    const double in_class = ahead_in_class(target, there.debt + of.shift);
    if (ahead_with(above, in_class, target.waiting + 1) >= ahead_of(which)) return false;
    take_out(entry(mine), which);
    mine.in = above;
    mine.at = there;
    changing(target, of, [&] {
        of.weight = weight;
        of.finish = there.debt + mine.cost / weight;
        enter(target, mine, of, which);
    });
    return true;
}

bool fair_line::hold(std::uint64_t tenant, bool stays) {
    stays ? void(held_.insert(tenant)) : void(held_.erase(tenant));
    bool any = false;
    for (const priority one : priorities) {
        level& its = levels_[one];
        const auto found = its.flows.find(tenant);
        if (found == its.flows.end()) continue;
        flow& of = found->second;
        any |= !of.calls.empty();
        changing(its, of, [&] { of.held = stays; });
    }
    return any;
}

void fair_line::settle(priority in, std::uint64_t tenant, double further) {
    turns_.settle(in, further);
    const auto found = levels_[in].flows.find(tenant);
    if (found == levels_[in].flows.end()) return;  // long ago
    flow& of = found->second;
    changing(levels_[in], of, [&] { of.shift += further / of.weight; });
}

void fair_line::forget_idle(level& in) {
    std::erase_if(in.flows, [&](const auto& one) {
        return one.second.calls.empty() && one.second.finish + one.second.shift <= in.virtual_time;
    });
}

/// Of those that wait in a class, how many go before one that owes so much, as if all cost the same.
double fair_line::ahead_in_class(const level& in, double debt) const {
    if (in.waiting == 0) return 0;
    double foremost = in.virtual_time;
    if (!in.heads.empty()) {
        const entry& first = entries_.at(in.heads.begin()->which);
        foremost = std::max(foremost, first.at.debt + in.flows.at(first.tenant).shift);
    }
    const double usual_cost = in.cost / static_cast<double>(in.waiting);
    const double weight = in.heads.empty() ? 1 : in.weight;
    return std::clamp((debt - foremost) * weight / usual_cost, 0.0, static_cast<double>(in.waiting));
}

/// With those of the other classes who go meanwhile.
std::size_t fair_line::ahead_with(priority in, double in_class, std::size_t own) const {
    double all = std::min(in_class, static_cast<double>(own - 1));
    const double turns = all + 1;
    for (const priority one : priorities) {
        if (one == in) continue;
        const double share = turns_.weight(one) / turns_.weight(in);
        all += std::min(turns * share, static_cast<double>(levels_[one].waiting));
    }
    return static_cast<std::size_t>(std::llround(all));
}

std::size_t fair_line::ahead_of(place which) const {
    const auto found = entries_.find(which);
    if (found == entries_.end()) return 0;
    const entry& mine = found->second;
    const level& own = levels_[mine.in];
    const double debt = mine.at.debt + own.flows.at(mine.tenant).shift;
    return ahead_with(mine.in, ahead_in_class(own, debt), own.waiting);
}

std::size_t fair_line::ahead_of(const newcomer& who) const {
    const level& own = levels_[who.in];
    const auto found = own.flows.find(who.tenant);
    double debt = own.virtual_time;
    if (found != own.flows.end()) debt = std::max(debt, found->second.finish + found->second.shift);
    return ahead_with(who.in, ahead_in_class(own, debt), own.waiting + 1);
}

}  // namespace stagger::fairness
