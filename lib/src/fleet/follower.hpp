#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fleet/message.hpp"
#include "pacing/pacing.hpp"
#include "pacing/send_counter.hpp"
#include "stagger/fleet_state.hpp"
#include "stagger/random.hpp"

namespace stagger::fleet {

/** @brief A member of a fleet: a pacing whose slots the leader plans.
 *
 * It tells the leader what it could use and what became of its slots, and sends when its slots come. Where
 * nothing is heard of the fleet for a second it goes on by a pacing of its own: at its share of the limit,
 * kept and not tested, or as a client that is alone where it has never heard of any. It returns to the fleet
 * as soon as it hears of it.
 *
 * A pure state machine, as every pacing is. What it says is text, to be carried to the leader; `hear` takes
 * what the leader says.
 */
class follower final : public pacing {
 public:
    /// Without a word of the leader for so long, it is taken for gone. It says something four times a second.
    static constexpr duration lost_after = std::chrono::seconds(1);
    /// A slot that could not be used for so long is given back: the limit may have moved.
    static constexpr duration latest = std::chrono::milliseconds(500);
    /// Members that have nothing to say say so, so that the leader does not take them for gone.
    static constexpr duration silent_at_most = std::chrono::seconds(5);

    follower(const coordinator_options& own, std::uint64_t seed);

    opening next_opening(time_point now, const line_view& line) override;
    departure on_send(time_point now, const cost& what) override;
    void on_accepted(time_point now, const departure& sent, const hints& said) override;
    void on_answering(time_point now, const departure& sent, const hints& said) override;
    void on_answered(time_point now, const departure& sent) override;
    void on_throttled(time_point now, const departure& sent, const hints& said) override;
    void on_failed(time_point now, const departure& sent) override;
    void on_abandoned(time_point now, const departure& sent) override;
    void on_settled(time_point now, double more_tokens) override;
    void describe(time_point now, coordinator_status& status) const override;

    /// What the leader said. @throws std::invalid_argument as parse_from_leader does
    void hear(time_point now, std::string_view text);
    /// What is to be told to the leader now; empty: nothing. More may follow at once.
    std::string say(time_point now, const line_view& line);
    /// When to call `say` next, unless something else happens before.
    time_point speaks_at() const;

    fleet_state state(time_point now) const;

 private:
    /// What a send was made by.
    struct use {
        term_number term = 0;  // of the slot; 0: its own pacing's
        slot_number slot = 0;
        std::uint64_t own_pace = 0;
        departure of_own;
    };
    struct planned {
        slot_number number;
        time_point at;
    };

    double share_per_s() const;
    void hear(time_point now, const slots& said);
    void hear(time_point now, const heartbeat& said);
    void begin_term(time_point now, term_number term);
    void rejoin(time_point now);
    void watch_silence(time_point now);
    void go_on_alone(time_point now);
    void return_late_slots(time_point now);
    void note_need(time_point now, const line_view& line);
    void note(time_point now, const use& of, fate what, const hints& said);
    void report_by(time_point at) { report_at_ = std::min(report_at_, at); }
    time_point next_report(time_point now) const;
    /// The use behind a departure, which ends with it; nothing where its term or pacing is over.
    std::optional<use> end(const departure& sent);
    bool is_own(const use& made) const { return made.term == 0; }

    const std::string name_;
    const coordinator_options own_options_;
    random_source random_;
    send_counter sends_;
    std::unordered_map<send_number, use> out_;

    term_number term_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t wanted_ = 0;
    std::uint64_t backlog_ = 0;
    std::deque<planned> slots_;
    std::vector<outcome> notes_;
    time_point report_at_ = never;
    time_point reported_{};
    std::optional<heartbeat> heard_;  // the latest
    bool has_begun_ = false;
    time_point heard_at_{};  // of the leader; before that, when it was asked for a slot first

    std::unique_ptr<pacing> own_;
    std::uint64_t own_count_ = 0;
    time_point own_begins_{};
    time_point alone_since_{};
    duration alone_for_{};
    std::uint64_t times_alone_ = 0;
    std::uint64_t slots_returned_ = 0;
};

}  // namespace stagger::fleet
