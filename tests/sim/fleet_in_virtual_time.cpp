#include "fleet_in_virtual_time.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fleet/seat.hpp"
#include "provider/arrival_peak.hpp"
#include "provider/draw.hpp"
#include "provider/model.hpp"
#include "sim/event_queue.hpp"
#include "stagger/coordinator.hpp"

namespace {

using namespace stagger;
using namespace std::chrono_literals;
using sim::start_of_time;

// An endless batch: these wait, and more are known to come.
constexpr std::size_t in_line = 4;
constexpr std::size_t known_to_come = 1'000'000;

struct process {
    process(std::string called, const fleet_case& given, std::uint64_t seed)
        : name(std::move(called)),
          core(coordinator_options()
                   .max_in_flight(given.most_in_flight)
                   .fleet_member(given.shares ? name : ""),
               seed),
          seat({}, seed ^ 0x5ea7) {}

    std::string name;
    coordinator core;
    fleet::seat seat;
    bool lives = true;
    bool is_connected = false;
    std::size_t waiting = 0;
    time_point core_armed = never;
    time_point seat_armed = never;
    std::uint64_t admitted = 0;  // once it is warm
};

/// What the store knows.
struct store {
    bool is_up = true;
    std::uint64_t life = 1;  // messages of one life do not reach another
    std::size_t leader = SIZE_MAX;
    fleet::term_number term = 0;
    time_point held_until{};
    time_point young_until{};
    std::string limits;
    std::size_t listens = SIZE_MAX;  // to reports
};

class fleet_run {
 public:
    explicit fleet_run(const fleet_case& given)
        : given_(given), server_(given.provider, given.seed, start_of_time), random_(given.seed * 31 + 7) {
        for (std::size_t each = 0; each < given.members; ++each) {
            all_.push_back(
                std::make_unique<process>("m" + std::to_string(each), given, given.seed * 1000 + each));
        }
    }

    fleet_figures run() {
        for (std::size_t each = 0; each < all_.size(); ++each) {
            later(start_of_time + from_seconds(0.05 * random_.uniform()), [this, each] { begin(each); });
        }
        const auto at = [](duration when) { return start_of_time + when; };
        if (given_.leader_dies_at) later(at(*given_.leader_dies_at), [this] { kill_leader(); });
        if (given_.store_gone_at) later(at(*given_.store_gone_at), [this] { lose_store(); });
        if (given_.store_back_at) later(at(*given_.store_back_at), [this] { bring_store_back(); });
        while (!events_.empty() && events_.next_at() <= at(given_.runs_for)) {
            const auto next = events_.take();
            now_ = next.at;
            next.what();
        }
        return figures();
    }

 private:
    void later(time_point when, std::function<void()> what) { events_.schedule(std::max(when, now_), what); }
    bool is_warm() const { return now_ - start_of_time >= given_.warm_up; }

    // ---- the store

    /// To the store and, where it is still there, back.
    void ask_store(const std::function<void()>& there) {
        ++messages_;
        later(now_ + given_.hop, [this, there, life = store_.life] {
            if (store_.is_up && store_.life == life) there();
        });
    }
    void from_store(const std::function<void()>& here) {
        later(now_ + given_.hop, [this, here, life = store_.life] {
            if (store_.is_up && store_.life == life) here();
        });
    }
    void lose_store() {
        store_.is_up = false;
        for (std::size_t each = 0; each < all_.size(); ++each) {
            all_[each]->is_connected = false;
            all_[each]->seat.disconnected(now_);
            drive_seat(each);
        }
    }
    void bring_store_back() {
        const std::uint64_t life = store_.life + 1;
        store_ = store();
        store_.life = life;
        for (std::size_t each = 0; each < all_.size(); ++each) {
            later(now_ + from_seconds(0.3 * random_.uniform()), [this, each] { connect(each); });
        }
    }
    void connect(std::size_t who) {
        if (!all_[who]->lives) return;
        all_[who]->is_connected = true;
        all_[who]->seat.connected(now_);
        drive_seat(who);
    }

