#include <cmath>
#include <map>
#include <optional>
#include <stdexcept>

#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "stagger/coordinator.hpp"

// A coordinator by events of any order, times and hints: its books are right at every step, and once the
// server admits everything, everybody goes.

namespace stagger::fuzz {
namespace {

using std::chrono::hours;

constexpr std::size_t most_waiting = 2000;
constexpr std::size_t most_events = 3000;
/// No run of the real thing takes longer steps.
constexpr duration longest_step = hours(30);

duration any_span(fuzz_input& input) {
    switch (input.byte() % 8) {
        case 0:
            return duration::max();
        case 1:
            return duration::min();
        case 2:
            return duration(static_cast<std::int64_t>(input.whole(8)));
        case 3:
            return duration::zero();
        default:
            return std::chrono::milliseconds(input.whole(2));
    }
}

/// A positive span of any size.
duration some_span(fuzz_input& input) {
    const std::uint64_t bits = input.whole(8) >> 1;
    return duration(static_cast<std::int64_t>(bits >> (input.byte() % 60) | 1));
}

double any_count(fuzz_input& input) {
    switch (input.byte() % 10) {
        case 0:
            return 1e15;
        case 1:
            return 1e9;
        case 2:
            return 0.5;
        case 3:
            return 1e-9;
        case 4:
            return static_cast<double>(input.whole(4));
        case 5:
            return input.real();
        default:
            return input.byte();
    }
}

limit_hint any_hint(fuzz_input& input, unsigned given) {
    limit_hint hint;
    if ((given & 1) != 0) hint.limit = any_count(input);
    if ((given & 2) != 0) hint.remaining = any_count(input);
    if ((given & 4) != 0) hint.reset = any_span(input);
    return hint;
}

hints any_hints(fuzz_input& input) {
    hints said;
    const std::uint8_t given = input.byte();
    if ((given & 1) != 0) said.retry_after = any_span(input);
    said.requests = any_hint(input, given >> 1);
    said.tokens = any_hint(input, given >> 4);
    return said;
}

std::optional<remembered_limits> any_memory(fuzz_input& input) {
    remembered_limits memory;
    const std::uint8_t given = input.byte();
    memory.kind = static_cast<limit_kind>(given % 5);
    const bool wild = (given & 8) != 0;
    memory.rate_per_s = wild ? input.real() : 0.1 + input.byte();
    if ((given & 16) != 0) memory.burst = wild ? input.real() : 1 + input.byte();
    if ((given & 32) != 0) {
        memory.quota = 1 + input.byte();
        memory.window = some_span(input);
    }
    if (memory.kind == limit_kind::concurrency) memory.in_flight = wild ? input.real() : 1 + input.byte();
    if (memory.kind == limit_kind::lockout) memory.silence = some_span(input);
    if ((given & 128) != 0) memory.rejections = input.whole(8);
    if (broken_rule(memory)) return std::nullopt;
    return memory;
}

/// @throws std::invalid_argument where the bytes ask for what is refused
coordinator_options any_options(fuzz_input& input) {
    coordinator_options options;
    const std::uint8_t given = input.byte();
    const bool wild = (given & 2) != 0;
    options.max_in_flight(1 + input.byte() % 40u);
    if ((given & 128) != 0) options.pacing(static_cast<pacing_kind>(input.byte() % 7));
    if ((given & 1) != 0 || options.pacing() == pacing_kind::fixed_rate)
        options.requests_per_minute(wild ? input.real() : 1 + input.byte() * 10.0);
    if ((given & 4) != 0)
        options.tokens_per_minute(wild ? input.real() : 1 + static_cast<double>(input.whole(2)));
    if ((given & 8) != 0) options.probing(0);
    if ((given & 16) != 0) options.initial_rate(wild ? input.real() : 0.01 + input.byte());
    if ((given & 32) != 0) options.retry_after_cap(duration(static_cast<std::int64_t>(input.whole(8))));
    if ((given & 64) != 0) {
        if (const auto memory = any_memory(input)) options.remembered(*memory);
    }
    return options;
}

/// A coordinator, and who uses it: as a gate does, with books of its own.
class caller {
 public:
    caller(const coordinator_options& options, std::uint64_t seed, bool explains)
        : options_(options), core_(options, seed) {
        if (explains) core_.explain_waits();
    }

    void play(fuzz_input& input) {
        std::size_t events = 0;
        while (!input.empty() && ++events <= most_events) {
            play_one(input);
            check();
        }
    }

    /// From now on the server admits everything at once.
    void finish() {
        constexpr std::size_t rounds_each = 100;
        const std::size_t most_rounds = 200'000 + rounds_each * waiting_.size();
        now_ += std::chrono::milliseconds(1);
        accept_all();
        for (std::size_t round = 0; !waiting_.empty(); ++round) {
            require(round < most_rounds, "everybody goes once everything is admitted");
            const action last = drive(100);
            const bool sent = !in_flight_.empty();
            accept_all();
            if (sent || waiting_.empty()) continue;
            if (waits_by_choice()) return;
            require(last.what == action::kind::wait, "nobody is forgotten in the line");
            if (last.at - now_ > hours(24 * 40)) return;  // a long Retry-After, which is obeyed
            now_ = last.at;
        }
    }

 private:
    struct attempt {
        bool answering = false;
    };

