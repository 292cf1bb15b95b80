#include "fleet/planner.hpp"

#include <algorithm>
#include <cmath>

#include "base/seconds.hpp"
#include "pacing/make_pacing.hpp"

namespace stagger::fleet {

namespace {

// What is in flight is bounded by each member's own options.
constexpr unsigned in_flight_of_all = 1'000'000;
// A fleet has machines of people; what claims to be more of them is something else.
constexpr std::size_t most_members = 100'000;
// A plan reaches a few hundredths of a second: more slots than this are no pace that anything keeps.
constexpr std::size_t most_slots_at_once = 20'000;
// A member asks for what it could use soon, and never for more than this.
constexpr std::uint64_t most_wanted = 1'024;
// Members that were given a slot this recently take part in the limit, also while none of theirs waits.
constexpr duration takes_part = std::chrono::seconds(2);
// Turns of several slots make fewer messages. More than a second's fair share would cost fairness.
constexpr double longest_turn = 16;

coordinator_options options_of_all(const coordinator_options& own,
                                   const std::optional<remembered_limits>& known) {
    coordinator_options options = own;
    options.max_in_flight(in_flight_of_all).recorder(nullptr).fleet_member({});
    if (known) options.remembered(*known);
    return options;
}

}  // namespace

planner::planner(const coordinator_options& own, const std::optional<remembered_limits>& known,
                 term_number term, std::uint64_t seed, time_point now)
    : term_(term),
      pace_(make_pacing(options_of_all(own, known), seed,
                        known ? memory_age::of_this_moment : memory_age::unknown)),
      began_with_(known ? known : own.remembered()),
      core_(now + usual_lead),
      random_(seed ^ 0x666c656574000000u) {}

time_point planner::core_time(time_point now) {
    return core_ = std::max(core_, now + lead());
}

void planner::hear(time_point now, const report& said) {
    if (said.term != term_) return;
    for (const outcome& one : said.outcomes) settle(now, one);
    auto found = members_.find(said.member);
    if (found == members_.end()) {
        if (members_.size() >= most_members) return;
        // What was given to it before it was dropped is lost: it counts from what has reached it.
        found = members_.try_emplace(said.member).first;
        found->second.granted = said.received;
    }
    member& who = found->second;
    who.heard = now;
    who.wanted = std::max(who.wanted, std::min(said.wanted, who.granted + most_wanted));
    set_backlog(who, said.backlog);
    if (!who.waits && who.wanted > who.granted) join_line(said.member, who);
    if (!line_.empty()) plans_at_ = at_once_ ? now : std::min(plans_at_, now + short_lead);
}

void planner::settle(time_point now, const outcome& one) {
    const auto found = out_.find(one.slot);
    if (found == out_.end()) return;
    const departure sent = found->second.sent;
    const time_point at = core_time(now);
    if (one.what == fate::answering) return pace_->on_answering(at, sent, one.said);
    out_.erase(found);
    switch (one.what) {
        case fate::accepted:
            return pace_->on_accepted(at, sent, one.said);
        case fate::ended:
            return pace_->on_answered(at, sent);
        case fate::throttled:
            return pace_->on_throttled(at, sent, one.said);
        case fate::failed:
            return pace_->on_failed(at, sent);
        case fate::unsent:
            return pace_->on_unsent(at, sent);
        case fate::answering:
        case fate::abandoned:
            return pace_->on_abandoned(at, sent);
    }
}

// Idleness earns no credit; a fraction that differs keeps those that join together from standing in one order
// for ever.
void planner::join_line(const std::string& name, member& who) {
    who.waits = true;
    who.tag = std::max(who.tag, passed_ + random_.uniform());
    line_.insert({who.tag, name});
}

void planner::leave_line(const std::string& name, member& who) {
    if (who.waits) line_.erase({who.tag, name});
    who.waits = false;
}

void planner::set_backlog(member& who, std::uint64_t backlog) {
    backlog_ += backlog;
    backlog_ -= who.backlog;
    who.backlog = backlog;
}

void planner::drop(time_point now, const std::string& name) {
    const auto found = members_.find(name);
    if (found == members_.end()) return;
    leave_line(name, found->second);
    set_backlog(found->second, 0);
    members_.erase(found);
    const time_point at = core_time(now);
    for (auto each = out_.begin(); each != out_.end();) {
        if (each->second.who != name) {
            ++each;
            continue;
        }
        pace_->on_abandoned(at, each->second.sent);
        each = out_.erase(each);
    }
}

void planner::drop_silent(time_point now) {
    std::vector<std::string> silent;
    for (const auto& [name, who] : members_) {
        if (now - who.heard > silent_after) silent.push_back(name);
    }
    for (const std::string& name : silent) drop(now, name);
}

unsigned planner::quantum() const {
    const double in_a_tick = std::ceil(pace_per_s_ * to_seconds(tick()));
    const double fair = std::ceil(pace_per_s_ / std::max<double>(1, static_cast<double>(line_.size())));
    return static_cast<unsigned>(std::clamp(in_a_tick, 1.0, std::min(longest_turn, std::max(1.0, fair))));
}

/// Whether the pace doubles, or is far above what it was held at: a window of requests is tested so while the
/// first ones pass.
bool planner::grows_fast(const coordinator_status& seen) {
    if (seen.mode != coordinator_mode::ride) {
        held_per_s_.reset();
        return seen.mode == coordinator_mode::ramp;
    }
    held_per_s_ =
        seen.measured_per_s.value_or(std::min(seen.pace_per_s, held_per_s_.value_or(seen.pace_per_s)));
    constexpr double far_above = 1.25;
    return seen.pace_per_s > far_above * *held_per_s_;
}

std::vector<parcel> planner::plan(time_point now) {
    core_time(now);
    coordinator_status seen;
    pace_->describe(now, seen);
    at_once_ = seen.measured_window.has_value() || grows_fast(seen);
    pace_per_s_ = seen.pace_per_s;
    const time_point until = now + lead() + tick();
    const unsigned turns = quantum();
    std::vector<parcel> out;
    std::unordered_map<std::string, std::size_t> places;
    for (std::size_t given = 0; !line_.empty() && given < most_slots_at_once;) {
        line_view view;
        view.backlog = std::max<std::size_t>(backlog_, line_.size());
        view.in_flight = out_.size();
        const opening next = pace_->next_opening(core_, view);
        if (next.at > core_) {
            if (next.at > until) break;
            core_ = next.at;
            continue;
        }
        const auto chosen = members_.find(chosen_);
        if (left_of_turn_ == 0 || chosen == members_.end() || !chosen->second.waits) {
            chosen_ = line_.begin()->name;
            left_of_turn_ = turns;
        }
        --left_of_turn_;
        ++given;
        give(now, chosen_, out, places);
    }
    plans_at_ = line_.empty() ? never : now + tick();
    return out;
}

void planner::give(time_point now, const std::string& to, std::vector<parcel>& out,
                   std::unordered_map<std::string, std::size_t>& places) {
    member& who = members_.at(to);
    const slot_number number = next_slot_++;
    out_.emplace(number, held{pace_->on_send(core_, cost{1, 0}), to});
    auto place = places.find(to);
    if (place == places.end() || out[place->second].what.planned.size() == most_slots) {
        place = places.insert_or_assign(to, out.size()).first;
        out.push_back({to, {term_, {}}});
    }
    out[place->second].what.planned.push_back({number, core_ - now});
    leave_line(to, who);
    passed_ = std::max(passed_, who.tag);
    who.tag += 1;
    ++who.granted;
    who.used = now;
    if (who.backlog > 0) set_backlog(who, who.backlog - 1);
    if (who.granted >= who.wanted) return;
    who.waits = true;
    line_.insert({who.tag, to});
}

heartbeat planner::beat(time_point now) {
    drop_silent(now);
    coordinator_status seen;
    pace_->describe(std::max(now, core_), seen);
    heartbeat said;
    said.term = term_;
    said.is_measured = seen.measured_per_s.has_value();
    constexpr double slowest = 1.0 / 60;
    said.per_s = std::max(slowest, seen.measured_per_s.value_or(seen.pace_per_s));
    said.mode = seen.mode;
    said.reports_at_once = seen.measured_window.has_value();
    const auto active = std::count_if(members_.begin(), members_.end(), [&](const auto& each) {
        return each.second.waits || (each.second.used != time_point{} && now - each.second.used < takes_part);
    });
    said.active = static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(1, active));
    said.learned = learned(now);
    return said;
}

std::optional<remembered_limits> planner::learned(time_point now) const {
    auto found = pace_->learned(std::max(now, core_));
    if (found) found = startable_part(*found);
    return found ? found : began_with_;
}

}  // namespace stagger::fleet
