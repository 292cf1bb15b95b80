#include "routing/route_line.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace stagger::routing {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A gate's line holds what it admits in this time, so that it never runs dry before more is bound to it.
constexpr double lead_s = 0.05;
// Who was refused and waits a moment is nobody that the gate can admit now; but not any number is bound for
// that.
constexpr std::size_t most_delayed = 32;
// As long as this the fewest that stand in a gate's line never wait, however slow it is.
constexpr double longest_lead_s = 1e9;
// A shorter wait until a route opens is a pause between two requests.
constexpr duration shortest_closing = seconds(1);
// Behind so many who cannot go anywhere others are hardly better off.
constexpr std::size_t most_looked_at = 32;
// Answers that come within this of each other come equally soon.
constexpr double equally_soon_s = 0.005;
constexpr double equally_soon = 1.25;
// A pace that is not known yet.
constexpr double slowest_pace_per_s = 1e-3;

double pace_of(const route_load& load) {
    return std::max(load.pace_per_s, slowest_pace_per_s);
}

bool is_closed_for_long(const route_load& load, time_point now) {
    return load.opens_at && *load.opens_at > saturating_add(now, shortest_closing);
}

bool is_closed(const route_load& load, time_point now) {
    return load.closed || is_closed_for_long(load, now);
}

double in_seconds(duration span) {
    return std::chrono::duration<double>(span).count();
}

}  // namespace

route_line::route_line(std::vector<route_rules> routes) {
    if (routes.empty() || routes.size() > most_routes)
        throw std::invalid_argument("routes: must be from 1 to 64");
    for (const route_rules& rules : routes) {
        if (!(rules.weight > 0)) throw std::invalid_argument("routes: a weight must be > 0");
        if (rules.fallback_after <= duration::zero())
            throw std::invalid_argument("routes: fallback_after must be > 0 s");
        any_falls_back_ = any_falls_back_ || rules.fallback_after != duration::max();
        routes_.push_back({rules, std::min(in_seconds(rules.fallback_after), longest_lead_s), {}, 0, false});
    }
}

// Its class is part of its name, lest it be kept of each that is bound.
priority route_line::class_of(guest who) {
    return priorities[who % priorities.size()];
}

route_line::guest route_line::join(time_point now, time_point deadline, priority in) {
    const guest who = next_guest_++ * priorities.size() + static_cast<std::size_t>(in);
    again(now, who, deadline, std::nullopt, {});
    return who;
}

route_line::arrival route_line::arrive(time_point now, time_point deadline, priority in,
                                       std::span<const route_load> loads) {
    if (waiting_count_ > 0) return {join(now, deadline, in), {}};
    for (route& one : routes_) one.health.look(now);
    const guest who = next_guest_ * priorities.size() + static_cast<std::size_t>(in);
    const auto where = choose(who, {now, deadline, {}, {}}, now, loads);
    if (!where) return {join(now, deadline, in), {}};
    ++next_guest_;
    bind(*where);
    return {who, where};
}

void route_line::bind(route_index where) {
    ++routes_[where].bound;
    ++bound_count_;
    routes_[where].recalled = false;
}

void route_line::again(time_point now, guest who, time_point deadline, std::optional<route_index> last,
                       time_point not_before) {
    auto& its = waiting_[class_of(who)];
    const std::size_t before = its.size();
    its[who] = {now, deadline, last, not_before};
    waiting_count_ += its.size() - before;
    if (deadline != never) deadlines_.insert({deadline, who});
}

bool route_line::exclude(guest who, route_index where) {
    auto& bits = excluded_[who];
    bits |= std::uint64_t{1} << where;
    return bits != all_bits();
}

bool route_line::withdraw(guest who) {
    auto& its = waiting_[class_of(who)];
    const auto found = its.find(who);
    if (found == its.end()) return false;
    deadlines_.erase({found->second.deadline, who});
    its.erase(found);
    --waiting_count_;
    return true;
}

