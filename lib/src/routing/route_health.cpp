#include "routing/route_health.hpp"

#include <algorithm>

namespace stagger::routing {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// A server that restarts is back in seconds; one that is gone costs an attempt a minute.
constexpr duration first_pause = seconds(1);
constexpr duration longest_pause = seconds(60);
// What refuses for its load may be a limit, too, which opens at a time that would be missed for long.
constexpr duration longest_pause_of_overloaded = seconds(8);
// A key or a quota is mended by people.
constexpr duration pause_of_unusable = seconds(30);
constexpr duration longest_pause_of_unusable = minutes(30);

// Where nothing further is sent, so many that wait for this much longer than usual tell as much.
constexpr std::size_t fewest_hanging = 3;
constexpr int times_hanging = 2;

bool is_aside(route_grade grade) {
    return grade != route_grade::good;
}

}  // namespace

route_health::attempt_number route_health::sent(time_point now) {
    const attempt one{next_++, now};
    if (is_aside(grade_)) {
        if (trial_ == 0 && now >= next_trial_) trial_ = one.number;
    } else {
        if (doubted_since_ != 0 && credit_ > 0) --credit_;
        if (is_overdue(now)) ++overdue_sends_;
    }
    under_way_.push_back(one);
    if (nothing_overdue_before_ == never) nothing_overdue_before_ = look_at_unanswered().overdue_at;
    return one.number;
}

void route_health::ended(attempt_number which, route_outcome what, time_point now,
                         std::optional<duration> opens_in) {
    const auto found = std::lower_bound(under_way_.begin(), under_way_.end(), which,
                                        [](const attempt& one, attempt_number n) { return one.number < n; });
    if (found == under_way_.end() || found->number != which) return;
    const attempt ended = *found;
    under_way_.erase(found);
    switch (what) {
        case route_outcome::answered:
            add_time(now - ended.sent_at);
            return answered(ended, now);
        case route_outcome::refused:
            return refused(ended);
        case route_outcome::overloaded:
            return failed(ended, {route_grade::down, first_pause, longest_pause_of_overloaded}, now, {});
        case route_outcome::accident:
            return failed(ended, {route_grade::down, first_pause, longest_pause}, now, {});
        case route_outcome::unusable:
            return failed(ended, {route_grade::unusable, pause_of_unusable, longest_pause_of_unusable}, now,
                          opens_in);
        case route_outcome::untold:
            if (trial_ == which) trial_ = 0;
            // It was to tell, and has not: another one may.
            if (doubted_since_ != 0 && which > doubted_since_) ++credit_;
            return;
    }
}

void route_health::answered(const attempt& which, time_point now) {
    answered_up_to_ = std::max(answered_up_to_, which.number);
    overdue_sends_ = 0;
    if (!is_aside(grade_)) {
        if (doubted_since_ == 0 || which.number <= doubted_since_) return;
        doubted_since_ = 0;
        credit_after_doubt_ = std::min(2 * credit_after_doubt_, most_credit);
        return;
    }
    // What was under way before says little of what is now.
    if (which.number <= aside_since_) return;
    const auto usual = times_.p99();
    if (grade_ == route_grade::slow && usual && now - which.sent_at > *usual) {
        if (which.number == trial_) set_aside(grade_, now, std::min(2 * pause_, longest_pause));
        return;
    }
    come_back();
}

// Whoever refuses is there. It says nothing of how long answers take.
void route_health::refused(const attempt& which) {
    if (trial_ == which.number && grade_ != route_grade::slow) return come_back();
    if (trial_ == which.number) trial_ = 0;
    if (doubted_since_ != 0 && which.number > doubted_since_) doubted_since_ = 0;
}

void route_health::failed(const attempt& which, const verdict& as, time_point now,
                          std::optional<duration> opens_in) {
    if (is_aside(grade_)) {
        if (which.number != trial_) return;
        return set_aside(as.grade, now,
                         opens_in.value_or(std::clamp(2 * pause_, as.shortest_pause, as.longest_pause)));
    }
    if (as.grade == route_grade::unusable)
        return set_aside(as.grade, now, opens_in.value_or(as.shortest_pause));
    if (doubted_since_ == 0) {
        // Those that are under way already are no news of the same failure.
        doubted_since_ = next_ - 1;
        credit_ = credit_after_doubt_;
        return;
    }
    if (which.number <= doubted_since_) return;
    const bool others_may_answer = std::any_of(under_way_.begin(), under_way_.end(), [&](const attempt& one) {
        return one.number > doubted_since_;
    });
    if (credit_ > 0 || others_may_answer) return;
    credit_after_doubt_ = least_credit;
    set_aside(route_grade::down, now, first_pause);
}

void route_health::set_aside(route_grade as, time_point now, duration pause) {
    grade_ = as;
    pause_ = pause;
    aside_since_ = next_ - 1;
    trial_ = 0;
    next_trial_ = saturating_add(now, pause);
    doubted_since_ = 0;
    overdue_sends_ = 0;
}

void route_health::come_back() {
    grade_ = route_grade::good;
    pause_ = duration::zero();
    trial_ = 0;
    next_trial_ = never;
}

route_health::unanswered route_health::look_at_unanswered() const {
    const auto usual = times_.p99();
    const auto oldest = std::upper_bound(under_way_.begin(), under_way_.end(), answered_up_to_,
                                         [](attempt_number n, const attempt& one) { return n < one.number; });
    const auto count = static_cast<std::size_t>(under_way_.end() - oldest);
    if (!usual || count == 0) return {never, count};
    return {saturating_add(oldest->sent_at, *usual), count};
}

bool route_health::is_overdue(time_point now) {
    if (now <= nothing_overdue_before_) return false;
    nothing_overdue_before_ = look_at_unanswered().overdue_at;
    return now > nothing_overdue_before_;
}

void route_health::add_time(duration one) {
    const auto before = times_.p99();
    times_.add(one);
    const auto usual = times_.p99();
    if (usual && (!before || *usual < *before)) nothing_overdue_before_ = look_at_unanswered().overdue_at;
}

// One slow answer is nothing; that those which began later come no sooner is.
void route_health::look_closely(time_point now) {
    if (is_aside(grade_) || !is_overdue(now)) return;
    if (overdue_sends_ >= least_credit || now >= look_at()) set_aside(route_grade::slow, now, first_pause);
}

std::size_t route_health::room(time_point now) const {
    if (is_aside(grade_)) return trial_ == 0 && now >= next_trial_ ? 1 : 0;
    return doubted_since_ == 0 ? any_number : credit_;
}

time_point route_health::next_try() const {
    if (!is_aside(grade_) || trial_ != 0) return never;
    return next_trial_;
}

time_point route_health::look_at() const {
    if (is_aside(grade_) || under_way_.size() < fewest_hanging) return never;
    const unanswered found = look_at_unanswered();
    if (found.overdue_at == never || found.count < fewest_hanging) return never;
    return saturating_add(found.overdue_at, times_hanging * *times_.p99());
}

}  // namespace stagger::routing
