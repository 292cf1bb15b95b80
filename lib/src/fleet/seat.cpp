#include "fleet/seat.hpp"

#include <algorithm>
#include <utility>

#include "base/seconds.hpp"

namespace stagger::fleet {

namespace {

// So that not all who notice bid at once, again and again.
constexpr seconds shortest_pause{0.15};
constexpr seconds longest_pause{0.3};
// An answer that does not come is none.
constexpr duration answer_within = std::chrono::seconds(1);

}  // namespace

seat::seat(const coordinator_options& own, std::uint64_t seed) : own_(own), random_(seed) {}

void seat::connected(time_point now) {
    is_connected_ = true;
    is_vacant_ = true;
    may_bid_at_ = now;
}

void seat::disconnected(time_point now) {
    is_connected_ = false;
    bid_at_.reset();
    stand_up(now);
    must_tell_ = false;  // what listened is gone as well
}

void seat::won(time_point now, term_number term, const std::optional<remembered_limits>& known) {
    bid_at_.reset();
    highest_ = std::max(highest_, term);
    planner_ = std::make_unique<planner>(own_, known ? known : last_known_, term, random_.next(), now);
    is_vacant_ = false;
    renewed_at_ = now;
    renews_at_ = now;
    beats_at_ = now;
}

void seat::not_won(time_point now) {
    bid_at_.reset();
    is_vacant_ = false;
    heard_at_ = now;
    may_bid_at_ = after(now, seconds(random_.uniform(shortest_pause.count(), longest_pause.count())));
}

void seat::renewed(time_point now, bool mine) {
    if (!planner_) return;
    if (!mine) return stand_up(now);
    renewed_at_ = now;
}

void seat::heard_leader(time_point now) {
    heard_at_ = now;
    is_vacant_ = false;
}

void seat::heard_beat(time_point now, const heartbeat& said) {
    heard_leader(now);
    if (said.learned) last_known_ = said.learned;
    highest_ = std::max(highest_, said.term);
    if (planner_ && said.term > planner_->term()) stand_up(now);
}

void seat::nobody_listens(time_point) {
    is_vacant_ = true;
}

void seat::heard_report(time_point now, std::string_view text) {
    if (planner_) planner_->hear(now, parse_report(text));
}

void seat::member_gone(time_point now, const std::string& member) {
    if (planner_) planner_->drop(now, member);
}

void seat::stand_up(time_point now) {
    if (!planner_) return;
    if (const auto known = planner_->learned(now)) last_known_ = known;
    planner_.reset();
    must_tell_ = true;
    heard_at_ = now;
    may_bid_at_ = after(now, seconds(random_.uniform(shortest_pause.count(), longest_pause.count())));
}

std::vector<errand> seat::next(time_point now) {
    std::vector<errand> todo;
    if (planner_ && now - renewed_at_ >= held_for) stand_up(now);
    if (std::exchange(must_tell_, false)) todo.emplace_back(errands::step_down());
    if (planner_) {
        lead_on(now, todo);
        return todo;
    }
    if (bid_at_ && now - *bid_at_ >= answer_within) not_won(now);
    const bool is_silent = now - heard_at_ >= bids_after;
    if (!is_connected_ || bid_at_ || now < may_bid_at_ || !(is_vacant_ || is_silent)) return todo;
    bid_at_ = now;
    todo.emplace_back(errands::bid{highest_});
    return todo;
}

void seat::lead_on(time_point now, std::vector<errand>& todo) {
    if (now >= std::min(beats_at_, renews_at_)) {
        const heartbeat beat = planner_->beat(now);
        if (now >= beats_at_) {
            beats_at_ = now + beats_every;
            todo.emplace_back(errands::tell_all{format(beat)});
        }
        if (now >= renews_at_) {
            renews_at_ = now + renews_every;
            todo.emplace_back(errands::renew{beat.term, beat.learned ? format(*beat.learned) : std::string(),
                                             state_text(beat)});
        }
    }
    if (now < planner_->plans_at()) return;
    for (const parcel& each : planner_->plan(now))
        todo.emplace_back(errands::tell{each.member, format(each.what)});
}

std::string seat::state_text(const heartbeat& said) const {
    heartbeat without_limits = said;
    without_limits.learned.reset();
    return std::to_string(planner_->members()) + ' ' + format(without_limits);
}

time_point seat::wakes_at() const {
    if (must_tell_) return time_point{};
    if (planner_)
        return std::min({beats_at_, renews_at_, planner_->plans_at(), saturating_add(renewed_at_, held_for)});
    if (!is_connected_) return never;
    if (bid_at_) return *bid_at_ + answer_within;
    return is_vacant_ ? may_bid_at_ : std::max(may_bid_at_, heard_at_ + bids_after);
}

}  // namespace stagger::fleet