void route_line::left(route_index where) {
    route& one = routes_[where];
    if (one.bound == 0) return;
    --one.bound;
    --bound_count_;
}

void route_line::forget(guest who) {
    withdraw(who);
    excluded_.erase(who);
}

std::uint64_t route_line::all_bits() const {
    return routes_.size() == most_routes ? ~std::uint64_t{0} : (std::uint64_t{1} << routes_.size()) - 1;
}

std::uint64_t route_line::excluded(guest who) const {
    if (excluded_.empty()) return 0;
    const auto found = excluded_.find(who);
    return found == excluded_.end() ? 0 : found->second;
}

bool route_line::has_other(guest who, route_index than) const {
    const std::uint64_t without = excluded(who);
    for (route_index i = 0; i < routes_.size(); ++i) {
        if (i == than || (without >> i & 1) != 0) continue;
        if (routes_[i].health.grade() != route_grade::unusable) return true;
    }
    return false;
}

std::optional<route_line::move> route_line::next(time_point now, std::span<const route_load> loads) {
    for (route& one : routes_) one.health.look(now);
    if (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const guest late = deadlines_.begin()->second;
        withdraw(late);
        return move{move::kind::expire, late};
    }
    if (const auto where = bound_count_ > 0 ? to_recall(now, loads) : std::nullopt)
        return move{move::kind::recall, 0, *where};
    const auto turn = classes_.next_of([&](priority one) { return !waiting_[one].empty(); });
    if (!turn) return std::nullopt;
    std::optional<move> made = bind_one(*turn, now, loads);
    // Where nothing is for those whose turn it is, something may be for others.
    for (const priority one : priorities) {
        if (!made && one != *turn) made = bind_one(one, now, loads);
    }
    return made;
}

std::optional<route_line::move> route_line::bind_one(priority of_class, time_point now,
                                                     std::span<const route_load> loads) {
    std::size_t looked_at = 0;
    bool none_for_anybody = false;
    for (const auto& [who, of] : waiting_[of_class]) {
        if (++looked_at > most_looked_at) break;
        // Whoever may go anywhere finds what those before him found, who have waited for longer.
        const bool goes_anywhere = excluded(who) == 0 && (!of.last || of.not_before <= now);
        if (goes_anywhere && none_for_anybody) continue;
        const auto where = choose(who, of, now, loads);
        none_for_anybody = none_for_anybody || (goes_anywhere && !where);
        if (!where) continue;
        const guest bound = who;
        classes_.sent(of_class);
        withdraw(bound);
        bind(*where);
        return move{move::kind::bind, bound, *where};
    }
    return std::nullopt;
}

bool route_line::may_go(guest who, const place& of, route_index where, time_point now) const {
    if ((excluded(who) >> where & 1) != 0) return false;
    return of.last != where || of.not_before <= now;
}

bool route_line::is_open(route_index where, time_point now, std::span<const route_load> loads) const {
    return routes_[where].health.grade() == route_grade::good && !is_closed(loads[where], now);
}

route_line::choices route_line::choices_of(guest who, const place& of, time_point now,
                                           std::span<const route_load> loads) const {
    std::uint64_t without = excluded(who);
    if (of.last && of.not_before > now) without |= std::uint64_t{1} << *of.last;
    choices found;
    found.allowed = all_bits() & ~without;
    for (route_index i = 0; i < routes_.size(); ++i) {
        const std::uint64_t bit = std::uint64_t{1} << i;
        if ((without & bit) != 0) continue;
        if (!is_open(i, now, loads)) continue;
        found.open |= bit;
        const unsigned tier = routes_[i].rules.tier;
        if (!found.tier || tier < *found.tier) found.tier = tier;
    }
    return found;
}

std::optional<unsigned> route_line::open_tier(guest who, const place& of, time_point now,
                                              std::span<const route_load> loads) const {
    return choices_of(who, of, now, loads).tier;
}

