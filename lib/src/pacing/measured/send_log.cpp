#include "pacing/measured/send_log.hpp"

#include <algorithm>

namespace stagger {

namespace {

bool sent_before(const rejection& left, send_number right) {
    return left.sent.number < right;
}

bool left_before(const departure& left, send_number right) {
    return left.number < right;
}

}  // namespace

send_log::send_log() : ring_(sends_kept) {
    rejections_.reserve(rejections_kept);  // so that noting one cannot fail
}

const departure& send_log::add(time_point now, const cost& what, double rate_per_s, unsigned in_flight,
                               bool paced) {
    send_record& record = ring_[size() % sends_kept];
    record = {sends_.count(now, what), rate_per_s, in_flight, outcome::pending, paced, {}};
    return record.sent;
}

send_number send_log::first_since(time_point at) const {
    send_number from = size() - std::min<send_number>(size(), sends_kept);
    send_number to = size();
    while (from < to) {
        const send_number middle = from + (to - from) / 2;
        if ((*this)[middle].sent.at < at) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

void send_log::note_rejection(const departure& sent, bool onset) {
    if (rejections_.size() == rejections_kept) rejections_.erase(rejections_.begin());
    // Answers overtake each other on the way, so a rejection may belong before the last ones.
    auto place = std::lower_bound(rejections_.begin(), rejections_.end(), sent.number, sent_before);
    rejections_.insert(place, rejection{sent, onset});
}

void send_log::note_unsent(const departure& sent) {
    if (unsent_.size() == unsent_kept) unsent_.erase(unsent_.begin());
    const auto place = std::lower_bound(unsent_.begin(), unsent_.end(), sent.number, left_before);
    unsent_.insert(place, sent);
}

send_number send_log::mark_onset_before(send_number number) {
    const auto next = std::lower_bound(rejections_.begin(), rejections_.end(), number, sent_before);
    if (next == rejections_.begin()) return 0;
    rejection& last = *std::prev(next);
    last.onset = true;
    return last.sent.number;
}

const departure* send_log::onset_before(send_number number) const {
    auto each = std::lower_bound(rejections_.begin(), rejections_.end(), number, sent_before);
    while (each != rejections_.begin()) {
        if ((--each)->onset) return &each->sent;
    }
    return nullptr;
}

double send_log::admitted_between(const departure& from, const departure& to, const charge_unit& unit) const {
    if (to.number <= from.number + 1) return 0;
    double admitted = unit.before(to) - unit.before(from) - unit.of(from);
    auto each = std::lower_bound(rejections_.begin(), rejections_.end(), from.number + 1, sent_before);
    for (; each != rejections_.end() && each->sent.number < to.number; ++each) {
        admitted -= unit.of(each->sent);
    }
    auto left_out = std::lower_bound(unsent_.begin(), unsent_.end(), from.number + 1, left_before);
    for (; left_out != unsent_.end() && left_out->number < to.number; ++left_out)
        admitted -= unit.of(*left_out);
    return admitted;
}

double send_log::admitted_since(const departure& from) const {
    return admitted_between(from, sends_.upcoming());
}

double send_log::recent_waste(send_number latest) const {
    const send_number from = size() > latest ? size() - latest : 0;
    const auto first = std::lower_bound(rejections_.begin(), rejections_.end(), from, sent_before);
    return static_cast<double>(rejections_.end() - first) / static_cast<double>(latest);
}

rejected_run run_ending_at(const send_log& log, const departure& last) {
    rejected_run run;
    run.since = last.at;
    if (log.remembers(last.number)) run.rate_per_s = log[last.number].rate_per_s;
    for (send_number number = last.number; number > 0 && log.remembers(number - 1); --number) {
        const send_record& before = log[number - 1];
        if (before.result != outcome::rejected && before.result != outcome::neutral) break;
        run.first = false;
        if (before.result == outcome::neutral) continue;
        ++run.length;
        run.since = before.sent.at;
        run.rate_per_s = before.rate_per_s;
    }
    return run;
}

}  // namespace stagger
