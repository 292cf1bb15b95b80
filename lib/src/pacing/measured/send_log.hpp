#pragma once

#include <cstdint>
#include <vector>

#include "base/seconds.hpp"
#include "pacing/measured/charge_unit.hpp"
#include "pacing/send_counter.hpp"

namespace stagger {

enum class outcome : std::uint8_t { pending, accepted, rejected, neutral };

/// What is remembered of a recent send.
struct send_record {
    departure sent;
    double rate_per_s = 0;   ///< the pace at which it left
    unsigned in_flight = 0;  ///< itself included
    outcome result = outcome::pending;
    bool paced = false;  ///< it left as soon as its slot came: the pace was what held it back
    time_point settled{};
};

/// A rejected send. `onset`: the send before it was not rejected, so the limit was reached just here.
struct rejection {
    departure sent;
    bool onset = false;
};

/** @brief The recent sends with their outcomes, and the recent rejections.
 *
 * Answers what every estimate is made of: how much was admitted between two sends. Costs are kept as running
 * sums, so the two sends may lie any number of requests apart; only rejections between them are counted one
 * by one. Both rings are bounded: memory does not grow with the number of requests.
 */
class send_log {
 public:
    /// Covers the requests in flight at once of a large client; outcomes of older sends are not looked up.
    static constexpr std::size_t sends_kept = 4096;
    /// At the usual 1 % of rejections, those of the last 100,000 requests.
    static constexpr std::size_t rejections_kept = 1024;
    static constexpr std::size_t unsent_kept = 1024;

    send_log();

    const departure& add(time_point now, const cost& what, double rate_per_s, unsigned in_flight, bool paced);
    void settle(const departure& sent, outcome result, time_point now) {
        if (!remembers(sent.number)) return;
        send_record& record = ring_[sent.number % sends_kept];
        record.result = result;
        record.settled = now;
    }
    void note_rejection(const departure& sent, bool onset);
    /// It never reached the server, and so is no charge that was admitted.
    void note_unsent(const departure& sent);
    /// The last rejection before a send is an onset after all, since the limit is known to have been reached
    /// there. Returns its number, 0 if there is none.
    send_number mark_onset_before(send_number number);
    /// The last onset before a send, or null.
    const departure* onset_before(send_number number) const;

    /// How many sends there were; the next one gets this number.
    send_number size() const { return sends_.sends(); }
    bool remembers(send_number number) const { return number < size() && size() - number <= sends_kept; }
    const send_record& operator[](send_number number) const { return ring_[number % sends_kept]; }
    /// The first remembered send that left at this time or later; `size()` if none did.
    send_number first_since(time_point at) const;
    const send_record& last() const { return (*this)[size() - 1]; }

    /// In order of sending.
    const std::vector<rejection>& rejections() const { return rejections_; }
    /// Charge admitted strictly between two sends.
    double admitted_between(const departure& from, const departure& to) const {
        return admitted_between(from, to, unit_);
    }
    double admitted_between(const departure& from, const departure& to, const charge_unit& unit) const;
    /// Charge sent after a send and not refused so far.
    double admitted_since(const departure& from) const;
    /// What charges are counted in, now and in all that was sent before. At first requests.
    const charge_unit& unit() const { return unit_; }
    void count_in(const charge_unit& unit) { unit_ = unit; }
    /// Share of the latest sends that was rejected.
    double recent_waste(send_number latest) const;

 private:
    std::vector<send_record> ring_;
    std::vector<rejection> rejections_;
    std::vector<departure> unsent_;  // in order of sending; empty unless slots are planned ahead
    send_counter sends_;
    charge_unit unit_ = charge_unit::requests();
};

/// Consecutive rejections that end with one send. Neutral outcomes neither count nor interrupt.
struct rejected_run {
    unsigned length = 1;
    time_point since{};
    double rate_per_s = 0;  ///< the pace at which it began
    bool first = true;      ///< nothing before it was rejected or neutral
};
rejected_run run_ending_at(const send_log& log, const departure& last);

}  // namespace stagger