// The next request after a pause asks whether a route is back, where it would be used if it were. A gate that
// is closed needs one in its line, too, to find out when that ends.
std::optional<route_line::route_index> route_line::trial_for(guest who, const place& of, unsigned tier,
                                                             time_point now,
                                                             std::span<const route_load> loads) const {
    for (route_index i = 0; i < routes_.size(); ++i) {
        const route& one = routes_[i];
        if (one.rules.tier > tier || one.bound > 0 || is_closed_for_long(loads[i], now)) continue;
        if (one.health.grade() == route_grade::good && !loads[i].closed) continue;
        if (may_go(who, of, i, now) && one.health.takes(now)) return i;
    }
    return std::nullopt;
}

route_line::offer route_line::offer_of(route_index where, time_point now, const route_load& load) const {
    const route& one = routes_[where];
    const double pace = pace_of(load);
    double wait = load.waiting == 0 ? 0 : static_cast<double>(load.waiting) / pace;
    if (load.opens_at && *load.opens_at > now) wait += in_seconds(*load.opens_at - now);
    const std::size_t delayed = std::min({load.delayed, one.bound, most_delayed});
    const auto in_line = static_cast<double>(one.bound - delayed);
    // Nor is anybody to wait there for longer than here.
    const double in_time = std::max(1.0, pace * one.fallback_after_s);
    const bool is_short = one.bound - delayed < fewest_in_line || in_line < pace * lead_s;
    const bool has_room = is_short && in_line < in_time && one.bound < one.health.room(now);
    return {where, wait + in_seconds(one.health.answer_time()), has_room, pace};
}

time_point route_line::falls_back_at(const place& of, unsigned tier) const {
    duration least = duration::max();
    for (const route& one : routes_) {
        if (one.rules.tier == tier) least = std::min(least, one.rules.fallback_after);
    }
    return saturating_add(of.since, least);
}

std::optional<route_line::route_index> route_line::behind(unsigned tier, guest who, const place& of,
                                                          time_point now,
                                                          std::span<const route_load> loads) const {
    const auto is_of = [&](route_index i, unsigned which) {
        return routes_[i].rules.tier == which && is_open(i, now, loads) && may_go(who, of, i, now);
    };
    while (falls_back_at(of, tier) <= now) {
        std::optional<unsigned> next;
        for (route_index i = 0; i < routes_.size(); ++i) {
            const unsigned its = routes_[i].rules.tier;
            if (its > tier && is_of(i, its)) next = std::min(next.value_or(its), its);
        }
        if (!next) break;
        tier = *next;
        offer_list offers;
        for (route_index i = 0; i < routes_.size(); ++i) {
            if (is_of(i, tier)) offers.add(offer_of(i, now, loads[i]));
        }
        if (const auto found = best(offers, loads)) return found;
    }
    return std::nullopt;
}

std::optional<route_line::route_index> route_line::choose(guest who, const place& of, time_point now,
                                                          std::span<const route_load> loads) const {
    const choices found = choices_of(who, of, now, loads);
    const auto tier = found.tier;
    // Where all are good and open, none is to be tried.
    if (found.open != all_bits()) {
        if (const auto trial =
                trial_for(who, of, tier.value_or(std::numeric_limits<unsigned>::max()), now, loads))
            return trial;
    }
    offer_list offers;
    const auto offer_all = [&](auto which) {
        for (route_index i = 0; i < routes_.size(); ++i) {
            if ((found.allowed >> i & 1) != 0 && which(i)) offers.add(offer_of(i, now, loads[i]));
        }
    };
    if (tier) {
        offer_all(
            [&](route_index i) { return (found.open >> i & 1) != 0 && routes_[i].rules.tier == *tier; });
        const auto where = best(offers, loads);
        return where ? where : behind(*tier, who, of, now, loads);
    }
    // Nothing is good and open: what will be soonest, slow ones included.
    offer_all([&](route_index i) { return routes_[i].health.grade() == route_grade::good; });
    if (const auto where = best(offers, loads)) return where;
    offers.clear();
    offer_all([&](route_index i) { return routes_[i].health.grade() == route_grade::slow; });
    for (offer& one : offers) one.has_room = routes_[one.where].bound < fewest_in_line;
    if (const auto where = best(offers, loads)) return where;
    // Where nothing can be used at all, requests are to fail with the reason, not to wait.
    const bool none_can = std::all_of(routes_.begin(), routes_.end(), [](const route& one) {
        return one.health.grade() == route_grade::unusable;
    });
    if (!none_can) return std::nullopt;
    offers.clear();
    offer_all([](route_index) { return true; });
    for (offer& one : offers) one.has_room = true;
    return best(offers, loads);
}