    void bid(std::size_t who, fleet::term_number above) {
        ask_store([this, who, above] {
            const bool is_held =
                store_.held_until > now_ && (store_.listens != SIZE_MAX || store_.young_until > now_);
            if (is_held)
                return from_store(
                    [this, who] { seat_of(who, [](auto& seat, auto now) { seat.not_won(now); }); });
            const auto clock = std::chrono::duration_cast<std::chrono::milliseconds>(now_ - start_of_time);
            store_.term = std::max<fleet::term_number>(above + 1, 1'000 + clock.count());
            store_.leader = who;
            store_.held_until = now_ + 1s;
            store_.young_until = now_ + 300ms;
            from_store([this, who, term = store_.term, limits = store_.limits] {
                if (!all_[who]->lives) return;
                store_.listens = who;
                ++leaders_;
                std::optional<remembered_limits> known;
                if (!limits.empty()) known = fleet::parse_limits(limits);
                seat_of(who, [&](auto& seat, auto now) { seat.won(now, term, known); });
            });
        });
    }
    void renew(std::size_t who, const fleet::errands::renew& what) {
        ask_store([this, who, what] {
            const bool mine = store_.leader == who && store_.term == what.term;
            if (mine) {
                store_.held_until = now_ + 1s;
                store_.limits = what.limits;
            }
            from_store(
                [this, who, mine] { seat_of(who, [&](auto& seat, auto now) { seat.renewed(now, mine); }); });
        });
    }
    void tell(std::size_t who, const std::string& name, const std::string& message) {
        const std::size_t to = std::stoul(name.substr(1));
        ask_store([this, who, to, name, message] {
            if (!all_[to]->lives || !all_[to]->is_connected) {
                return from_store([this, who, name] {
                    seat_of(who, [&](auto& seat, auto now) { seat.member_gone(now, name); });
                });
            }
            from_store([this, to, message] { hear(to, message); });
        });
    }
    void tell_all(const std::string& message) {
        ask_store([this, message] {
            for (std::size_t each = 0; each < all_.size(); ++each)
                from_store([this, each, message] { hear(each, message); });
        });
    }
    void report(std::size_t who, const std::string& text) {
        if (!all_[who]->is_connected) return;
        ask_store([this, who, text] {
            const std::size_t to = store_.listens;
            if (to == SIZE_MAX)
                return from_store(
                    [this, who] { seat_of(who, [](auto& seat, auto now) { seat.nobody_listens(now); }); });
            from_store([this, to, text] {
                seat_of(to, [&](auto& seat, auto now) { seat.heard_report(now, text); });
            });
        });
    }

    // ---- a process

    void begin(std::size_t who) {
        process& one = *all_[who];
        one.core.expect(known_to_come);
        fill_line(one);
        drive_core(who);
        if (given_.shares) connect(who);
    }
    void fill_line(process& one) {
        for (; one.waiting < in_line; ++one.waiting) one.core.submit(now_, cost{1, 300});
    }
    void kill_leader() {
        const std::size_t who = store_.listens;
        if (who == SIZE_MAX) return;
        all_[who]->lives = false;
        store_.listens = SIZE_MAX;
    }

    template <class Event>
    void seat_of(std::size_t who, const Event& event) {
        if (!all_[who]->lives) return;
        event(all_[who]->seat, now_);
        drive_seat(who);
    }
    void hear(std::size_t who, const std::string& message) {
        process& one = *all_[who];
        if (!one.lives || !one.is_connected) return;
        const auto said = fleet::parse_from_leader(message);
        if (const auto* beat = std::get_if<fleet::heartbeat>(&said)) {
            one.seat.heard_beat(now_, *beat);
        } else {
            one.seat.heard_leader(now_);
        }
        one.core.fleet_hear(now_, message);
        drive_core(who);
        drive_seat(who);
    }

    void drive_seat(std::size_t who) {
        process& one = *all_[who];
        if (!one.lives || !given_.shares) return;
        for (const fleet::errand& each : one.seat.next(now_)) {
            if (const auto* wants = std::get_if<fleet::errands::bid>(&each)) bid(who, wants->above);
            if (const auto* keeps = std::get_if<fleet::errands::renew>(&each)) renew(who, *keeps);
            if (const auto* says = std::get_if<fleet::errands::tell_all>(&each)) tell_all(says->message);
            if (const auto* says = std::get_if<fleet::errands::tell>(&each))
                tell(who, says->member, says->message);
            if (std::holds_alternative<fleet::errands::step_down>(each) && store_.listens == who)
                store_.listens = SIZE_MAX;
        }
        arm(
            one.seat_armed, one.seat.wakes_at(),
            [this, who](process& due) {
                due.seat_armed = never;
                drive_seat(who);
            },
            who);
    }

    void drive_core(std::size_t who) {
        process& one = *all_[who];
        if (!one.lives) return;
        for (;;) {
            for (std::string said = one.core.fleet_say(now_); !said.empty(); said = one.core.fleet_say(now_))
                report(who, said);
            const action todo = one.core.next(now_);
            if (todo.what == action::kind::admit) {
                --one.waiting;
                fill_line(one);
                send(who, todo.permit);
                continue;
            }
            const time_point at = std::min(todo.at, one.core.fleet_speaks_at());
            arm(
                one.core_armed, at,
                [this, who](process& due) {
                    due.core_armed = never;
                    drive_core(who);
                },
                who);
            return;
        }
    }

    template <class Ring>
    void arm(time_point& armed, time_point at, const Ring& ring, std::size_t who) {
        if (at == never || (armed <= at && armed > now_)) return;
        armed = std::max(at, now_);
        later(armed, [this, who, ring, at = armed, &armed] {
            if (armed == at) ring(*all_[who]);
        });
    }

    void send(std::size_t who, permit_id permit) {
        const duration trip = provider::draw_rtt(given_.provider, random_);
        later(now_ + trip / 2, [this, who, permit, trip] { arrive(who, permit, trip - trip / 2); });
    }

    void arrive(std::size_t who, permit_id permit, duration back) {
        const auto decided = server_.arrive(now_, "account", 300);
        const bool ok = decided.what == provider::decision::kind::admit;
        if (is_warm()) {
            ++(ok ? admitted_ : refused_);
            if (ok) ++all_[who]->admitted;
            peak_.add(now_);
            if (last_arrival_ != time_point{}) longest_gap_ = std::max(longest_gap_, now_ - last_arrival_);
            last_arrival_ = now_;
        }
        if (ok && server_.departures_matter())
            later(now_ + decided.service, [this, id = decided.id] { server_.depart(now_, id); });
        later(now_ + (ok ? decided.service : duration::zero()) + back, [this, who, permit, ok, decided] {
            process& one = *all_[who];
            if (!one.lives) return;
            hints said;
            said.retry_after = decided.retry_after;
            if (ok) {
                one.core.accepted(now_, permit, said);
            } else {
                const time_point earliest = one.core.throttled(now_, permit, said);
                one.core.resubmit(now_, cost{1, 300}, never, earliest, retry_cause::throttled);
                ++one.waiting;
            }
            drive_core(who);
        });
    }

    fleet_figures figures() {
        fleet_figures found;
        const double span = to_seconds(given_.runs_for - given_.warm_up);
        found.efficiency = static_cast<double>(admitted_) / (given_.per_s * span);
        found.waste = 100 * static_cast<double>(refused_) / std::max(1.0, static_cast<double>(admitted_));
        double sum = 0;
        double squares = 0;
        double count = 0;
        for (const auto& one : all_) {
            found.alone_at_the_end += one->lives && one->core.fleet(now_).is_alone;
            if (!one->lives) continue;
            const auto share = static_cast<double>(one->admitted);
            sum += share;
            squares += share * share;
            ++count;
        }
        found.jain = squares > 0 ? sum * sum / (count * squares) : 1;
        found.messages_per_s = static_cast<double>(messages_) / to_seconds(given_.runs_for);
        found.peak_in_10_ms = peak_.most();
        found.leaders = leaders_;
        found.longest_gap = longest_gap_;
        return found;
    }

    const fleet_case given_;
    provider::model server_;
    random_source random_;
    sim::event_queue<std::function<void()>> events_;
    time_point now_ = start_of_time;
    std::vector<std::unique_ptr<process>> all_;
    store store_;
    std::uint64_t messages_ = 0;
    std::uint64_t admitted_ = 0;
    std::uint64_t refused_ = 0;
    std::size_t leaders_ = 0;
    provider::arrival_peak peak_{10ms};
    time_point last_arrival_{};
    duration longest_gap_{};
};

}  // namespace

fleet_figures run_fleet(const fleet_case& given) {
    return fleet_run(given).run();
}
