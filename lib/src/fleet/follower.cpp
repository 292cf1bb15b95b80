#include "fleet/follower.hpp"

#include <algorithm>
#include <utility>

#include "base/seconds.hpp"
#include "pacing/make_pacing.hpp"

namespace stagger::fleet {

namespace {

// Slots are asked for ahead, so that none waits for a message on its way, and asked for again once half of
// them are used.
constexpr std::uint64_t look_ahead = 512;
// Below this rate a message for each outcome is little.
constexpr double messages_matter_per_s = 500;
constexpr duration soon = std::chrono::milliseconds(2);
constexpr duration gathered = std::chrono::milliseconds(20);
// Of the share: others may have joined, and nobody measures any more.
constexpr double kept_alone = 0.97;

}  // namespace

follower::follower(const coordinator_options& own, std::uint64_t seed)
    : name_(own.fleet_member()),
      own_options_(coordinator_options(own).recorder(nullptr).fleet_member({})),
      random_(seed) {}

double follower::share_per_s() const {
    return heard_ ? heard_->per_s / static_cast<double>(heard_->active) : 0;
}

// ---- as a pacing

opening follower::next_opening(time_point now, const line_view& line) {
    watch_silence(now);
    note_need(now, line);
    if (own_) {
        if (now < own_begins_) return {own_begins_, wait_reason::pace};
        return own_->next_opening(now, line);
    }
    return_late_slots(now);
    const wait_reason why =
        heard_ && heard_->mode == coordinator_mode::closed ? wait_reason::closed : wait_reason::pace;
    const time_point lost = saturating_add(heard_at_, lost_after);
    if (slots_.empty()) return {lost, why};
    return {std::min(slots_.front().at, lost), why};
}

departure follower::on_send(time_point now, const cost& what) {
    const departure sent = sends_.count(now, what);
    use made;
    if (own_) {
        made.own_pace = own_count_;
        made.of_own = own_->on_send(now, what);
    } else if (!slots_.empty()) {
        made.term = term_;
        made.slot = slots_.front().number;
        slots_.pop_front();
    }
    out_.emplace(sent.number, made);
    return sent;
}

std::optional<follower::use> follower::end(const departure& sent) {
    const auto found = out_.find(sent.number);
    if (found == out_.end()) return std::nullopt;
    const use made = found->second;
    out_.erase(found);
    const bool holds = is_own(made) ? own_ && made.own_pace == own_count_ : made.term == term_;
    return holds ? std::optional(made) : std::nullopt;
}

void follower::on_accepted(time_point now, const departure& sent, const hints& said) {
    const auto made = end(sent);
    if (!made) return;
    if (is_own(*made)) return own_->on_accepted(now, made->of_own, said);
    note(now, *made, fate::accepted, said);
}

void follower::on_answering(time_point now, const departure& sent, const hints& said) {
    const auto made = end(sent);
    if (!made) return;
    out_.emplace(sent.number, *made);  // it is in flight until it has ended
    if (is_own(*made)) return own_->on_answering(now, made->of_own, said);
    note(now, *made, fate::answering, said);
}

void follower::on_answered(time_point now, const departure& sent) {
    const auto made = end(sent);
    if (!made) return;
    if (is_own(*made)) return own_->on_answered(now, made->of_own);
    note(now, *made, fate::ended, {});
}

void follower::on_throttled(time_point now, const departure& sent, const hints& said) {
    const auto made = end(sent);
    if (!made) return;
    if (is_own(*made)) return own_->on_throttled(now, made->of_own, said);
    note(now, *made, fate::throttled, said);
}

void follower::on_failed(time_point now, const departure& sent) {
    const auto made = end(sent);
    if (!made) return;
    if (is_own(*made)) return own_->on_failed(now, made->of_own);
    note(now, *made, fate::failed, {});
}

void follower::on_abandoned(time_point now, const departure& sent) {
    const auto made = end(sent);
    if (!made) return;
    if (is_own(*made)) return own_->on_abandoned(now, made->of_own);
    note(now, *made, fate::abandoned, {});
}

void follower::on_settled(time_point now, double more_tokens) {
    if (own_) own_->on_settled(now, more_tokens);
}

void follower::describe(time_point now, coordinator_status& status) const {
    if (own_) return own_->describe(now, status);
    status.mode = heard_ ? heard_->mode : coordinator_mode::ramp;
    status.pace_per_s = heard_ ? share_per_s() : own_options_.initial_rate();
    if (heard_ && heard_->is_measured) status.measured_per_s = heard_->per_s;
}

// ---- to the leader

void follower::note_need(time_point now, const line_view& line) {
    const std::uint64_t ready = line.backlog - std::min(line.backlog, line.delayed);
    backlog_ = ready;
    const std::size_t places =
        own_options_.max_in_flight() - std::min<std::size_t>(own_options_.max_in_flight(), line.in_flight);
    const std::uint64_t usable = std::min<std::uint64_t>({ready, places, look_ahead + slots_.size()});
    const std::uint64_t asked = wanted_ - received_;
    const std::uint64_t more = usable - std::min<std::uint64_t>(usable, slots_.size());
    if (more <= asked || term_ == 0) return;
    // What was asked for is not used up by half: the leader has enough to go by.
    if (asked >= look_ahead / 2) return;
    wanted_ = received_ + more;
    report_by(asked < 2 ? now : next_report(now));
}

time_point follower::next_report(time_point now) const {
    const bool often = !heard_ || heard_->reports_at_once || heard_->per_s <= messages_matter_per_s;
    return now + (often ? soon : gathered);
}

void follower::note(time_point now, const use& of, fate what, const hints& said) {
    notes_.push_back({of.slot, what, said});
    const bool at_once = what == fate::throttled || (heard_ && heard_->reports_at_once);
    report_by(at_once ? now : next_report(now));
}

void follower::return_late_slots(time_point now) {
    while (!slots_.empty() && now - slots_.front().at > latest) {
        note(now, {term_, slots_.front().number, 0, {}}, fate::unsent, {});
        slots_.pop_front();
        ++slots_returned_;
    }
}

std::string follower::say(time_point now, const line_view& line) {
    watch_silence(now);
    if (!own_) return_late_slots(now);
    note_need(now, line);
    if (term_ == 0) return {};
    if (now < report_at_ && now - reported_ < silent_at_most) return {};
    report said;
    said.member = name_;
    said.term = term_;
    said.received = received_;
    said.wanted = wanted_;
    said.backlog = backlog_;
    const std::size_t count = std::min(notes_.size(), most_outcomes);
    const auto end = notes_.begin() + static_cast<std::ptrdiff_t>(count);
    said.outcomes.assign(notes_.begin(), end);
    notes_.erase(notes_.begin(), end);
    report_at_ = notes_.empty() ? never : now;
    reported_ = now;
    return format(said);
}

time_point follower::speaks_at() const {
    time_point at = report_at_;
    if (term_ != 0) at = std::min(at, saturating_add(reported_, silent_at_most));
    if (own_) return at;
    if (has_begun_) at = std::min(at, saturating_add(heard_at_, lost_after));
    if (!slots_.empty()) at = std::min(at, saturating_add(slots_.front().at, latest + duration(1)));
    return at;
}

// ---- from the leader

void follower::hear(time_point now, std::string_view text) {
    const auto said = parse_from_leader(text);
    std::visit([&](const auto& each) { hear(now, each); }, said);
}

void follower::hear(time_point now, const slots& said) {
    if (said.term != term_ || term_ == 0) return;
    if (own_) rejoin(now);
    heard_at_ = now;
    for (const slot& each : said.planned) {
        ++received_;
        slots_.push_back({each.number, now + each.in});
    }
    wanted_ = std::max(wanted_, received_);
}

void follower::hear(time_point now, const heartbeat& said) {
    if (said.term < term_) return;
    has_begun_ = true;
    heard_at_ = now;
    heard_ = said;
    if (said.term > term_) begin_term(now, said.term);
    if (own_) rejoin(now);
}

/// A new leader knows nothing of before.
void follower::begin_term(time_point now, term_number term) {
    term_ = term;
    reported_ = now;
    received_ = wanted_ = 0;
    slots_.clear();
    notes_.clear();
    report_at_ = now;
}

void follower::rejoin(time_point now) {
    own_.reset();
    alone_for_ += now - alone_since_;
    report_at_ = now;
}

void follower::watch_silence(time_point now) {
    if (!std::exchange(has_begun_, true)) heard_at_ = now;
    if (!own_ && now - heard_at_ >= lost_after) go_on_alone(now);
}

void follower::go_on_alone(time_point now) {
    ++times_alone_;
    ++own_count_;
    alone_since_ = own_begins_ = now;
    for (const planned& each : slots_) {
        notes_.push_back({each.number, fate::unsent, {}});
        ++slots_returned_;
    }
    slots_.clear();
    coordinator_options options = own_options_;
    if (heard_) {
        // Told, not remembered: a memory is doubted and tested, by all members at once.
        constexpr double s_in_min = 60;
        const double share = kept_alone * share_per_s();
        options.requests_per_minute(s_in_min * share).probing(0);
        // All lose the fleet at the same moment; their first sends are spread over one slot of each.
        own_begins_ = after(now, seconds(random_.uniform(0, 1 / share)));
    }
    own_ = make_pacing(options, random_.next());
}

fleet_state follower::state(time_point now) const {
    fleet_state seen;
    seen.is_member = true;
    seen.is_alone = own_ != nullptr;
    seen.term = term_;
    if (heard_) {
        seen.fleet_per_s = heard_->per_s;
        seen.members = heard_->active;
        seen.share_per_s = share_per_s();
    }
    seen.times_alone = times_alone_;
    seen.alone_for = alone_for_ + (own_ ? now - alone_since_ : duration::zero());
    seen.slots_returned = slots_returned_;
    return seen;
}

}  // namespace stagger::fleet