std::optional<route_line::route_index> route_line::best(offer_list& offers,
                                                        std::span<const route_load> loads) const {
    double soon = std::numeric_limits<double>::infinity();
    double pace = 0;
    for (const offer& one : offers) {
        soon = std::min(soon, one.seconds);
        pace += one.pace_per_s;
    }
    const offer* found = nullptr;
    bool found_near = false;
    double least = 0;
    for (const offer& one : offers) {
        if (!one.has_room) continue;
        const bool near = one.seconds <= soon * equally_soon + equally_soon_s;
        // If all who wait here go elsewhere, the last of them is answered within this: a slower way helps
        // nobody.
        const double rest = std::max(pace - one.pace_per_s, slowest_pace_per_s);
        if (!near && one.seconds > soon + static_cast<double>(waiting()) / rest) continue;
        const route& its = routes_[one.where];
        const double share = static_cast<double>(loads[one.where].waiting + its.health.under_way() + 1) /
                             (its.rules.weight * one.pace_per_s);
        const double measure = near ? share : one.seconds;
        if (found && (near == found_near ? measure >= least : found_near)) continue;
        found = &one;
        found_near = near;
        least = measure;
    }
    if (!found) return std::nullopt;
    return found->where;
}

// Nobody is to wait in the line of a route that will not take them while another one would. Where more wait
// than a route that may have failed takes until that is known, all of them are called back: `next` binds as
// many to it again as it takes, and the others elsewhere.
std::optional<route_line::route_index> route_line::to_recall(time_point now,
                                                             std::span<const route_load> loads) {
    std::size_t open = 0;
    for (route_index i = 0; i < routes_.size(); ++i) open += is_open(i, now, loads) ? 1 : 0;
    for (route_index i = 0; i < routes_.size(); ++i) {
        route& one = routes_[i];
        if (one.bound == 0 || one.recalled) continue;
        const bool itself_open = is_open(i, now, loads);
        if (open == (itself_open ? 1U : 0U)) continue;
        const bool fits = one.bound <= one.health.room(now);
        const bool is_trial = one.bound == 1 && fits && !is_closed_for_long(loads[i], now);
        if (is_trial || (itself_open && fits)) continue;
        one.recalled = true;
        return i;
    }
    return std::nullopt;
}

time_point route_line::wake_at(time_point now, std::span<const route_load> loads) const {
    time_point at = deadlines_.empty() ? never : deadlines_.begin()->first;
    for (route_index i = 0; i < routes_.size(); ++i) {
        const route& one = routes_[i];
        at = std::min(at, one.health.look_at());
        if (waiting() == 0) continue;
        at = std::min(at, std::max(one.health.next_try(), now + milliseconds(1)));
        if (loads[i].opens_at && *loads[i].opens_at > now)
            at = std::min(at, std::max(*loads[i].opens_at - shortest_closing, now + milliseconds(1)));
    }
    for (const priority one : priorities) {
        std::size_t looked_at = 0;
        for (const auto& [who, of] : waiting_[one]) {
            if (++looked_at > most_looked_at) break;
            if (of.last && of.not_before > now) at = std::min(at, of.not_before);
            const auto tier = any_falls_back_ ? open_tier(who, of, now, loads) : std::nullopt;
            if (!tier) continue;
            const time_point falls_back = falls_back_at(of, *tier);
            if (falls_back > now) at = std::min(at, falls_back);
        }
    }
    return at;
}

}  // namespace stagger::routing