    void play_one(fuzz_input& input) {
        const std::uint8_t event = input.byte();
        switch (event % 12) {
            case 0:
            case 1:
                return submit(input, event);
            case 2:
                now_ += std::chrono::microseconds(input.whole(3));
                return;
            case 3: {
                const duration step = some_span(input);
                if (step < longest_step) now_ += step;
                return;
            }
            case 4:
            case 5: {
                const action last = drive(1 + event);
                const bool near = last.what == action::kind::wait && last.at < now_ + longest_step;
                if (near && (event & 16) != 0) now_ = last.at;
                return;
            }
            case 11:
                return disturb(input, event);
            default:
                return report(input, event);
        }
    }

    void submit(fuzz_input& input, std::uint8_t event) {
        for (int i = 0; i <= event / 12 && waiting_.size() < most_waiting; ++i) {
            cost what{1, 10};
            if ((event & 64) != 0) what.tokens = any_count(input);
            if (!std::isfinite(what.tokens) || what.tokens < 0) what.tokens = 1e6;
            const bool has_deadline = (event & 128) != 0;
            const time_point deadline =
                has_deadline ? now_ + std::chrono::milliseconds(input.whole(2)) : never;
            waiting_[std::uint64_t(core_.submit(now_, what, deadline))] = now_;
        }
    }

    void resubmit(time_point not_before, retry_cause cause) {
        waiting_[std::uint64_t(core_.resubmit(now_, {1, 5}, never, not_before, cause))] = not_before;
    }

    void report(fuzz_input& input, std::uint8_t event) {
        if (in_flight_.empty()) return;
        auto found = in_flight_.lower_bound(input.byte());
        if (found == in_flight_.end()) found = in_flight_.begin();
        const permit_id permit{found->first};
        const bool was_answering = found->second.answering;
        switch (event % 12) {
            case 6:
                core_.accepted(now_, permit, any_hints(input));
                break;
            case 7: {
                const time_point earliest = core_.throttled(now_, permit, any_hints(input));
                require(earliest >= now_, "a refused task does not go in the past");
                if (!was_answering) resubmit(earliest, retry_cause::throttled);
                break;
            }
            case 8:
                core_.failed(now_, permit);
                if ((event & 64) != 0) resubmit(now_, retry_cause::accident);
                break;
            case 9:
                core_.abandoned(now_, permit);
                break;
            default:
                core_.answering(now_, permit, any_hints(input));
                found->second.answering = true;
                return;
        }
        in_flight_.erase(found);
    }

    void disturb(fuzz_input& input, std::uint8_t event) {
        if ((event & 64) != 0) {
            if (waiting_.empty()) return;
            auto found = waiting_.lower_bound(input.whole(2));
            if (found == waiting_.end()) found = waiting_.begin();
            require(core_.withdraw(now_, task_id{found->first}), "who waits can leave");
            waiting_.erase(found);
        } else if ((event & 128) != 0) {
            core_.probe_again(now_);
        } else {
            core_.expect(input.byte());
        }
    }

    /// What is to be done now, and at last what is waited for.
    action drive(std::size_t most) {
        action next;
        for (std::size_t i = 0; i < most; ++i) {
            next = core_.next(now_);
            switch (next.what) {
                case action::kind::admit: {
                    const auto found = waiting_.find(std::uint64_t(next.task));
                    require(found != waiting_.end(), "only who waits is admitted");
                    require(found->second <= now_, "nobody goes before its own wait is over");
                    waiting_.erase(found);
                    require(in_flight_.emplace(std::uint64_t(next.permit), attempt{}).second,
                            "a permit is new");
                    break;
                }
                case action::kind::expire:
                    require(waiting_.erase(std::uint64_t(next.task)) == 1, "only who waits expires");
                    break;
                case action::kind::wait:
                    require(next.at > now_, "a wait lies ahead");
                    return next;
                case action::kind::idle:
                    return next;
            }
        }
        return next;
    }

    void accept_all() {
        for (const auto& [permit, what] : in_flight_) core_.accepted(now_, permit_id{permit}, {});
        in_flight_.clear();
    }

    /// Limits that are known are kept, and a cap was asked for: either may take longer than is tried here.
    bool waits_by_choice() const {
        const double slowest = 1;
        const bool slow = options_.requests_per_minute() > 0 && options_.requests_per_minute() < slowest;
        return slow || options_.tokens_per_minute() > 0 || options_.pacing() != pacing_kind::ride_the_limit;
    }

    void check() const {
        const coordinator_status status = core_.status(now_);
        require(status.in_flight == in_flight_.size(), "the permits out are counted");
        require(status.in_flight <= options_.max_in_flight(), "no more are in flight than is allowed");
        require(status.waiting == waiting_.size(), "the line is counted");
        require(!std::isnan(status.pace_per_s) && status.pace_per_s >= 0, "a pace is a number");
        require(!status.measured_per_s || !std::isnan(*status.measured_per_s), "a measured rate is a number");
        const auto learned = core_.learned(now_);
        if (!learned) return;
        const auto broken = broken_rule(*learned);
        require(!broken, "what is learned keeps its rules", broken ? broken->field : "");
    }

    coordinator_options options_;
    coordinator core_;
    time_point now_{std::chrono::seconds(1000)};
    std::map<std::uint64_t, time_point> waiting_;  // until when each waits at least
    std::map<std::uint64_t, attempt> in_flight_;
};

}  // namespace

void fuzz_coordinator(std::string_view bytes) {
    fuzz_input input(bytes);
    try {
        const coordinator_options options = any_options(input);
        const std::uint8_t choices = input.byte();
        caller one(options, choices >> 1, (choices & 1) != 0);
        one.play(input);
        one.finish();
    } catch (const std::invalid_argument&) {
        // Options that are refused.
    }
}

}  // namespace stagger::fuzz
